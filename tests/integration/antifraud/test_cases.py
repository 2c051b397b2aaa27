"""Cases: opened in the decision's commit, taken by one, closed with what follows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.crypto import sha256_hex
from kernel.errors import Refused
from kernel.money import Money
from services.antifraud import handlers
from services.antifraud.domain.cases import Case, CaseOutcome
from services.antifraud.domain.rules import Outcome
from services.antifraud.handlers import cases, ruling, suspending
from services.antifraud.ports import Decision
from services.antifraud.storage import SqlCaseUnits
from tests.integration.antifraud.conftest import CLIENT, Desk

DAY = timedelta(days=1).total_seconds()
ANNA, BORIS = UUID(int=901), UUID(int=902)
WORDS = "The client was called back under the number on record and knows of it."
PICTURE = b"\xff\xd8\xff\xe0 a letter, and where the camera stood"
CLEAN = b"\xff\xd8\xff\xe0 a letter"


class Pictures:
    """Implements `ports.cases.Pictures`."""

    def clean(self, raw: bytes) -> bytes:
        assert raw == PICTURE
        return CLEAN


def units(desk: Desk) -> SqlCaseUnits:
    platform = desk.platform
    return SqlCaseUnits(platform.database, platform.context(), platform.field_keys)


def queue(desk: Desk, *, closed: bool = False) -> list[Case]:
    return list(cases.listed(closed=closed, assigned_to=None, units=units(desk)))


def burst(desk: Desk, *, client: int = 77, amount: str = "1000") -> Decision:
    """A third application within the hour: suspended."""
    whose = UUID(int=client)
    for one in (1, 2):
        desk.saw("application", client_id=whose, object_id=client * 10 + one)
    return ask(desk, f"application:{UUID(int=client * 10)}", client, amount)


def ask(desk: Desk, operation: str, client: int, amount: str = "1000") -> Decision:
    return handlers.decide(
        operation=operation,
        client_id=UUID(int=client),
        amount=Money.of(amount),
        facts={},
        asked_by="contracts",
        units=desk.units,
        tools=desk.tools,
    )


def take(desk: Desk, case_id: UUID, by: UUID = ANNA) -> bool:
    try:
        cases.take(case_id, by=by, units=units(desk), tools=desk.tools)
    except Refused:
        return False
    return True


def close(desk: Desk, case_id: UUID, outcome: CaseOutcome, *, by: UUID = ANNA) -> None:
    cases.close(
        case_id,
        outcome=outcome,
        conclusion=WORDS,
        by=by,
        units=units(desk),
        tools=desk.tools,
    )


def refused(code: str) -> "pytest.RaisesExc[Refused]":
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


@pytest.mark.clause("6.1g", "7.2c")
@pytest.mark.seeded("antifraud_case_not_opened")
def test_what_is_suspended_is_a_case_in_the_same_commit(desk: Desk) -> None:
    made = burst(desk)
    (case,) = queue(desk)
    assert (case.about, case.client_id) == (f"client:{CLIENT}", CLIENT)
    shown = cases.show(case.case_id, by=ANNA, units=units(desk))
    assert [item.decision_id for item in shown.items] == [made.decision_id]
    again = ask(desk, made.inputs.operation, 77)
    shown = cases.show(case.case_id, by=ANNA, units=units(desk))
    assert [item.decision_id for item in shown.items] == [again.decision_id]


def test_all_of_one_client_is_one_case_that_is_raised(desk: Desk) -> None:
    burst(desk, amount="1000")
    handlers.suspend_client(
        CLIENT, ground="police", by=str(ANNA), units=desk.units, tools=desk.tools
    )
    (case,) = queue(desk)
    assert case.priority.word == "urgent"
    shown = cases.show(case.case_id, by=ANNA, units=units(desk))
    assert {item.operation.partition(":")[0] for item in shown.items} == {
        "application",
        "client",
    }


def test_decisions_at_once_open_one_case(desk: Desk) -> None:
    for one in (1, 2):
        desk.saw("application", object_id=one)
    with ThreadPoolExecutor(6) as pool:
        asking = [
            pool.submit(ask, desk, f"application:{UUID(int=number)}", 77)
            for number in range(11, 23)
        ]
    assert {done.result().verdict.outcome for done in asking} == {Outcome.SUSPEND}
    (case,) = queue(desk)
    assert len(cases.show(case.case_id, by=ANNA, units=units(desk)).items) == 12


def test_the_queue_has_the_most_pressing_first_and_due_days(desk: Desk) -> None:
    """From a Wednesday: one working day, or two."""
    suspending.suspend_name(
        "device",
        "device:d1",
        ground="stolen",
        by=str(ANNA),
        units=desk.units,
        tools=desk.tools,
    )
    burst(desk, client=77, amount="1000")
    burst(desk, client=78, amount="300000")
    told = [(c.about[-2:], c.priority.word, f"{c.due_on}") for c in queue(desk)]
    assert told == [
        ("4d", "urgent", "2026-11-26"),
        ("4e", "urgent", "2026-11-26"),
        ("d1", "high", "2026-11-27"),
    ]


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_case_taken_by_two")
def test_of_two_officers_one_takes_a_case(desk: Desk) -> None:
    for client in range(80, 90):
        burst(desk, client=client)
    for case in queue(desk):
        with ThreadPoolExecutor(2) as pool:
            taking = [
                pool.submit(take, desk, case.case_id, officer)
                for officer in (ANNA, BORIS)
            ]
        assert sorted(done.result() for done in taking) == [False, True]
    rows = desk.rows(
        "SELECT count(*) AS n FROM outbox WHERE type = 'antifraud.case_assigned.v1'"
    )
    assert rows[0].n == 10


def test_a_case_is_handed_over_and_closed_by_whoever_has_it(desk: Desk) -> None:
    made = burst(desk)
    (case,) = queue(desk)
    assert take(desk, case.case_id)
    cases.assign(case.case_id, to=BORIS, by=ANNA, units=units(desk), tools=desk.tools)
    with refused("case_not_yours"):
        close(desk, case.case_id, CaseOutcome.NOT_FRAUD)
    with refused("case_holds_open"):
        close(desk, case.case_id, CaseOutcome.NOT_FRAUD, by=BORIS)
    desk.release(made.inputs.operation)
    close(desk, case.case_id, CaseOutcome.NOT_FRAUD, by=BORIS)
    with refused("case_closed"):
        close(desk, case.case_id, CaseOutcome.FRAUD, by=BORIS)
    assert queue(desk) == []
    (closed,) = queue(desk, closed=True)
    assert (closed.outcome, closed.closed_by) == (CaseOutcome.NOT_FRAUD, BORIS)
    ask(desk, f"application:{UUID(int=999)}", 77)
    assert queue(desk)[0].case_id != case.case_id


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_case_outcome_unlabelled")
def test_what_a_case_was_is_what_rules_are_tested_by(desk: Desk) -> None:
    """Precision and recall of the live rules over two cases, one a fraud."""
    versions = ruling.versions(units=desk.units, tools=desk.tools)
    honest, fraud = burst(desk, client=77), burst(desk, client=78)
    ask(desk, fraud.inputs.operation, 78)
    desk.release(honest.inputs.operation)
    for case in queue(desk):
        take(desk, case.case_id)
        was = case.client_id == UUID(int=78)
        outcome = CaseOutcome.FRAUD if was else CaseOutcome.NOT_FRAUD
        close(desk, case.case_id, outcome)
    report = ruling.test(
        str(versions["live"]), days=1, by=ANNA, units=desk.units, tools=desk.tools
    )
    assert (report["labelled"], report["fraud"], report["caught"]) == (3, 2, 2)
    assert report["precision_permille"] == 666


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_fraud_not_listed")
def test_a_fraud_stays_suspended_and_its_names_are_refused(desk: Desk) -> None:
    desk.saw("device_admitted", "device:d1")
    desk.saw("account_named", "account:a", account_id=9)
    made = burst(desk)
    (case,) = queue(desk)
    take(desk, case.case_id)
    close(desk, case.case_id, CaseOutcome.FRAUD)
    listed = {
        of: sorted(
            entry.value
            for entry in handlers.show_list(of, units=desk.units, tools=desk.tools)
        )
        for of in ("refused", "watched")
    }
    assert listed["refused"] == [f"client:{CLIENT}"]
    assert listed["watched"] == ["device:d1"]
    assert ask(desk, made.inputs.operation, 77).verdict.outcome is Outcome.REFUSE
    desk.clock.move(30 * DAY)
    suspending.watch(units=desk.units, tools=desk.tools, alarms=Quiet())
    (held,) = suspending.listed(units=desk.units)
    assert held.held == made.inputs.operation
    assert queue(desk) == []


class Quiet:
    """Nobody is to be called."""

    def suspensions_ending(self, *, soon: int, over: int) -> None:
        assert (soon, over) == (0, 0)

    def rule_tripped(self, *, rule: str, judged: int, stopped: int) -> None:
        raise AssertionError(rule)

    def rules_tripped(self, *, count: int) -> None:
        raise AssertionError(count)


@pytest.mark.clause("6.1c")
@pytest.mark.seeded(
    "antifraud_case_words_in_clear", "antifraud_case_files_kept_as_they_came"
)
def test_words_and_files_are_sealed_only_added_and_their_reading_is_told(
    desk: Desk,
) -> None:
    burst(desk)
    (case,) = queue(desk)
    given = {"by": ANNA, "units": units(desk), "tools": desk.tools}
    cases.add_note(case.case_id, WORDS, **given)  # type: ignore[arg-type]
    paper = cases.add_file(case.case_id, PICTURE, pictures=Pictures(), **given)  # type: ignore[arg-type]
    shown = cases.show(case.case_id, by=BORIS, units=units(desk))
    assert [note.text for note in shown.notes] == [WORDS]
    assert list(shown.files) == [paper]
    assert (paper.sha256, paper.upload_sha256) == (
        sha256_hex(CLEAN),
        sha256_hex(PICTURE),
    )
    content = cases.read_file(case.case_id, paper.file_id, by=BORIS, units=units(desk))
    assert content == CLEAN
    kept = desk.rows(
        "SELECT text_sealed AS kept FROM case_note"
        " UNION ALL SELECT content_sealed FROM case_file"
    )
    assert not any(
        b"called" in bytes(row.kept) or b"letter" in bytes(row.kept) for row in kept
    )
    told = desk.rows(
        "SELECT convert_from(data, 'UTF8') AS data FROM outbox"
        " WHERE type = 'antifraud.case_read.v1'"
    )
    assert len(told) == 2
    assert all(str(BORIS) in row.data for row in told)
    with (
        desk.platform.database.engine.begin() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.exec_driver_sql("UPDATE case_note SET at = now()")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", "words_unfit"),
        ("a" * 4_001, "words_unfit"),
        ("a\x00b", "words_unfit"),
        ("ИИН 990101300123 was shown", "words_hold_a_number"),
        ("called +7 (701) 000-00-01", "words_hold_a_number"),
        ("paid by 4242 4242 4242 4242", "card_number_refused"),
    ],
)
def test_words_with_numbers_of_persons_are_refused(
    desk: Desk, words: str, code: str
) -> None:
    burst(desk)
    (case,) = queue(desk)
    with refused(code):
        cases.add_note(
            case.case_id, words, by=ANNA, units=units(desk), tools=desk.tools
        )
    cases.add_note(
        case.case_id,
        f"see decision {UUID(int=12345678901234567890)}",
        by=ANNA,
        units=units(desk),
        tools=desk.tools,
    )


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<svg/>", b"MZ\x90", b"PK\x03\x04", b"%PDF-1.7", b"GIF89a"),
        PICTURE + bytes(4 * 1024 * 1024),
    ],
)
def test_other_files_are_refused(desk: Desk, content: bytes) -> None:
    burst(desk)
    (case,) = queue(desk)
    with refused("case_file_unfit"):
        cases.add_file(
            case.case_id,
            content,
            by=ANNA,
            pictures=Pictures(),
            units=units(desk),
            tools=desk.tools,
        )


def test_cases_past_their_day_are_an_alarm(desk: Desk) -> None:
    counted: list[int] = []

    class Alarms:
        def cases_overdue(self, *, count: int) -> None:
            counted.append(count)

    burst(desk)
    for _ in range(4):
        cases.watch(units=units(desk), tools=desk.tools, alarms=Alarms())
        desk.clock.move(DAY)
    assert counted == [0, 0, 1, 1]
