"""What clause 4.1 asks of a client, and how it is held against the state's record.

Names, ИИН, identity document and phone as the client gives them (`Person`), the same
as the state knows them (`StateRecord`), and the comparison of both.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.crypto import canonical, parse_canonical
from kernel.errors import Refused
from kernel.values import Iin
from services.onboarding.domain.refusal import Reason

MAX_NAME: Final = 100  # characters
_NAME = re.compile(r"[^\W\d_]+(?:[ '\-’][^\W\d_]+)*")
_DOCUMENT_NUMBER = re.compile(r"[0-9A-ZА-ЯЁ]{6,15}")

COMMITTED_IIN: Final = "iin"
"""What the secret of a commitment to an ИИН is made for."""


class DocumentKind(StrEnum):
    """Identity documents accepted. A birth certificate is none (clause 4.1a, 4.1c)."""

    ID_CARD = "id_card"
    PASSPORT = "passport"
    RESIDENCE_PERMIT = "residence_permit"
    STATELESS_CERTIFICATE = "stateless_certificate"


class DocumentStanding(StrEnum):
    """What there is to tell of a document that will not be valid for long."""

    EXPIRING = "expiring"
    EXPIRED = "expired"


class PhoneVerdict(StrEnum):
    """The answer of the state's base of mobile citizens (БМГ) about a number."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Surname, name and patronymic (отчество), in one spelling: NFC, single spaces."""

    surname: str
    given_name: str
    patronymic: str | None

    @classmethod
    def parse(cls, surname: str, given_name: str, patronymic: str | None) -> "Names":
        """Refused with ``name_invalid``: no letters, digits inside, too long."""
        kept = None if patronymic is None or not patronymic.strip() else patronymic
        return cls(
            surname=_name(surname),
            given_name=_name(given_name),
            patronymic=None if kept is None else _name(kept),
        )

    def same_as(self, other: "Names") -> bool:
        """Equality that ignores case, and nothing else."""
        return _folded(self) == _folded(other)

    def masked(self) -> str:
        """Initials: what a screen may show."""
        return " ".join(f"{part[0]}***" for part in self.full().split())

    def full(self) -> str:
        """Фамилия Имя Отчество."""
        return " ".join(
            part for part in (self.surname, self.given_name, self.patronymic) if part
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityDocument:
    """Kind, number and last day of validity of an identity document (clause 4.1c)."""

    kind: DocumentKind
    number: str
    valid_until: date

    @classmethod
    def parse(cls, kind: str, number: str, valid_until: date) -> "IdentityDocument":
        """Refused: ``document_kind_not_accepted``, ``document_number_invalid``."""
        if kind not in frozenset(DocumentKind):
            raise Refused(
                "document_kind_not_accepted",
                "This kind of document is not accepted for registration.",
                next_step="Use an identity card, a passport or a residence permit.",
            )
        plain = re.sub(r"[\s№]", "", number).upper()
        if not _DOCUMENT_NUMBER.fullmatch(plain):
            raise Refused(
                "document_number_invalid",
                "This is not the number of an identity document.",
                next_step="Copy the number from the document.",
            )
        return cls(kind=DocumentKind(kind), number=plain, valid_until=valid_until)

    def is_expired(self, today: date) -> bool:
        """Whether its last day of validity has passed."""
        return self.valid_until < today


DOCUMENT_WORDS: Final = {
    DocumentKind.ID_CARD: "удостоверение личности",
    DocumentKind.PASSPORT: "паспорт",
    DocumentKind.RESIDENCE_PERMIT: "вид на жительство",
    DocumentKind.STATELESS_CERTIFICATE: "удостоверение лица без гражданства",
}
"""Each kind as a statement names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What of a person may become another: the names, and the document that ends."""

    names: Names
    document: IdentityDocument

    def reveal(self) -> str:
        """In full, as a statement names it."""
        document = self.document
        return (
            f"{self.names.full()}, {DOCUMENT_WORDS[document.kind]}"
            f" № {document.number}, действителен до {document.valid_until:%d.%m.%Y}"
        )

    def packed(self) -> str:
        """One text to seal and to make a token of; `unpacked` is its inverse."""
        names, document = self.names, self.document
        parts = (
            *(names.surname, names.given_name, names.patronymic),
            *(document.kind.value, document.number, document.valid_until.isoformat()),
        )
        return canonical(parts).decode()

    @classmethod
    def unpacked(cls, text: str) -> "Identity":
        """Raises ValueError for what `packed` has not made."""
        parts = parse_canonical(text.encode())
        if not isinstance(parts, list):
            raise ValueError("no identity was packed")  # noqa: TRY004 - of the value
        surname, given_name, patronymic, kind, number, valid_until = parts
        return cls(
            names=Names(
                surname=str(surname),
                given_name=str(given_name),
                patronymic=None if patronymic is None else str(patronymic),
            ),
            document=IdentityDocument(
                kind=DocumentKind(str(kind)),
                number=str(number),
                valid_until=date.fromisoformat(str(valid_until)),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingDocument:
    """A client's document that has expired or is about to, by its last day alone."""

    client_id: UUID
    valid_until: date

    def standing(self, today: date) -> DocumentStanding:
        """Valid on its last day, and not after."""
        if self.valid_until < today:
            return DocumentStanding.EXPIRED
        return DocumentStanding.EXPIRING


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who the client says to be."""

    names: Names
    iin: Iin
    document: IdentityDocument

    @property
    def identity(self) -> Identity:
        """All but the ИИН, which stays (clause 4.11)."""
        return Identity(names=self.names, document=self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRecord:
    """The person as the state database of natural persons (ГБД ФЛ) knows them."""

    iin: Iin
    names: Names
    birth_on: date
    document_number: str
    document_valid_until: date


def fault_of(
    person: Person,
    record: StateRecord | None,
    phone: PhoneVerdict,
    *,
    today: date,
    min_age: int,
) -> Reason | None:
    """Why a person may not register; None for who the state knows as given.

    1. Unknown person, other ИИН, other names, other document: the reasons differ, what
       the person hears does not: somebody may be trying a stranger's data.
    2. Age by the state's birth date, never by the digits of the ИИН.
    3. Phone of another person, or of nobody known.
    """
    difference = difference_of(person, record)  # step 1
    if difference is not None or record is None:
        return difference
    if age_on(record.birth_on, today) < min_age:  # step 2
        return Reason.UNDER_AGE
    return OF_PHONES[phone]  # step 3


def unknown_client() -> Refused:
    """Nobody of this id has an account."""
    return Refused(
        "client_unknown",
        "There is no such client.",
        next_step="Name a client who has an account.",
    )


def age_on(birth_on: date, today: date) -> int:
    """Full years on a day; a birthday of 29 February falls on 1 March otherwise."""
    before_birthday = (today.month, today.day) < (birth_on.month, birth_on.day)
    return today.year - birth_on.year - before_birthday


OF_PHONES: Final = {
    PhoneVerdict.MATCH: None,
    PhoneVerdict.MISMATCH: Reason.PHONE_OF_ANOTHER,
    PhoneVerdict.UNKNOWN: Reason.PHONE_OF_NOBODY_KNOWN,
}
"""Why a number is not the person's."""


def difference_of(person: Person, record: StateRecord | None) -> Reason | None:
    """The first thing the state knows otherwise; None when it knows all as given."""
    if record is None:
        return Reason.STATE_KNOWS_NOBODY
    if person.iin != record.iin:
        return Reason.IIN_DIFFERS
    if not person.names.same_as(record.names):
        return Reason.NAMES_DIFFER
    if person.document.number != record.document_number:
        return Reason.DOCUMENT_NUMBER_DIFFERS
    if person.document.valid_until != record.document_valid_until:
        return Reason.DOCUMENT_DATE_DIFFERS
    return None


def _name(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if len(plain) > MAX_NAME or not _NAME.fullmatch(plain):
        raise Refused(
            "name_invalid",
            "A name consists of letters.",
            next_step="Enter surname and name as in the identity document.",
        )
    return plain


def _folded(names: Names) -> tuple[str, str, str]:
    return (
        names.surname.casefold(),
        names.given_name.casefold(),
        (names.patronymic or "").casefold(),
    )
