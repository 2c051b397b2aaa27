"""Time stamps (RFC 3161) over published checkpoints: when the log was so long.

A stamp is by somebody else's clock. Whoever holds the log's key, and has all witnesses
with them, still cannot have written before it what was not there (audit_log.md
section 5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.clock import ALMATY
from services.audit.domain.tiles import ExportFile

_SEQUENCE = 0x30
_GRANTED = b"\x30\x03\x02\x01\x00"
"""PKIStatusInfo: status 0, nothing else."""
_SHORT = 0x80
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStamp:
    """A published checkpoint, to the byte, and the authority's reply over it."""

    size: int
    checkpoint: bytes
    reply: bytes
    """TimeStampResp in DER, as `openssl ts -verify -in` reads it."""
    stamped_at: datetime

    @property
    def day(self) -> date:
        """Almaty's day it is the stamp of."""
        return self.stamped_at.astimezone(ALMATY).date()


def granted(token: bytes) -> bytes:
    """TimeStampResp around a token (RFC 3161 section 2.4.2), which alone is signed."""
    body = _GRANTED + token
    length = len(body)
    if length < _SHORT:
        return bytes([_SEQUENCE, length]) + body
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([_SEQUENCE, _SHORT | len(octets)]) + octets + body


def missed_days(last: date, today: date) -> Sequence[date]:
    """The days between the last that has its stamp and today."""
    return [last + _A_DAY * n for n in range(1, (today - last).days)]


def covering(stamps: Iterable[TimeStamp], leaves: Sequence[int]) -> list[TimeStamp]:
    """Of each leaf the first stamp that covers it, and the newest of all.

    Both are given in order, and so is the answer.
    """
    found: list[TimeStamp] = []
    newest: TimeStamp | None = None
    left = list(leaves)
    for newest in stamps:
        rest = [seq for seq in left if seq >= newest.size]
        if len(rest) < len(left):
            found.append(newest)
        left = rest
    if newest is not None and newest not in found:
        found.append(newest)
    return found


def stamp_files(stamps: Iterable[TimeStamp]) -> list[ExportFile]:
    """`timestamps/<size>.checkpoint` and `.tsr`, as an export has them."""
    return [
        file
        for stamp in stamps
        for file in (
            ExportFile(f"timestamps/{stamp.size}.checkpoint", stamp.checkpoint),
            ExportFile(f"timestamps/{stamp.size}.tsr", stamp.reply),
        )
    ]
