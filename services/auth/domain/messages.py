"""What we write to a client's phone, word for word (Russian, as clients read it).

No message names a sum, a name or a number: a phone may lie in another's hands.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from kernel.clock import ALMATY
from kernel.values import Phone
from services.auth.domain.codes import Purpose

Template = Literal[
    "code_registration",
    "code_login",
    "code_consent",
    "code_release",
    "login_notice",
    "password_notice",
    "payout_due_confirm",
    "payout_due",
    "payout_settled",
]

NOTICE_LIFETIME: Final = timedelta(days=3)
"""A notice older than this would only confuse; it is dropped."""

FIRST_RETRY: Final = timedelta(seconds=2)
LONGEST_RETRY: Final = timedelta(minutes=5)
_DOUBLINGS: Final = 8

_TEXTS: Final[dict[Template, str]] = {
    "code_registration": (
        "{site}: код подтверждения номера {code}. "
        "Действует {minutes} мин. Никому его не сообщайте."
    ),
    "code_login": (
        "{site}: код входа {code}. Действует {minutes} мин. Никому его не сообщайте."
    ),
    "code_consent": (
        "{site}: код согласия на выдачу микрокредита {code}. "
        "Действует {minutes} мин. Никому его не сообщайте."
    ),
    "code_release": (
        "{site}: код подтверждения выдачи микрокредита {code}. "
        "Действует {minutes} мин. Никому его не сообщайте."
    ),
    "login_notice": (
        "{site}: выполнен вход в личный кабинет {moment}. "
        "Если это были не вы, сразу сообщите нам."
    ),
    "password_notice": (
        "{site}: пароль личного кабинета установлен {moment}. "
        "Если это были не вы, сразу сообщите нам."
    ),
    "payout_due_confirm": (
        "{site}: период охлаждения завершён. Теперь вы можете подтвердить выдачу "
        "микрокредита в личном кабинете или отказаться от него."
    ),
    "payout_due": (
        "{site}: период охлаждения завершён. Микрокредит будет переведён на ваш счёт. "
        "До перевода от него можно отказаться в личном кабинете."
    ),
    "payout_settled": "{site}: микрокредит переведён на ваш счёт.",
}
_CODE_TEMPLATES: Final[dict[Purpose, Template]] = {
    "registration": "code_registration",
    "login": "code_login",
    "consent": "code_consent",
    "release": "code_release",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text on its way to a phone; after `expires_at` it is not sent any more."""

    message_id: UUID
    client_id: UUID | None
    template: Template
    phone: Phone
    text: str
    queued_at: datetime
    expires_at: datetime
    attempts: int = 0


def code_template(purpose: Purpose) -> Template:
    """The template that carries a code for `purpose`."""
    return _CODE_TEMPLATES[purpose]


def code_text(purpose: Purpose, *, site: str, code: str, lifetime: timedelta) -> str:
    """The message with a code; it says what the code is for (ASVS 6.6.2)."""
    minutes = int(lifetime.total_seconds() // 60)
    text = _TEXTS[code_template(purpose)]
    return text.format(site=site, code=code, minutes=minutes)


def notice_text(template: Template, *, site: str, at: datetime) -> str:
    """A message without a code; the hour is Almaty's."""
    moment = at.astimezone(ALMATY).strftime("%d.%m.%Y %H:%M")
    return _TEXTS[template].format(site=site, moment=moment)


def retry_after(attempts: int) -> timedelta:
    """How long to wait after that many failed sendings: doubled, to five minutes."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, _DOUBLINGS)), LONGEST_RETRY)
