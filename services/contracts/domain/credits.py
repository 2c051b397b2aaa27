"""What the bank booked on the account for repayments, and whose contract it is for.

An entry is told from every other by the bank's own reference.  What is said once under
a reference stands: the same entry again is no news, another one is a contradiction,
which a person looks at.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal, Self

from kernel.clock import parse_rfc3339, rfc3339
from kernel.crypto import Json, canonical, sha256_hex
from kernel.errors import Refused
from kernel.money import Money
from kernel.values import Iin

RecognisedBy = Literal["number", "iin", "staff"]

# Letters of a number as a Cyrillic keyboard types those that look the same.
_LOOK_ALIKE: Final = str.maketrans("АВСЕК", "ABCEK")
_NUMBER: Final = re.compile(
    r"(?<![0-9A-Z])K[SC]K[ -]?([0-9]{8})[ -]?([0-9A-F]{10})(?![0-9A-Z])"
)
_TWELVE: Final = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")


class EntryKind(StrEnum):
    """What an entry does to the account."""

    CREDIT = "credit"
    REVERSAL = "reversal"
    """A credit, or a part of one, taken back (сторно)."""
    DEBIT = "debit"
    """Any other withdrawal, as the bank's fees: no matter of a contract's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What the payer wrote, and who it was.  Personal data."""

    purpose: str
    payer_name: str | None
    payer_iin: str | None
    payer_iban: str | None

    @classmethod
    def of_fields(cls, fields: Mapping[str, Json]) -> Self:
        """The inverse of `to_fields`."""

        def text(name: str) -> str | None:
            return None if fields[name] is None else str(fields[name])

        return cls(
            purpose=text("purpose") or "",
            payer_name=text("payer_name"),
            payer_iin=text("payer_iin"),
            payer_iban=text("payer_iban"),
        )

    def to_fields(self) -> dict[str, Json]:
        return {
            "purpose": self.purpose,
            "payer_name": self.payer_name,
            "payer_iin": self.payer_iin,
            "payer_iban": self.payer_iban,
        }


def shown_payment(payment: Payment) -> dict[str, Json]:
    """What a payer wrote as the staff see it: of the ИИН the last four digits."""
    iin = payment.payer_iin
    return {
        "purpose": payment.purpose,
        "payer_name": payment.payer_name,
        "payer_iin": None if iin is None else f"{'*' * 8}{iin[-4:]}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntry:
    """An entry (Ntry) of a statement, camt.053."""

    reference: str
    """The account servicer's own (AcctSvcrRef)."""
    kind: EntryKind
    amount: Money
    value_on: date
    booked_at: datetime
    reversal_of: str | None
    """The reference of the credit that a reversal takes back."""

    def content_sha256(self, payment: Payment) -> str:
        """The same for the same entry and payment, in whichever statement."""
        return sha256_hex(canonical(self.to_fields(payment)))

    @classmethod
    def of_fields(cls, fields: Mapping[str, Json]) -> Self:
        """The inverse of `to_fields`; the payment is `Payment.of_fields`'s."""
        of = fields["reversal_of"]
        return cls(
            reference=str(fields["reference"]),
            kind=EntryKind(str(fields["kind"])),
            amount=Money.from_wire(str(fields["amount"])),
            value_on=date.fromisoformat(str(fields["value_on"])),
            booked_at=parse_rfc3339(str(fields["booked_at"])),
            reversal_of=None if of is None else str(of),
        )

    def to_fields(self, payment: Payment) -> dict[str, Json]:
        return {
            "reference": self.reference,
            "kind": self.kind.value,
            "amount": self.amount.to_wire(),
            "value_on": self.value_on.isoformat(),
            "booked_at": rfc3339(self.booked_at),
            "reversal_of": self.reversal_of,
            **payment.to_fields(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage:
    """Entries of a statement, in the order the bank booked them."""

    entries: Sequence[tuple[BankEntry, Payment]]
    upto: int
    """The number of the last one: the next page begins behind it."""
    is_last: bool


def takes_back(credit: Money, reversals: Sequence[Money]) -> list[bool]:
    """Which reversals of a credit count, in the order they were read.

    One of more than the earlier ones have left of it does not: there the bank
    contradicts itself, and a person asks it.
    """
    left, counting = credit, []
    for amount in reversals:
        counts = amount <= left
        counting.append(counts)
        if counts:
            left -= amount
    return counting


def numbers_in(purpose: str) -> frozenset[str]:
    """Contract numbers that a purpose of payment names, in their one spelling.

    Spaces for hyphens, small letters and Cyrillic look-alikes are read.
    """
    text = " ".join(purpose.upper().translate(_LOOK_ALIKE).split())
    return frozenset(f"KSK-{day}-{end}" for day, end in _NUMBER.findall(text))


def iins_in(purpose: str) -> frozenset[str]:
    """ИИН that a purpose of payment names: twelve digits with a right check digit."""
    found = set()
    for digits in _TWELVE.findall(purpose):
        try:
            found.add(Iin(digits).reveal())
        except Refused:
            continue  # some other number of twelve digits
    return frozenset(found)
