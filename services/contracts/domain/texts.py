"""The words a client agrees to on a screen of their own: versioned, hashed.

A changed wording is a new version beside the old one, because what was agreed to must
stay explainable.  What is signed is printed: `document`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from kernel.crypto import sha256_hex
from kernel.money import Money

MEDIA_TYPE: Final = "text/plain; charset=utf-8"
"""Of contracts made before they were printed."""
StatementKind = Literal["consent", "release"]
Awaited = Literal["consent", "release", "amendment"]
"""What a client is reminded of: a statement, or the signature of an amendment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrower:
    """Who signs, as the identity document names them.  Personal data."""

    surname: str
    given_name: str
    patronymic: str | None
    iin: str
    document_kind: str
    document_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the parties agree on."""

    number: str
    contract_on: date
    amount: Money
    term_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementText:
    """A text shown on a screen of its own, never merged with signing."""

    kind: StatementKind
    version: str
    text: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the text in UTF-8, hexadecimal."""
        return sha256_hex(self.text.encode())


def contract_number(contract_id: UUID, on: date) -> str:
    """The date and the random end of the id: short to say; a unique index guards it."""
    return f"KSK-{on:%Y%m%d}-{contract_id.hex[-10:].upper()}"


def is_printed(document: bytes) -> bool:
    """Whether it is a PDF; the first two editions of the contract were plain text."""
    return document.startswith(b"%PDF-")


def names_account(document: bytes) -> bool:
    """Whether the document's clause 2.3 names the account; the first one's did not."""
    return is_printed(document) or _TO_THE_ACCOUNT.encode() in document


def consent_text(terms: Terms) -> StatementText:
    """The additional consent (дополнительное согласие) to this very contract."""
    return _statement("consent", "consent-1", _CONSENT_V1, terms)


def release_text(terms: Terms) -> StatementText:
    """The release confirmation (повторное подтверждение) of this very contract."""
    return _statement("release", "release-1", _RELEASE_V1, terms)


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def _statement(
    kind: StatementKind, version: str, template: str, terms: Terms
) -> StatementText:
    text = template.format(
        number=terms.number,
        contract_on=_day(terms.contract_on),
        amount=terms.amount,
    )
    return StatementText(kind=kind, version=version, text=text)


_TO_THE_ACCOUNT: Final = """\
банковский счёт (платёжную карту), если подтверждена принадлежность Заёмщику:
"""

_CONSENT_V1: Final = """\
Дополнительное согласие на получение микрокредита
Договор № {number} от {contract_on}, сумма {amount}.
Я согласен(на) получить микрокредит по этому договору. Мне известно, что деньги не
переводятся до окончания периода охлаждения, который начинается с этого согласия, и что
до перевода я могу отказаться без выплат, комиссий и неустойки.
"""

_RELEASE_V1: Final = """\
Повторное подтверждение выдачи микрокредита
Договор № {number} от {contract_on}, сумма {amount}.
Период охлаждения закончился. Я подтверждаю, что хочу получить микрокредит, и прошу
перевести деньги на мой банковский счёт.
"""
