"""Inquiries: whose turn it is, by when, and what a letter may hold."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from kernel.errors import Refused
from services.contracts.domain import inquiries
from services.contracts.domain.inquiries import (
    About,
    Inquiry,
    InquiryRules,
    InquiryState,
    Subject,
)
from tests.unit.contracts.builders import CLIENT, CONTRACT, POLICY

NOON = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
RULES = InquiryRules.at(POLICY, NOON)
DUE = date(2026, 11, 23)
"""Fifteen working days after Monday, 2 November."""


def opened() -> Inquiry:
    return inquiries.open_inquiry(
        inquiry_id=UUID(int=1),
        client_id=CLIENT,
        subject=Subject(about=About.CONTRACT, id=CONTRACT),
        rules=RULES,
        at=NOON,
    )


def code_of(act: object, *given: object, **named: object) -> str:
    assert callable(act)
    with pytest.raises(Refused) as refused:
        act(*given, **named)
    return refused.value.code


def test_the_limit_is_counted_in_working_days() -> None:
    """Overdue from the first instant of the day after, in Almaty."""
    inquiry = opened()
    assert (inquiry.answer_by, inquiry.state) == (DUE, InquiryState.WAITING)
    midnight = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    assert not inquiry.is_overdue(midnight - timedelta(microseconds=1))
    assert inquiry.is_overdue(midnight)
    assert not inquiries.answer(inquiry, at=NOON).is_overdue(midnight)


def test_writing_on_while_waiting_does_not_put_the_limit_off() -> None:
    """Only a letter after an answer begins a new turn."""
    later = NOON + timedelta(days=7)
    assert inquiries.write_on(opened(), rules=RULES, at=later).answer_by == DUE
    answered = inquiries.answer(opened(), at=NOON)
    again = inquiries.write_on(replace(answered, extended=True), rules=RULES, at=later)
    assert (again.state, again.extended) == (InquiryState.WAITING, False)
    assert again.answer_by > DUE


def test_the_limit_is_put_off_once() -> None:
    extended = inquiries.extend(opened(), reason="the bank was asked", rules=RULES)
    assert extended.answer_by == date(2026, 12, 14)
    again = inquiries.extend, extended
    assert code_of(*again, reason="and again", rules=RULES) == "inquiry_extended"
    answered = inquiries.answer(extended, at=NOON)
    assert code_of(inquiries.extend, answered, reason="too late", rules=RULES) == (
        "inquiry_answered"
    )
    unfit = code_of(inquiries.extend, opened(), reason="Иванов Иван", rules=RULES)
    assert unfit == "reason_unfit"


def test_only_what_is_answered_is_closed_and_then_for_good() -> None:
    assert code_of(inquiries.close, opened()) == "inquiry_waiting"
    closed = inquiries.close(inquiries.answer(opened(), at=NOON))
    for act in (
        lambda: inquiries.close(closed),
        lambda: inquiries.answer(closed, at=NOON),
        lambda: inquiries.write_on(closed, rules=RULES, at=NOON),
        lambda: inquiries.extend(closed, reason="one more day", rules=RULES),
    ):
        assert code_of(act) == "inquiry_closed"


def test_a_letter_is_readable_words_in_one_form() -> None:
    assert RULES.fit("  И\u0306\r\nда\tнет ") == "Й\nда\tнет"
    assert len(RULES.fit("я" * RULES.most_characters)) == RULES.most_characters


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "letter_unfit"),
        (" \n ", "letter_unfit"),
        ("я" * (RULES.most_characters + 1), "letter_unfit"),
        ("да\x1b[2Jнет", "letter_unfit"),
        ("да\u202eнет", "letter_unfit"),
        ("карта 4111 1111 1111 1111", "card_number_refused"),
    ],
)
def test_what_is_no_letter_is_refused(text: str, code: str) -> None:
    """No control of a terminal, no turned direction, no card number."""
    assert code_of(RULES.fit, text) == code


@pytest.mark.parametrize(
    ("act", "code", "most"),
    [
        (
            lambda n: inquiries.refuse_too_often(today=n, rules=RULES),
            "letters_too_often",
            RULES.letters_a_day,
        ),
        (
            lambda n: inquiries.refuse_too_many_open(open_now=n, rules=RULES),
            "inquiries_full",
            RULES.most_open,
        ),
        (
            lambda n: inquiries.refuse_too_long(letters=n, rules=RULES),
            "inquiry_full",
            RULES.most_letters,
        ),
    ],
)
def test_every_count_has_an_end(act: object, code: str, most: int) -> None:
    """One below it is let through, and it is not."""
    assert callable(act)
    act(most - 1)
    assert code_of(act, most) == code
