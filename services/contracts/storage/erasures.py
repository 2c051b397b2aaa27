"""What of a client must be kept, and the end of the client's key."""

from uuid import UUID

from sqlalchemy import Connection, exists, func, select

from kernel.person_keys import KeyEnds
from services.contracts.domain.erasure import Kept
from services.contracts.storage.contracts import IS_OPEN
from services.contracts.storage.tables import (
    applications,
    contracts,
    disclosure_documents,
    disclosures,
    inquiries,
    person_keys,
)


class ErasureRows(KeyEnds):
    """Implements Erasures on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        """The ends of keys are those of the clients known here."""
        super().__init__(connection, person_keys)

    def kept(self, client_id: UUID) -> Kept:
        own_contracts = contracts.c.client_id == client_id
        is_open = exists().where(own_contracts, IS_OPEN)
        ended_at = select(
            func.max(func.greatest(contracts.c.final_at, contracts.c.closed_at))
        ).where(own_contracts)
        applied_at = select(func.max(applications.c.submitted_at)).where(
            applications.c.client_id == client_id
        )
        own_requests = select(disclosure_documents.c.sha256).where(
            disclosure_documents.c.client_id == client_id
        )
        disclosed_at = select(func.max(disclosures.c.approved_at)).where(
            (disclosures.c.client_id == client_id)
            | disclosures.c.document_sha256.in_(own_requests)
        )
        written_at = select(func.max(inquiries.c.written_at)).where(
            inquiries.c.client_id == client_id
        )
        row = self.connection.execute(
            select(
                is_open.label("is_open"),
                # greatest() of PostgreSQL passes over what is NULL
                func.greatest(
                    ended_at.scalar_subquery(),
                    applied_at.scalar_subquery(),
                    disclosed_at.scalar_subquery(),
                    written_at.scalar_subquery(),
                ).label("last_at"),
            )
        ).one()
        return Kept(is_open=row.is_open, last_at=row.last_at)
