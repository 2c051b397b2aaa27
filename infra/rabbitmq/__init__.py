"""The broker: one vhost, one user per certificate, each writing only its own exchange.

There is no password and no plain listener. Who may call whom is `calls.toml`.
"""
