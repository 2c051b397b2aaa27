"""Inquiries (обращения): what clients write to the lender, and what the staff answer.

::

    waiting → answered → waiting …   (the client writes on)
       └──────────┴→ closed          (the staff, when nothing is left to say)

Each letter of the client's that begins a turn has an answer limit in working days (law
on microfinance activity, art. 17), which the staff may put off once.  Files are not
taken: a letter is words.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.letters import fit_letter, letters_too_often
from kernel.policy import Policy
from kernel.values import refuse_unfit_reason

COUNTED_OVER: Final = timedelta(hours=24)
"""Over which a client's letters are counted."""


class InquiryState(StrEnum):
    """Whose turn it is."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


class About(StrEnum):
    """What an inquiry is about."""

    APPLICATION = "application"
    CONTRACT = "contract"
    OTHER = "other"


class Writer(StrEnum):
    """Who wrote a letter; which member of the staff, only the log knows."""

    CLIENT = "client"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the client writes about: one of their own things, or none of them."""

    about: About
    id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One correspondence with one client.

    ``answer_by`` is the last day of the turn at hand, a day of Almaty.
    """

    id: UUID
    client_id: UUID
    subject: Subject
    opened_at: datetime
    written_at: datetime
    """When the last letter was written."""
    answer_by: date
    state: InquiryState = InquiryState.WAITING
    extended: bool = False

    def is_overdue(self, at: datetime) -> bool:
        """Whether the client waits longer than the law allows."""
        return self.state is InquiryState.WAITING and almaty_date(at) > self.answer_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one of the two sides wrote; it is only added.

    ``staff_id`` is the member of the staff, None for a letter of the client's.
    """

    id: UUID
    inquiry_id: UUID
    text: str
    written_at: datetime
    staff_id: UUID | None

    @property
    def writer(self) -> Writer:
        return Writer.CLIENT if self.staff_id is None else Writer.STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryRules:
    """What the dated settings say of inquiries at an instant."""

    answer_working_days: int
    extension_working_days: int
    letters_a_day: int
    most_open: int
    most_letters: int
    most_characters: int
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            answer_working_days=policy.integer("inquiries.answer_wd", now),
            extension_working_days=policy.integer("inquiries.extension_wd", now),
            letters_a_day=policy.integer("inquiries.letters_a_day", now),
            most_open=policy.integer("inquiries.most_open", now),
            most_letters=policy.integer("inquiries.most_letters", now),
            most_characters=policy.integer("inquiries.most_characters", now),
            calendar=WorkingCalendar(
                overrides_of(policy.texts("calendar.overrides", now))
            ),
        )

    def answer_by(self, written_at: datetime) -> date:
        """The last working day on which an answer is in time."""
        return self.calendar.add_working_days(
            almaty_date(written_at), self.answer_working_days
        )

    def fit(self, text: str) -> str:
        """The letter as it is kept, in one form of Unicode.

        Refused: ``letter_unfit``, ``card_number_refused``.
        """
        return fit_letter(text, most=self.most_characters)


def open_inquiry(
    *,
    inquiry_id: UUID,
    client_id: UUID,
    subject: Subject,
    rules: InquiryRules,
    at: datetime,
) -> Inquiry:
    """A new inquiry; its answer is due by the law's limit."""
    return Inquiry(
        id=inquiry_id,
        client_id=client_id,
        subject=subject,
        opened_at=at,
        answer_by=rules.answer_by(at),
        written_at=at,
    )


def write_on(inquiry: Inquiry, *, rules: InquiryRules, at: datetime) -> Inquiry:
    """The client writes again: while an answer is awaited, the limit stays as it is.

    Refused ``inquiry_closed``.
    """
    _refuse_closed(inquiry)
    if inquiry.state is InquiryState.WAITING:
        return replace(inquiry, written_at=at)
    return replace(
        inquiry,
        state=InquiryState.WAITING,
        answer_by=rules.answer_by(at),
        extended=False,
        written_at=at,
    )


def answer(inquiry: Inquiry, *, at: datetime) -> Inquiry:
    """The staff answer, the first time or once more.  Refused ``inquiry_closed``."""
    _refuse_closed(inquiry)
    return replace(inquiry, state=InquiryState.ANSWERED, written_at=at)


def extend(inquiry: Inquiry, *, reason: str, rules: InquiryRules) -> Inquiry:
    """Put the limit off, once in a turn, for a reason that the log keeps.

    Refused: ``inquiry_closed``, ``inquiry_answered``, ``inquiry_extended``,
    ``reason_unfit``.
    """
    refuse_unfit_reason(reason)
    _refuse_closed(inquiry)
    if inquiry.state is InquiryState.ANSWERED:
        raise Refused(
            "inquiry_answered",
            "The inquiry is answered; nothing is due.",
            next_step="Close it, or wait for the client.",
        )
    if inquiry.extended:
        raise Refused(
            "inquiry_extended",
            "The limit was put off once already.",
            next_step="Answer the client.",
        )
    later = rules.calendar.add_working_days(
        inquiry.answer_by, rules.extension_working_days
    )
    return replace(inquiry, answer_by=later, extended=True)


def close(inquiry: Inquiry) -> Inquiry:
    """Nothing is left to say.  Refused: ``inquiry_waiting``, ``inquiry_closed``."""
    _refuse_closed(inquiry)
    if inquiry.state is InquiryState.WAITING:
        raise Refused(
            "inquiry_waiting",
            "The client waits for an answer.",
            next_step="Answer first, then close.",
        )
    return replace(inquiry, state=InquiryState.CLOSED)


def refuse_too_often(*, today: int, rules: InquiryRules) -> None:
    """Refused ``letters_too_often``: so many letters within 24 hours and no more."""
    if today >= rules.letters_a_day:
        raise letters_too_often()


def refuse_too_many_open(*, open_now: int, rules: InquiryRules) -> None:
    """Refused ``inquiries_full``: who has so many open goes on with one of them."""
    if open_now >= rules.most_open:
        raise Refused(
            "inquiries_full",
            "So many inquiries of yours are open already.",
            next_step="Go on with one of them.",
        )


def refuse_too_long(*, letters: int, rules: InquiryRules) -> None:
    """Refused ``inquiry_full``: a correspondence has an end."""
    if letters >= rules.most_letters:
        raise Refused(
            "inquiry_full",
            "This correspondence is full.",
            next_step="Open another one.",
        )


def subject_not_found() -> Refused:
    """The application or contract is not the client's own, or is none."""
    return Refused(
        "not_found",
        "You have no such application or contract.",
        next_step="Look at your contracts in the cabinet.",
    )


def inquiry_not_found() -> Refused:
    """No such inquiry, or somebody else's."""
    return Refused(
        "not_found",
        "There is no such inquiry.",
        next_step="Look at the list of inquiries.",
    )


def _refuse_closed(inquiry: Inquiry) -> None:
    if inquiry.state is InquiryState.CLOSED:
        raise Refused(
            "inquiry_closed",
            "The correspondence is closed.",
            next_step="Open another one.",
        )
