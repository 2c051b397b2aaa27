"""The stop-checks before a decision, one function per rule, and what each leaves.

A check passes, fails, or stays unknown when whoever must be asked gave no answer.
Unknown is never taken for either: the application is held and asked about again.  With
its verdict a check keeps what was found and the very records of the dated settings it
was measured by, so that last year's decision is explained by last year's values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.clock import rfc3339
from kernel.judged import Decision, Going
from kernel.money import Money
from kernel.policy import Setting, value_to_wire
from services.contracts.domain.gesv import GesvCap
from services.contracts.domain.rules import LendingRules
from services.contracts.domain.schedule import Schedule

BUREAU: Final = "credit report"
STATE: Final = "state registers"
MONITORING: Final = "list of the АФМ"
ANTIFRAUD: Final = "Procedure 6.1"


class Verdict(StrEnum):
    """What a check came to."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ConsentKind(StrEnum):
    """Consents to a loan from somebody else, or from the borrower once more."""

    SPOUSE = "spouse"
    ADDITIONAL = "additional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom outer registers may be asked about.  Personal data."""

    iin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditReport:
    """What the credit bureau answered, as far as the decision needs it."""

    report_id: str
    stop_credit: bool
    """«Стоп-кредит»: the person has refused microcredits of their own will."""
    earlier_online_microcredit: bool
    days_overdue: int
    debt_burden: str | None
    """КДН, an exact decimal as the bureau wrote it; None when it cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRecord:
    """What the state's registers say of a borrower."""

    birth_on: date
    married: bool
    conscript: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenConsent:
    """Whether a consent stands in the state's register, and the evidence's number."""

    given: bool
    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCheck:
    """Whether a person stands on the list of the financial monitoring agency."""

    listed: bool
    check_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """The record of a dated setting a check was measured by."""

    key: str
    value: str
    effective_from: str
    source: str

    @classmethod
    def of(cls, setting: Setting) -> "Cited":
        return cls(
            key=setting.key,
            value=str(value_to_wire(setting.value)),
            effective_from=rfc3339(setting.effective_at),
            source=setting.source,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the decision trace."""

    name: str
    verdict: Verdict
    source: str
    """The act, service or registry the check rests on."""
    found: Mapping[str, str | int]
    cited: tuple[Cited, ...] = ()

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED


def unknown(name: str, source: str) -> Check:
    """Whoever must be asked gave no answer that can be used."""
    return Check(name=name, verdict=Verdict.UNKNOWN, source=source, found={})


def check_amount(amount: Money, rules: LendingRules) -> Check:
    """Not more than one lender may give: up to and including 20 000 МРП."""
    return _check(
        "amount_cap",
        ok=amount <= rules.max_amount,
        source=rules.max_amount_source,
        found={
            "amount_minor": amount.amount_minor,
            "limit_minor": rules.max_amount.amount_minor,
        },
        cited=rules.cited("lending.max_amount_mrp", "mrp"),
    )


def check_gesv(schedule: Schedule, cap: GesvCap) -> Check:
    """ГЭСВ of the draft schedule is within the cap of its band."""
    gesv = schedule.gesv
    return _check(
        "gesv_cap",
        ok=cap.allows(gesv=gesv, annual_percent=schedule.annual_percent),
        source=cap.source,
        found={
            "gesv_percent": str(gesv),
            "annual_percent": str(schedule.annual_percent),
            "limit_percent": str(cap.percent),
        },
        cited=cap.settings,
    )


def check_account(account_id: UUID | None, *, lost: bool) -> Check:
    """There is an account to pay to, and its ownership has not been lost (5.4)."""
    found = {} if account_id is None else {"account_id": str(account_id)}
    return _check(
        "account",
        ok=account_id is not None and not lost,
        source="Procedure 5.3, 5.4",
        found={**found, "lost": int(lost)},
    )


def check_account_again() -> Check:
    """The account was removed between its check and the offer."""
    return replace(check_account(None, lost=True), name="account_at_offer")


def check_bureau_consent(*, given: bool) -> Check:
    """The client has consented to a credit report; without it nobody asks for one."""
    return _check(
        "bureau_consent",
        ok=given,
        source="law on credit bureaus; law №94-V, art. 7",
        found={"given": int(given)},
    )


def check_personal_consent(*, given: bool) -> Check:
    """The client's consent to the use of their data: without it nobody is asked."""
    return _check(
        "personal_consent",
        ok=given,
        source="law №94-V, art. 7",
        found={"given": int(given)},
    )


def check_stop_credit(report: CreditReport) -> Check:
    """«Стоп-кредит» is seen before the decision and ends it."""
    return _check(
        "stop_credit",
        ok=not report.stop_credit,
        source=BUREAU,
        found={
            "report_id": report.report_id,
            "stop_credit": int(report.stop_credit),
            "days_overdue": report.days_overdue,
        },
    )


def check_debt_burden(report: CreditReport, rules: LendingRules) -> Check:
    """КДН up to and including its cap; unknown where the bureau cannot tell it."""
    cited = rules.cited("lending.kdn_max")
    if report.debt_burden is None:
        return Check(
            name="debt_burden",
            verdict=Verdict.UNKNOWN,
            source=BUREAU,
            found={"report_id": report.report_id},
            cited=tuple(Cited.of(setting) for setting in cited),
        )
    return _check(
        "debt_burden",
        ok=Decimal(report.debt_burden) <= rules.kdn_max,
        source=BUREAU,
        found={
            "report_id": report.report_id,
            "debt_burden": report.debt_burden,
            "limit": str(rules.kdn_max),
        },
        cited=cited,
    )


def check_first_loan(
    amount: Money, report: CreditReport, rules: LendingRules, *, visited: bool
) -> Check:
    """A first-ever online microcredit strictly above 75 МРП needs a personal visit."""
    above = amount > rules.visit_above
    return _check(
        "first_online_loan",
        ok=report.earlier_online_microcredit or visited or not above,
        source=rules.visit_source,
        found={
            "report_id": report.report_id,
            "earlier_online_microcredit": int(report.earlier_online_microcredit),
            "visited": int(visited),
            "limit_minor": rules.visit_above.amount_minor,
        },
        cited=rules.cited("lending.first_loan_visit_mrp", "mrp"),
    )


def check_conscript(record: StateRecord) -> Check:
    """Nobody lends to a conscript during the service."""
    return _check(
        "conscript",
        ok=not record.conscript,
        source=STATE,
        found={"conscript": int(record.conscript)},
    )


def needs_spouse(amount: Money, record: StateRecord, rules: LendingRules) -> bool:
    """From 1 000 МРП on, the amount itself included: the acts leave that open."""
    return record.married and amount >= rules.spouse_from


def check_spouse(
    amount: Money,
    record: StateRecord,
    rules: LendingRules,
    consent: GivenConsent | None,
) -> Check:
    """A spouse has consented where one must; `consent` is None where none must."""
    found: dict[str, str | int] = {
        "married": int(record.married),
        "amount_minor": amount.amount_minor,
        "limit_minor": rules.spouse_from.amount_minor,
    }
    return _check(
        "spouse_consent",
        ok=not needs_spouse(amount, record, rules) or _given(consent),
        source=STATE,
        found=found | _evidence(consent),
        cited=rules.cited("lending.spouse_consent_mrp", "mrp"),
    )


def needs_confirmation(record: StateRecord, rules: LendingRules, *, on: date) -> bool:
    """Under 21, or 55 and older: whether 55 is meant is open, so it counts."""
    age = age_on(record.birth_on, on)
    return age < rules.consent_under or age >= rules.consent_over


def check_confirmation(
    record: StateRecord,
    rules: LendingRules,
    consent: GivenConsent | None,
    *,
    on: date,
) -> Check:
    """Whoever is young or old has confirmed the wish once more, elsewhere."""
    return _check(
        "extra_consent",
        ok=not needs_confirmation(record, rules, on=on) or _given(consent),
        source=STATE,
        found={"age": age_on(record.birth_on, on)} | _evidence(consent),
        cited=rules.cited(
            "lending.extra_consent_ages.under", "lending.extra_consent_ages.over"
        ),
    )


def check_monitoring(answer: ListCheck) -> Check:
    """Nobody on the list of the АФМ is lent money (ПОД/ФТ)."""
    return _check(
        "monitoring_list",
        ok=not answer.listed,
        source=MONITORING,
        found={"check_id": answer.check_id, "listed": int(answer.listed)},
    )


_VERDICTS: Final = {
    Going.ON: Verdict.PASSED,
    Going.NEVER: Verdict.FAILED,
    Going.WAITS: Verdict.UNKNOWN,
}


def check_antifraud(decision: Decision, *, name: str = "antifraud") -> Check:
    """Antifraud has allowed the operation (clause 6.1g), or refused it.

    What it suspends, or wants looked at, is as good as unanswered until its people
    have let it go: the operation does not move, and is not refused either.
    """
    return Check(
        name=name,
        verdict=_VERDICTS[decision.going],
        source=ANTIFRAUD,
        found={
            "decision_id": str(decision.decision_id),
            "outcome": decision.outcome,
            "score": decision.score,
        },
    )


def age_on(birth_on: date, on: date) -> int:
    """Full years on a day."""
    before_birthday = (on.month, on.day) < (birth_on.month, birth_on.day)
    return on.year - birth_on.year - before_birthday


def _check(
    name: str,
    *,
    ok: bool,
    source: str,
    found: Mapping[str, str | int],
    cited: tuple[Setting, ...] = (),
) -> Check:
    return Check(
        name=name,
        verdict=Verdict.PASSED if ok else Verdict.FAILED,
        source=source,
        found=found,
        cited=tuple(Cited.of(setting) for setting in cited),
    )


def _given(consent: GivenConsent | None) -> bool:
    return consent is not None and consent.given


def _evidence(consent: GivenConsent | None) -> dict[str, str | int]:
    if consent is None:
        return {}
    return {"given": int(consent.given), "evidence_id": consent.evidence_id}
