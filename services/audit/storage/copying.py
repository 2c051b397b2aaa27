"""PostgreSQL's binary COPY format: the lever for the writer's speed.

Layout: documentation of COPY, "Binary Format". Fields stand in the order of COLUMNS.
"""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from services.audit.domain.intake import Row

COLUMNS = (
    "seq",
    "kind",
    "event_id",
    "event_sha256",
    "received_at",
    "leaf_hash",
    "chain_hash",
    "leaf",
)
_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SEQ_AND_KIND = struct.Struct(">hiqih")
_INSTANT = struct.Struct(">iq")
_LENGTH = struct.Struct(">i")


def copy_bytes(rows: Iterable[Row]) -> bytes:
    """The whole COPY stream of these rows."""
    parts = [_HEADER]
    for row in rows:
        parts += (
            _SEQ_AND_KIND.pack(len(COLUMNS), 8, row.seq, 2, row.kind),
            _field(row.event_id.bytes if row.event_id else None),
            _field(row.event_sha256),
            _instant(row.received_at),
            _field(row.leaf_hash),
            _field(row.chain_hash),
            _field(row.leaf),
        )
    parts.append(_TRAILER)
    return b"".join(parts)


@lru_cache(maxsize=2)
def _instant(at: datetime) -> bytes:
    """All rows of a batch have one time."""
    return _INSTANT.pack(8, (at - _EPOCH) // _MICROSECOND)


def _field(value: bytes | None) -> bytes:
    return _NULL if value is None else _LENGTH.pack(len(value)) + value
