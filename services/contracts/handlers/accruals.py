"""Accrual stopped on an investigator's notice (представление, УПК art. 200), or lifted.

Two of the staff agree, on the notice itself: it is kept by its digest among the
requests of the register of disclosures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.contracts import AccrualResumed, AccrualStopped
from services.contracts.domain.contract import Contract
from services.contracts.domain.disclosure import LARGEST_DOCUMENT, document_unfit
from services.contracts.domain.repayment import stops_of
from services.contracts.domain.states import ContractState
from services.contracts.handlers.disclosures import digest_of
from services.contracts.handlers.views import not_found
from services.contracts.ports.repayments import AccountUnit, Turn

TURN: Final = "turn_accrual"
"""The operation two of the staff agree on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTurn:
    """A stop or a lifting somebody asks for; ``told``: the client may know of it."""

    contract_id: UUID
    day: date
    stopped: bool
    told: bool
    document_sha256: str

    @classmethod
    def of(cls, arguments: Mapping[str, Json]) -> "AskedTurn":
        """The inverse of `arguments`."""
        return cls(
            contract_id=UUID(str(arguments["contract_id"])),
            day=date.fromisoformat(str(arguments["day"])),
            stopped=bool(arguments["stopped"]),
            told=bool(arguments["told"]),
            document_sha256=str(arguments["document_sha256"]),
        )

    @property
    def arguments(self) -> dict[str, Json]:
        """What the second pair of eyes decides on."""
        return {
            "contract_id": str(self.contract_id),
            "day": self.day.isoformat(),
            "stopped": self.stopped,
            "told": self.told,
            "document_sha256": self.document_sha256,
        }


def ask(
    asked: AskedTurn, document: bytes, *, unit: AccountUnit, now: datetime
) -> tuple[AskedTurn, str]:
    """Keep the notice; what is asked, by its digest, and what a yes would do.

    Refused ``not_found``, ``document_unfit``, ``accrual_day_unfit``,
    ``accrual_not_stopped``.
    """
    if not 0 < len(document) <= LARGEST_DOCUMENT:
        raise document_unfit()
    sha256 = digest_of(document)
    asked = AskedTurn.of({**asked.arguments, "document_sha256": sha256})
    contract = _refuse_unfit(asked, unit=unit, now=now)
    unit.disclosures.keep_document(
        sha256, document, client_id=contract.client_id, at=now
    )
    what = "Nothing accrues" if asked.stopped else "Interest accrues again"
    told = "is told" if asked.told else "is not told"
    return asked, (
        f"{what} for contract {contract.number} from {asked.day} on; the client {told};"
        f" notice {sha256}"
    )


def record(
    asked: AskedTurn,
    *,
    approval_id: UUID,
    asked_by: UUID,
    approved_by: UUID,
    unit: AccountUnit,
    now: datetime,
) -> None:
    """Two agree: the account is counted so from now on.  Refused as `ask`."""
    contract = _refuse_unfit(asked, unit=unit, now=now)
    turn = Turn(
        contract_id=asked.contract_id,
        day=asked.day,
        stopped=asked.stopped,
        document_sha256=asked.document_sha256,
        told=asked.told,
        approval_id=approval_id,
        asked_by=asked_by,
        approved_by=approved_by,
    )
    unit.accounts.add_turn(turn, at=now)
    unit.accounts.touch(asked.contract_id)
    said = AccrualStopped if asked.stopped else AccrualResumed
    unit.publish(
        said(
            contract_id=contract.id,
            client_id=contract.client_id,
            approval_id=approval_id,
            since=asked.day.isoformat(),
            document_sha256=asked.document_sha256,
            told=asked.told,
            asked_by=asked_by,
            approved_by=approved_by,
        )
    )


def _refuse_unfit(asked: AskedTurn, *, unit: AccountUnit, now: datetime) -> Contract:
    """The contract, if its accrual can be stopped or resumed from that day on."""
    contract = unit.contracts.get(asked.contract_id)
    if contract is None or contract.state is not ContractState.ACTIVE:
        raise not_found()
    if asked.day > almaty_date(now):
        raise Refused(
            "accrual_day_unfit",
            "Accrual stops or goes on from today or from an earlier day.",
            next_step="Ask again when the day has come.",
        )
    turns = unit.accounts.turns(asked.contract_id)
    stops = stops_of([(turn.day, turn.stopped) for turn in turns])
    if not asked.stopped and all(stop.until is not None for stop in stops):
        raise Refused(
            "accrual_not_stopped",
            "Accrual of this contract is not stopped.",
            next_step="Look at it: kredit contracts repayments account.",
        )
    return contract
