"""The stop-checks of one application, asked in order, each answer kept as it comes.

What a power cut leaves: every answer is a row of its own, and whoever goes on asks only
for those that are missing.  A row once written stands, whoever else has asked as well:
the decision is read off the rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.errors import Broken, Refused, Transient
from kernel.events.contracts import (
    ApplicationChecked,
    ApplicationHeld,
    ApplicationRefused,
)
from kernel.policy import Policy
from services.contracts.domain import application as machine
from services.contracts.domain import checks as rules_of
from services.contracts.domain.application import Application
from services.contracts.domain.checks import (
    BUREAU,
    MONITORING,
    STATE,
    Check,
    ConsentKind,
    GivenConsent,
    Subject,
    unknown,
)
from services.contracts.domain.contract import Contract
from services.contracts.domain.gesv import GesvCap
from services.contracts.domain.products import Product
from services.contracts.domain.rules import HoldRules, LendingRules
from services.contracts.handlers import schedules
from services.contracts.ports import Bureau, Judges, Onboarding, Unit, Work

OURS: Final = "dated settings"
AT_SIGNING: Final = "stop_credit_at_signing"
AT_PAYOUT: Final = "stop_credit_at_payout"
ANTIFRAUD_AT_SIGNING: Final = "antifraud_at_signing"
LENDING: Final = "lending_checks"
"""The purpose, as onboarding knows it, of asking the state and the АФМ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One asking: the checks it answers, who answers, and how."""

    names: tuple[str, ...]
    source: str
    ask: Callable[[], Sequence[Check]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One application and everybody who is asked about it."""

    application: Application
    work: Work
    judges: Judges
    policy: Policy

    def steps(self) -> tuple[Step, ...]:
        """Our own settings first: nobody is asked more than the decision needs."""
        return (
            Step(names=("amount_cap",), source=OURS, ask=self._amount),
            Step(names=("gesv_cap",), source=OURS, ask=self._price),
            Step(names=("account",), source="onboarding", ask=self._account),
            Step(
                names=(
                    *("bureau_consent", "stop_credit"),
                    *("debt_burden", "first_online_loan"),
                ),
                source=BUREAU,
                ask=self._bureau,
            ),
            Step(
                names=(
                    *("personal_consent", "conscript"),
                    *("spouse_consent", "extra_consent"),
                ),
                source=STATE,
                ask=self._state,
            ),
            Step(names=("monitoring_list",), source=MONITORING, ask=self._monitoring),
        )

    @property
    def _rules(self) -> LendingRules:
        return LendingRules.at(self.policy, self.application.submitted_at)

    def _amount(self) -> Sequence[Check]:
        return (rules_of.check_amount(self.application.amount, self._rules),)

    def _price(self) -> Sequence[Check]:
        """By the product's terms of the day the client applied."""
        application, at = self.application, self.application.submitted_at
        draft = schedules.draft(
            application.amount,
            product=Product.at(self.policy, application.product, at),
            repayment=application.repayment,
            term_days=application.term_days,
            policy=self.policy,
            at=at,
        )
        cap = GesvCap.at(
            self.policy, at, amount=application.amount, term_days=application.term_days
        )
        return (rules_of.check_gesv(draft, cap),)

    def _account(self) -> Sequence[Check]:
        account_id = self.judges.onboarding.account_of(
            self.application.client_id, account_id=self.application.account_id
        )
        with self.work.begin() as unit:
            lost = account_id is not None and unit.clients.account_lost(account_id)
        return (rules_of.check_account(account_id, lost=lost),)

    def _bureau(self) -> Sequence[Check]:
        subject = self._subject("credit_report")
        consent = rules_of.check_bureau_consent(given=subject is not None)
        if subject is None:
            return (consent,)
        report = self.judges.bureau.report(subject.iin)
        with self.work.begin() as unit:
            visited = unit.visits.has(self.application.client_id)
        amount, rules = self.application.amount, self._rules
        return (
            consent,
            rules_of.check_stop_credit(report),
            rules_of.check_debt_burden(report, rules),
            rules_of.check_first_loan(amount, report, rules, visited=visited),
        )

    def _state(self) -> Sequence[Check]:
        subject = self._subject(LENDING)
        consent = rules_of.check_personal_consent(given=subject is not None)
        if subject is None:
            return (consent,)
        record = self.judges.state.record(subject.iin)
        amount, rules = self.application.amount, self._rules
        on = almaty_date(self.application.submitted_at)
        spouse, once_more = (
            self._consent(subject, kind, asked=asked)
            for kind, asked in (
                (ConsentKind.SPOUSE, rules_of.needs_spouse(amount, record, rules)),
                (
                    ConsentKind.ADDITIONAL,
                    rules_of.needs_confirmation(record, rules, on=on),
                ),
            )
        )
        return (
            consent,
            rules_of.check_conscript(record),
            rules_of.check_spouse(amount, record, rules, spouse),
            rules_of.check_confirmation(record, rules, once_more, on=on),
        )

    def _monitoring(self) -> Sequence[Check]:
        subject = self._subject(LENDING)
        if subject is None:
            return (rules_of.check_personal_consent(given=False),)
        return (rules_of.check_monitoring(self.judges.monitoring.look(subject.iin)),)

    def _subject(self, purpose: str) -> Subject | None:
        client_id = self.application.client_id
        return self.judges.onboarding.subject(client_id, purpose=purpose)

    def _consent(
        self, subject: Subject, kind: ConsentKind, *, asked: bool
    ) -> GivenConsent | None:
        """Nobody is asked for a consent that is not needed."""
        return self.judges.state.consent(subject.iin, kind) if asked else None


