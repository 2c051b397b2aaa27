"""Which row is sealed by whose key: `kernel.person_keys` for the tables kept here."""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, String, cast, select

from kernel.crypto import FieldKeys
from kernel.person_keys import ErasedError, PersonKeys, SealedColumn
from services.contracts.domain.erasure import erased
from services.contracts.storage.ledger import bank_contradictions, bank_entries
from services.contracts.storage.tables import (
    application_checks,
    applications,
    company_restamps,
    company_signatures,
    contracts,
    disclosure_documents,
    disclosures,
    documents,
    inquiries,
    letters,
    person_keys,
)

HOUSE: Final = UUID(int=0)
"""In whose name requests about nobody in particular are sealed; never erased."""


class KeyRing(PersonKeys):
    """The keys of the persons one transaction deals with, each read once."""

    def __init__(self, connection: Connection, service: FieldKeys) -> None:
        """`service` holds the keys that wrap those of persons."""
        super().__init__(connection, service, person_keys, _sealed_of)

    def of_client(self, client_id: UUID) -> FieldKeys:
        """The keys of a client.  Refused ``person_erased``."""
        try:
            return self.of(client_id)
        except ErasedError:
            raise erased() from None

    def of_application(self, application_id: UUID) -> FieldKeys:
        """The same, the client named by the application."""
        found: UUID = self.connection.execute(
            select(applications.c.client_id).where(applications.c.id == application_id)
        ).scalar_one()
        return self.of_client(found)

    def of_contract(self, contract_id: UUID) -> FieldKeys:
        """The same, the client named by the contract."""
        found: UUID = self.connection.execute(
            select(contracts.c.client_id).where(contracts.c.id == contract_id)
        ).scalar_one()
        return self.of_client(found)


def _sealed_of(client_id: UUID) -> list[SealedColumn]:
    """Every column in which something of a client is sealed, and its rows' names."""
    own_applications = select(applications.c.id).where(
        applications.c.client_id == client_id
    )
    own_contracts = select(contracts.c.id).where(contracts.c.client_id == client_id)
    own_inquiries = select(inquiries.c.id).where(inquiries.c.client_id == client_id)
    line = (
        cast(application_checks.c.application_id, String)
        + "/"
        + application_checks.c.name
    )
    return [
        SealedColumn(
            column=contracts.c.document,
            key=contracts.c.id,
            row=contracts.c.id,
            own=contracts.c.client_id == client_id,
        ),
        SealedColumn(
            column=documents.c.data,
            key=documents.c.sha256,
            row=documents.c.sha256,
            own=documents.c.contract_id.in_(own_contracts),
        ),
        SealedColumn(
            column=company_signatures.c.proof,
            key=company_signatures.c.document_sha256,
            row=company_signatures.c.document_sha256,
            own=company_signatures.c.contract_id.in_(own_contracts),
        ),
        SealedColumn(
            column=company_restamps.c.proof,
            key=company_restamps.c.restamp_id,
            row=company_restamps.c.restamp_id,
            own=company_restamps.c.document_sha256.in_(
                select(company_signatures.c.document_sha256).where(
                    company_signatures.c.contract_id.in_(own_contracts)
                )
            ),
        ),
        SealedColumn(
            column=application_checks.c.found,
            key=application_checks.c.application_id,
            row=line,
            own=application_checks.c.application_id.in_(own_applications),
        ),
        SealedColumn(
            column=disclosure_documents.c.document,
            key=disclosure_documents.c.sha256,
            row=disclosure_documents.c.sha256,
            own=_own_requests(client_id),
        ),
        SealedColumn(
            column=letters.c.text,
            key=letters.c.id,
            row=letters.c.id,
            own=letters.c.inquiry_id.in_(own_inquiries),
        ),
        *(
            SealedColumn(
                column=column,
                key=column.table.c.entry_id,
                row=column.table.c.entry_id,
                own=column.table.c.client_id.is_not_distinct_from(
                    None if client_id == HOUSE else client_id
                ),
            )
            for column in (bank_entries.c.payment, bank_contradictions.c.entry)
        ),
    ]


def _own_requests(client_id: UUID) -> ColumnElement[bool]:
    """The requests filed for a client, or an entry about the client stands on.

    Releases before this one noted no client: what no client's entry stands on is the
    house's.
    """
    noted, digest = disclosure_documents.c.client_id, disclosure_documents.c.sha256
    about = select(disclosures.c.document_sha256)
    if client_id == HOUSE:
        anybody = about.where(disclosures.c.client_id.is_not(None))
        return noted.is_(None) & digest.not_in(anybody)
    own = about.where(disclosures.c.client_id == client_id)
    return (noted == client_id) | digest.in_(own)
