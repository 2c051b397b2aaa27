"""What the staff see of the centre, and do about it."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from infra.simulators.client import Person
from kernel.context import Call, StaffMember
from kernel.crypto import Json, as_object
from services.antifraud.wiring.centre import CentreCases
from tests.integration.antifraud.centre.conftest import DAY_S, Office

ANNA = StaffMember(id=UUID(int=0xA), permissions=frozenset())


def call(office: Office) -> Call:
    """A request of one of the staff, as the door hands it on."""
    return Call(
        id=office.desk.platform.ids.new(),
        caller="operator",
        method="centre_status",
        deadline=office.desk.clock.now() + timedelta(seconds=5),
        context=office.desk.platform.context(),
        client_id=None,
        idempotency_key=None,
        arguments_digest=b"",
        staff=ANNA,
    )


@pytest.fixture
def cases(office: Office) -> CentreCases:
    return CentreCases(office.desk.platform, office.centre.real, office.desk.tools)


def shown(answer: Json, member: str) -> list[tuple[Json, ...]]:
    rows = as_object(answer)[member]
    assert isinstance(rows, list)
    columns = ("name", "way", "kind", "state", "says")
    return [tuple(as_object(row)[name] for name in columns) for row in rows]


@pytest.mark.clause("6.1g")
def test_the_staff_see_both_ways_and_settle_what_waits(
    office: Office, cases: CentreCases, person: Person
) -> None:
    event_id = office.report(1)
    office.stand.control.tell(office.says("amnesty"), office.entry(phone=person.phone))
    assert (cases.send(), cases.hear()) == (1, 2)
    office.stand.control.set_centre_state(str(event_id), "rejected", "category_unknown")
    cases.follow()
    out = (str(event_id), "out", "attempt", "sent", "category_unknown")
    parked = ("1", "in", "unfit", "parked", "kind_unknown")
    asked = call(office)
    assert shown(cases.messages(asked, state=None), "messages") == [
        out,
        ("2", "in", "listing", "applied", None),
        parked,
    ]
    assert shown(cases.messages(asked, state="parked"), "messages") == [parked]
    assert shown(cases.messages(asked, state="rejected"), "messages") == [out]
    status = as_object(cases.status(asked))
    assert as_object(status["reports"])["rejected"] == 1
    assert as_object(status["items"]) == {"applied": 1, "parked": 1}
    assert as_object(status["feed"])["after"] == 2

    assert cases.replay(asked, name=1) == {"name": "1", "state": "parked"}
    assert cases.close(asked, name=1, ground="a test of theirs") == {
        "name": "1",
        "state": "closed",
    }
    assert cases.replay(asked, name=event_id) == {
        "name": str(event_id),
        "state": "pending",
    }
    cases.watch()
    [row] = office.desk.rows(
        "SELECT settled_by, ground FROM centre_item WHERE number=1"
    )
    assert (row.settled_by, row.ground) == (str(ANNA.id), "a test of theirs")


def test_the_staff_have_a_day_held_against_the_centre_anew(
    office: Office, cases: CentreCases
) -> None:
    office.desk.clock.move(-DAY_S)
    event_id = office.report(1)
    cases.send()
    office.stand.control.set_centre_state(str(event_id), "forgotten")
    office.desk.clock.move(DAY_S)
    cases.complete()
    asked = call(office)
    [day] = _days(cases.completeness(asked, day=None))
    assert (day["day"], day["differs"]) == ("2026-11-24", "missing_there")
    cases.follow()
    cases.replay(asked, name=event_id)
    cases.send()
    office.desk.clock.move(1)
    [day] = _days(cases.completeness(asked, day=date(2026, 11, 24)))
    assert (day["there"], day["differs"]) == (1, "")


def _days(answer: Json) -> list[dict[str, Json]]:
    days = as_object(answer)["days"]
    assert isinstance(days, list)
    return [dict(as_object(day)) for day in days]
