"""Inquiries on the real database: what is written stays sealed, and looks are seen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from kernel.context import Call, StaffMember
from kernel.crypto import sha256
from kernel.errors import Broken, KernelError, Refused
from kernel.pages import Page
from services.contracts.domain.inquiries import About, InquiryState, Subject
from services.contracts.domain.reading import ReadPurpose
from services.contracts.wiring.inquiries import INQUIRIES_OVERDUE, InquiryUseCases
from services.contracts.wiring.parts import Parts
from tests.integration.contracts.conftest import PRINTER, Desk, NoBank
from tests.staff import ANNA, member
from tests.unit.contracts.builders import CLIENT, CONTRACT, STRANGER

CARE = member(ANNA, frozenset({"inquiries.look", "inquiries.read", "inquiries.answer"}))
WORDS = "Прошу объяснить, почему платёж ещё не виден."
REPLY = "Платёж пришёл сегодня."
NOTHING = Subject(about=About.OTHER, id=None)


def cases_of(desk: Desk) -> InquiryUseCases:
    """The use cases over the desk's database."""
    return InquiryUseCases(
        Parts(
            desk.platform,
            bureau=desk.bureau,
            state=desk.state,
            monitoring=desk.monitoring,
            printer=PRINTER,
            signer=desk.signer,
            bank=NoBank(),
        )
    )


@pytest.fixture
def cases(desk: Desk) -> InquiryUseCases:
    return cases_of(desk)


def call_of(
    desk: Desk,
    *,
    client_id: UUID | None = CLIENT,
    by: StaffMember | None = None,
    key: str | None = None,
    said: str = WORDS,
) -> Call:
    now = desk.platform.clock.now()
    return Call(
        id=desk.platform.ids.new(),
        caller="operator" if by else "gateway",
        method="open_inquiry",
        deadline=now + timedelta(seconds=5),
        context=desk.platform.context(),
        client_id=None if by else client_id,
        idempotency_key=key,
        arguments_digest=sha256(said.encode()),
        staff=by,
    )


def opened(desk: Desk, cases: InquiryUseCases, *, client_id: UUID = CLIENT) -> UUID:
    shown: Any = cases.open(call_of(desk, client_id=client_id), NOTHING, WORDS)
    return UUID(str(shown["inquiry_id"]))


def code_of(act: Callable[..., object], *given: object) -> str:
    with pytest.raises(Refused) as refused:
        act(*given)
    return refused.value.code


@pytest.mark.clause("6.1h")
@pytest.mark.clause("6.1c")
@pytest.mark.seeded("contracts_letters_are_read_unseen")
def test_a_client_writes_and_is_answered(desk: Desk, cases: InquiryUseCases) -> None:
    """Each look of the staff is an event; no event holds a word of a letter."""
    inquiry_id = opened(desk, cases)
    staff = call_of(desk, by=CARE)
    queue: Any = cases.queue(staff, InquiryState.WAITING)
    assert [one["inquiry_id"] for one in queue["inquiries"]] == [str(inquiry_id)]
    assert "letters" not in queue["inquiries"][0]
    read: Any = cases.read(staff, inquiry_id, ReadPurpose.COMPLAINT)
    assert [one["text"] for one in read["letters"]] == [WORDS]
    cases.answer(staff, inquiry_id, REPLY)
    shown: Any = cases.show_own(call_of(desk), inquiry_id)
    assert [(one["writer"], one["text"]) for one in shown["letters"]] == [
        ("client", WORDS),
        ("staff", REPLY),
    ]
    assert "staff_id" not in shown["letters"][1]
    cases.close(staff, inquiry_id)
    assert code_of(cases.write_on, call_of(desk), inquiry_id, WORDS) == "inquiry_closed"
    assert desk.said() == [
        *("inquiry_opened", "inquiry_read", "inquiry_answered", "inquiry_closed")
    ]
    events = desk.rows("SELECT type, convert_from(data, 'UTF8') AS said FROM outbox")
    assert not [one for one in events if "платёж" in one.said.casefold()]
    (reading,) = [one.said for one in events if "inquiry_read" in one.type]
    assert f"staff:{ANNA}" in reading


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("contracts_letters_kept_in_clear")
def test_letters_are_sealed_and_a_changed_one_is_not_shown(
    desk: Desk, cases: InquiryUseCases
) -> None:
    inquiry_id = opened(desk, cases)
    ((kept,),) = desk.rows("SELECT text FROM letters")
    assert WORDS.encode() not in bytes(kept)
    with desk.owner.begin() as connection:
        connection.execute(text("UPDATE letters SET text = text || 'x'::bytea"))
    with pytest.raises(Broken):
        cases.show_own(call_of(desk), inquiry_id)


