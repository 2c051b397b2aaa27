"""Where a request comes from: the one place that believes an address."""

from fastapi import Request

from services.auth.domain.sources import Source


def source_of(request: Request) -> Source:
    """The visitor's address by the word of the web tier alone; never for a log.

    Nobody else passes our handshake, and it writes over whatever a visitor says of
    themselves (ASVS 4.1.3, 15.3.4); no other header counts.  Without its word all
    visitors are one source, the peer of the connection.
    """
    said = request.headers.getlist("x-real-ip")
    if len(said) == 1:
        return Source.of(said[0])
    return Source.of(request.client.host if request.client else None)
