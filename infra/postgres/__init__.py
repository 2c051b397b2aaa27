"""The database server: one cluster, one database and two roles per service.

Nobody has a password. Services come in over TLS with their certificate, the
superuser only through a private Unix socket.
"""
