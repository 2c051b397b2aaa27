"""Appeals: a number, a day, one extension, another person, an answer that is kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.pages import Page
from services.antifraud import handlers
from services.antifraud.domain.appeals import (
    About,
    Appeal,
    AppealOutcome,
    AppealRules,
    Subject,
)
from services.antifraud.domain.cases import CaseOutcome
from services.antifraud.domain.rules import Outcome
from services.antifraud.handlers import appeals, ruling, suspending
from services.antifraud.handlers.appeals import ShownAppeal
from tests.integration.antifraud.conftest import CLIENT, Desk
from tests.integration.antifraud.test_cases import (
    ANNA,
    BORIS,
    burst,
    close,
    queue,
    refused,
    take,
    units,
)

DAY = timedelta(days=1).total_seconds()
CAME = date(2026, 11, 25)
WORDS = "I made each of these applications myself."
ANSWER = "Your applications were checked by a person; the suspension is lifted."
PERSON = f"client:{CLIENT}"


def suspend_client(desk: Desk) -> UUID:
    return handlers.suspend_client(
        CLIENT, ground="police", by=str(ANNA), units=desk.units, tools=desk.tools
    )


def record(desk: Desk, against: str = PERSON, came: date = CAME) -> Appeal:
    received = appeals.Received(
        client_id=CLIENT, against=against, received_on=came, words=WORDS
    )
    return appeals.record(received, by=BORIS, units=units(desk), tools=desk.tools)


def answer(
    desk: Desk, appeal: Appeal, outcome: AppealOutcome, *, by: UUID = BORIS
) -> Appeal:
    return appeals.answer(
        appeal.appeal_id,
        outcome=outcome,
        words=ANSWER,
        by=by,
        units=units(desk),
        tools=desk.tools,
    )


def extend(desk: Desk, appeal: Appeal) -> Appeal:
    return appeals.extend(
        appeal.appeal_id,
        reason="the bank was asked",
        units=units(desk),
        tools=desk.tools,
    )


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_appeal_days_of_the_week")
def test_an_appeal_has_fifteen_working_days_and_once_fifteen_more(desk: Desk) -> None:
    """From Wednesday 25.11.2026; days off are 16.12., 1. and 2.1., and 7.1."""
    suspend_client(desk)
    appeal = record(desk)
    assert appeal.number == "A-2026-00001"
    assert appeal.answer_by == date(2026, 12, 17)
    longer = extend(desk, appeal)
    assert longer.answer_by == date(2027, 1, 12)
    with refused("appeal_not_put_off"):
        extend(desk, appeal)


def test_what_is_late_is_an_alarm_and_not_put_off(desk: Desk) -> None:
    counted: list[int] = []

    class Alarms:
        def appeals_overdue(self, *, count: int) -> None:
            counted.append(count)

    suspend_client(desk)
    appeal = record(desk)
    for days in (0, 22, 1):
        desk.clock.move(days * DAY)
        appeals.watch(units=units(desk), tools=desk.tools, alarms=Alarms())
    assert counted == [0, 0, 1]
    with refused("appeal_not_put_off"):
        extend(desk, appeal)
    answer(desk, appeal, AppealOutcome.REJECTED)
    appeals.watch(units=units(desk), tools=desk.tools, alarms=Alarms())
    assert counted[-1] == 0


@pytest.mark.parametrize("came", [date(2026, 11, 26), date(2026, 10, 25)])
def test_the_day_of_receipt_is_no_later_and_no_long_ago(desk: Desk, came: date) -> None:
    suspend_client(desk)
    with refused("received_on_unfit"):
        record(desk, came=came)


def test_an_appeal_is_against_what_was_decided_of_the_client(desk: Desk) -> None:
    with refused("appeal_against_nothing"):
        record(desk)
    other = burst(desk, client=78)
    with refused("appeal_against_nothing"):
        record(desk, other.inputs.operation)
    suspend_client(desk)
    record(desk)
    with refused("appeal_open"):
        record(desk)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_appeal_decided_by_the_first")
def test_whoever_decided_first_does_not_decide_on_the_appeal(desk: Desk) -> None:
    """Who suspended; who closed the case; who answered the first appeal."""
    suspend_client(desk)
    appeal = record(desk)
    with refused("appeal_own_decision"):
        answer(desk, appeal, AppealOutcome.REJECTED, by=ANNA)
    answer(desk, appeal, AppealOutcome.REJECTED, by=BORIS)
    second = record(desk)
    assert second.number == "A-2026-00002"
    for officer in (ANNA, BORIS):
        with refused("appeal_own_decision"):
            answer(desk, second, AppealOutcome.UPHELD, by=officer)

    made = burst(desk)
    (case,) = queue(desk)
    take(desk, case.case_id)
    close(desk, case.case_id, CaseOutcome.FRAUD)
    third = record(desk, made.inputs.operation)
    with refused("appeal_own_decision"):
        answer(desk, third, AppealOutcome.UPHELD, by=ANNA)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_appeal_changes_nothing")
def test_an_appeal_that_is_upheld_takes_back_what_was_done(desk: Desk) -> None:
    made = burst(desk)
    operation = made.inputs.operation
    (case,) = queue(desk)
    take(desk, case.case_id)
    close(desk, case.case_id, CaseOutcome.FRAUD)
    assert listed_names(desk) == [PERSON]
    desk.clock.move(60)
    upheld = answer(desk, record(desk, operation), AppealOutcome.UPHELD)
    assert (upheld.outcome, upheld.decided_by) == (AppealOutcome.UPHELD, BORIS)
    assert suspending.listed(units=desk.units) == []
    assert listed_names(desk) == []
    assert desk.decide(operation).verdict.outcome is Outcome.ALLOW
    live = str(ruling.versions(units=desk.units, tools=desk.tools)["live"])
    report = ruling.test(live, days=1, by=ANNA, units=desk.units, tools=desk.tools)
    assert report["fraud"] == 0
    with refused("appeal_answered"):
        answer(desk, upheld, AppealOutcome.REJECTED)


def listed_names(desk: Desk) -> list[str]:
    found = handlers.show_list("refused", units=desk.units, tools=desk.tools)
    return [entry.value for entry in found]


def test_a_rejected_one_leaves_everything_as_it_is(desk: Desk) -> None:
    suspend_client(desk)
    answer(desk, record(desk), AppealOutcome.REJECTED)
    (held,) = suspending.listed(units=desk.units)
    assert held.held == PERSON


def test_an_upheld_appeal_lets_a_suspended_name_go(desk: Desk) -> None:
    suspended = suspending.suspend_name(
        "account",
        "account:a",
        ground="dropper",
        by=str(ANNA),
        units=desk.units,
        tools=desk.tools,
    )
    appeal = record(desk, suspended.held)
    with refused("appeal_own_decision"):
        answer(desk, appeal, AppealOutcome.UPHELD, by=ANNA)
    answer(desk, appeal, AppealOutcome.UPHELD)
    assert suspending.listed(units=desk.units) == []


def test_the_answer_is_kept_sealed_and_its_reading_is_told(desk: Desk) -> None:
    suspend_client(desk)
    appeal = answer(desk, record(desk), AppealOutcome.PARTLY)
    shown = appeals.show(appeal.appeal_id, by=ANNA, units=units(desk))
    assert (shown.words, shown.answer) == (WORDS, ANSWER)
    (row,) = desk.rows("SELECT words_sealed, answer_sealed FROM appeal")
    kept = bytes(row.words_sealed) + bytes(row.answer_sealed)
    assert b"applications" not in kept
    (told,) = desk.rows(
        "SELECT convert_from(data, 'UTF8') AS data FROM outbox"
        " WHERE type = 'antifraud.appeal_read.v1'"
    )
    assert str(ANNA) in told.data
    with (
        desk.platform.database.engine.begin() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.exec_driver_sql("UPDATE appeal SET received_on = now()")


@pytest.mark.seeded("antifraud_appeal_numbers_raced")
def test_numbers_have_no_gaps_however_many_come_at_once(desk: Desk) -> None:
    """Also where some of them are refused."""
    operations = [burst(desk, client=77).inputs.operation]
    for number in range(20):
        operations.append(f"application:{UUID(int=5_000 + number)}")
        desk.decide(operations[-1])
    with ThreadPoolExecutor(6) as pool:
        recording = [pool.submit(_number, desk, each) for each in operations * 2]
    numbers = sorted(filter(None, (done.result() for done in recording)))
    assert numbers == [f"A-2026-{n:05}" for n in range(1, 22)]


def _number(desk: Desk, against: str) -> str | None:
    try:
        return record(desk, against).number
    except Refused:
        return None


def test_an_answer_and_a_release_at_once_are_one_release(desk: Desk) -> None:
    for officer in (UUID(int=2_000 + number) for number in range(5)):
        suspend_client(desk)
        appeal = record(desk)
        with ThreadPoolExecutor(2) as pool:
            answering = pool.submit(
                answer, desk, appeal, AppealOutcome.UPHELD, by=officer
            )
            releasing = pool.submit(_released, desk)
        answering.result()
        releasing.result()
        desk.clock.move(1)
        assert suspending.listed(units=desk.units) == []
    rows = desk.rows(
        "SELECT count(*) AS n FROM outbox"
        " WHERE type = 'antifraud.operation_released.v1'"
    )
    assert rows[0].n == 5


def _released(desk: Desk) -> bool:
    try:
        desk.release(PERSON)
    except Refused:
        return False
    return True


def file(
    desk: Desk,
    about: About = About.EVERYTHING,
    about_id: UUID | None = None,
    text: str = WORDS,
    client_id: UUID = CLIENT,
) -> ShownAppeal:
    with units(desk).begin() as unit:
        return appeals.file(
            Subject(about=about, id=about_id),
            text,
            client_id=client_id,
            unit=unit,
            tools=desk.tools,
        )


@pytest.mark.clause("6.1h")
def test_a_client_files_an_appeal_and_reads_the_answer(desk: Desk) -> None:
    """In the one register, counted from the day of filing; nobody else sees it."""
    suspend_client(desk)
    filed = file(desk).appeal
    assert (filed.number, filed.is_filed) == ("A-2026-00001", True)
    assert filed.received_on == almaty_date(desk.clock.now())
    assert list(appeals.listed(answered=False, units=units(desk))) == [filed]
    answer(desk, filed, AppealOutcome.UPHELD)
    shown = appeals.show_own(filed.appeal_id, client_id=CLIENT, units=units(desk))
    assert (shown.words, shown.answer) == (WORDS, ANSWER)
    assert shown.appeal.outcome is AppealOutcome.UPHELD
    assert list(appeals.own(CLIENT, Page(), units=units(desk))) == [shown.appeal]
    assert list(appeals.own(UUID(int=78), Page(), units=units(desk))) == []
    with refused("not_found"):
        appeals.show_own(filed.appeal_id, client_id=UUID(int=78), units=units(desk))


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_appeals_against_anybodys")
def test_a_client_appeals_against_what_was_stopped_of_theirs(desk: Desk) -> None:
    """Not against a yes, nor against what is somebody else's."""
    allowed = desk.decide(f"application:{UUID(int=5)}")
    assert allowed.verdict.outcome is Outcome.ALLOW
    with refused("nothing_to_appeal"):
        file(desk, About.APPLICATION, UUID(int=5))
    stopped = burst(desk)
    application_id = UUID(stopped.inputs.operation.partition(":")[2])
    with refused("nothing_to_appeal"):
        file(desk, About.APPLICATION, application_id, client_id=UUID(int=78))
    with refused("nothing_to_appeal"):
        file(desk)
    filed = file(desk, About.APPLICATION, application_id).appeal
    assert Subject.of(filed.against) == Subject(
        about=About.APPLICATION, id=application_id
    )
    with refused("appeal_under_way"):
        file(desk, About.APPLICATION, application_id)


