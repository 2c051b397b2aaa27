"""The count of the clock's witness, and for whom it has begun."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from kernel.clock import UptimeReading
from kernel.database import Fixed
from services.disbursement.domain.payout import UNSENT, State
from services.disbursement.domain.witness import Anchor, Beat, Witnessed
from services.disbursement.storage.tables import clock_witness, payouts

_READ: Final = Fixed.of(select(clock_witness))
_HOLDS: Final = sorted(UNSENT - {State.CONCLUDED, State.BLOCKED})


class WitnessRow:
    """`ports.Witnessing` of one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self) -> Witnessed | None:
        """The count as last written; None before the first beat."""
        return _witnessed(_READ.on(self._connection).one_or_none())

    def lock(self) -> Witnessed | None:
        """The same, for the one who counts on."""
        return _witnessed(
            self._connection.execute(
                select(clock_witness).with_for_update()
            ).one_or_none()
        )

    def write(self, witnessed: Witnessed) -> None:
        """Keep the count."""
        values = _values(witnessed)
        self._connection.execute(
            insert(clock_witness)
            .values(values)
            .on_conflict_do_update(index_elements=[clock_witness.c.one], set_=values)
        )

    def waiting(self) -> Sequence[UUID]:
        """Payouts whose hold runs, not sent, for which no count has begun."""
        return (
            self._connection.execute(
                select(payouts.c.payout_id).where(
                    payouts.c.witnessed_from_ns.is_(None),
                    payouts.c.consented_at.is_not(None),
                    payouts.c.hold_until.is_not(None),
                    payouts.c.state.in_([state.value for state in _HOLDS]),
                )
            )
            .scalars()
            .all()
        )

    def begin(self, payout_ids: Sequence[UUID], *, counted_ns: int) -> None:
        """From here on the hold of these counts, if it has not begun meanwhile."""
        if payout_ids:
            self._connection.execute(
                payouts.update()
                .where(
                    payouts.c.payout_id.in_(payout_ids),
                    payouts.c.witnessed_from_ns.is_(None),
                )
                .values(witnessed_from_ns=counted_ns)
            )


def _witnessed(row: Row[Any] | None) -> Witnessed | None:
    if row is None:
        return None
    anchor = None
    if row.anchor_outer is not None:
        anchor = Anchor(
            outer=row.anchor_outer,
            wall=row.anchor_wall,
            counted_ns=row.anchor_counted_ns,
        )
    uptime = UptimeReading(row.boot_id, row.elapsed_ns)
    return Witnessed(
        counted_ns=row.counted_ns,
        last=Beat(uptime=uptime, wall=row.wall),
        anchor=anchor,
        gap=row.gap,
    )


def _values(witnessed: Witnessed) -> dict[str, Any]:
    anchor = witnessed.anchor
    return {
        "counted_ns": witnessed.counted_ns,
        "boot_id": witnessed.last.uptime.boot_id,
        "elapsed_ns": witnessed.last.uptime.elapsed_ns,
        "wall": witnessed.last.wall,
        "gap": witnessed.gap,
        "anchor_outer": anchor.outer if anchor else None,
        "anchor_wall": anchor.wall if anchor else None,
        "anchor_counted_ns": anchor.counted_ns if anchor else None,
    }
