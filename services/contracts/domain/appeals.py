"""Appeals (обращения): what clients write to the lender, and what the staff answer.

::

    waiting → answered → waiting …   (the client writes on)
       └──────────┴→ closed          (the staff, when nothing is left to say)

Each letter of the client's that begins a turn has an answer limit in working days (law
on microfinance activity, art. 17), which the staff may put off once.  Files are not
taken: a letter is words.
"""

import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.cards import card_number_refused, holds_card_number
from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.policy import Policy
from kernel.values import refuse_unfit_reason

COUNTED_OVER: Final = timedelta(hours=24)
"""Over which a client's letters are counted."""
_LINE_ENDS: Final = "\n\t"


class AppealState(StrEnum):
    """Whose turn it is."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


class About(StrEnum):
    """What an appeal is about."""

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
class Appeal:
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
    state: AppealState = AppealState.WAITING
    extended: bool = False

    def is_overdue(self, at: datetime) -> bool:
        """Whether the client waits longer than the law allows."""
        return self.state is AppealState.WAITING and almaty_date(at) > self.answer_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one of the two sides wrote; it is only added.

    ``staff_id`` is the member of the staff, None for a letter of the client's.
    """

    id: UUID
    appeal_id: UUID
    text: str
    written_at: datetime
    staff_id: UUID | None

    @property
    def writer(self) -> Writer:
        return Writer.CLIENT if self.staff_id is None else Writer.STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRules:
    """What the dated settings say of appeals at an instant."""

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
            answer_working_days=policy.integer("appeals.answer_wd", now),
            extension_working_days=policy.integer("appeals.extension_wd", now),
            letters_a_day=policy.integer("appeals.letters_a_day", now),
            most_open=policy.integer("appeals.most_open", now),
            most_letters=policy.integer("appeals.most_letters", now),
            most_characters=policy.integer("appeals.most_characters", now),
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
        letter = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
        if not 0 < len(letter) <= self.most_characters or any(
            unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")
            and char not in _LINE_ENDS
            for char in letter
        ):
            raise letter_unfit(self.most_characters)
        if holds_card_number(letter):
            raise card_number_refused()
        return letter


def open_appeal(
    *,
    appeal_id: UUID,
    client_id: UUID,
    subject: Subject,
    rules: AppealRules,
    at: datetime,
) -> Appeal:
    """A new appeal; its answer is due by the law's limit."""
    return Appeal(
        id=appeal_id,
        client_id=client_id,
        subject=subject,
        opened_at=at,
        answer_by=rules.answer_by(at),
        written_at=at,
    )


def write_on(appeal: Appeal, *, rules: AppealRules, at: datetime) -> Appeal:
    """The client writes again: while an answer is awaited, the limit stays as it is.

    Refused ``appeal_closed``.
    """
    _refuse_closed(appeal)
    if appeal.state is AppealState.WAITING:
        return replace(appeal, written_at=at)
    return replace(
        appeal,
        state=AppealState.WAITING,
        answer_by=rules.answer_by(at),
        extended=False,
        written_at=at,
    )


def answer(appeal: Appeal, *, at: datetime) -> Appeal:
    """The staff answer, the first time or once more.  Refused ``appeal_closed``."""
    _refuse_closed(appeal)
    return replace(appeal, state=AppealState.ANSWERED, written_at=at)


def extend(appeal: Appeal, *, reason: str, rules: AppealRules) -> Appeal:
    """Put the limit off, once in a turn, for a reason that the log keeps.

    Refused: ``appeal_closed``, ``appeal_answered``, ``appeal_extended``,
    ``reason_unfit``.
    """
    refuse_unfit_reason(reason)
    _refuse_closed(appeal)
    if appeal.state is AppealState.ANSWERED:
        raise Refused(
            "appeal_answered",
            "The appeal is answered; nothing is due.",
            next_step="Close it, or wait for the client.",
        )
    if appeal.extended:
        raise Refused(
            "appeal_extended",
            "The limit was put off once already.",
            next_step="Answer the client.",
        )
    later = rules.calendar.add_working_days(
        appeal.answer_by, rules.extension_working_days
    )
    return replace(appeal, answer_by=later, extended=True)


def close(appeal: Appeal) -> Appeal:
    """Nothing is left to say.  Refused: ``appeal_waiting``, ``appeal_closed``."""
    _refuse_closed(appeal)
    if appeal.state is AppealState.WAITING:
        raise Refused(
            "appeal_waiting",
            "The client waits for an answer.",
            next_step="Answer first, then close.",
        )
    return replace(appeal, state=AppealState.CLOSED)


def refuse_too_often(*, today: int, rules: AppealRules) -> None:
    """Refused ``letters_too_often``: so many letters within 24 hours and no more."""
    if today >= rules.letters_a_day:
        raise Refused(
            "letters_too_often",
            "You have written very often today.",
            next_step="Go on tomorrow, or come to an office.",
        )


def refuse_too_many_open(*, open_now: int, rules: AppealRules) -> None:
    """Refused ``appeals_full``: who has so many open goes on with one of them."""
    if open_now >= rules.most_open:
        raise Refused(
            "appeals_full",
            "So many appeals of yours are open already.",
            next_step="Go on with one of them.",
        )


def refuse_too_long(*, letters: int, rules: AppealRules) -> None:
    """Refused ``appeal_full``: a correspondence has an end."""
    if letters >= rules.most_letters:
        raise Refused(
            "appeal_full",
            "This correspondence is full.",
            next_step="Open another one.",
        )


def letter_unfit(most: int) -> Refused:
    """No words, too many, or signs nobody can read."""
    return Refused(
        "letter_unfit",
        f"A letter has 1 to {most} readable characters.",
        next_step="Shorten it, or remove what is not text.",
    )


def subject_not_found() -> Refused:
    """The application or contract is not the client's own, or is none."""
    return Refused(
        "not_found",
        "You have no such application or contract.",
        next_step="Look at your contracts in the cabinet.",
    )


def appeal_not_found() -> Refused:
    """No such appeal, or somebody else's."""
    return Refused(
        "not_found",
        "There is no such appeal.",
        next_step="Look at the list of appeals.",
    )


def _refuse_closed(appeal: Appeal) -> None:
    if appeal.state is AppealState.CLOSED:
        raise Refused(
            "appeal_closed",
            "The correspondence is closed.",
            next_step="Open another one.",
        )