@pytest.mark.parametrize(
    ("about", "about_id"),
    [
        (About.APPLICATION, None),
        (About.EVERYTHING, UUID(int=5)),
        (About.OTHER, UUID(int=5)),
    ],
)
def test_an_appeal_has_one_subject(
    desk: Desk, about: About, about_id: UUID | None
) -> None:
    with refused("appeal_subject_invalid"):
        file(desk, about, about_id)


@pytest.mark.catalogue("B08")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "letter_unfit"),
        ("\u202e", "letter_unfit"),
        ("a\x00b", "letter_unfit"),
        ("a" * 4_001, "letter_unfit"),
        ("4111 1111 1111 1111", "card_number_refused"),
    ],
)
def test_what_a_client_writes_is_words(desk: Desk, text: str, code: str) -> None:
    suspend_client(desk)
    with refused(code):
        file(desk, text=text)
    assert desk.rows("SELECT 1 FROM appeal") == []


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_appeals_without_end")
def test_a_client_files_so_many_a_day_also_at_once(desk: Desk) -> None:
    """What the staff enter is not counted; a day later there is room again."""
    most = AppealRules.at(desk.tools.policy, desk.clock.now()).a_day
    ids = [UUID(int=number) for number in range(100, 100 + most + 3)]
    for one in ids:
        desk.decide(f"application:{one}")
    suspend_client(desk)
    for one in ids:
        desk.decide(f"application:{one}")
    record(desk)

    def filed(one: UUID) -> str | None:
        try:
            file(desk, About.APPLICATION, one)
        except Refused as refusal:
            return refusal.code
        return None

    with ThreadPoolExecutor(len(ids)) as pool:
        codes = list(pool.map(filed, ids))
    assert codes.count(None) == most
    assert codes.count("letters_too_often") == len(ids) - most
    desk.clock.move(DAY + 1)
    (left, *_) = (one for one, code in zip(ids, codes, strict=True) if code)
    assert filed(left) is None


