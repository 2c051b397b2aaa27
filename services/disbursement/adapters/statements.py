"""What the bank books on the company's account: ISO 20022 camt.053 and camt.054.

A page is believed whole or not at all: what is cut, misspelt, in another currency or of
another account is no answer, and the reader comes again.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree.ElementTree import Element

import httpx

from kernel.clock import parse_rfc3339
from kernel.errors import KernelError, Transient
from kernel.money import MINOR_PER_MAJOR, Money
from kernel.xml import parse_xml
from services.disbursement.adapters.partner import Partner
from services.disbursement.domain.order import NoAnswer
from services.disbursement.domain.reconciliation import (
    BankEntry,
    Direction,
    Message,
    StatementPage,
)

PAGE_ENTRIES: Final = 100
LARGEST_PAGE: Final = 4 * 1024 * 1024
"""Bytes; a hundred entries with the longest of purposes take a tenth of it."""
LONGEST_TEXT: Final = 140
"""Characters: Max140Text, the longest of what is read here."""
_NAMESPACE: Final = "{urn:iso:std:iso:20022:tech:xsd:%s.001.08}"
_FORMS: Final[Mapping[Message, tuple[str, str, str]]] = {
    Message.STATEMENT: ("camt053", "BkToCstmrStmt", "Stmt"),
    Message.NOTIFICATION: ("camt054", "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
"""Of each message: its path, its element, and what stands within."""
_CURRENCY: Final = "KZT"
_MOST_DIGITS: Final = 15


class HttpStatements:
    """`Statements` over HTTPS with mutual TLS, of one account."""

    def __init__(self, partner: Partner, *, iban: str) -> None:
        self._partner = partner
        self._iban = iban

    def page(self, message: Message, *, after: int) -> StatementPage:
        """The entries behind that place.  Transient without a usable answer."""
        path, _, _ = _FORMS[message]
        response = self._partner.request(
            "GET",
            f"/v1/accounts/{self._iban}/{path}?after={after}&limit={PAGE_ENTRIES}",
            at_most=LARGEST_PAGE,
        )
        if isinstance(response, NoAnswer) or response.status != httpx.codes.OK:
            raise _unusable()
        try:
            page = _Reader(message).page(response.body, self._iban)
        except (KernelError, LookupError, ValueError, InvalidOperation):
            # `from None`: the parser's text would show the statement.
            raise _unusable() from None
        if page.upto < after or (page.entries and page.upto == after):
            raise _unusable()
        return page


class _Reader:
    """Reads one kind of message: elements by their path in its namespace."""

    def __init__(self, message: Message) -> None:
        self._namespace = _NAMESPACE % message.value
        _, self._message, self._within = _FORMS[message]

    def page(self, body: bytes, iban: str) -> StatementPage:
        document = parse_xml(body, at_most=LARGEST_PAGE)
        message = self._one(document, self._message)
        told = self._one(message, self._within)
        if self._text(told, "Acct/Id/IBAN") != iban:
            raise ValueError("another account")
        return StatementPage(
            entries=tuple(self._entry(node) for node in self._all(told, "Ntry")),
            upto=int(self._text(told, "ElctrncSeqNb")),
            is_last=_flag(self._text(message, "GrpHdr/MsgPgntn/LastPgInd")),
        )

    def _entry(self, node: Element) -> BankEntry:
        """One payment: an entry that sums several up cannot be held against orders."""
        if self._text(node, "Sts/Cd") != "BOOK":
            raise ValueError("an entry that is not booked")
        details = self._one(node, "NtryDtls/TxDtls")
        direction = {"DBIT": Direction.DEBIT, "CRDT": Direction.CREDIT}[
            self._text(node, "CdtDbtInd")
        ]
        reversal = _flag(self._maybe(node, "RvslInd") or "false")
        # What others wrote who paid in is not ours to keep.
        of_order = direction is Direction.DEBIT or reversal
        end_to_end_id = self._maybe(details, "Refs/EndToEndId")
        return BankEntry(
            reference=self._text(node, "AcctSvcrRef"),
            direction=direction,
            reversal=reversal,
            amount=_amount(self._one(node, "Amt")),
            booked_at=parse_rfc3339(self._text(node, "BookgDt/DtTm")),
            end_to_end_id=end_to_end_id if of_order else None,
            creditor_iban=self._maybe(details, "RltdPties/CdtrAcct/Id/IBAN"),
        )

    def _all(self, node: Element, path: str) -> Iterator[Element]:
        steps = path.split("/")
        return node.iterfind("/".join(self._namespace + step for step in steps))

    def _one(self, node: Element, path: str) -> Element:
        (found,) = self._all(node, path)
        return found

    def _text(self, node: Element, path: str) -> str:
        text = (self._one(node, path).text or "").strip()
        if not 0 < len(text) <= LONGEST_TEXT or not text.isprintable():
            raise ValueError("no text")
        return text

    def _maybe(self, node: Element, path: str) -> str | None:
        return self._text(node, path) if list(self._all(node, path)) else None


def _amount(node: Element) -> Money:
    """Exact: no more decimals than a tiyn has."""
    text = (node.text or "").strip()
    if node.get("Ccy") != _CURRENCY:
        raise ValueError("another currency")
    if not text.replace(".", "", 1).isdecimal() or len(text) > _MOST_DIGITS:
        raise ValueError("no amount")
    minor = Decimal(text) * MINOR_PER_MAJOR
    if minor != int(minor) or minor <= 0:
        raise ValueError("no amount of whole tiyn")
    return Money(int(minor), _CURRENCY)


def _flag(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text]


def _unusable() -> Transient:
    return Transient("The bank gave no usable statement", retry_after_s=5)
