"""What is written to phones, in which language, and what becomes of it."""

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import pytest

from kernel.errors import Transient
from kernel.events import Event
from kernel.events.antifraud import OperationSuspended
from kernel.events.audit import NoticeApproved
from kernel.events.contracts import (
    AnswerAwaited,
    ApplicationRefused,
    ContractAnnulled,
    ContractSigned,
)
from kernel.events.disbursement import PayoutDue
from kernel.events.onboarding import AccountOwnershipLost
from kernel.values import Phone
from services.auth.domain.codes import PURPOSES
from services.auth.domain.languages import DEFAULT, LANGUAGES, Language
from services.auth.domain.messages import (
    MOST_SENDINGS,
    NOTICE_LIFETIME,
    REPORTED_WITHIN,
    Told,
    ask_after,
    code_text,
    notice_text,
    retry_after,
)
from services.auth.domain.templates import TEMPLATES, WORDINGS, Template
from services.auth.gateway.languages import language_of
from services.auth.handlers.languages import choose_language, suggest_language
from services.auth.handlers.messages import (
    NOTICES,
    TOLD_TO_FORMER,
    message_not_sent,
    message_reported,
    message_sent,
    when_client_concerned,
)
from services.auth.service import Service
from tests.golden.examples import example
from tests.unit.auth.builders import CLIENT, TOKEN, login, message
from tests.unit.auth.fakes import (
    NOON,
    FakeIds,
    FakeLanguages,
    FakeLogins,
    FakeMessages,
    Published,
    minutes,
)

LONGEST_SMS = 3 * 67
"""Three parts of a Cyrillic SMS."""
A_MINUTE = minutes(1)
every_language = pytest.mark.parametrize("language", LANGUAGES)
every_template = pytest.mark.parametrize("template", TEMPLATES)


def blanks(text: str) -> list[str]:
    """The names in braces, in the order of the alphabet."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@every_language
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_code_s_message_says_what_for_and_how_long(
    purpose: str, language: Language
) -> None:
    text = code_text(
        purpose,  # type: ignore[arg-type] # one of PURPOSES
        language=language,
        site="creditplus.kz",
        code="012345",
        lifetime=timedelta(minutes=5),
    )

    assert "012345" in text
    assert "5 м" in text or "5 min" in text
    assert text.startswith("creditplus.kz: ")
    assert len(text) <= LONGEST_SMS


@pytest.mark.seeded("auth_a_translation_lost_its_code")
@every_template
def test_every_language_has_the_same_blanks_and_only_those_that_are_filled(
    template: Template,
) -> None:
    """No sum, no name, no number: none of them has a blank."""
    wording = WORDINGS[template]
    found = {language: blanks(wording.in_language(language)) for language in LANGUAGES}
    expected = (
        ["code", "minutes", "site"] if template.startswith("code_") else found["ru"]
    )

    assert found == dict.fromkeys(LANGUAGES, expected)
    assert set(expected) <= {"code", "minutes", "site", "moment"}
    assert len({wording.kk, wording.ru, wording.en}) == len(LANGUAGES)


@every_template
def test_a_kazakh_text_is_kazakh_and_an_english_one_has_no_cyrillic(
    template: Template,
) -> None:
    wording = WORDINGS[template]

    assert set("әғқңөұүһі") & set(wording.kk.casefold())
    assert wording.en.isascii()
    assert not set("әғқңөұүһі") & set(wording.ru.casefold())


@every_language
@every_template
def test_a_notice_fits_into_three_parts(template: Template, language: Language) -> None:
    if template.startswith("code_"):
        return
    text = notice_text(template, language=language, site="creditplus.kz", at=NOON)

    assert len(text) <= LONGEST_SMS


def test_the_hour_in_a_notice_is_almaty_s() -> None:
    at = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    text = notice_text("login_notice", language="ru", site="s", at=at)

    assert "23.11.2026 01:30" in text


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "ru"), ("kk-KZ", "kk"), ("de,*;q=0.1", "ru"), ("en-US,ru;q=0.8", "en")],
)
def test_messages_are_russian_where_no_language_of_ours_is_liked(
    header: str, language: str
) -> None:
    assert language_of(header, otherwise=DEFAULT) == language


def test_a_stranger_does_not_choose_a_client_s_language() -> None:
    """Typing a client's number into a registration changes nothing for the client."""
    languages, logins = FakeLanguages(), FakeLogins()
    suggest_language(TOKEN, "kk", now=NOON, logins=logins, languages=languages)
    logins.add(login())
    suggest_language(TOKEN, "en", now=NOON, logins=logins, languages=languages)
    assert languages.of(TOKEN) == "kk"
    choose_language(CLIENT, "en", now=NOON, logins=logins, languages=languages)
    assert languages.of(TOKEN) == "en"


