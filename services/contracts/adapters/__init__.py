"""The roads to others: neighbours over the bus, registers over mutual TLS.

Every answer is validated as if a stranger had sent it.  Nobody's silence becomes an
answer: it is Transient, and the operation waits.
"""
