"""Messages to clients' phones: how they are written, and how often they are tried."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from kernel.clock import ALMATY
from kernel.values import Phone
from services.auth.domain.codes import Purpose
from services.auth.domain.languages import Language
from services.auth.domain.templates import WORDINGS, Template

NOTICE_LIFETIME: Final = timedelta(days=3)
"""A notice older than this would only confuse; it is dropped."""

FIRST_RETRY: Final = timedelta(seconds=2)
LONGEST_RETRY: Final = timedelta(minutes=5)
MOST_SENDINGS: Final = 300
"""About a day of retries; then the message has failed, and somebody is told."""
_DOUBLINGS: Final = 8

FIRST_REPORT: Final = timedelta(seconds=10)
LONGEST_REPORT: Final = timedelta(hours=1)
REPORTED_WITHIN: Final = timedelta(days=1)
"""An operator that has not said by then what became of a message will not say."""

Report = Literal["accepted", "delivered", "undelivered"]
"""What the operator says of a message it has taken."""

Failure = Literal["expired", "given_up", "undelivered"]
"""Why a message did not reach its phone: too late, too often tried, or refused."""

_CODE_TEMPLATES: Final[dict[Purpose, Template]] = {
    "registration": "code_registration",
    "login": "code_login",
    "consent": "code_consent",
    "release": "code_release",
    "step_up": "code_step_up",
    "recovery": "code_recovery",
    "phone_change": "code_phone_change",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text on its way to a phone; after `expires_at` it is not sent any more."""

    message_id: UUID
    client_id: UUID | None
    template: Template
    version: int
    language: Language
    phone: Phone
    text: str
    queued_at: datetime
    expires_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message that has left, as far as it is still known: its text is forgotten."""

    message_id: UUID
    client_id: UUID | None
    template: Template
    sent_at: datetime
    asked: int = 0


def version_of(template: Template) -> int:
    """The version of the words in force."""
    return WORDINGS[template].version


def code_template(purpose: Purpose) -> Template:
    """The template that carries a code for `purpose`."""
    return _CODE_TEMPLATES[purpose]


def code_text(
    purpose: Purpose,
    *,
    language: Language,
    site: str,
    code: str,
    lifetime: timedelta,
) -> str:
    """The message with a code; it says what the code is for (ASVS 6.6.2)."""
    minutes = int(lifetime.total_seconds() // 60)
    text = WORDINGS[code_template(purpose)].in_language(language)
    return text.format(site=site, code=code, minutes=minutes)


def notice_text(
    template: Template, *, language: Language, site: str, at: datetime
) -> str:
    """A message without a code; the hour is Almaty's."""
    moment = at.astimezone(ALMATY).strftime("%d.%m.%Y %H:%M")
    text = WORDINGS[template].in_language(language)
    return text.format(site=site, moment=moment)


def retry_after(attempts: int) -> timedelta:
    """How long to wait after that many failed sendings: doubled, to five minutes."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, _DOUBLINGS)), LONGEST_RETRY)


def ask_after(asked: int) -> timedelta:
    """How long to wait for a report after that many questions: doubled, to an hour."""
    return min(FIRST_REPORT * (1 << min(asked, _DOUBLINGS + 1)), LONGEST_REPORT)
