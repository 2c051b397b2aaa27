"""Where attempts come from: a flood is slowed before it reaches anybody's count.

The lock of clause 4.7 is kept by number, and three wrong passwords lock whoever they
are for.  So whoever may try without end may lock everybody (A05) or go through a list
of stolen pairs (A06).  Therefore an attempt first takes a token from two buckets: that
of its address, and that of the address's network.  A right password puts them back, so
that many clients behind one address of an operator do not use each other's up.

The buckets lie in the database, beside the counts they protect: several gateways share
them, a restart forgets nothing, and their number is bounded by `IDLE`.
"""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Self
from uuid import UUID, uuid5

from kernel.errors import Refused

ALARM_EVERY: Final = timedelta(minutes=1)
"""A source that is being held back is reported once in so long, not per attempt."""
IDLE: Final = timedelta(hours=1)
"""A bucket nobody has taken from for so long is full again, and is forgotten."""

_SOURCES: Final = UUID("0d8a3a2e-4d55-5c53-9a3e-7d3c44a6a1b0")
"""Name space of the ids under which sources are recorded."""
_NOBODY: Final = "unknown"
_HOST_BITS: Final = {4: (32, 24), 6: (64, 48)}
"""Prefix of one visitor and of one network: a household has a whole IPv6 /64."""


@dataclass(frozen=True, slots=True)
class Source:
    """A visitor's address and its network, in one normal form each."""

    address: str
    network: str

    @classmethod
    def of(cls, address: str | None) -> Self:
        """Of an address, or its network, in text; all that have none are one source."""
        first = (address or "").partition("/")[0].partition("%")[0]
        try:
            found = _plain(ip_address(first))
        except ValueError:
            return cls(_NOBODY, _NOBODY)
        one, many = _HOST_BITS[found.version]
        return cls(_prefix(found, one), _prefix(found, many))


def _plain(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that came as IPv6 is an IPv4 address."""
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _prefix(found: IPv4Address | IPv6Address, length: int) -> str:
    return str(ip_network((found, length), strict=False))


def source_id(token: str) -> UUID:
    """The id under which a source is recorded; its address is nowhere."""
    return uuid5(_SOURCES, token)


def login_too_often(*, wait: timedelta) -> Refused:
    """Too many failed logins came from there; nothing was looked at."""
    return Refused(
        "login_too_often",
        "Too many failed logins came from your network.",
        next_step="Wait for the time left and try again.",
        seconds_left=max(1, round(wait.total_seconds())),
    )
