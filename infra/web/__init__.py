"""The web tier: nginx in front of the gateway, and the static pages it serves.

It holds no data and no secret but its own TLS keys (clause 2.3), stores nothing that
passes through, and speaks to the gateway and to nobody else.
"""
