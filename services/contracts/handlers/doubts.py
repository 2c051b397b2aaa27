"""Entries in which the bank contradicts itself, until two of the staff settle them.

What was said first stands, and nothing here changes an account: the bank is asked in
writing, and what it has to put right it books as a reversal and an entry of its own.
Its answer is kept by its digest among the requests of the register of disclosures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.context import jsonable
from kernel.crypto import Json
from kernel.events.contracts import ContradictionSettled
from kernel.money import Money
from services.contracts.domain.credits import shown_payment
from services.contracts.domain.disclosure import LARGEST_DOCUMENT, document_unfit
from services.contracts.handlers.disclosures import digest_of
from services.contracts.handlers.repayments import credit_not_found
from services.contracts.ports.repayments import AccountUnit, Doubt, Settlement

SETTLE: Final = "settle_contradiction"
"""The operation two of the staff agree on."""
LISTED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSettlement:
    """What somebody asks to be settled, and the bank's answer by its digest."""

    entry_id: UUID
    document_sha256: str

    @classmethod
    def of(cls, arguments: Mapping[str, Json]) -> "AskedSettlement":
        """The inverse of `arguments`."""
        return cls(
            entry_id=UUID(str(arguments["credit_id"])),
            document_sha256=str(arguments["document_sha256"]),
        )

    @property
    def arguments(self) -> dict[str, Json]:
        """What the second pair of eyes decides on."""
        return {
            "credit_id": str(self.entry_id),
            "document_sha256": self.document_sha256,
        }


def listed(*, unit: AccountUnit) -> list[Json]:
    """What waits to be settled, the newest first; nothing personal."""
    return [
        jsonable(
            {
                "credit_id": one.entry_id,
                "reason": one.reason,
                "reference": one.reference,
                "amount": one.amount,
                "value_on": one.value_on,
            }
        )
        for one in unit.entries.doubts(limit=LISTED)
    ]


def shown(entry_id: UUID, *, unit: AccountUnit) -> Json:
    """What the bank said later under a known reference, beside what stands.

    Refused ``credit_not_found``, ``person_erased``.
    """
    said = unit.entries.said_later(entry_id)
    first = None if said is None else unit.entries.find(said[0].reference)
    if said is None or first is None:
        raise credit_not_found()
    entry, payment = said
    return jsonable(
        {
            "credit_id": entry_id,
            "kind": entry.kind,
            "reference": entry.reference,
            "amount": entry.amount,
            "value_on": entry.value_on,
            "booked_at": entry.booked_at,
            **shown_payment(payment),
            "contract_id": None,
            "reversed": False,
            "taken_back": Money(0),
            "contradicts": first.entry_id,
            "contradicts_amount": first.entry.amount,
        }
    )


def ask(
    entry_id: UUID, document: bytes, *, unit: AccountUnit, now: datetime
) -> tuple[AskedSettlement, str]:
    """Keep the bank's answer; what is asked, and what a yes would do.

    Refused ``credit_not_found`` for what waits for nobody (any more),
    ``document_unfit``.
    """
    if not 0 < len(document) <= LARGEST_DOCUMENT:
        raise document_unfit()
    doubt = _waiting(entry_id, unit)
    asked = AskedSettlement(entry_id=entry_id, document_sha256=digest_of(document))
    unit.disclosures.keep_document(
        asked.document_sha256, document, client_id=doubt.client_id, at=now
    )
    return asked, (
        f"What the bank said first under {doubt.reference} stands for good; its answer"
        f" {asked.document_sha256} is kept, and no account changes"
    )


def settle(settlement: Settlement, *, unit: AccountUnit, now: datetime) -> None:
    """Two agree: it waits for nobody any more.  Refused ``credit_not_found``."""
    doubt = _waiting(settlement.entry_id, unit)
    unit.entries.settle(settlement, at=now)
    unit.publish(
        ContradictionSettled(
            credit_id=doubt.entry_id,
            reason=doubt.reason,
            document_sha256=settlement.document_sha256,
            approval_id=settlement.approval_id,
            asked_by=settlement.asked_by,
            approved_by=settlement.approved_by,
        )
    )


def _waiting(entry_id: UUID, unit: AccountUnit) -> Doubt:
    doubt = unit.entries.doubt(entry_id)
    if doubt is None:
        raise credit_not_found()
    return doubt
