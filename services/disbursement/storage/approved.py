"""What two of the staff agreed on: that this order, as it is sealed now, is paid."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel.database import Fixed
from kernel.given import among
from services.disbursement.domain.gate import Approved
from services.disbursement.domain.payout import Payout
from services.disbursement.storage.tables import payout_approvals, payouts

_OF_ALL: Final = Fixed.of(
    select(
        payout_approvals.c.payout_id,
        payout_approvals.c.approval_id,
        payout_approvals.c.requested_by,
        payout_approvals.c.approved_by,
    )
    .join(payouts, payouts.c.payout_id == payout_approvals.c.payout_id)
    .where(
        among(payout_approvals.c.payout_id, "payouts"),
        payout_approvals.c.order_seal == func.sha256(payouts.c.sealed_digest),
    )
    .order_by(payout_approvals.c.approved_at)
)


class ApprovalRows:
    """`Approvals` over PostgreSQL.

    An approval names the order by `seal_of`: the SHA-256 of its digest *as sealed*.
    The digest itself would tell a reader of the table whose account it is, by trying;
    and an order drawn up anew is sealed anew.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, payout: Payout) -> Approved | None:
        """The newest yes to the order as it is sealed now."""
        return self.of_all([payout.payout_id]).get(payout.payout_id)

    def of_all(self, payout_ids: Collection[UUID]) -> Mapping[UUID, Approved]:
        """The same of many payouts; those without a yes are not in it."""
        rows = _OF_ALL.on(self._connection, payouts=list(payout_ids))
        return {
            row.payout_id: Approved(
                approval_id=row.approval_id,
                requested_by=row.requested_by,
                approved_by=row.approved_by,
            )
            for row in rows
        }

    def seal_of(self, payout_id: UUID) -> bytes | None:
        """The SHA-256 by which an approval names the order; None before it is drawn up.

        The row is locked until the transaction ends.
        """
        found: bytes | None = self._connection.execute(
            select(func.sha256(payouts.c.sealed_digest))
            .where(payouts.c.payout_id == payout_id)
            .with_for_update()
        ).scalar_one_or_none()
        return found

    def add(
        self, payout: Payout, approved: Approved, *, order_seal: bytes, at: datetime
    ) -> None:
        """Keep the yes for good."""
        self._connection.execute(
            insert(payout_approvals).values(
                approval_id=approved.approval_id,
                payout_id=payout.payout_id,
                order_seal=order_seal,
                requested_by=approved.requested_by,
                approved_by=approved.approved_by,
                approved_at=at,
            )
        )