REGISTRATION = Subject(about=About.REGISTRATION, id=UUID(int=4_000))


@pytest.mark.clause("6.1h")
def test_who_was_stopped_at_registration_appeals_in_the_same_register(
    desk: Desk,
) -> None:
    """Against nothing before, once at a time after; the answer is there to be read."""
    with refused("nothing_to_appeal"):
        file(desk, REGISTRATION.about, REGISTRATION.id)
    stop_registration(desk)
    filed = file(desk, REGISTRATION.about, REGISTRATION.id).appeal
    assert (filed.number, filed.against) == (
        "A-2026-00001",
        f"activation:{REGISTRATION.id}",
    )
    with refused("appeal_under_way"):
        file(desk, REGISTRATION.about, REGISTRATION.id)
    answer(desk, filed, AppealOutcome.REJECTED)
    shown = appeals.show_of_subject(
        REGISTRATION, filed.appeal_id, client_id=CLIENT, units=units(desk)
    )
    assert (shown.answer, Subject.of(shown.appeal.against)) == (ANSWER, REGISTRATION)


@pytest.mark.seeded("antifraud_registration_shows_the_cabinet")
def test_a_registration_shows_no_appeal_of_the_cabinet(desk: Desk) -> None:
    """Whoever kept the token reads of the registration, and of nothing since."""
    stop_registration(desk)
    own = file(desk, REGISTRATION.about, REGISTRATION.id).appeal
    other = file(desk).appeal
    listed = appeals.of_subject(
        REGISTRATION, client_id=CLIENT, page=Page(), units=units(desk)
    )
    assert list(listed) == [own]
    with refused("not_found"):
        appeals.show_of_subject(
            REGISTRATION, other.appeal_id, client_id=CLIENT, units=units(desk)
        )


def stop_registration(desk: Desk) -> None:
    suspend_client(desk)
    stopped = desk.decide(f"activation:{REGISTRATION.id}")
    assert stopped.verdict.outcome is Outcome.SUSPEND
