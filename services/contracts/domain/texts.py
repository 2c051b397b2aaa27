"""The words a client signs or agrees to: deterministic, versioned, hashed.

The same contract always gives the same bytes.  A changed wording is a new version
beside the old one, because what was signed must stay explainable.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from kernel.crypto import sha256_hex
from kernel.errors import Broken
from kernel.money import Money

MEDIA_TYPE: Final = "text/plain; charset=utf-8"
INSTALMENT_DAYS: Final = 30
"""A payment falls due every thirty days from the payout, the last one at the end."""

StatementKind = Literal["consent", "release"]


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
class Instalment:
    """One payment of the schedule."""

    day: int
    """Days from the payout."""
    amount: Money


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


def schedule_of(amount: Money, term_days: int) -> tuple[Instalment, ...]:
    """Equal payments that sum exactly to the amount; the last one takes the rest.

    A payment is never less than one tiyn, so a tiny amount has fewer payments.
    """
    count = min(-(-term_days // INSTALMENT_DAYS), amount.amount_minor)
    part = amount.amount_minor // count
    rest = amount.amount_minor - part * (count - 1)
    first = tuple(
        Instalment(day=INSTALMENT_DAYS * place, amount=Money(part, amount.currency))
        for place in range(1, count)
    )
    last = Instalment(day=term_days, amount=Money(rest, amount.currency))
    return (*first, last)


def contract_document(
    terms: Terms, borrower: Borrower, *, account: str | None
) -> bytes:
    """The contract's text in UTF-8: what is shown, hashed, signed and stored (5.1).

    `account` is where the money goes, as onboarding names it in full: the ceremony over
    this document covers it (4.10).  Without it the document is of the first edition.
    """
    schedule = schedule_of(terms.amount, terms.term_days)
    if sum(part.amount.amount_minor for part in schedule) != terms.amount.amount_minor:
        raise Broken("The schedule does not sum to the amount")
    name = " ".join(
        part
        for part in (borrower.surname, borrower.given_name, borrower.patronymic)
        if part
    )
    kind = _DOCUMENT_KINDS.get(borrower.document_kind, borrower.document_kind)
    edition = _FIRST if account is None else _NAMING
    return _CONTRACT.format(
        edition=edition,
        payout=_PAYOUT[edition].format(account=account),
        number=terms.number,
        contract_on=f"{terms.contract_on:%d.%m.%Y}",
        name=name,
        iin=borrower.iin,
        identity=f"{kind} № {borrower.document_number}",
        amount=terms.amount,
        term_days=terms.term_days,
        schedule="\n".join(
            f"{place:>3}. день {part.day} от даты выдачи: {part.amount}"
            for place, part in enumerate(schedule, start=1)
        ),
    ).encode()


def names_account(document: bytes) -> bool:
    """Whether the document's clause 2.3 names the account; first editions did not."""
    return _TO_THE_ACCOUNT.encode() in document


def consent_text(terms: Terms) -> StatementText:
    """The additional consent (дополнительное согласие) to this very contract."""
    return _statement("consent", "consent-1", _CONSENT_V1, terms)


def release_text(terms: Terms) -> StatementText:
    """The release confirmation (повторное подтверждение) of this very contract."""
    return _statement("release", "release-1", _RELEASE_V1, terms)


def _statement(
    kind: StatementKind, version: str, template: str, terms: Terms
) -> StatementText:
    text = template.format(
        number=terms.number,
        contract_on=f"{terms.contract_on:%d.%m.%Y}",
        amount=terms.amount,
    )
    return StatementText(kind=kind, version=version, text=text)


_DOCUMENT_KINDS: Final = {
    "id_card": "удостоверение личности",
    "passport": "паспорт",
    "residence_permit": "вид на жительство",
    "stateless_certificate": "удостоверение лица без гражданства",
}

_FIRST: Final = "contract-1"
_NAMING: Final = "contract-2"
_TO_THE_ACCOUNT: Final = """\
банковский счёт (платёжную карту), если подтверждена принадлежность Заёмщику:
"""
_PAYOUT: Final = {
    _FIRST: """\
банковский счёт, принадлежность которого Заёмщику подтверждена.""",
    _NAMING: _TO_THE_ACCOUNT + "{account}.",
}
"""Where clause 2.3 sends the money; the second edition names the account."""

_CONTRACT: Final = """\
МИКРОКРЕДИТ БЕРУ ТУРАЛЫ ШАРТ
ДОГОВОР О ПРЕДОСТАВЛЕНИИ МИКРОКРЕДИТА
№ {number}
Дата договора: {contract_on}
Редакция текста: {edition}

1. Стороны
Займодатель: ТОО «МФО Kredit Seven Kazakhstan», creditplus.kz.
Заёмщик: {name}, ИИН {iin}, {identity}.

2. Предмет договора
2.1. Займодатель предоставляет Заёмщику микрокредит в сумме {amount}.
2.2. Срок микрокредита: {term_days} дн. с даты выдачи.
2.3. Микрокредит предоставляется переводом с банковского счёта Займодателя на
{payout}
2.4. Вознаграждение, комиссии и иные платежи за пользование микрокредитом договором
не установлены.

3. График погашения
{schedule}
Итого: {amount}

4. Выдача и отказ
4.1. Микрокредит выдаётся не ранее чем через 24 часа после заключения договора и
получения дополнительного согласия Заёмщика, а в случаях, предусмотренных
законодательством, также после повторного подтверждения по истечении этого срока.
4.2. До отправки денег Заёмщик вправе отказаться от микрокредита. Договор при этом
аннулируется без выплат, комиссий и неустойки.

5. Заключение договора
5.1. Договор заключается в электронной форме: биометрической идентификацией через
ЦОИД и электронной цифровой подписью Заёмщика под этим документом.
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
