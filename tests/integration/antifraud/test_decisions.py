"""Features counted by SQL, holds that stay, decisions that cannot be changed."""

from datetime import timedelta
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from kernel.errors import Refused
from services.antifraud import handlers
from services.antifraud.domain.decision import inputs_from_wire, judge
from services.antifraud.domain.rules import Feature, Outcome, rule_set_of
from services.antifraud.ports import Decision, SignalKind
from services.antifraud.storage import metadata
from tests.integration.antifraud.conftest import APPLICATION, CLIENT, Desk
from tests.unit.antifraud.fakes import FakeCentre, FakeStore

HOUR = timedelta(hours=1).total_seconds()
DAY = timedelta(days=1).total_seconds()
FIRST, SECOND = "a", "b"
"""Blind tokens of two accounts."""
PHONE = "k1.phone"
OTHER_PHONE = "k1.other"
ACCOUNT = "k1.account"


def feature(decision: Decision, name: Feature) -> int:
    return decision.inputs.features[name]


def test_the_declared_tables_are_the_migrated_ones(schema: Engine) -> None:
    with schema.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_burst_allowed")
def test_a_third_application_within_an_hour_is_suspended(desk: Desk) -> None:
    """Clause 6.1g i and iii."""
    desk.saw(SignalKind.APPLICATION, object_id=11)
    desk.saw(SignalKind.APPLICATION, object_id=11)
    assert desk.decide().verdict.outcome is Outcome.ALLOW
    desk.saw(SignalKind.APPLICATION, object_id=12)
    decision = desk.decide(f"application:{UUID(int=2)}")
    assert decision.verdict.codes == ("applications_burst",)
    assert decision.verdict.outcome is Outcome.SUSPEND
    assert [row.state for row in desk.rows("SELECT state FROM centre_report")] == [
        "pending"
    ]


def test_the_application_in_question_counts_once(desk: Desk) -> None:
    """Whether its own event came before the question or not."""
    assert feature(desk.decide(), Feature.APPLICATIONS) == 1
    desk.saw(SignalKind.APPLICATION, object_id=1)
    assert feature(desk.decide(), Feature.APPLICATIONS) == 1
    payout = f"payout:{UUID(int=5)}"
    assert feature(desk.decide(payout), Feature.APPLICATIONS) == 1


def test_features_look_back_only_so_far(desk: Desk) -> None:
    desk.saw(SignalKind.CLIENT_PHONE, token=PHONE)
    desk.saw(SignalKind.APPLICATION, object_id=11)
    desk.saw(SignalKind.REFUSAL, object_id=11)
    desk.saw(SignalKind.FAILED_LOGIN, token=PHONE, client_id=None)
    desk.saw(SignalKind.FAILED_LOGIN, token=OTHER_PHONE, client_id=None)
    counted = (Feature.APPLICATIONS, Feature.REFUSALS, Feature.FAILED_LOGINS)
    seen = []
    for seconds in (0, HOUR, 23 * HOUR, 30 * DAY):
        desk.clock.move(seconds)
        decision = desk.decide()
        seen.append([feature(decision, name) for name in counted])
    assert seen == [[2, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0]]


def test_another_clients_signals_do_not_count(desk: Desk) -> None:
    for number in (11, 12, 13):
        desk.saw(SignalKind.APPLICATION, object_id=number, client_id=UUID(int=5))
    assert feature(desk.decide(), Feature.APPLICATIONS) == 1


def test_the_first_account_is_no_change_and_a_second_one_is(desk: Desk) -> None:
    changes = []
    for account, token in ((1, "a"), (1, "a"), (2, "b")):
        desk.saw(SignalKind.ACCOUNT_PROVED, object_id=account, token=token)
        changes.append(feature(desk.decide(), Feature.ACCOUNT_CHANGES))
        desk.clock.move(1)
    desk.clock.move(7 * DAY)
    changes.append(feature(desk.decide(), Feature.ACCOUNT_CHANGES))
    assert changes == [0, 0, 1, 0]


def test_an_account_counts_as_changed_before_the_bank_has_said_whose_it_is(
    desk: Desk,
) -> None:
    desk.saw(SignalKind.ACCOUNT_PROVED, object_id=1, token=FIRST)
    desk.clock.move(1)
    desk.saw(SignalKind.ACCOUNT_CHANGED, object_id=1, token=SECOND)
    changed = feature(desk.decide(), Feature.ACCOUNT_CHANGES)
    desk.clock.move(1)
    desk.saw(SignalKind.ACCOUNT_PROVED, object_id=1, token=SECOND)
    assert (changed, feature(desk.decide(), Feature.ACCOUNT_CHANGES)) == (1, 1)


