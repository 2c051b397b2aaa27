"""Features counted by SQL, holds that stay, decisions that cannot be changed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from kernel.errors import Refused
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    BankAccountAdded,
)
from services.antifraud import handlers
from services.antifraud.domain.catalogue import Value
from services.antifraud.domain.lists import Line
from services.antifraud.domain.rules import Outcome
from services.antifraud.ports import Decision
from services.antifraud.storage import metadata
from tests.integration.antifraud.conftest import APPLICATION, CLIENT, Desk
from tests.unit.antifraud.fakes import FakeCentre, FakeStore

HOUR = timedelta(hours=1).total_seconds()
DAY = timedelta(days=1).total_seconds()
FIRST, SECOND, SHARED = "a", "b", "s"
DEVICE = "d1"
"""Blind tokens of accounts."""
PHONE = "phone:k1.phone"
OTHER_PHONE = "phone:k1.other"


def value(decision: Decision, name: str) -> Value:
    return decision.inputs.value(name)


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
    desk.saw("application", object_id=11)
    assert desk.decide().verdict.outcome is Outcome.ALLOW
    desk.saw("application", object_id=12)
    decision = desk.decide(f"application:{UUID(int=2)}")
    assert decision.verdict.grounds == ("applications_burst",)
    assert decision.verdict.outcome is Outcome.SUSPEND
    assert [row.state for row in desk.rows("SELECT state FROM centre_report")] == [
        "pending"
    ]


def test_the_application_in_question_is_none_of_its_own_features(desk: Desk) -> None:
    """Whether its own event came before the question or not, however often asked."""
    name = "client_application_count_1h"
    assert value(desk.decide(), name) == 0
    desk.saw("application", object_id=1)
    assert value(desk.decide(), name) == 0
    payout = desk.decide(f"payout:{UUID(int=5)}")
    assert value(payout, name) == 1
    assert value(payout, "client_asked_application_count_1h") == 1


def test_features_look_back_only_so_far(desk: Desk) -> None:
    desk.saw("activation", PHONE)
    desk.saw("application", object_id=11)
    desk.saw("application_refused", object_id=11)
    desk.saw("login_failed", PHONE)
    desk.saw("login_failed", OTHER_PHONE, client_id=UUID(int=5))
    counted = (
        "client_application_count_1h",
        "client_application_refused_count_30d",
        "phone_login_failed_count_24h",
    )
    seen = []
    for seconds in (0, HOUR, 23 * HOUR, 30 * DAY):
        desk.clock.move(seconds)
        decision = desk.decide()
        seen.append([value(decision, name) for name in counted])
    assert seen == [[1, 1, 1], [0, 1, 1], [0, 1, 0], [0, 0, 0]]


def test_what_another_client_does_does_not_count(desk: Desk) -> None:
    for number in (11, 12, 13):
        desk.saw("application", object_id=number, client_id=UUID(int=5))
    assert value(desk.decide(), "client_application_count_1h") == 0


def test_clients_of_one_account_are_told_apart(desk: Desk) -> None:
    for client in (5, 6, 6):
        desk.told(account_proved(client=client, account=client, token=SHARED))
    desk.told(account_proved(client=CLIENT.int, account=9, token=SHARED))
    decision = desk.decide(account_id=str(UUID(int=9)))
    assert value(decision, "account_account_proved_distinct_180d") == 3
    assert value(decision, "account_account_proved_count_180d") == 4


def account_proved(*, client: int, account: int, token: str) -> AccountOwnershipProved:
    return AccountOwnershipProved(
        account_id=UUID(int=account),
        client_id=UUID(int=client),
        account_token=token,
        evidence_id="e",
    )


def account_named(*, account: int, token: str) -> BankAccountAdded:
    return BankAccountAdded(
        client_id=CLIENT,
        change_id=UUID(int=account),
        ceremony_id=UUID(int=account),
        account_id=UUID(int=account),
        account_token=token,
    )


def test_the_first_account_is_no_change_and_a_second_one_is(desk: Desk) -> None:
    """From the moment it is named, before the bank has said whose it is."""
    payout = f"payout:{UUID(int=5)}"
    codes = []
    for account, token in ((1, FIRST), (2, SECOND)):
        desk.told(account_named(account=account, token=token))
        desk.clock.move(1)
        codes.append(desk.decide(payout, account_id=str(UUID(int=account))))
        desk.told(account_proved(client=CLIENT.int, account=account, token=token))
        desk.clock.move(DAY)
    desk.clock.move(7 * DAY)
    codes.append(desk.decide(payout, account_id=str(UUID(int=2))))
    assert [each.verdict.grounds for each in codes] == [(), ("account_changed",), ()]


@pytest.mark.catalogue("F08")
@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_new_number_at_once")
def test_after_a_change_of_number_a_payout_waits_for_a_day(desk: Desk) -> None:
    """And failed logins count at the new number as at the old."""
    desk.saw("activation", PHONE)
    desk.clock.move(10 * DAY)
    payout = f"payout:{UUID(int=5)}"
    before = desk.decide(payout).verdict.outcome
    desk.saw("phone_changed", OTHER_PHONE)
    desk.saw("login_failed", OTHER_PHONE)
    fresh = desk.decide(payout)
    desk.clock.move(DAY)
    after = desk.decide(payout).verdict.outcome
    assert (before, after) == (Outcome.ALLOW, Outcome.ALLOW)
    assert fresh.verdict.grounds == ("phone_changed",)
    assert fresh.verdict.outcome is Outcome.REVIEW
    assert value(fresh, "phone_login_failed_count_24h") == 1


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_lost_account_allowed")
def test_a_payout_to_a_lost_account_is_suspended_until_it_is_proved_again(
    desk: Desk,
) -> None:
    """Clause 6.1g ii: the check before sending.  The loss names the account's id."""
    account = str(UUID(int=3))
    desk.told(account_proved(client=CLIENT.int, account=3, token=FIRST))
    desk.clock.move(60)
    desk.told(
        AccountOwnershipLost(account_id=UUID(int=3), client_id=CLIENT, code="closed")
    )
    first = desk.decide(f"payout:{UUID(int=1)}", account_id=account)
    other = desk.decide(f"payout:{UUID(int=2)}", account_id=str(UUID(int=4)))
    desk.clock.move(60)
    desk.told(account_proved(client=CLIENT.int, account=3, token=FIRST))
    later = desk.decide(f"payout:{UUID(int=3)}", account_id=account)
    assert first.verdict.grounds == ("account_lost",)
    assert other.verdict.outcome is Outcome.ALLOW
    assert later.verdict.outcome is Outcome.ALLOW


