"""The payout gate: all must hold at the moment of sending, and each leaves a trace.

sending not halted and reconciled ∧ hold ∧ as long witnessed ∧ consent ∧ release where
required ∧ not suspended ∧ ownership freshly proved ∧ account unchanged ∧ order
unchanged ∧ antifraud allows ∧ contract says the same ∧ no «стоп-кредит» ∧ company's own
account ∧ bank reachable.  What is said about the amount (`limits`) is checked beside
these, in the commit of the sending.

A check that cannot be made holds the payout (it fails closed); one that contradicts
blocks it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from kernel.money import Money
from services.disbursement.domain.order import Order, OrderMissing, OrderReport
from services.disbursement.domain.payout import Payout
from services.disbursement.domain.witness import unwitnessed

BankStanding = OrderMissing | OrderReport
"""An answer by which one sees that the bank can be asked."""


class Ownership(StrEnum):
    """Whose account it is (clauses 5.3, 5.4)."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


class Decision(StrEnum):
    """What antifraud says."""

    ALLOW = "allow"
    REVIEW = "review"
    SUSPEND = "suspend"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipProof:
    """A proof of ownership, with the id under which its evidence is kept."""

    verdict: Ownership
    evidence_id: str
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """The client's account, as onboarding knows it now."""

    account_token: str = field(repr=False)
    iban: str = field(repr=False)
    iin: str = field(repr=False)
    card: str | None = field(default=None, repr=False)
    """The processor's token, where the client named a card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AntifraudDecision:
    """Antifraud's answer about this very payout."""

    decision_id: UUID
    outcome: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFacts:
    """The contract, as contracts knows it now."""

    state: str
    amount: Money
    term_days: int
    document_sha256: str
    account_id: UUID
    client_id: UUID
    consented: bool
    released: bool
    amending: bool = False
    """Whether an amendment of it is under way."""
    hold_from: datetime | None = None
    """From when its hold is counted anew, after an amendment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Whether any money may leave, and this payout's.

    ``halt_id`` of the halt that stands, ``case_id`` of an open case about the payout.
    ``caught_up_at``: when what the bank booked was last read to its end, by the
    database as it runs now; None before the first time since its start or restore.
    """

    halt_id: UUID | None
    case_id: UUID | None
    caught_up_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCredit:
    """Whether the client has refused microcredits, by a report asked for just now."""

    stands: bool
    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Who asked that this very order be paid, and who said yes (ADR 0009)."""

    approval_id: UUID
    requested_by: UUID
    approved_by: UUID


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that brought no answer; ``code`` says how."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything the outer world was asked just now, and our own books."""

    sending: Sending
    ownership: OwnershipProof | Unanswered
    account: AccountFacts | Unanswered
    decision: AntifraudDecision | Unanswered
    contract: ContractFacts | Unanswered
    stop_credit: StopCredit | Unanswered
    bank: BankStanding | Unanswered
    counted_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """What the gate is set to: the company's account, how fresh a proof must be."""

    company_iban: str
    proof_valid_s: int
    reconciled: timedelta
    """So old the last reading of what the bank booked may be."""
    payable_states: frozenset[str]
    """States of a contract in which money may be sent."""


