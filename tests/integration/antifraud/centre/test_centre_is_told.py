"""What the National Bank's centre is told: in order, once, and held against it."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from infra.simulators.client import Person
from infra.stack import Stack
from kernel.errors import KernelError, Refused, Transient
from services.antifraud import handlers
from services.antifraud.domain.rules import Outcome
from services.antifraud.ports.centre import CentreUnit
from services.antifraud.storage import SqlCentreUnit
from tests.integration.antifraud.centre.conftest import (
    BEAT_S,
    DAY_S,
    HOUR_S,
    PAYOUT,
    Office,
    centre_of,
)
from tests.integration.antifraud.conftest import CLIENT
from tests.integration.simulators.stand import make_pki


@pytest.mark.clause("6.1g")
@pytest.mark.seeded(
    "antifraud_centre_order_lost", "antifraud_centre_storm_after_an_outage"
)
def test_nothing_is_lost_through_a_day_without_the_centre(
    office: Office, person: Person
) -> None:
    """Order kept, few requests meanwhile, no storm afterwards, both directions."""
    office.client(person)
    control = office.stand.control
    control.arm_world("/centre", "down", times=1_000_000)
    control.tell(office.entry(iban=person.iban), office.notice(iin=person.iin))
    put: list[UUID] = []
    for minute in range(24 * 60):
        if minute % 6 == 0:
            put.append(office.report(minute))
        office.send()
        with suppress(KernelError):
            office.hear()
        office.desk.clock.move(BEAT_S)
    assert office.alarms() == {"report_late", "feed_unheard"}
    assert office.centre.asked["post"] <= 24 * 12 + 10
    assert office.centre.asked["changes"] <= 24 * 12 + 10
    control.clear_faults()
    office.desk.clock.move(300)
    beats = []
    while office.line().reports.get("pending"):
        beats.append(office.send())
        office.hear()
        office.desk.clock.move(5)
        assert len(beats) < 100
    assert max(beats) <= 20
    taken = [UUID(m["message"]["event_id"]) for m in control.centre_messages()]
    assert taken[: len(put)] == put
    assert len(taken) == len(put) + 1
    assert office.payout().verdict.outcome is Outcome.REFUSE
    assert office.alarms() == set()


def test_a_lost_answer_sends_the_same_message_once(office: Office) -> None:
    """The centre took it and its answer was lost, cut or rubbish."""
    office.report(1)
    for mode in ("lose", "garble"):
        office.stand.control.arm_world("/centre/v1/messages", mode)
        assert office.send() == 0
        office.desk.clock.move(HOUR_S)
    assert office.send() == 1
    assert len(office.stand.control.centre_messages()) == 1


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_rejection_unseen")
def test_an_acknowledgement_is_not_the_last_word(office: Office) -> None:
    """Processing is asked about again; a rejection waits for a person."""
    control = office.stand.control
    good, slow, bad, gone = (office.report(number) for number in range(4))
    office.send()
    control.set_centre_state(str(slow), "processing")
    control.set_centre_state(str(bad), "rejected", "category_unknown")
    control.set_centre_state(str(gone), "forgotten")
    assert office.follow() == 1
    assert office.follow() == 0
    assert office.alarms() == {"report_rejected"}
    control.set_centre_state(str(slow), "accepted")
    office.desk.clock.move(301)
    assert office.follow() == 1
    rows = office.desk.rows("SELECT event_id, status, reason FROM centre_report")
    assert {row.event_id: (row.status, row.reason) for row in rows} == {
        good: ("accepted", None),
        slow: ("accepted", None),
        bad: ("rejected", "category_unknown"),
        gone: ("missing", None),
    }
    assert office.replay(gone) == "pending"
    office.send()
    assert office.follow() == 1
    handlers.close(
        bad, ground="told", by="anna", units=office.units, tools=office.desk.tools
    )
    assert office.alarms() == set()
    with pytest.raises(Refused, match="not_parked"):
        office.replay(good)


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_difference_unseen")
def test_each_day_is_held_against_what_the_centre_has(office: Office) -> None:
    """Missing there, unknown here, never reported: each is a difference."""
    office.desk.clock.move(-DAY_S)
    for number in range(2):
        office.desk.saw("application", object_id=10 + number)
    office.desk.decide(PAYOUT.replace("payout", "application"))
    office.report(1)
    office.send()
    office.desk.clock.move(DAY_S)
    assert office.complete() == date(2026, 11, 24)
    assert office.complete() is None
    [(_, _, report)] = list(_days(office))
    assert (report["suspended"], report["reported"], report["there"]) == (1, 2, 2)
    assert report["differences"] == {}

    control = office.stand.control
    first = control.centre_messages()[0]["message"]["event_id"]
    control.set_centre_state(first, "forgotten")
    stranger = {"event_id": str(UUID(int=9)), "detected_at": "2026-11-24T12:00:00Z"}
    office.stand.partner.call("POST", "/centre/v1/messages", json=stranger).expect(201)
    with office.units.begin() as unit:
        _hold(unit, office)
    office.desk.clock.move(1)
    handlers.check_day(
        date(2026, 11, 24),
        centre=office.centre,
        units=office.units,
        tools=office.desk.tools,
    )
    [(_, _, report)] = list(_days(office))
    assert report["differences"] == {
        "unreported": {"count": 1, "ids": [f"signing:{UUID(int=6)}"]},
        "missing_there": {"count": 1, "ids": [first]},
        "unknown_here": {"count": 1, "ids": [str(UUID(int=9))]},
    }
    assert office.alarms() == {"day_differs"}


def test_days_without_the_centre_get_their_reports_afterwards(office: Office) -> None:
    assert office.complete() == date(2026, 11, 24)
    office.stand.control.arm_world("/centre", "down", times=100)
    office.desk.clock.move(2 * DAY_S)
    with pytest.raises(Transient):
        office.complete()
    office.stand.control.clear_faults()
    made = [office.complete() for _ in range(3)]
    assert made == [date(2026, 11, 25), date(2026, 11, 26), None]
    with pytest.raises(Refused, match="day_not_over"):
        handlers.check_day(
            date(2026, 11, 27),
            centre=office.centre,
            units=office.units,
            tools=office.desk.tools,
        )


def test_a_restart_of_the_database_loses_nothing(
    office: Office, person: Person, servers: Stack, schema: Engine
) -> None:
    office.client(person)
    put = [office.report(number) for number in range(30)]
    office.stand.control.tell(office.entry(iban=person.iban))
    office.send()
    servers.restart("postgres")
    schema.dispose()
    office.desk.platform.database.engine.dispose()
    for _ in range(3):
        office.send()
        office.hear()
    taken = [m["message"]["event_id"] for m in office.stand.control.centre_messages()]
    assert taken == [str(event_id) for event_id in put]
    assert office.payout().verdict.outcome is Outcome.REFUSE


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_trusts_any_server")
def test_a_centre_of_another_authority_is_told_nothing(
    office: Office, tmp_path: Path
) -> None:
    """Neither do we trust its certificate, nor is ours taken there."""
    folder = tmp_path / "others"
    folder.mkdir()
    others = make_pki(folder)
    ours = office.stand.pki
    office.report(1)
    for shown, trusted in ((others, ours.ca), (ours, others.ca)):
        with centre_of(office.stand, shown, trusted) as refused:
            with pytest.raises(Transient):
                refused.post(b'{"event_id":"1"}')
            with pytest.raises(Transient):
                refused.changes(after=0, limit=1)
    assert office.stand.control.centre_messages() == []
    assert office.send() == 1


def _days(office: Office) -> Iterator[tuple[date, datetime, Mapping[str, object]]]:
    with office.units.begin() as unit:
        yield from unit.days(limit=10)


def _hold(unit: CentreUnit, office: Office) -> None:
    """An operation of yesterday that is held, and of which no message was made."""
    assert isinstance(unit, SqlCentreUnit)
    unit._connection.execute(
        text(
            "INSERT INTO hold (decision_id, held, client_id, held_at)"
            " VALUES (:id, :held, :client, :at)"
        ),
        {
            "id": UUID(int=6),
            "held": f"signing:{UUID(int=6)}",
            "client": CLIENT,
            "at": office.desk.clock.now() - timedelta(days=1),
        },
    )