def suspend(desk: Desk) -> Decision:
    for number in (11, 12):
        desk.saw("application", object_id=number)
    return desk.decide()


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_hold_forgotten")
def test_a_suspended_operation_does_not_move_until_released(desk: Desk) -> None:
    """Clause 6.1g iii: not by waiting, only by a person, on a recorded ground."""
    suspend(desk)
    desk.clock.move(90 * DAY)
    assert desk.decide().verdict.grounds == ("operation_suspended",)
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
    found = handlers.explain(made.decision_id, units=desk.units, tools=desk.tools)
    assert found.again == made.verdict
    assert found.stored.took_us.keys() >= {"applications_burst"}


def test_decision_and_event_leave_in_one_commit(desk: Desk) -> None:
    suspend(desk)
    types = [row.type for row in desk.rows("SELECT type FROM outbox ORDER BY inserted")]
    assert types == [
        "antifraud.decision_made.v1",
        "antifraud.case_opened.v1",
        "antifraud.operation_suspended.v1",
    ]


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
    assert desk.decide().verdict.grounds == ("client_suspended",)
    assert len(desk.rows("SELECT 1 FROM decision WHERE rule_set = 'person'")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision SET outcome = 'allow'",
        "DELETE FROM decision",
        "UPDATE occurrence SET kind = 'payout'",
        "DELETE FROM occurrence",
        "UPDATE tally SET count = 0",
        "DELETE FROM pair",
        "DELETE FROM list_entry",
        "UPDATE list_entry SET expires_at = now()",
        "DELETE FROM hold",
        "DELETE FROM centre_report",
    ],
)
def test_the_role_cannot_rewrite_what_was_decided(desk: Desk, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        desk.rows(statement)


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_list_not_asked")
def test_who_is_on_a_list_is_known_until_it_expires(desk: Desk) -> None:
    """And the value that was listed stands nowhere in clear."""
    line = Line(
        entity="phone",
        value="+7 701 000 00 07",
        expires_on=date(2026, 11, 27),
        reason="reported stolen",
        source="the client",
    )
    by: dict[str, Any] = {"units": desk.units, "tools": desk.tools}
    assert handlers.put_on_list("watched", [line, line], by="dana", **by) == 1
    assert handlers.put_on_list("watched", [line], by="dana", **by) == 0
    [listed] = handlers.show_list("watched", **by)
    desk.saw("activation", listed.value)
    seen = []
    for _ in range(4):
        seen.append(value(desk.decide(), "phone_on_watched"))
        desk.clock.move(DAY)
    assert seen == [True, True, True, False]
    assert handlers.show_list("watched", **by) == []
    assert len(desk.rows("SELECT 1 FROM list_entry WHERE ended_at IS NULL")) == 1


def test_who_is_taken_off_a_list_is_on_it_no_more(desk: Desk) -> None:
    line = Line(
        entity="device",
        value="d1",
        expires_on=date(2026, 12, 27),
        reason="bots",
        source="case 7",
    )
    by: dict[str, Any] = {"units": desk.units, "tools": desk.tools, "by": "dana"}
    handlers.put_on_list("refused", [line], **by)
    assert value(desk.decide(device_token=DEVICE), "device_on_refused") is True
    [shown] = handlers.show_list("refused", units=desk.units, tools=desk.tools)
    again = Line(
        entity=shown.entity,
        value=shown.value,
        expires_on=shown.expires_on,
        reason=shown.reason,
        source=shown.source,
    )
    assert again == replace(line, value="device:d1")
    assert handlers.put_on_list("refused", [again], **by) == 0
    assert handlers.take_from_list("refused", ["device:d1"], **by) == 1
    assert handlers.take_from_list("refused", ["device:d1"], **by) == 0
    assert value(desk.decide(device_token=DEVICE), "device_on_refused") is False
    with pytest.raises(Refused, match="list_unknown"):
        handlers.put_on_list("friends", [line], **by)


def test_one_unfit_line_and_nothing_is_listed(desk: Desk) -> None:
    good = Line(
        entity="iin",
        value="900101300012",
        expires_on=date(2026, 12, 27),
        reason="r",
        source="s",
    )
    bad = replace(good, value="900101300013")
    with pytest.raises(Refused) as refused:
        handlers.put_on_list(
            "refused", [bad, good], by="dana", units=desk.units, tools=desk.tools
        )
    assert refused.value.details["line"] in {1, 2}
    assert "9001013" not in str(refused.value)
    assert desk.rows("SELECT 1 FROM list_entry") == []
