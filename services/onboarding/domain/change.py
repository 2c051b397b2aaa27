"""A change (изменение) of a client's number, bank accounts or identity (clause 4.10).

::

    number:   draft → confirmed → checked → proved → applied
    account:                      checked → proved → applied
    identity:         confirmed → checked → applied
                                                 any but the last → refused

*Confirmed* is the number whose code came back, *checked* one the state knows as the
client's.  An identity is names and document: it begins *confirmed*, and is *checked*
when the state knows the person just so.  A change is applied by the ceremony over its
statement and by nothing else: both proofs, made for these very bytes, which name
client, purpose, old value and new.  *Proved* is a number or an account whose ceremony
is completed: it takes effect when antifraud lets it (clause 6.1g).
An account that is to be added may instead be named in a contract's document; then the
contract's ceremony covers it, and no second one is asked for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.values import Phone
from services.onboarding.domain.account import Destination
from services.onboarding.domain.person import Identity, Person
from services.onboarding.domain.refusal import Reason

LIFETIME: Final = timedelta(hours=1)
"""How long a change may be gone on with; its ceremony ends by its own clock."""

PER_DAY: Final = 5
"""Changes a client may begin within 24 hours: each sends a message or asks others."""


class ChangeKind(StrEnum):
    """What is changed."""

    PHONE = "phone"
    ACCOUNT = "account"
    IDENTITY = "identity"


class Act(StrEnum):
    """What is done; to a number or an identity only the second."""

    ADD = "add"
    REPLACE = "replace"
    SELECT = "select"
    REMOVE = "remove"


class ChangeState(StrEnum):
    """Where a change stands."""

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    CHECKED = "checked"
    PROVED = "proved"
    APPLIED = "applied"
    REFUSED = "refused"


OPEN: Final = (
    ChangeState.DRAFT,
    ChangeState.CONFIRMED,
    ChangeState.CHECKED,
    ChangeState.PROVED,
)

NEXT_STEP: Final = {
    ChangeState.DRAFT: "confirm_phone",
    ChangeState.CONFIRMED: "identify",
    ChangeState.CHECKED: "identify",
    ChangeState.PROVED: "wait",
    ChangeState.APPLIED: "none",
    ChangeState.REFUSED: "none",
}
"""What the client is to do next, as a word for the front door."""

OPERATIONS: Final = {
    ChangeKind.PHONE: "phone_change",
    ChangeKind.ACCOUNT: "account_change",
    ChangeKind.IDENTITY: "identity_change",
}
"""The kinds of operation a ceremony may be opened for, only here."""

JUDGED: Final = frozenset({ChangeKind.PHONE, ChangeKind.ACCOUNT})
"""What antifraud is asked about before it takes effect."""

SUPERSEDED: Final = "change_superseded"
DECLINED: Final = "change_refused"
EXPIRED: Final = "change_expired"


Value = Phone | Destination | Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: from which value to which, in clear and as keyed tokens.

    Nothing is old where an account is added, nothing is new where one is removed.
    Where another is selected, the old one is that which was selected before.
    """

    change_id: UUID
    client_id: UUID
    kind: ChangeKind
    act: Act = Act.REPLACE
    account_id: UUID | None = None
    """The account that is added, replaced, selected or removed."""
    state: ChangeState
    old: Value | None
    old_token: str | None
    value: Value | None
    value_token: str | None
    started_at: datetime
    expires_at: datetime
    challenge_id: UUID | None = None
    proved_by: UUID | None = None
    """The completed ceremony of a change that antifraud is asked about."""
    refused_code: str | None = None
    refused_reason: Reason | None = None
    """What the state knows otherwise: told to the staff, not to the client."""

    @property
    def operation(self) -> str:
        """What the ceremony of this change is for."""
        return f"{OPERATIONS[self.kind]}:{self.change_id}"

    @property
    def phone(self) -> Phone:
        """The new number; TypeError when it is no change of the number."""
        if not isinstance(self.value, Phone):
            raise TypeError("not a change of the number")
        return self.value

    @property
    def destination(self) -> Destination:
        """The account added, selected or put in place; TypeError when there is none."""
        if not isinstance(self.value, Destination):
            raise TypeError("not a change to an account")
        return self.value

    @property
    def identity(self) -> Identity:
        """The new names and document; TypeError when it is no change of them."""
        if not isinstance(self.value, Identity):
            raise TypeError("not a change of the identity")
        return self.value

    def refuse_unless(self, *states: ChangeState, at: datetime) -> None:
        """Refused unless it stands in one of `states` and has not run out."""
        if self.state is ChangeState.REFUSED:
            raise refused(self.refused_code)
        if self.state is not ChangeState.APPLIED and at >= self.expires_at:
            raise Refused(
                EXPIRED,
                "The change was not finished in time.",
                next_step="Begin the change again.",
            )
        if self.state not in states:
            raise wrong_step(self.state)

    def statement(self, person: Person, *, site: str) -> bytes:
        """The bytes the client signs; a pure function of the change."""
        names = person.names
        title, end = _WORDS[self.kind, self.act]
        lines = [
            title,
            "",
            f"Номер заявления: {self.change_id}",
            f"Дата заявления: {almaty_date(self.started_at):%d.%m.%Y}",
            f"Интернет-ресурс: {site}",
            f"Клиент: {self.client_id}",
            f"Фамилия: {names.surname}",
            f"Имя: {names.given_name}",
            f"Отчество: {names.patronymic or 'нет'}",
            f"ИИН: {person.iin.reveal()}",
            "",
            *(f"Прежнее значение: {was.reveal()}" for was in (self.old,) if was),
            *(f"Новое значение: {new.reveal()}" for new in (self.value,) if new),
            "",
            end,
            "Подписываю электронной цифровой подписью.",
        ]
        return ("\n".join(lines) + "\n").encode()