def test_waiting_grows_to_five_minutes_and_no_further() -> None:
    waits = [int(retry_after(n).total_seconds()) for n in (1, 2, 3, 8, 9, 10_000)]

    assert waits == [2, 4, 8, 256, 300, 300]


def test_questions_about_a_report_grow_rarer() -> None:
    asked = [int(ask_after(n).total_seconds()) for n in (0, 1, 2, 8, 9, 10_000)]

    assert asked == [10, 20, 40, 2560, 3600, 3600]


def test_a_message_is_told_of_once_with_its_words_version() -> None:
    messages, published = FakeMessages(), Published()
    messages.queue(message())
    for _ in range(2):
        message_sent(message(), now=NOON, messages=messages, publish=published)
    (event,) = published.events

    assert event.to_data() == {
        "message_id": str(message().message_id),
        "client_id": str(CLIENT),
        "template": "login_notice",
        "template_version": 1,
        "language": "ru",
    }


class Outgoing:
    def __init__(self) -> None:
        self.messages, self.published = FakeMessages(), Published()
        self.messages.queue(message())
        self.message = message()

    def fail(self, attempts: int) -> str | None:
        (due,) = self.messages.take_due(now=NOON + minutes(60), until=NOON)
        return message_not_sent(
            replace(due, attempts=attempts),
            now=NOON,
            messages=self.messages,
            publish=self.published,
        )

    def report(self, report: str | None, *, after: timedelta = A_MINUTE) -> None:
        told = Told(
            message_id=self.message.message_id,
            client_id=CLIENT,
            template="login_notice",
            sent_at=NOON,
            asked=1,
        )
        message_reported(
            told,
            report,  # type: ignore[arg-type] # a report or None
            now=NOON + after,
            messages=self.messages,
            publish=self.published,
        )


def test_a_message_that_was_not_taken_waits_its_turn() -> None:
    outgoing = Outgoing()
    assert outgoing.fail(1) is None

    assert outgoing.messages.take_due(now=NOON + minutes(0.02), until=NOON) == []
    assert len(outgoing.messages.take_due(now=NOON + minutes(0.04), until=NOON)) == 1
    assert outgoing.published.types == []


@pytest.mark.seeded("auth_messages_are_tried_for_ever")
def test_retries_end_and_the_end_is_told() -> None:
    outgoing = Outgoing()
    assert outgoing.fail(MOST_SENDINGS) == "given_up"

    assert outgoing.messages.waiting == {}
    (failed,) = outgoing.published.events
    assert failed.to_data()["reason"] == "given_up"


def test_what_the_operator_says_is_recorded_once() -> None:
    outgoing = Outgoing()
    for report in ("accepted", None, "delivered", "delivered", "undelivered"):
        outgoing.report(report)

    assert outgoing.published.types == ["MessageDelivered"]


@pytest.mark.seeded("auth_undelivered_is_no_matter")
def test_an_undelivered_message_has_failed() -> None:
    outgoing = Outgoing()
    outgoing.report("undelivered")

    (failed,) = outgoing.published.events
    assert failed.to_data()["reason"] == "undelivered"