def check(asking: Asking, *, clock: Clock) -> Application:
    """`checked`, `refused`, or held where it stands because somebody did not answer."""
    application, work = asking.application, asking.work
    with work.begin() as unit:
        trace = unit.applications.answered(application.id)
    for step in asking.steps():
        if all(name in trace for name in step.names):
            continue
        checks = _answers(step, trace)
        with work.begin() as unit:
            unit.applications.record(application.id, checks, at=clock.now())
            trace = unit.applications.answered(application.id)
            failed = machine.first_failed(
                trace[one.name] for one in checks if one.name in trace
            )
            if failed is not None:
                return refuse(application, failed, unit=unit)
            waits = [name for name in step.names if name not in trace]
            if waits:
                return hold(
                    application, waits, unit=unit, policy=asking.policy, clock=clock
                )
    account_id = UUID(str(trace["account"].found["account_id"]))
    with work.begin() as unit:
        checked = machine.pass_checks(application, account_id=account_id)
        saved = _saved(application, checked, unit=unit)
        if saved is checked:
            unit.publish(
                ApplicationChecked(
                    application_id=checked.id, client_id=checked.client_id
                )
            )
        return saved


def _answers(step: Step, trace: Mapping[str, Check]) -> Sequence[Check]:
    try:
        return step.ask()
    except Transient:
        missing = [name for name in step.names if name not in trace]
        return [unknown(name, step.source) for name in missing]


def ask_stop_credit_again(
    contract: Contract,
    moment: str,
    *,
    work: Work,
    onboarding: Onboarding,
    bureau: Bureau,
    clock: Clock,
) -> Check:
    """«Стоп-кредит» as it stands now; each asking is a line of the trace.

    ``moment``: `AT_SIGNING` or `AT_PAYOUT`, by which the lines are named.  Refused
    ``consent_missing``; Transient when there is no answer.
    """
    subject = onboarding.subject(contract.client_id, purpose="credit_report")
    if subject is None:
        raise Refused(
            "consent_missing",
            "A consent is missing.",
            next_step="Give the consent to the credit report.",
        )
    application_id = contract.application_id
    with work.begin() as unit:
        name = numbered(moment, unit.applications.answered(application_id))
    try:
        check = replace(
            rules_of.check_stop_credit(bureau.report(subject.iin)), name=name
        )
    except Transient:
        with work.begin() as unit:
            silent = unknown(name, BUREAU)
            unit.applications.record(application_id, [silent], at=clock.now())
        raise
    with work.begin() as unit:
        unit.applications.record(application_id, [check], at=clock.now())
    return check


def numbered(moment: str, answered: Iterable[str]) -> str:
    """The name of the next asking at a moment at which it is asked again and again."""
    return f"{moment}_{1 + sum(name.startswith(moment) for name in answered)}"


def refuse(application: Application, failed: Check, *, unit: Unit) -> Application:
    """Refused by the check that failed, and said; what another decided first stands."""
    return end(application, machine.refuse(application, failed), unit=unit)


def end(before: Application, refused: Application, *, unit: Unit) -> Application:
    """Save a refusal and say so, if nobody has decided meanwhile."""
    saved = _saved(before, refused, unit=unit)
    if saved is refused:
        unit.publish(
            ApplicationRefused(
                application_id=refused.id,
                client_id=refused.client_id,
                code=refused.refusal_code or "unknown",
            )
        )
    return saved


def hold(
    application: Application,
    waits: Iterable[str],
    *,
    unit: Unit,
    policy: Policy,
    clock: Clock,
) -> Application:
    """Ask again later; after the last round a person is called, and it is said."""
    at = clock.now()
    held = machine.hold(application, HoldRules.at(policy, at), at=at)
    saved = _saved(application, held, unit=unit)
    if saved is held and held.for_person_since is not None:
        unit.publish(
            ApplicationHeld(
                application_id=held.id,
                client_id=held.client_id,
                unanswered=tuple(waits),
            )
        )
    return saved


def _saved(before: Application, after: Application, *, unit: Unit) -> Application:
    if unit.applications.save(after, was=before.state):
        return after
    found = unit.applications.get(before.id)
    if found is None:
        raise Broken("The application to be decided does not exist")
    return found