@pytest.mark.catalogue("F08")
@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_new_number_at_once")
def test_after_a_change_of_number_a_payout_waits_for_a_day(desk: Desk) -> None:
    """And failed logins count at the new number as at the old."""
    desk.saw(SignalKind.CLIENT_PHONE, token=PHONE)
    desk.clock.move(10 * DAY)
    payout = f"payout:{UUID(int=5)}"
    before = desk.decide(payout).verdict.outcome
    desk.saw(SignalKind.CLIENT_PHONE, token=OTHER_PHONE)
    desk.saw(SignalKind.FAILED_LOGIN, token=OTHER_PHONE, client_id=None)
    fresh = desk.decide(payout)
    desk.clock.move(DAY)
    after = desk.decide(payout).verdict.outcome
    assert (before, after) == (Outcome.ALLOW, Outcome.ALLOW)
    assert fresh.verdict.codes == ("phone_changed",)
    assert fresh.verdict.outcome is Outcome.REVIEW
    assert feature(fresh, Feature.FAILED_LOGINS) == 1


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_lost_account_allowed")
def test_a_payout_to_a_lost_account_is_suspended_until_it_is_proved_again(
    desk: Desk,
) -> None:
    """Clause 6.1g ii: the check before sending."""
    account = str(UUID(int=3))
    desk.saw(SignalKind.ACCOUNT_PROVED, object_id=3, token=ACCOUNT)
    desk.clock.move(60)
    desk.saw(SignalKind.ACCOUNT_LOST, object_id=3)
    first = desk.decide(f"payout:{UUID(int=1)}", account_id=account)
    other = desk.decide(f"payout:{UUID(int=2)}", account_id=str(UUID(int=4)))
    desk.clock.move(60)
    desk.saw(SignalKind.ACCOUNT_PROVED, object_id=3, token=ACCOUNT)
    later = desk.decide(f"payout:{UUID(int=3)}", account_id=account)
    assert first.verdict.codes == ("account_lost",)
    assert other.verdict.outcome is Outcome.ALLOW
    assert later.verdict.outcome is Outcome.ALLOW


def suspend(desk: Desk) -> Decision:
    for number in (11, 12):
        desk.saw(SignalKind.APPLICATION, object_id=number)
    return desk.decide()


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_hold_forgotten")
def test_a_suspended_operation_does_not_move_until_released(desk: Desk) -> None:
    """Clause 6.1g iii: not by waiting, only by a person, on a recorded ground."""
    suspend(desk)
    desk.clock.move(90 * DAY)
    assert desk.decide().verdict.codes == ("operation_suspended",)
    desk.release(APPLICATION)
    assert desk.decide().verdict.outcome is Outcome.ALLOW
    [row] = desk.rows("SELECT released_by, ground FROM hold")
    assert (row.released_by, row.ground) == ("operator", "checked")
    with pytest.raises(Refused, match="not_suspended"):
        desk.release(APPLICATION)


def test_a_released_operation_moves_although_its_cause_remains(desk: Desk) -> None:
    suspend(desk)
    desk.release(APPLICATION)
    assert desk.decide().verdict.outcome is Outcome.ALLOW


def test_a_stored_decision_is_made_again_from_its_row(desk: Desk) -> None:
    """Clause 6.1g v."""
    made = suspend(desk)
    found = handlers.get_decision(made.decision_id, units=desk.units)
    again = judge(inputs_from_wire(found.inputs), rule_set_of(found.rule_set))
    assert again == made.verdict


def test_decision_and_event_leave_in_one_commit(desk: Desk) -> None:
    suspend(desk)
    types = [row.type for row in desk.rows("SELECT type FROM outbox ORDER BY inserted")]
    assert types == ["antifraud.decision_made.v1", "antifraud.operation_suspended.v1"]


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_report_not_stored")
def test_a_suspension_reaches_the_centre_once(desk: Desk) -> None:
    """Clause 6.1g iv: stored with the decision, sent, acknowledged."""
    suspend(desk)
    desk.decide()
    centre = FakeCentre(FakeStore())
    sent = [
        handlers.send_reports(centre=centre, units=desk.units, tools=desk.tools)
        for _ in range(2)
    ]
    [row] = desk.rows("SELECT state, ack_id, body FROM centre_report")
    assert sent == [1, 0]
    assert (row.state, row.ack_id) == ("sent", "ack-1")
    assert centre.taken == [bytes(row.body)]


def test_a_client_is_suspended_once(desk: Desk) -> None:
    def act() -> UUID:
        return handlers.suspend_client(
            CLIENT, ground="police", by="operator", units=desk.units, tools=desk.tools
        )

    act()
    with pytest.raises(Refused, match="already_suspended"):
        act()
    assert desk.decide().verdict.codes == ("client_suspended",)
    assert len(desk.rows("SELECT 1 FROM decision WHERE rule_set = 'person'")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision SET outcome = 'allow'",
        "DELETE FROM decision",
        "UPDATE signal SET kind = 'refusal'",
        "DELETE FROM signal",
        "DELETE FROM hold",
        "DELETE FROM centre_report",
    ],
)
def test_the_role_cannot_rewrite_what_was_decided(desk: Desk, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        desk.rows(statement)