@pytest.mark.clause("6.1b")
@pytest.mark.seeded("contracts_anybodys_letters")
def test_nobody_elses_inquiry_is_found(desk: Desk, cases: InquiryUseCases) -> None:
    """Nor is one opened about what is somebody else's."""
    inquiry_id = opened(desk, cases)
    other = call_of(desk, client_id=STRANGER)
    assert code_of(cases.show_own, other, inquiry_id) == "not_found"
    assert code_of(cases.write_on, other, inquiry_id, WORDS) == "not_found"
    desk.activate()
    reply = desk.submit()
    for about, id_ in (
        (About.CONTRACT, UUID(str(reply["contract_id"]))),
        (About.APPLICATION, UUID(str(reply["application_id"]))),
    ):
        subject = Subject(about=about, id=id_)
        assert code_of(cases.open, other, subject, WORDS) == "not_found"
        cases.open(call_of(desk), subject, WORDS)
    missing = Subject(about=About.CONTRACT, id=CONTRACT)
    assert code_of(cases.open, call_of(desk), missing, WORDS) == "not_found"
    page: Any = cases.list_own(other, Page())
    assert page["items"] == []


def test_the_same_request_opens_one_inquiry(desk: Desk, cases: InquiryUseCases) -> None:
    first = cases.open(call_of(desk, key="k"), NOTHING, WORDS)
    assert first == cases.open(call_of(desk, key="k"), NOTHING, WORDS)
    assert len(desk.rows("SELECT 1 FROM inquiries")) == 1


@pytest.mark.catalogue("A06")
@pytest.mark.seeded("contracts_letters_counted_before_the_lock")
def test_letters_written_at_once_do_not_pass_the_limit(
    desk: Desk, cases: InquiryUseCases
) -> None:
    """Ten of them, and so many are open as may be; another client is not held up."""
    most = 5

    def write(number: int) -> str:
        try:
            cases.open(call_of(desk, key=f"k{number}"), NOTHING, WORDS)
        except KernelError as error:
            return str(getattr(error, "code", "transient"))
        return "opened"

    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(write, range(10)))
    assert outcomes.count("opened") == most
    assert set(outcomes) == {"opened", "inquiries_full"}
    opened(desk, cases, client_id=STRANGER)


def test_so_many_letters_a_day_and_no_more(desk: Desk, cases: InquiryUseCases) -> None:
    """Counted over all inquiries of the client, and over 24 hours."""
    inquiry_id = opened(desk, cases)
    for _ in range(19):
        cases.write_on(call_of(desk), inquiry_id, WORDS)
    often = cases.write_on, call_of(desk), inquiry_id, WORDS
    assert code_of(*often) == "letters_too_often"
    with desk.owner.begin() as connection:
        connection.execute(
            text("UPDATE letters SET written_at = written_at - interval '24 hours'")
        )
    cases.write_on(call_of(desk), inquiry_id, WORDS)


def test_who_waits_too_long_stands_first_and_is_marked(
    desk: Desk, cases: InquiryUseCases
) -> None:
    """By the dated limit, put off once."""
    late, punctual = opened(desk, cases), opened(desk, cases)
    with desk.owner.begin() as connection:
        connection.execute(
            text("UPDATE inquiries SET answer_by = answer_by - 40 WHERE id = :id"),
            {"id": late},
        )
    staff = call_of(desk, by=CARE)
    queue: Any = cases.queue(staff, InquiryState.WAITING)
    assert [(one["inquiry_id"], one["overdue"]) for one in queue["inquiries"]] == [
        (str(late), True),
        (str(punctual), False),
    ]
    assert cases.count_overdue() == 1
    (measured,) = INQUIRIES_OVERDUE.collect()
    assert [one.value for one in measured.samples] == [1]
    cases.answer(staff, late, REPLY)
    assert cases.count_overdue() == 0
    extended: Any = cases.extend(staff, punctual, "the bank was asked")
    assert extended["extended"] is True
    again = cases.extend, staff, punctual, "and once more"
    assert code_of(*again) == "inquiry_extended"
    assert desk.said().count("inquiry_extended") == 1


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("contracts_letters_may_be_rewritten")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE letters SET written_at = now()",
        "DELETE FROM letters",
        "DELETE FROM inquiries",
        "UPDATE inquiries SET client_id = id",
    ],
)
def test_the_service_cannot_rewrite_what_was_written(
    desk: Desk, cases: InquiryUseCases, statement: str
) -> None:
    opened(desk, cases)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        desk.as_service() as connection,
    ):
        connection.execute(text(statement))
