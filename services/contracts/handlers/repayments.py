"""Credits: read off the bank's statement, recognised, or taken to a person.

1. Read a page behind the last entry known; nothing is open meanwhile.
2. In one commit: keep each entry that is new, say whose it is, and move on.  A crash
   before it reads the page again, one after it has nothing to repeat; of two readers
   one finds that the place has moved.
3. Contracts for which something came are counted by `accounts`, each by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from kernel.clock import Clock
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.events.contracts import CreditParked, CreditReceived, CreditReversed
from kernel.ids import Ids
from kernel.money import Money
from services.contracts.domain.credits import (
    BankEntry,
    EntryKind,
    Payment,
    RecognisedBy,
    StatementPage,
    iins_in,
    numbers_in,
    shown_payment,
)
from services.contracts.domain.states import PAID_OUT
from services.contracts.ports.repayments import (
    AccountUnit,
    AccountWork,
    Assignment,
    KeptEntry,
    Statements,
)

ASSIGN: Final = "assign_credit"
"""The operation two of the staff agree on."""
PAGES: Final = 50
"""Read in one turn at most; the next one goes on."""
LISTED: Final = 100

ParkedFor = Literal["unrecognised", "contradicted", "reversal_differs"]
Blind = Callable[[str], str]
"""An ИИН to its keyed token."""


@dataclass(slots=True)
class Reading:
    """What one turn at the statement came to."""

    new: int = 0
    parked: list[ParkedFor] = field(default_factory=list)
    """Why entries wait for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Who files what was read: in one transaction, at one instant."""

    unit: AccountUnit
    blind: Blind
    now: datetime
    ids: Ids
    reading: Reading

    def park(self, entry_id: UUID, reason: ParkedFor) -> None:
        self.reading.parked.append(reason)
        self.unit.publish(CreditParked(credit_id=entry_id, reason=reason))


def read_statement(
    *, bank: Statements, work: AccountWork, blind: Blind, clock: Clock, ids: Ids
) -> Reading:
    """Take what the bank booked since the last time.

    Transient when the bank gives no usable page: it is read again later.
    """
    reading = Reading()
    for _ in range(PAGES):
        with work.begin() as unit:
            after = unit.entries.position(at=clock.now())
        page = bank.page(after=after)  # step 1
        with work.begin() as unit:  # step 2
            if unit.entries.position(at=clock.now()) != after:
                break  # another process reads
            clerk = Clerk(
                unit=unit, blind=blind, now=clock.now(), ids=ids, reading=reading
            )
            _take(page, clerk)
        if page.is_last:
            break
    return reading


def _take(page: StatementPage, clerk: Clerk) -> None:
    for entry, payment in page.entries:
        known = clerk.unit.entries.find(entry.reference)
        if known is None:
            clerk.reading.new += 1
            _keep(entry, payment, clerk)
        elif known.content_sha256 != entry.content_sha256(payment):
            _contradict(entry, payment, known, clerk)
    clerk.unit.entries.move(upto=page.upto, at=clerk.now)


def _contradict(
    entry: BankEntry, payment: Payment, known: KeptEntry, clerk: Clerk
) -> None:
    """What was said first stands; a person asks the bank."""
    entry_id = clerk.ids.new()
    if clerk.unit.entries.contradict(
        entry_id, entry, payment, of_contract=known.contract_id, at=clerk.now
    ):
        clerk.park(entry_id, "contradicted")


def _keep(entry: BankEntry, payment: Payment, clerk: Clerk) -> None:
    """Keep it, sealed by whose it is, and do what its kind asks for."""
    entry_id, found = clerk.ids.new(), None
    if entry.kind is EntryKind.CREDIT:
        found = _recognised(payment.purpose, unit=clerk.unit, blind=clerk.blind)
    whose = None if found is None else found[0]
    clerk.unit.entries.add(entry_id, entry, payment, of_contract=whose, at=clerk.now)
    kept = clerk.unit.entries.get(entry_id)
    if kept is None:
        raise Broken("An entry just kept is not there")
    match entry.kind:
        case EntryKind.CREDIT if found is not None:
            contract_id, recognised_by = found
            assignment = Assignment(
                entry_id=entry_id, contract_id=contract_id, recognised_by=recognised_by
            )
            _assign(assignment, kept, unit=clerk.unit, now=clerk.now)
        case EntryKind.CREDIT if not kept.reversed:
            clerk.park(entry_id, "unrecognised")
        case EntryKind.REVERSAL:
            _place_reversal(kept, clerk)
        case _:
            return  # the bank's fees, our own transfers, what was taken back before


def _recognised(
    purpose: str, *, unit: AccountUnit, blind: Blind
) -> tuple[UUID, RecognisedBy] | None:
    """Whose it is, if there is no doubt: one number, or else one contract in force.

    A number that is no contract's, or two of them, leave it to a person, whatever ИИН
    stands beside.
    """
    numbers = numbers_in(purpose)
    if numbers:
        found = {unit.entries.payable(number) for number in numbers}
        (only,) = found if len(found) == 1 else (None,)
        return None if only is None else (only, "number")
    of_clients = [unit.entries.active_of(blind(iin)) for iin in iins_in(purpose)]
    contracts = {one for found in of_clients for one in found}
    return (contracts.pop(), "iin") if len(contracts) == 1 else None


def _place_reversal(kept: KeptEntry, clerk: Clerk) -> None:
    """What was taken back counts no more; a credit that is nobody's never counted."""
    original = clerk.unit.entries.find(kept.entry.reversal_of or "")
    if original is None:
        return  # should it come yet, it comes as taken back
    if clerk.unit.entries.doubt(kept.entry_id) is not None:
        clerk.park(kept.entry_id, "reversal_differs")
    elif original.contract_id is not None:
        _say_reversed(
            original, original.contract_id, kept.entry.amount, unit=clerk.unit
        )