_WORDS: Final = {
    (ChangeKind.PHONE, Act.REPLACE): (
        "ЗАЯВЛЕНИЕ ОБ ИЗМЕНЕНИИ АБОНЕНТСКОГО НОМЕРА",
        "Логином для входа будет новый абонентский номер.",
    ),
    (ChangeKind.IDENTITY, Act.REPLACE): (
        "ЗАЯВЛЕНИЕ ОБ ИЗМЕНЕНИИ ДОКУМЕНТА, УДОСТОВЕРЯЮЩЕГО ЛИЧНОСТЬ",
        "Прошу внести новые сведения обо мне; ИИН остаётся прежним.",
    ),
    (ChangeKind.ACCOUNT, Act.ADD): (
        "ЗАЯВЛЕНИЕ О ДОБАВЛЕНИИ БАНКОВСКОГО СЧЁТА (ПЛАТЁЖНОЙ КАРТЫ)",
        "Прошу добавить этот счёт к моим счетам.",
    ),
    (ChangeKind.ACCOUNT, Act.REPLACE): (
        "ЗАЯВЛЕНИЕ ОБ ИЗМЕНЕНИИ БАНКОВСКОГО СЧЁТА (ИИК)",
        "Прошу переводить деньги на новый счёт.",
    ),
    (ChangeKind.ACCOUNT, Act.SELECT): (
        "ЗАЯВЛЕНИЕ О ВЫБОРЕ СЧЁТА ДЛЯ ПОЛУЧЕНИЯ ДЕНЕГ",
        "Прошу переводить деньги по новым договорам на выбранный счёт.",
    ),
    (ChangeKind.ACCOUNT, Act.REMOVE): (
        "ЗАЯВЛЕНИЕ ОБ УДАЛЕНИИ БАНКОВСКОГО СЧЁТА (ПЛАТЁЖНОЙ КАРТЫ)",
        "Прошу больше не переводить деньги на этот счёт.",
    ),
}
"""Title and wish of each statement."""


def unknown_change() -> Refused:
    """No such change, or not yours: one answer for both."""
    return Refused(
        "change_unknown",
        "There is no such change.",
        next_step="Begin the change again.",
    )


def unchanged() -> Refused:
    """The new value is the one there is."""
    return Refused(
        "change_without_difference",
        "This is the value there is already.",
        next_step="Give another one.",
    )


def too_often() -> Refused:
    """Enough changes were begun for a day."""
    return Refused(
        "change_too_often",
        "Too many changes were begun today.",
        next_step="Come back tomorrow.",
        seconds_left=int(timedelta(hours=1).total_seconds()),
    )


def wrong_step(state: ChangeState) -> Refused:
    """Another step is due, or a twin of this request was faster."""
    return Refused(
        "change_step_wrong",
        "Another step of the change is due.",
        next_step="Go on with the step named.",
        state=state.value,
        step=NEXT_STEP[state],
    )


def refused(code: str | None) -> Refused:
    """The change ended and the old value stays."""
    return Refused(
        code or DECLINED,
        "This change was refused; everything is as it was.",
        next_step="Begin the change again with a value that is your own.",
    )