class Verdict(StrEnum):
    """What one check says."""

    PASSED = "passed"
    LATER = "later"
    """Not now: hold and try again."""
    NEVER = "never"
    """Contradiction: block."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the gate, as it is recorded."""

    name: str
    verdict: Verdict
    code: str
    evidence: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """All checks of one passage."""

    checks: tuple[Check, ...]

    @property
    def closed(self) -> tuple[Check, ...]:
        """The checks that keep the gate closed."""
        return tuple(c for c in self.checks if c.verdict is not Verdict.PASSED)

    def beside(self, more: tuple[Check, ...]) -> "GateResult":
        """With the checks that were made in the commit of the sending."""
        return GateResult((*self.checks, *more))

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all."""
        found = {check.verdict for check in self.checks}
        if Verdict.NEVER in found:
            return Verdict.NEVER
        return Verdict.LATER if Verdict.LATER in found else Verdict.PASSED

    @property
    def code(self) -> str:
        """The code of the first check that decides; "" when all have passed."""
        worst = self.verdict
        deciding = (c.code for c in self.checks if c.verdict is worst)
        return "" if worst is Verdict.PASSED else next(deciding)


def pass_gate(
    payout: Payout,
    *,
    order: Order,
    sealed_digest: str,
    evidence: Evidence,
    now: datetime,
    rules: GateRules,
) -> GateResult:
    """Make every check; none is skipped because another has failed."""
    return GateResult(
        (
            _sending(evidence.sending, now=now, rules=rules),
            _hold(payout, now),
            _witness(payout, evidence.counted_ns),
            _consent(payout),
            _release(payout),
            _suspension(payout),
            _ownership(evidence.ownership, now=now, rules=rules),
            _account(evidence.account, payout=payout, order=order),
            _order(order, sealed_digest),
            _antifraud(evidence.decision),
            _contract(evidence.contract, payout=payout, rules=rules),
            _stop_credit(evidence.stop_credit),
            _debtor(order, rules),
            _bank(evidence.bank),
        )
    )


def _passed(name: str, evidence: str) -> Check:
    return Check(name, Verdict.PASSED, "", evidence)


def _later(name: str, code: str, evidence: str = "") -> Check:
    return Check(name, Verdict.LATER, code, evidence)


def _never(name: str, code: str, evidence: str = "") -> Check:
    return Check(name, Verdict.NEVER, code, evidence)


def _sending(sending: Sending, *, now: datetime, rules: GateRules) -> Check:
    """Nothing leaves while rows and bank may disagree (F37, clause 3.4)."""
    name = "sending"
    if sending.halt_id is not None:
        return _later(name, "sending_halted", str(sending.halt_id))
    if sending.case_id is not None:
        return _later(name, "payout_disputed", str(sending.case_id))
    if sending.caught_up_at is None:
        return _later(name, "reconciliation_pending")
    seen = sending.caught_up_at.isoformat()
    if abs(now - sending.caught_up_at) > rules.reconciled:
        return _later(name, "reconciliation_stale", seen)
    return _passed(name, seen)


def _hold(payout: Payout, now: datetime) -> Check:
    """Clause 5.5: not before ``hold_until``."""
    if payout.hold_until is None:
        return _never("hold", "hold_missing")
    seen = payout.hold_until.isoformat()
    if now < payout.hold_until:
        return _later("hold", "hold_running", seen)
    return _passed("hold", seen)


def _witness(payout: Payout, counted_ns: int | None) -> Check:
    """P10: the wall clock alone ends no hold; so much time must really have passed."""
    if payout.hold_until is None or payout.consented_at is None:
        return _passed("witness", "no hold")  # which the checks beside it refuse
    missing = unwitnessed(payout, counted_ns=counted_ns)
    if missing > timedelta():
        return _later("witness", "hold_unwitnessed", f"{missing.total_seconds():.0f} s")
    return _passed("witness", f"from {payout.witnessed_from_ns} to {counted_ns} ns")


def _consent(payout: Payout) -> Check:
    """Clause 5.5: nothing moves without the additional consent."""
    if payout.consented_at is None:
        return _never("consent", "consent_missing")
    return _passed("consent", payout.consented_at.isoformat())


def _release(payout: Payout) -> Check:
    """Clause 5.5: above 75 МРП, a confirmation given at or after the hold."""
    if not payout.release_required:
        return _passed("release", "not_required")
    if payout.released_at is None:
        return _never("release", "release_missing")
    seen = payout.released_at.isoformat()
    if payout.hold_until is None or payout.released_at < payout.hold_until:
        return _never("release", "release_too_early", seen)
    return _passed("release", seen)


def _suspension(payout: Payout) -> Check:
    """Clause 6.1: a suspended operation stands still until it is released."""
    if payout.suspended_by is not None:
        return _later("suspension", "operation_suspended", str(payout.suspended_by))
    return _passed("suspension", "none")


def _ownership(
    proof: OwnershipProof | Unanswered, *, now: datetime, rules: GateRules
) -> Check:
    """Clauses 5.3 and 5.4: the account is the client's, proved just now."""
    name = "ownership"
    if isinstance(proof, Unanswered):
        return _later(name, proof.code)
    age = abs(now - proof.checked_at)
    match proof.verdict:
        case Ownership.MISMATCH:
            return _never(name, "ownership_mismatch", proof.evidence_id)
        case Ownership.UNKNOWN:
            return _later(name, "ownership_unknown", proof.evidence_id)
        case Ownership.MATCH if age > timedelta(seconds=rules.proof_valid_s):
            return _later(name, "ownership_stale", proof.evidence_id)
        case Ownership.MATCH:
            return _passed(name, proof.evidence_id)