def _assign(
    assignment: Assignment, kept: KeptEntry, *, unit: AccountUnit, now: datetime
) -> None:
    contract = unit.contracts.get(assignment.contract_id)
    if contract is None or contract.state not in PAID_OUT:
        raise contract_not_paid_out()
    if not unit.entries.assign(assignment, at=now):
        raise credit_assigned()
    unit.accounts.touch(contract.id)
    unit.publish(
        CreditReceived(
            contract_id=contract.id,
            client_id=contract.client_id,
            credit_id=kept.entry_id,
            amount=kept.entry.amount,
            value_on=kept.entry.value_on.isoformat(),
            recognised_by=assignment.recognised_by,
            approval_id=assignment.approval_id,
        )
    )
    if kept.taken_back > Money(0):
        _say_reversed(kept, contract.id, kept.taken_back, unit=unit)


def _say_reversed(
    kept: KeptEntry, contract_id: UUID, amount: Money, *, unit: AccountUnit
) -> None:
    contract = unit.contracts.get(contract_id)
    if contract is None:
        raise Broken("A credit is of a contract that does not exist")
    unit.accounts.touch(contract_id)
    unit.publish(
        CreditReversed(
            contract_id=contract_id,
            client_id=contract.client_id,
            credit_id=kept.entry_id,
            amount=amount,
        )
    )


def assignment_effect(entry_id: UUID, contract_id: UUID, *, unit: AccountUnit) -> str:
    """What a yes of the second person would do, in words.

    Refused ``credit_not_found``, ``credit_assigned``, ``contract_not_paid_out``.
    """
    kept = _waiting(entry_id, unit)
    contract = unit.contracts.get(contract_id)
    if contract is None or contract.state not in PAID_OUT:
        raise contract_not_paid_out()
    return (
        f"The credit of {kept.left.to_wire()} KZT of {kept.entry.value_on}"
        f" counts for contract {contract.number}"
    )


def assign(assignment: Assignment, *, unit: AccountUnit, now: datetime) -> None:
    """Two agree whose contract a credit is for.  Refused as `assignment_effect`."""
    _assign(assignment, _waiting(assignment.entry_id, unit), unit=unit, now=now)


def listed(*, unit: AccountUnit) -> list[Json]:
    """Credits that nobody recognised, the oldest first; nothing personal."""
    return [
        jsonable(
            {
                "credit_id": kept.entry_id,
                "reason": "unrecognised",
                "reference": kept.entry.reference,
                "amount": kept.left,
                "value_on": kept.entry.value_on,
            }
        )
        for kept in unit.entries.unassigned(limit=LISTED)
    ]


def shown(entry_id: UUID, *, unit: AccountUnit) -> Json:
    """One credit with what the payer wrote.

    Refused ``credit_not_found``, ``person_erased``.
    """
    kept = unit.entries.get(entry_id)
    if kept is None:
        raise credit_not_found()
    entry, payment = kept.entry, unit.entries.payment(entry_id)
    return jsonable(
        {
            "credit_id": kept.entry_id,
            "kind": entry.kind,
            "reference": entry.reference,
            "amount": entry.amount,
            "value_on": entry.value_on,
            "booked_at": entry.booked_at,
            **shown_payment(payment),
            "contract_id": kept.contract_id,
            "reversed": kept.reversed,
            "taken_back": kept.taken_back,
        }
    )


def _waiting(entry_id: UUID, unit: AccountUnit) -> KeptEntry:
    kept = unit.entries.get(entry_id)
    if kept is None or kept.entry.kind is not EntryKind.CREDIT or kept.reversed:
        raise credit_not_found()
    if kept.contract_id is not None:
        raise credit_assigned()
    return kept


def credit_not_found() -> Refused:
    return Refused(
        "credit_not_found",
        "There is no such credit to be assigned.",
        next_step="List them: kredit contracts repayments list.",
    )


def credit_assigned() -> Refused:
    return Refused(
        "credit_assigned",
        "The credit is some contract's already.",
        next_step="Look at it: kredit contracts repayments show.",
    )


def contract_not_paid_out() -> Refused:
    return Refused(
        "contract_not_paid_out",
        "A credit counts for a contract whose money was paid out.",
        next_step="Look for the right contract.",
    )