def test_an_operator_who_says_nothing_is_asked_for_a_day() -> None:
    outgoing = Outgoing()
    message_sent(
        outgoing.message,
        now=NOON,
        messages=outgoing.messages,
        publish=outgoing.published,
    )
    message_id = outgoing.message.message_id
    outgoing.report(None)
    assert outgoing.messages.ask_at[message_id] == NOON + minutes(1) + ask_after(1)
    outgoing.report("accepted", after=REPORTED_WITHIN)
    assert outgoing.messages.ask_at[message_id] is None


def concerned(
    event: Event,
    *,
    logins: FakeLogins,
    languages: FakeLanguages | None = None,
    age: timedelta = A_MINUTE,
) -> FakeMessages:
    messages = FakeMessages()
    when_client_concerned(
        event,
        happened_at=NOON - age,
        site="creditplus.kz",
        now=NOON,
        former_since=NOON - timedelta(days=30),
        ids=FakeIds(),
        logins=logins,
        languages=languages or FakeLanguages(),
        messages=messages,
    )
    return messages


def told_example(event: type[Event]) -> Event:
    """Of refused applications, one the client is told of."""
    if event is ApplicationRefused:
        return example(event).model_copy(update={"code": "not_established"})
    return example(event)


@pytest.mark.parametrize("event", NOTICES, ids=lambda event: event.__name__)
def test_every_fact_of_the_table_is_told_in_the_client_s_language(
    event: type[Event],
) -> None:
    """And to nobody while the client's login is not here."""
    fact = told_example(event)
    known = replace(login(), client_id=UUID(str(fact.to_data()["client_id"])))
    logins = FakeLogins([known])
    languages = FakeLanguages({TOKEN: "kk"})
    (queued,) = concerned(fact, logins=logins, languages=languages).waiting.values()

    assert (queued.language, queued.phone) == ("kk", known.phone)
    assert set("әғқңөұүһі") & set(queued.text)
    with pytest.raises(Transient):
        concerned(fact, logins=FakeLogins())


def test_who_is_only_registering_is_written_nothing_and_nothing_waits() -> None:
    """They have no login yet: the registration itself says that it waits."""
    fact = example(OperationSuspended).model_copy(
        update={"operation": f"activation:{UUID(int=1)}"}
    )
    assert concerned(fact, logins=FakeLogins()).waiting == {}


def test_a_notice_to_a_body_is_no_news_for_a_client() -> None:
    fact = example(NoticeApproved).model_copy(update={"client_id": None})
    assert concerned(fact, logins=FakeLogins()).waiting == {}


@pytest.mark.parametrize(
    ("event", "words", "told"),
    [
        (ContractAnnulled, {"reason": "offer_expired"}, ["offer_expired"]),
        (ContractAnnulled, {"reason": "identity_changed"}, ["offer_outdated"]),
        (ContractAnnulled, {"reason": "client_refused"}, ["contract_annulled"]),
        (
            ApplicationRefused,
            {"code": "not_established"},
            ["application_not_established"],
        ),
        (ApplicationRefused, {"code": "stop_credit"}, []),
    ],
)
def test_an_end_is_told_in_its_own_words(
    event: type[Event], words: dict[str, str], told: list[str]
) -> None:
    """What the client sees decided at once is not told a second time."""
    fact = example(event).model_copy(update=words)
    known = replace(login(), client_id=UUID(str(fact.to_data()["client_id"])))
    queued = concerned(fact, logins=FakeLogins([known])).waiting.values()
    assert [message.template for message in queued] == told


