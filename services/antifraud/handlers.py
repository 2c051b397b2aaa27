"""Use cases: decide, hold and release, remember what happened, report to the centre."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import Clock, almaty_date
from kernel.crypto import canonical
from kernel.errors import Broken, Refused, Transient
from kernel.events import Envelope
from kernel.events.antifraud import (
    DecisionMade,
    OperationReleased,
    OperationSuspended,
)
from kernel.events.auth import LoginFailed
from kernel.events.contracts import ApplicationRefused, ApplicationSubmitted
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    BankAccountAdded,
    BankAccountChanged,
    ClientActivated,
    PhoneChanged,
)
from kernel.ids import Ids
from kernel.money import Money
from kernel.policy import Policy
from services.antifraud.domain.decision import (
    Inputs,
    Verdict,
    check_question,
    judge,
)
from services.antifraud.domain.reporting import retry_after, suspension_notice
from services.antifraud.domain.rules import Feature, Outcome, rule_set_on
from services.antifraud.ports import (
    Centre,
    Decision,
    Hold,
    Question,
    Report,
    Signal,
    SignalKind,
    StoredDecision,
    Unit,
    Units,
)

REPORTS_AT_ONCE = 20
BY_PERSON = "person"
"""The rule set named by a decision a person made."""
MAX_GROUND = 500


@dataclass(frozen=True, slots=True)
class Tools:
    """Time, ids and dated settings, for every use case alike."""

    clock: Clock
    ids: Ids
    policy: Policy


def decide(
    *,
    operation: str,
    client_id: UUID,
    amount: Money,
    facts: Mapping[str, str | int],
    asked_by: str,
    units: Units,
    tools: Tools,
) -> Decision:
    """Judge an operation before it goes on (clause 6.1g i–iii).

    1. Count the features from our own copy of what happened.
    2. Judge by the rule set of the day.
    3. Save inputs, rules that fired and outcome; say so; hold what is suspended and
       prepare the centre's message: all in one commit.

    Refused: ``operation_invalid``, ``amount_not_positive``, ``facts_invalid``.
    """
    check_question(operation, amount, facts)
    at = tools.clock.now()
    rule_set = rule_set_on(almaty_date(at))
    question = Question(
        operation=operation, client_id=client_id, account_id=_account(facts)
    )
    with units.begin() as unit:
        features = unit.features(  # step 1
            question=question, windows=rule_set.windows, at=at
        )
        inputs = Inputs(
            operation=operation,
            client_id=client_id,
            amount=amount,
            facts=facts,
            features={**features, Feature.AMOUNT_MINOR: amount.amount_minor},
            cleared=unit.cleared(operation),
        )
        decision = Decision(
            decision_id=tools.ids.new(),
            inputs=inputs,
            verdict=judge(inputs, rule_set),  # step 2
            rule_set=rule_set.version,
            decided_at=at,
            asked_by=asked_by,
        )
        _record(decision, unit=unit)  # step 3
        if decision.verdict.outcome is Outcome.SUSPEND:
            _suspend(decision, unit=unit, tools=tools)
    return decision


def suspend_client(
    client_id: UUID, *, ground: str, by: str, units: Units, tools: Tools
) -> UUID:
    """Hold every operation of a client until released (clause 6.1g iii).

    Returns the decision's id. Refused: ``already_suspended``, ``ground_missing``.
    """
    _check_ground(ground)
    verdict = Verdict(Outcome.SUSPEND, score=100, fired=())
    with units.begin() as unit:
        decision = _by_person(
            f"client:{client_id}",
            client_id=client_id,
            ground=ground,
            verdict=verdict,
            by=by,
            tools=tools,
        )
        if not unit.hold(_hold_of(decision)):
            raise Refused(
                "already_suspended",
                "The client is suspended already.",
                next_step="Release the client first.",
            )
        _record(decision, unit=unit)
        unit.publish(_suspended(decision))
    return decision.decision_id


def release(held: str, *, ground: str, by: str, units: Units, tools: Tools) -> UUID:
    """Let a held operation or client move again, on a recorded ground.

    The rules that held the operation are set aside for it from now on. Returns the
    decision's id. Refused: ``not_suspended``, ``ground_missing``.
    """
    _check_ground(ground)
    verdict = Verdict(Outcome.ALLOW, score=0, fired=())
    with units.begin() as unit:
        client_id = unit.release(held, at=tools.clock.now(), by=by, ground=ground)
        if client_id is None:
            raise Refused(
                "not_suspended",
                "Nothing of that name is suspended.",
                next_step="Look up what is held.",
            )
        decision = _by_person(
            held,
            client_id=client_id,
            ground=ground,
            verdict=verdict,
            by=by,
            tools=tools,
        )
        _record(decision, unit=unit)
        unit.publish(
            OperationReleased(
                decision_id=decision.decision_id, operation=held, client_id=client_id
            )
        )
    return decision.decision_id


def get_decision(decision_id: UUID, *, units: Units) -> StoredDecision:
    """A decision with all it rests on. Refused: ``decision_unknown``."""
    with units.begin() as unit:
        found = unit.decision(decision_id)
    if found is None:
        raise Refused(
            "decision_unknown", "No such decision.", next_step="Check its number."
        )
    return found


def send_reports(*, centre: Centre, units: Units, tools: Tools) -> int:
    """Send what is due to the centre; how many were acknowledged (clause 6.1g iv).

    No transaction is open while the centre is asked. The same bytes go again after a
    failure, so a message is taken once however often it is sent.
    """
    with units.begin() as unit:
        due = unit.due_reports(at=tools.clock.now(), limit=REPORTS_AT_ONCE)
    sent = 0
    for report in due:
        try:
            ack_id = centre.post(report.body)
        except Transient:
            _postpone(report, units=units, tools=tools)
        except Broken:
            with units.begin() as unit:
                unit.report_parked(report.event_id, at=tools.clock.now())
            raise
        else:
            with units.begin() as unit:
                sent += unit.report_sent(
                    report.event_id, ack_id=ack_id, at=tools.clock.now()
                )
    return sent


def when_application_submitted(
    event: ApplicationSubmitted, envelope: Envelope, *, unit: Unit
) -> None:
    unit.add_signal(
        Signal(
            event_id=envelope.id,
            kind=SignalKind.APPLICATION,
            at=envelope.time,
            client_id=event.client_id,
            object_id=event.application_id,
        )
    )


def when_application_refused(
    event: ApplicationRefused, envelope: Envelope, *, unit: Unit
) -> None:
    unit.add_signal(
        Signal(
            event_id=envelope.id,
            kind=SignalKind.REFUSAL,
            at=envelope.time,
            client_id=event.client_id,
            object_id=event.application_id,
        )
    )


def when_login_failed(event: LoginFailed, envelope: Envelope, *, unit: Unit) -> None:
    unit.add_signal(
        Signal(
            event_id=envelope.id,
            kind=SignalKind.FAILED_LOGIN,
            at=envelope.time,
            token=event.login_token,
        )
    )


def when_client_activated(
    event: ClientActivated, envelope: Envelope, *, unit: Unit
) -> None:
    unit.add_signal(
        Signal(
            event_id=envelope.id,
            kind=SignalKind.CLIENT_PHONE,
            at=envelope.time,
            client_id=event.client_id,
            token=event.phone_token,
        )
    )


def when_account_ownership_proved(
    event: AccountOwnershipProved, envelope: Envelope, *, unit: Unit
) -> None:
    unit.add_signal(
        Signal(
            event_id=envelope.id,
            kind=SignalKind.ACCOUNT_PROVED,
            at=envelope.time,
            client_id=event.client_id,
            object_id=event.account_id,
            token=event.account_token,
        )
    )


def when_account_ownership_lost(
    event: AccountOwnershipLost, envelope: Envelope, *, unit: Unit
) -> None:
    unit.add_signal(
        Signal(
            event_id=envelope.id,
            kind=SignalKind.ACCOUNT_LOST,
            at=envelope.time,
            client_id=event.client_id,
            object_id=event.account_id,
        )
    )


def when_phone_changed(event: PhoneChanged, envelope: Envelope, *, unit: Unit) -> None:
    """Failed logins are counted at the new number too; the change itself is a sign."""
    unit.add_signal(
        Signal(
            event_id=envelope.id,
            kind=SignalKind.CLIENT_PHONE,
            at=envelope.time,
            client_id=event.client_id,
            token=event.phone_token,
        )
    )


def when_bank_account_named(
    event: BankAccountAdded | BankAccountChanged, envelope: Envelope, *, unit: Unit
) -> None:
    """A new account counts from the moment it is named, proved by the bank or not."""
    unit.add_signal(
        Signal(
            event_id=envelope.id,
            kind=SignalKind.ACCOUNT_CHANGED,
            at=envelope.time,
            client_id=event.client_id,
            object_id=event.account_id,
            token=event.account_token,
        )
    )


def _record(decision: Decision, *, unit: Unit) -> None:
    unit.save_decision(decision)
    unit.publish(
        DecisionMade(
            decision_id=decision.decision_id,
            operation=decision.inputs.operation,
            client_id=decision.inputs.client_id,
            outcome=decision.verdict.outcome.value,
            score=decision.verdict.score,
            rules=decision.verdict.codes,
        )
    )


def _suspend(decision: Decision, *, unit: Unit, tools: Tools) -> None:
    """Hold the operation once, tell everybody and, through the outbox, the centre."""
    if not unit.hold(_hold_of(decision)):
        return
    unit.publish(_suspended(decision))
    event_id = tools.ids.new()
    at = decision.decided_at
    overrides = overrides_of(tools.policy.texts("calendar.overrides", at))
    notice = suspension_notice(
        event_id,
        inputs=decision.inputs,
        verdict=decision.verdict,
        at=at,
        calendar=WorkingCalendar(overrides),
        working_days=tools.policy.integer("antifraud.suspend_working_days", at),
    )
    unit.add_report(Report(event_id=event_id, body=canonical(notice)), at=at)


def _by_person(
    operation: str,
    *,
    client_id: UUID,
    ground: str,
    verdict: Verdict,
    by: str,
    tools: Tools,
) -> Decision:
    return Decision(
        decision_id=tools.ids.new(),
        inputs=Inputs(
            operation=operation,
            client_id=client_id,
            amount=Money(0),
            facts={"ground": ground},
            features={},
            cleared=frozenset(),
        ),
        verdict=verdict,
        rule_set=BY_PERSON,
        decided_at=tools.clock.now(),
        asked_by=by,
    )


def _hold_of(decision: Decision) -> Hold:
    return Hold(
        held=decision.inputs.operation,
        decision_id=decision.decision_id,
        client_id=decision.inputs.client_id,
        held_at=decision.decided_at,
    )


def _suspended(decision: Decision) -> OperationSuspended:
    return OperationSuspended(
        decision_id=decision.decision_id,
        operation=decision.inputs.operation,
        client_id=decision.inputs.client_id,
    )


def _postpone(report: Report, *, units: Units, tools: Tools) -> None:
    attempts = report.attempts + 1
    with units.begin() as unit:
        unit.report_failed(
            report.event_id,
            attempts=attempts,
            next_at=tools.clock.now() + retry_after(attempts),
        )


def _account(facts: Mapping[str, str | int]) -> UUID | None:
    """The account of the payout, when the asker names it as fact `account_id`."""
    named = facts.get("account_id")
    if named is None:
        return None
    try:
        return UUID(str(named))
    except ValueError as cause:
        raise Refused(
            "facts_invalid",
            "The account is not named by its id.",
            next_step="Send account_id as a UUID.",
        ) from cause


def _check_ground(ground: str) -> None:
    if not 1 <= len(ground.strip()) <= MAX_GROUND:
        raise Refused(
            "ground_missing",
            "A ground must be given.",
            next_step="Say in a sentence why.",
        )
