"""Evidence that stays good: it is verified anew, and stamped before its stamp ages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import UnsealError
from kernel.ids import Ids
from services.onboarding.domain.archive import KeptSignature, covered
from services.onboarding.domain.signature import Code, NaturalPerson, judge
from services.onboarding.ports import Archive, Begin, Rules, Timestamps

LOOKED_AGAIN: Final = timedelta(days=1)
"""How long a signature that could not be stamped, or is broken, rests."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look at ageing evidence came to; `broken` with its reason."""

    restamped: tuple[UUID, ...]
    broken: tuple[tuple[UUID, Code], ...]


def restamp_ageing(
    *,
    begin: Begin,
    clock: Clock,
    ids: Ids,
    rules: Rules,
    archive: Archive,
    timestamps: Timestamps,
    limit: int,
) -> Looked:
    """Take a new stamp over evidence whose last one ends soon; at most `limit`.

    1. What was never looked at, and what ages within the dated number of days.
    2. Verify all of it again, asking nobody. Broken evidence is never stamped anew:
       that would hide when it broke.
    3. A stamp over everything, outside any transaction.
    4. Keep it with the instant at which it ages itself.

    Transient when the time-stamping authority is away.
    """
    now = clock.now()
    soon = now + rules.restamp_before(now)
    with begin() as unit:  # step 1
        due = unit.archive.due(
            ages_before=soon, looked_before=now - LOOKED_AGAIN, limit=limit
        )
    restamped: list[UUID] = []
    broken: list[tuple[UUID, Code]] = []
    for ceremony_id in due:
        kept = _open(begin, ceremony_id)
        code = _verdict(kept, archive, rules)  # step 2
        if kept is None or code is not None:
            broken.append((ceremony_id, code or Code.MALFORMED))
            _note(begin, ceremony_id, ages_at=None, at=now)
        elif archive.ages_at(kept.last_stamp) >= soon:
            _note(begin, ceremony_id, ages_at=archive.ages_at(kept.last_stamp), at=now)
        else:
            _stamp(begin, kept, archive, timestamps, ids=ids, at=now)
            restamped.append(ceremony_id)
    return Looked(tuple(restamped), tuple(broken))


def _open(begin: Begin, ceremony_id: UUID) -> KeptSignature | None:
    """The evidence; None when its seal is broken: one row must not stop the rest."""
    with begin() as unit:
        try:
            return unit.archive.get(ceremony_id)
        except UnsealError:
            return None


def _verdict(kept: KeptSignature | None, archive: Archive, rules: Rules) -> Code | None:
    if kept is None:
        return Code.MALFORMED
    return judge(
        archive.examine(kept),
        NaturalPerson(kept.iin),
        accepted=rules.algorithms(kept.accepted_at),
    )


def _note(
    begin: Begin, ceremony_id: UUID, *, ages_at: datetime | None, at: datetime
) -> None:
    with begin() as unit:
        unit.archive.note(ceremony_id, ages_at=ages_at, at=at)


def _stamp(
    begin: Begin,
    kept: KeptSignature,
    archive: Archive,
    timestamps: Timestamps,
    *,
    ids: Ids,
    at: datetime,
) -> None:
    """Steps 3 and 4; of two that stamp at once one is kept."""
    number = len(kept.restamps)
    stamp = timestamps.stamp(covered(kept, restamps=number))
    with begin() as unit:
        unit.archive.add(ids.new(), kept.ceremony_id, number=number, stamp=stamp, at=at)
        unit.archive.note(kept.ceremony_id, ages_at=archive.ages_at(stamp.token), at=at)