@pytest.mark.clause("7.3")
@pytest.mark.seeded("auth_notice_loses_its_id")
def test_a_notice_of_an_incident_is_the_message_of_its_id() -> None:
    """So that audit knows of which incident the client was told."""
    fact = example(NoticeApproved)
    assert isinstance(fact, NoticeApproved)
    assert fact.client_id is not None
    known = replace(login(), client_id=fact.client_id)
    queued = concerned(fact, logins=FakeLogins([known])).waiting.values()
    assert [message.message_id for message in queued] == [fact.notice_id]


@pytest.mark.seeded("auth_old_news_are_told")
def test_old_news_are_told_to_nobody() -> None:
    """A publisher may send its events of months again."""
    fact = example(ContractSigned)
    known = replace(login(), client_id=UUID(str(fact.to_data()["client_id"])))
    logins = FakeLogins([known])
    (queued,) = concerned(fact, logins=logins).waiting.values()
    old = concerned(fact, logins=logins, age=NOTICE_LIFETIME)

    assert queued.expires_at == NOON - A_MINUTE + NOTICE_LIFETIME
    assert "23.11.2026 11:59" in queued.text
    assert old.waiting == {}


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_former_number_hears_nothing")
@pytest.mark.parametrize("event", TOLD_TO_FORMER, ids=lambda event: event.__name__)
@pytest.mark.parametrize(("days", "told"), [(0, 2), (29, 2), (30, 1)])
def test_news_of_accounts_go_to_the_number_left_lately_too(
    event: type[Event], days: int, told: int
) -> None:
    """Who took the number and the cabinet is not the only one to hear of it."""
    fact = example(event)
    known = replace(login(), client_id=UUID(str(fact.to_data()["client_id"])))
    logins = FakeLogins([known])
    new, moved_at = Phone("+77029876543"), NOON - timedelta(days=days)
    logins.move(known, new, "k1.new", now=moved_at)
    queued = concerned(fact, logins=logins).waiting.values()

    assert {message.phone for message in queued} == {new, known.phone} - (
        set() if told > 1 else {known.phone}
    )
    assert len(queued) == told


def test_other_news_go_to_the_number_in_force_alone() -> None:
    fact = example(ContractSigned)
    known = replace(login(), client_id=UUID(str(fact.to_data()["client_id"])))
    logins = FakeLogins([known])
    logins.move(known, Phone("+77029876543"), "k1.new", now=NOON)

    assert len(concerned(fact, logins=logins).waiting) == 1


def test_a_proof_lost_by_the_client_s_own_change_is_not_told_twice() -> None:
    fact = example(AccountOwnershipLost).model_copy(update={"code": "account_changed"})
    known = replace(login(), client_id=UUID(str(fact.to_data()["client_id"])))

    assert concerned(fact, logins=FakeLogins([known])).waiting == {}


def test_the_service_listens_to_every_fact_of_the_table() -> None:
    for event in NOTICES:
        _, name, _ = event.TYPE.split(".")
        assert hasattr(Service, f"when_{name}"), event.TYPE


@pytest.mark.parametrize(
    ("confirm", "template"), [(True, "payout_due_confirm"), (False, "payout_due")]
)
def test_the_end_of_the_hold_asks_where_a_confirmation_is_due(
    template: str, *, confirm: bool
) -> None:
    event = PayoutDue(
        payout_id=UUID(int=1),
        contract_id=UUID(int=2),
        client_id=CLIENT,
        confirmation_required=confirm,
    )
    (queued,) = concerned(event, logins=FakeLogins([login()])).waiting.values()

    assert queued.template == template


@pytest.mark.parametrize("awaits", ["consent", "release"])
def test_a_client_is_reminded_of_the_answer_that_is_awaited(
    awaits: Literal["consent", "release"],
) -> None:
    event = AnswerAwaited(
        contract_id=UUID(int=2),
        client_id=CLIENT,
        awaits=awaits,
        until=datetime(2026, 11, 22, tzinfo=UTC),
    )
    (queued,) = concerned(event, logins=FakeLogins([login()])).waiting.values()

    assert queued.template == f"{awaits}_awaited"
