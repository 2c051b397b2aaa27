"""What the National Bank's centre tells: once, in full, whatever it is."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from typing_extensions import override

from infra.simulators.client import Person
from kernel.errors import Refused, Transient
from services.antifraud import handlers
from services.antifraud.domain.centre import Change, Page
from services.antifraud.domain.rules import Outcome
from services.antifraud.ports.centre import CentreUnit
from services.antifraud.storage import SqlCentreUnit, SqlCentreUnits
from tests.integration.antifraud.centre.conftest import (
    DAY_S,
    HOUR_S,
    NOTICE_KINDS,
    Counting,
    Office,
    token,
)
from tests.integration.antifraud.conftest import CLIENT


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_list_not_kept")
@pytest.mark.parametrize("what", NOTICE_KINDS)
def test_whom_the_centre_lists_is_refused_until_it_is_taken_back(
    office: Office, person: Person, what: str
) -> None:
    """As person or as payee; and stands nowhere in clear."""
    office.client(person)
    assert office.payout().verdict.outcome is Outcome.ALLOW
    listed = office.entry(**{what: getattr(person, what)})
    office.stand.control.tell(listed)
    assert office.hear() == 1
    refused = office.payout().verdict
    assert refused.outcome is Outcome.REFUSE
    assert refused.grounds == (
        "payee_at_centre" if what == "iban" else "person_at_centre",
    )
    kept = str(
        office.desk.rows("SELECT * FROM list_entry, centre_item, centre_listing")
    )
    assert getattr(person, what) not in kept
    office.stand.control.tell(office.says("list_removal", listing_id=listed["item_id"]))
    office.hear()
    assert office.payout().verdict.outcome is Outcome.ALLOW


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_one_removal_ends_all")
def test_who_is_listed_twice_is_listed_until_both_are_taken_back(
    office: Office, person: Person
) -> None:
    office.client(person)
    first = office.entry(iban=person.iban)
    second = office.entry("drugs", iban=person.iban)
    office.stand.control.tell(first, second)
    office.stand.control.tell(office.says("list_removal", listing_id=second["item_id"]))
    office.hear()
    assert office.payout().verdict.outcome is Outcome.REFUSE
    office.stand.control.tell(office.says("list_removal", listing_id=first["item_id"]))
    office.hear()
    assert office.payout().verdict.outcome is Outcome.ALLOW


def test_a_listing_ends_with_its_day(office: Office, person: Person) -> None:
    office.client(person)
    entry = office.entry(iban=person.iban) | {"expires_on": "2026-11-26"}
    office.stand.control.tell(entry)
    office.hear()
    assert office.payout().verdict.outcome is Outcome.REFUSE
    office.desk.clock.move(1.5 * DAY_S)
    assert office.payout().verdict.outcome is Outcome.ALLOW


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_notice_ignored")
@pytest.mark.parametrize("what", NOTICE_KINDS)
def test_a_notice_suspends_the_client_it_names_and_is_answered(
    office: Office, person: Person, what: str
) -> None:
    office.client(person)
    office.stand.control.tell(office.notice(**{what: getattr(person, what)}))
    office.hear()
    held = office.payout().verdict
    assert held.outcome is Outcome.SUSPEND
    assert "client_suspended" in held.grounds
    office.send()
    answer = office.stand.control.centre_messages()[0]["message"]
    assert answer["correlation_id"] == str(UUID(int=1))
    assert answer["status"] == "suspended"
    assert answer["initiator"] == {"client_ids": [str(CLIENT)]}
    [made] = office.desk.rows("SELECT asked_by FROM decision WHERE rule_set = 'person'")
    assert made.asked_by == "centre"


def test_a_notice_about_nobody_of_ours_is_remembered(
    office: Office, person: Person
) -> None:
    """Who comes later is looked at by a person."""
    office.stand.control.tell(office.notice(phone=person.phone))
    office.hear()
    office.send()
    answer = office.stand.control.centre_messages()[0]["message"]
    assert (answer["status"], answer["grounds"]) == ("rejected", "no_client")
    office.client(person)
    assert office.payout().verdict.outcome is Outcome.REVIEW


def test_a_number_that_moved_on_does_not_suspend_who_had_it(
    office: Office, person: Person
) -> None:
    office.client(person)
    office.desk.clock.move(HOUR_S)
    office.desk.saw("phone_changed", f"phone:{token('phone', '+77010000000')}")
    office.stand.control.tell(office.notice(phone=person.phone))
    office.hear()
    assert office.desk.rows("SELECT held FROM hold") == []


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_poison_stops_the_feed")
def test_poison_is_parked_and_what_is_around_it_counts(
    office: Office, person: Person
) -> None:
    """Whatever it is; a person is called, and the feed goes on."""
    iin = person.iin[:-1] + str((int(person.iin[-1]) + 1) % 10)
    iban = person.iban[:-1] + str((int(person.iban[-1]) + 1) % 10)
    good = office.entry(iban=person.iban)
    office.client(person)
    poison: dict[str, object] = {
        "kind_unknown": office.says("amnesty"),
        "iin_invalid": office.entry(iin=iin),
        "iban_invalid": office.entry(iban=iban),
        "phone_invalid": office.entry(phone="112"),
        "subject_missing": office.entry(),
        "listing_unknown": office.says("list_removal", listing_id=str(UUID(int=9))),
        "conflict": good | {"category": "drugs"},
    }
    malformed: list[object] = [
        7,
        None,
        [],
        "list_entry",
        {"kind": 5},
        {"kind": "notice"},
        office.entry(iban=person.iban) | {"item_id": "1"},
        office.entry(iban=person.iban) | {"subject": {"iban": 5}},
        office.entry(iban=person.iban) | {"category": "Иванов Иван"},
        office.entry(iban=person.iban) | {"category": "x" * 10_000},
        office.entry(iban=person.iban) | {"expires_on": "never"},
        office.says("list_removal", listing_id=5),
    ]
    office.stand.control.tell(good, *poison.values(), *malformed, good)
    assert office.hear() == len(poison) + len(malformed) + 2
    assert office.items() == [
        ("applied", None),
        *(("parked", why) for why in poison),
        *(("parked", "malformed") for _ in malformed),
        ("repeated", None),
    ]
    assert office.payout().verdict.outcome is Outcome.REFUSE
    assert office.alarms() == {"change_parked"}
    assert office.hear() == 0


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_huge_page_stops_the_feed")
def test_a_huge_entry_is_parked_alone(office: Office, person: Person) -> None:
    """A page with it is too long to be read: it is closed in on until it is alone."""
    office.client(person)
    control = office.stand.control
    control.tell(office.says("notice"))
    for _ in range(2):
        control.tell(office.says("amnesty", of="x" * 600_000))
    big = office.says("amnesty", of=["x" * 999_000])
    control.tell(big, office.entry(iban=person.iban))
    for _ in range(40):
        with suppress(Transient):
            office.hear()
        office.desk.clock.move(HOUR_S)
    assert [why for _, why in office.items()] == [
        "malformed",
        "kind_unknown",
        "kind_unknown",
        "kind_unknown",
        None,
    ]
    assert office.payout().verdict.outcome is Outcome.REFUSE


def test_what_was_parked_is_asked_for_anew(office: Office, person: Person) -> None:
    """Nothing clear was kept; a number that was passed over is there as well."""
    office.client(person)
    office.stand.control.tell(office.says("amnesty"), office.entry(iban=person.iban))

    class Gap(Counting):
        @override
        def changes(self, *, after: int, limit: int) -> Page:
            page = super().changes(after=after, limit=limit)
            numbered = [change for change in page.changes if change.number != 2]
            third = Change(3, page.changes[0].says)
            return Page((*numbered, third), 3)

    handlers.hear(
        centre=Gap(office.centre.real), units=office.units, tools=office.desk.tools
    )
    assert office.items() == [
        ("parked", "kind_unknown"),
        ("parked", "number_missing"),
        ("parked", "kind_unknown"),
    ]
    assert (office.replay(2), office.replay(1)) == ("applied", "parked")
    assert office.payout().verdict.outcome is Outcome.REFUSE
    with pytest.raises(Refused, match="not_parked"):
        office.replay(2)
    handlers.close(
        1, ground="seen", by="anna", units=office.units, tools=office.desk.tools
    )
    assert office.items()[0] == ("closed", "kind_unknown")


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_centre_heard_before_it_counts")
def test_a_database_cut_in_the_middle_of_a_page_loses_and_doubles_nothing(
    office: Office, person: Person
) -> None:
    office.client(person)
    office.stand.control.tell(
        office.entry(iban=person.iban), office.notice(iin=person.iin), 7
    )
    with pytest.raises(Exception, match=r"terminat|connection|database"):
        handlers.hear(
            centre=office.centre, units=_Cut(office.units), tools=office.desk.tools
        )
    assert office.items() == []
    assert office.hear() == 3
    assert [state for state, _ in office.items()] == ["applied", "applied", "parked"]
    assert len(office.desk.rows("SELECT 1 FROM hold")) == 1
    assert office.line().reports.get("pending") == 1


@dataclass(frozen=True)
class _Cut:
    """Units whose connection is ended by the server at the second change."""

    real: SqlCentreUnits

    @contextmanager
    def begin(self) -> Iterator[CentreUnit]:
        with self.real.begin() as unit:
            assert isinstance(unit, SqlCentreUnit)
            yield _CutUnit(unit._transaction)


class _CutUnit(SqlCentreUnit):
    @override
    def save_item(
        self, change: Change, *, state: str, why: str | None, at: datetime
    ) -> None:
        if change.number == 2:
            self._connection.execute(
                text("SELECT pg_terminate_backend(pg_backend_pid())")
            )
        super().save_item(change, state=state, why=why, at=at)
