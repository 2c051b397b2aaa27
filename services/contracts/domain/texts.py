"""The words a client signs or agrees to: deterministic, versioned, hashed.

The same contract always gives the same bytes.  A changed wording is a new version
beside the old one, because what was signed must stay explainable.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from kernel.crypto import sha256_hex
from kernel.money import Money
from services.contracts.domain.schedule import RepaymentMethod, Schedule

MEDIA_TYPE: Final = "text/plain; charset=utf-8"
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


def contract_document(terms: Terms, schedule: Schedule, borrower: Borrower) -> bytes:
    """The contract's text in UTF-8: what is shown, hashed, signed and stored (5.1)."""
    name = " ".join(
        part
        for part in (borrower.surname, borrower.given_name, borrower.patronymic)
        if part
    )
    kind = _DOCUMENT_KINDS.get(borrower.document_kind, borrower.document_kind)
    return _CONTRACT_V2.format(
        number=terms.number,
        contract_on=_day(terms.contract_on),
        name=name,
        iin=borrower.iin,
        identity=f"{kind} № {borrower.document_number}",
        amount=terms.amount,
        term_days=terms.term_days,
        annual_percent=_percent(schedule.annual_percent),
        gesv=_percent(schedule.gesv),
        repayment=_METHODS[schedule.repayment],
        issued_on=_day(schedule.issued_on),
        schedule="\n".join(
            f"{one.number:>3}. {_day(one.due_on)}: {one.total}"
            f" (основной долг {one.principal}, вознаграждение {one.interest},"
            f" остаток {one.balance})"
            for one in schedule.instalments
        ),
        interest=schedule.interest,
        total=schedule.total,
    ).encode()


def consent_text(terms: Terms) -> StatementText:
    """The additional consent (дополнительное согласие) to this very contract."""
    return _statement("consent", "consent-1", _CONSENT_V1, terms)


def release_text(terms: Terms) -> StatementText:
    """The release confirmation (повторное подтверждение) of this very contract."""
    return _statement("release", "release-1", _RELEASE_V1, terms)


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def _percent(percent: Decimal) -> str:
    return f"{percent.normalize():f}".replace(".", ",") + " %"


def _statement(
    kind: StatementKind, version: str, template: str, terms: Terms
) -> StatementText:
    text = template.format(
        number=terms.number,
        contract_on=_day(terms.contract_on),
        amount=terms.amount,
    )
    return StatementText(kind=kind, version=version, text=text)


_DOCUMENT_KINDS: Final = {
    "id_card": "удостоверение личности",
    "passport": "паспорт",
    "residence_permit": "вид на жительство",
    "stateless_certificate": "удостоверение лица без гражданства",
}

_METHODS: Final = {
    RepaymentMethod.ANNUITY: "аннуитетный: равными платежами",
    RepaymentMethod.DIFFERENTIATED: "дифференцированный: равными долями долга",
}

_CONTRACT_V2: Final = """\
МИКРОКРЕДИТ БЕРУ ТУРАЛЫ ШАРТ
ДОГОВОР О ПРЕДОСТАВЛЕНИИ МИКРОКРЕДИТА
№ {number}
Дата договора: {contract_on}
Редакция текста: contract-2

1. Стороны
Займодатель: ТОО «МФО Kredit Seven Kazakhstan», creditplus.kz.
Заёмщик: {name}, ИИН {iin}, {identity}.

2. Предмет договора
2.1. Займодатель предоставляет Заёмщику микрокредит в сумме {amount}.
2.2. Срок микрокредита: {term_days} дн. с даты выдачи.
2.3. Микрокредит предоставляется переводом с банковского счёта Займодателя на
банковский счёт, принадлежность которого Заёмщику подтверждена.
2.4. Вознаграждение: {annual_percent} годовых на остаток долга, за каждый день со дня
выдачи; в году 365 дней. Годовая эффективная ставка вознаграждения (ГЭСВ): {gesv}.
Комиссии и иные платежи за пользование микрокредитом договором не установлены.

3. График погашения
Метод погашения, выбранный Заёмщиком: {repayment}.
При выдаче {issued_on}:
{schedule}
Итого: {total}, из них вознаграждение {interest}.
3.1. После выдачи составляется график от дня поступления денег Заёмщику; вознаграждение
до этого дня не начисляется, а ГЭСВ не превышает предельной.
3.2. Платёж, срок которого выпадает на нерабочий день, вносится в следующий рабочий.

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
