"""A document as it will be printed: pages of words, before there are any bytes.

A paper is made of a template of one version and of what is agreed, by these rules
alone; the same template and facts always make the same paper, and its digest names it.
The digest is over what a person reads; that of the printed bytes is another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from kernel.crypto import canonical, sha256_hex
from kernel.money import Money
from kernel.papers import Grid, Line, Style
from services.contracts.domain.editions import Template
from services.contracts.domain.schedule import RepaymentMethod, Schedule
from services.contracts.domain.texts import Borrower, Terms

PDF: Final = "application/pdf"
Language = Literal["kk", "ru"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What stands on the pages, from top to bottom.  Holds personal data.

    The printer adds a code by which anybody can look `mark` up.
    """

    title: str
    parts: tuple[Line | Grid, ...]
    looked_up_by: str | None = None
    """Another document's digest that the code names instead of this paper's own."""
    account: str | None = None
    """The account the words name.  It stands in the file once more as plain text, where
    onboarding finds what a ceremony over these bytes covers (clause 4.10)."""
    amends: tuple[str, ...] = ()
    """Digests of the documents it changes, in the file as plain text likewise: whoever
    holds the files alone sees that they are a chain."""

    @property
    def digest(self) -> str:
        """SHA-256 of everything a person reads, hexadecimal."""
        parts = tuple(
            (part.style, part.text)
            if isinstance(part, Line)
            else (part.widths, part.rows)
            for part in self.parts
        )
        return sha256_hex(canonical((self.title, parts)))

    @property
    def mark(self) -> str:
        """The digest the printed code names."""
        return self.looked_up_by or self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Printed bytes, addressed by their digest.  Never changed once kept.

    `content_sha256` is the paper's digest: what the printed code names.
    """

    contract_id: UUID
    kind: str
    template: str
    content_sha256: str
    data: bytes
    media_type: str = PDF

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, hexadecimal."""
        return sha256_hex(self.data)


def contract_paper(
    template: Template,
    terms: Terms,
    schedule: Schedule,
    borrower: Borrower,
    *,
    account: str,
) -> Paper:
    """The contract in both languages with its full price (clause 5.1; МФО law, art. 4).

    `account` is where the money goes, as onboarding names it in full: the ceremony over
    the document covers it (4.10).
    """

    def fields(language: Language) -> dict[str, str]:
        words = _WORDS[language]
        return {
            "template": template.name,
            "number": terms.number,
            "contract_on": day(terms.contract_on),
            "name": name_of(borrower),
            "iin": borrower.iin,
            "identity": identity_of(borrower, language),
            "amount": money(terms.amount, language),
            "term_days": str(terms.term_days),
            "account": account,
            "annual_percent": _percent(schedule.annual_percent),
            "gesv": _percent(schedule.gesv),
            "repayment": words.methods[schedule.repayment],
            "issued_on": day(schedule.issued_on),
            "interest": money(schedule.interest, language),
            "total": money(schedule.total, language),
        }

    paper = composed(
        template,
        title=terms.number,
        fields=fields,
        grids={"schedule": lambda language: _schedule_grid(schedule, language)},
    )
    return replace(paper, account=account)


def composed(
    template: Template,
    *,
    title: str,
    fields: Callable[[Language], Mapping[str, str]],
    grids: Mapping[str, Callable[[Language], Grid]],
) -> Paper:
    """The paper a template makes of these fields: Kazakh first, then Russian."""
    parts: list[Line | Grid] = []
    texts: tuple[tuple[Language, str], ...] = (("kk", template.kk), ("ru", template.ru))
    for language, text in texts:
        values = fields(language)
        for line in text.splitlines():
            if not line.strip():
                continue
            name = line.strip().removeprefix("{").removesuffix("}")
            if line.strip() == f"{{{name}}}" and name in grids:
                parts.append(grids[name](language))
            else:
                parts.append(_line(line.format_map(values)))
    return Paper(title=title, parts=tuple(parts))


def name_of(borrower: Borrower) -> str:
    """Surname, name and patronymic as the identity document has them."""
    parts = (borrower.surname, borrower.given_name, borrower.patronymic)
    return " ".join(part for part in parts if part)


def identity_of(borrower: Borrower, language: Language) -> str:
    """Kind and number of the identity document."""
    kind = _WORDS[language].identities.get(
        borrower.document_kind, borrower.document_kind
    )
    return f"{kind} № {borrower.document_number}"


def money(amount: Money, language: Language) -> str:
    """The amount as ``400 000,00 теңге``: not every typeface has the sign."""
    number = str(amount).rpartition(" ")[0]
    return f"{number} {_WORDS[language].currency}"


def _schedule_grid(schedule: Schedule, language: Language) -> Grid:
    def plain(amount: Money) -> str:
        return str(amount).rpartition(" ")[0]

    rows = tuple(
        (
            str(one.number),
            day(one.due_on),
            plain(one.total),
            plain(one.principal),
            plain(one.interest),
            plain(one.balance),
        )
        for one in schedule.instalments
    )
    last = (
        "",
        _WORDS[language].total,
        plain(schedule.total),
        plain(schedule.amount),
        plain(schedule.interest),
        "",
    )
    return Grid((1, 3, 3, 3, 3, 3), (_WORDS[language].columns, *rows, last))


def _line(text: str) -> Line:
    """`# ` begins a title, `## ` a heading, `> ` small print."""
    for mark, style in _MARKS.items():
        if text.startswith(mark):
            return Line(style, text.removeprefix(mark).strip())
    return Line("text", text.strip())


def day(on: date) -> str:
    """The day as documents write it."""
    return f"{on:%d.%m.%Y}"


def _percent(percent: Decimal) -> str:
    return f"{percent.normalize():f}".replace(".", ",") + " %"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    currency: str
    total: str
    columns: tuple[str, ...]
    methods: Mapping[RepaymentMethod, str]
    identities: Mapping[str, str]


_MARKS: Final[Mapping[str, Style]] = {"# ": "title", "## ": "heading", "> ": "small"}
_WORDS: Final[Mapping[Language, _Words]] = {
    "kk": _Words(
        currency="теңге",
        total="Барлығы",
        columns=(
            *("№", "Төлем күні", "Төлем"),
            *("Негізгі борыш", "Сыйақы", "Борыш қалдығы"),
        ),
        methods={
            RepaymentMethod.ANNUITY: "аннуитеттік: тең төлемдермен",
            RepaymentMethod.DIFFERENTIATED: "сараланған: борыштың тең үлестерімен",
        },
        identities={
            "id_card": "жеке куәлік",
            "passport": "паспорт",
            "residence_permit": "тұруға ықтиярхат",
            "stateless_certificate": "азаматтығы жоқ адамның куәлігі",
        },
    ),
    "ru": _Words(
        currency="тенге",
        total="Итого",
        columns=(
            *("№", "Дата платежа", "Платёж"),
            *("Основной долг", "Вознаграждение", "Остаток долга"),
        ),
        methods={
            RepaymentMethod.ANNUITY: "аннуитетный: равными платежами",
            RepaymentMethod.DIFFERENTIATED: "дифференцированный: равными долями долга",
        },
        identities={
            "id_card": "удостоверение личности",
            "passport": "паспорт",
            "residence_permit": "вид на жительство",
            "stateless_certificate": "удостоверение лица без гражданства",
        },
    ),
}
