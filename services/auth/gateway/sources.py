"""Where a request comes from: the one place that believes an address."""

from fastapi import Request

from services.auth.domain.sources import Source


def source_of(request: Request) -> Source:
    """The visitor's address as the connection shows it."""
    return Source.of(request.client.host if request.client else None)
