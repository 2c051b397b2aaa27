"""Terms of notices around week-ends and moved holidays, and what the paper says."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import ALMATY
from kernel.papers import Grid, Line
from kernel.starting_policy import STARTING_POLICY
from services.audit.domain.incidents.incident import (
    Entry,
    Incident,
    Kind,
    Said,
    Severity,
)
from services.audit.domain.incidents.notice import Addressee, Notice, Stage, Terms
from services.audit.domain.incidents.paper import Facts, notice_paper
from services.audit.domain.telling import LANGUAGES

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TERMS = Terms.at(STARTING_POLICY, NOW)
CLIENT = UUID(int=77)


def almaty(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ALMATY)


@pytest.mark.parametrize("addressee", list(Addressee))
@pytest.mark.parametrize(
    ("detected", "due"),
    [
        # A working day: the same time of the next.
        ("2026-11-25T10:30", "2026-11-26T10:30"),
        ("2026-11-25T18:00", "2026-11-26T18:00"),
        ("2026-11-25T18:01", "2026-11-26T18:00"),
        ("2026-11-25T03:00", "2026-11-26T03:00"),
        # A Friday, a Saturday, a Sunday.
        ("2026-11-27T17:00", "2026-11-30T17:00"),
        ("2026-11-28T11:00", "2026-11-30T11:00"),
        ("2026-11-29T23:00", "2026-11-30T18:00"),
        # 8 March 2026 is a Sunday: the Monday is off.
        ("2026-03-06T12:00", "2026-03-10T12:00"),
        # Nauryz of 2026 begins on a Saturday: off until Wednesday.
        ("2026-03-20T12:00", "2026-03-26T12:00"),
        ("2026-03-22T12:00", "2026-03-26T12:00"),
        # 9 May 2026 is a Saturday: the Monday is off, and Thursday the 7th.
        ("2026-05-06T09:15", "2026-05-08T09:15"),
        ("2026-05-08T20:00", "2026-05-12T18:00"),
        # Kurban Ait of 2026, a Wednesday.
        ("2026-05-26T10:00", "2026-05-28T10:00"),
        # 25 October 2026 is a Sunday; Independence Day a Wednesday.
        ("2026-10-23T10:00", "2026-10-27T10:00"),
        ("2026-12-15T10:00", "2026-12-17T10:00"),
        # The new year: 2 January 2027 is a Saturday, the Monday is off.
        ("2026-12-31T16:00", "2027-01-05T16:00"),
        ("2027-01-06T16:00", "2027-01-08T16:00"),
        # Constitution Day of 2027, a Monday; Nauryz from a Sunday on.
        ("2027-03-12T10:00", "2027-03-16T10:00"),
        ("2027-03-19T10:00", "2027-03-25T10:00"),
        ("2027-04-30T10:00", "2027-05-04T10:00"),
        ("2027-05-06T10:00", "2027-05-11T10:00"),
        ("2027-07-05T10:00", "2027-07-07T10:00"),
        ("2027-12-15T10:00", "2027-12-17T10:00"),
    ],
)
@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_term_by_the_clock")
def test_a_term_ends_on_the_next_working_day(
    detected: str, due: str, addressee: Addressee
) -> None:
    assert TERMS.due_at(addressee, almaty(detected)) == almaty(due)


@pytest.mark.clause("7.3")
def test_a_decreed_swap_moves_the_term() -> None:
    """A Saturday that works, and a Monday that does not."""
    decreed = overrides_of(("2027-06-05=working", "2027-06-07=off"))
    terms = Terms(
        working_days=TERMS.working_days,
        warn=TERMS.warn,
        escalate=TERMS.escalate,
        calendar=WorkingCalendar(decreed),
    )
    due = terms.due_at(Addressee.REGULATOR, almaty("2027-06-04T11:00"))
    assert due == almaty("2027-06-05T11:00")
    due = terms.due_at(Addressee.REGULATOR, almaty("2027-06-05T11:00"))
    assert due == almaty("2027-06-08T11:00")


@pytest.mark.parametrize(
    ("detected", "due"),
    [
        ("2026-11-25T10:30", "2026-11-25T18:00"),
        ("2026-11-25T19:00", "2026-11-25T19:00"),
        ("2026-11-28T11:00", "2026-11-28T18:00"),
    ],
)
def test_a_stricter_term_is_the_same_day(detected: str, due: str) -> None:
    terms = Terms(
        working_days=dict.fromkeys(Addressee, 0),
        warn=TERMS.warn,
        escalate=TERMS.escalate,
        calendar=TERMS.calendar,
    )
    assert terms.due_at(Addressee.CLIENT, almaty(detected)) == almaty(due)


@pytest.mark.parametrize(
    ("due", "early"),
    [
        ("2026-11-26T18:00", "2026-11-26T10:00"),
        # In the night, or on a day off, nobody is at work: the afternoon before.
        ("2026-11-26T10:30", "2026-11-25T16:00"),
        ("2026-11-30T10:00", "2026-11-27T16:00"),
        ("2026-03-26T12:00", "2026-03-20T16:00"),
    ],
)
@pytest.mark.clause("7.3")
def test_people_are_called_while_they_are_at_work(due: str, early: str) -> None:
    assert TERMS.early_at(almaty(due)) == almaty(early)


@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_late_unseen")
def test_a_term_comes_near_in_stages() -> None:
    due = almaty("2026-11-26T18:00")

    def stage(hours: float) -> Stage:
        return TERMS.stage(due, due - timedelta(hours=hours))

    assert [stage(hours) for hours in (9, 8, 2.1, 2, 0.01, 0, -24)] == [
        *(Stage.NONE, Stage.EARLY, Stage.EARLY, Stage.ESCALATED),
        *(Stage.ESCALATED, Stage.OVERDUE, Stage.OVERDUE),
    ]


def facts(addressee: Addressee, *, number: int = 1) -> Facts:
    incident = Incident(
        incident_id=UUID(int=1),
        kind=Kind.UNAUTHORISED_ACCESS,
        severity=Severity.HIGH,
        about=None,
        detected_at=NOW,
        opened_at=NOW,
        opened_by=None,
        owner=None,
        reportable=True,
        contained_at=None,
        closed_at=None,
        closed_by=None,
    )
    notice = Notice(
        notice_id=UUID(int=2),
        incident_id=incident.incident_id,
        addressee=addressee,
        client_id=None,
        round=number,
        since=NOW,
        due_at=TERMS.due_at(addressee, NOW),
        state="due",
        stage=Stage.NONE,
        approved_by=None,
        papers_sha256=None,
        attempts=0,
        sent_at=None,
        receipt=None,
    )
    entries = [
        entry("alert", "Seen."),
        entry("note", "Ours."),
        entry("measure", "Done."),
    ]
    return Facts(
        incident=incident,
        notice=notice,
        entries=entries,
        clients=[CLIENT],
        contact="security@creditplus.kz",
    )


def entry(kind: Said, text: str) -> Entry:
    return Entry(
        entry_id=UUID(int=3), at=NOW, noted_at=NOW, by=None, kind=kind, text=text
    )


def words_of(told: Facts) -> str:
    report = [notice_paper(told, language=language) for language in LANGUAGES]
    lines = [
        part.text if isinstance(part, Line) else str(part.rows)
        for one in report
        for part in one.parts
        if isinstance(part, Line | Grid)
    ]
    return "\n".join(lines)


@pytest.mark.clause("7.3")
def test_the_paper_says_what_bodies_ask_for_and_no_inner_notes() -> None:
    said = words_of(facts(Addressee.REGULATOR))
    for what in ("Seen.", "Done.", "02.12.2026 05:00:00", "security@creditplus.kz"):
        assert said.count(what) >= 2, what
    assert "Ours." not in said
    assert str(CLIENT) not in said


def test_who_protects_personal_data_is_told_whom_it_concerns() -> None:
    assert words_of(facts(Addressee.PERSONAL_DATA)).count(str(CLIENT)) == 2


def test_news_say_that_they_are_news() -> None:
    again = words_of(facts(Addressee.REGULATOR, number=2))
    assert "новые обстоятельства" in again
    assert "новые обстоятельства" not in words_of(facts(Addressee.REGULATOR))
