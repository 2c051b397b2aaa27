"""Leaves of the log, to the byte: what is stored is hashed and exported unchanged.

A leaf is canonical JSON (RFC 8785 within the profile of `kernel.crypto`) of at most
65 535 bytes, the longest entry C2SP tlog-tiles can carry.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from uuid import UUID

from kernel.crypto import Json, canonical

MAX_LEAF_BYTES = 65_535
PROFILE_VERSION = 1


class Kind(IntEnum):
    """Why a leaf was written; the number is stored, the name is in the leaf."""

    OPENED = 0
    EVENT = 1
    EVENT_REF = 2
    CONFLICT = 3
    REFUSED = 4
    CLOCK_REGRESSION = 5
    GAP = 6
    GAP_CLOSED = 7
    KEY_ROTATED = 8
    ERASED = 9
    EXPORTED = 10
    READ = 11

    @property
    def wire(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a leaf stands: its index from 0, and when the log received it."""

    seq: int
    received_at: datetime


@lru_cache(maxsize=2)
def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, always with six digits of a second.

    All leaves of a batch have one time: to spell it anew for each takes longer than
    all else about a leaf but its hashes.
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event_leaf(place: Place, *, raw: bytes, digest: bytes) -> bytes:
    """The event's own bytes, nested unchanged: its signature stays checkable.

    `raw` must be canonical already; canonical JSON nests, so nothing is re-encoded.
    """
    return b"".join(
        (
            b'{"event":',
            raw,
            b',"event_sha256":"',
            digest.hex().encode(),
            b'","kind":"event","received_at":"',
            stamp(place.received_at).encode(),
            b'","seq":',
            str(place.seq).encode(),
            b',"v":1}',
        )
    )


def event_ref_leaf(
    place: Place, *, event_id: UUID, digest: bytes, length: int
) -> bytes:
    """An event too long for an entry: its digest and length stand for it."""
    return _leaf(
        Kind.EVENT_REF,
        place,
        event_id=str(event_id),
        event_length=length,
        event_sha256=digest.hex(),
    )


def opened_leaf(
    place: Place, *, origin: str, vkeys: tuple[str, ...], policy_sha256: bytes
) -> bytes:
    """Leaf 0: whose log this is and which keys sign it, so no export is empty."""
    return _leaf(
        Kind.OPENED,
        place,
        origin=origin,
        policy_sha256=policy_sha256.hex(),
        profile=PROFILE_VERSION,
        vkeys=list(vkeys),
    )


def conflict_leaf(
    place: Place, *, event_id: UUID, known: bytes, digest: bytes
) -> bytes:
    """A known event id came again with other bytes: both digests."""
    return _leaf(
        Kind.CONFLICT,
        place,
        event_id=str(event_id),
        event_sha256=digest.hex(),
        known_sha256=known.hex(),
    )


def refused_leaf(
    place: Place, *, digest: bytes, length: int, reason: str, sender: str
) -> bytes:
    """A message that cannot be trusted: what it was, who brought it, why refused."""
    return _leaf(
        Kind.REFUSED,
        place,
        message_length=length,
        message_sha256=digest.hex(),
        reason=reason,
        sender=sender,
    )


def clock_regression_leaf(place: Place, *, clock_at: datetime) -> bytes:
    """The clock stands before the previous leaf: both times."""
    return _leaf(
        Kind.CLOCK_REGRESSION,
        place,
        clock_at=stamp(clock_at),
        previous_at=stamp(place.received_at),
    )


def gap_leaf(place: Place, *, producer: str, first: int, last: int) -> bytes:
    """Numbers `first` to `last` of a producer did not come within the grace time."""
    return _leaf(Kind.GAP, place, first=first, last=last, producer=producer)


def gap_closed_leaf(place: Place, *, producer: str, sequence: int) -> bytes:
    """A number reported missing arrived after all."""
    return _leaf(Kind.GAP_CLOSED, place, producer=producer, sequence=sequence)


def rotation_text(*, old_vkey: str, new_vkey: str) -> bytes:
    """What the old key signs when it names its successor.

    It can never be the text of a checkpoint, whose first line is an origin without
    spaces and whose second is a number.
    """
    return f"kredit audit key rotation v1\n{old_vkey}\n{new_vkey}\n".encode()


def key_rotated_leaf(
    place: Place, *, old_vkey: str, new_vkey: str, signature: bytes
) -> bytes:
    """The log is signed by another key from here on; the old one says so itself.

    `signature`: 64 bytes of the old key over `rotation_text`.
    """
    return _leaf(
        Kind.KEY_ROTATED,
        place,
        new_vkey=new_vkey,
        old_vkey=old_vkey,
        signature=b64encode(signature).decode(),
    )


def erased_leaf(
    place: Place, *, subject: str, ground: str, count: int, event_id: UUID
) -> bytes:
    """Keys of a person were destroyed: whose, on what ground, in how many stores.

    The event that told of it stands in the leaf before.
    """
    return _leaf(
        Kind.ERASED,
        place,
        count=count,
        event_id=str(event_id),
        ground=ground,
        subject=subject,
    )


def told_leaf(
    kind: Kind, place: Place, *, notice_id: UUID, fields: Mapping[str, Json]
) -> bytes:
    """Somebody took (`exported`) or read (`read`) the log; `fields` say who and what.

    `fields` must not use the names every leaf has.
    """
    return _leaf(kind, place, notice_id=str(notice_id), **fields)


def _leaf(kind: Kind, place: Place, **fields: Json) -> bytes:
    return canonical(
        {
            **fields,
            "kind": kind.wire,
            "received_at": stamp(place.received_at),
            "seq": place.seq,
            "v": PROFILE_VERSION,
        }
    )