def _account(
    account: AccountFacts | Unanswered, *, payout: Payout, order: Order
) -> Check:
    """The account is the one the hold ran for; another needs an amendment (5.3)."""
    if isinstance(account, Unanswered):
        return _later("account", account.code)
    named = payout.agreed_token or payout.account_token
    if {account.account_token} != {named, payout.account_token}:
        return _later("account", "account_changed")
    if (account.iban, account.iin) != (order.creditor_iban, order.creditor_iin):
        return _never("account", "account_differs")
    if order.creditor_card not in (None, account.card):
        return _never("account", "account_differs")
    return _passed("account", str(payout.account_id))


def _order(order: Order, sealed_digest: str) -> Check:
    """What would be sent is what was drawn up and sealed (clause 3.4)."""
    if order.digest != sealed_digest:
        return _never("order", "order_digest_differs")
    return _passed("order", order.key)


def _antifraud(decision: AntifraudDecision | Unanswered) -> Check:
    """Clause 6.1: only an explicit "allow" lets money go."""
    name = "antifraud"
    if isinstance(decision, Unanswered):
        return _later(name, decision.code)
    seen = str(decision.decision_id)
    match decision.outcome:
        case Decision.ALLOW:
            return _passed(name, seen)
        case Decision.REFUSE:
            return _never(name, "antifraud_refuse", seen)
        case Decision.REVIEW | Decision.SUSPEND:
            return _later(name, f"antifraud_{decision.outcome}", seen)


def _contract(
    contract: ContractFacts | Unanswered, *, payout: Payout, rules: GateRules
) -> Check:
    """The contract's owner says the same as our row."""
    name = "contract"
    if isinstance(contract, Unanswered):
        return _later(name, contract.code)
    if contract.amending or contract.hold_from != payout.hold_from:
        return _later(name, "contract_amending", contract.state)
    pairs = (
        ("client", contract.client_id == payout.client_id),
        ("amount", contract.amount == payout.amount),
        ("document", contract.document_sha256 == payout.document_sha256),
        ("account", contract.account_id == payout.account_id),
        ("consent", contract.consented),
        ("release", contract.released or not payout.release_required),
        ("state", contract.state in rules.payable_states),
    )
    wrong = [field_name for field_name, equal in pairs if not equal]
    if wrong:
        return _never(name, f"contract_{wrong[0]}_differs", contract.state)
    return _passed(name, contract.document_sha256)


def _stop_credit(answer: StopCredit | Unanswered) -> Check:
    """«Стоп-кредит» asked again: a loan given in spite of it is written off."""
    name = "stop_credit"
    if isinstance(answer, Unanswered):
        return _later(name, answer.code)
    if answer.stands:
        return _never(name, name, answer.evidence_id)
    return _passed(name, answer.evidence_id)


def _debtor(order: Order, rules: GateRules) -> Check:
    """Clause 5.3: from the company's bank account, as configured now."""
    if order.debtor_iban != rules.company_iban:
        return _never("debtor", "debtor_differs")
    return _passed("debtor", "configured")


def _bank(standing: BankStanding | Unanswered) -> Check:
    """An order is committed only when the bank can be asked about it."""
    if isinstance(standing, Unanswered):
        return _later("bank", standing.code)
    return _passed("bank", type(standing).__name__)
