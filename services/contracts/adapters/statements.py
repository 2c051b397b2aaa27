"""The bank's statements over HTTPS with mutual TLS: ISO 20022 camt.053, page by page.

A page is believed whole or not at all: what is cut, misspelt, in another currency or of
another account is no answer, and the reader comes again.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree.ElementTree import Element

import httpx

from kernel.clock import parse_rfc3339
from kernel.errors import KernelError, Transient
from kernel.money import MINOR_PER_MAJOR, Money
from kernel.values import Iban
from kernel.xml import parse_xml
from services.contracts.domain.credits import (
    BankEntry,
    EntryKind,
    Payment,
    StatementPage,
)

PAGE_ENTRIES: Final = 100
LARGEST_PAGE: Final = 4 * 1024 * 1024
"""Bytes; a hundred entries with the longest of purposes take a tenth of it."""
STATEMENT_TIMEOUT: Final = httpx.Timeout(connect=3.0, read=10.0, write=2.0, pool=2.0)
LONGEST_TEXT: Final = 1_000
_NAMESPACE: Final = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}"
_CURRENCY: Final = "KZT"
_MOST_DIGITS: Final = 15


class HttpStatements:
    """The statements of one account of the company's.  Implements Statements."""

    def __init__(self, client: httpx.Client, *, iban: str) -> None:
        """`client` knows the address, shows our certificate and checks theirs."""
        self._client = client
        self._iban = Iban(iban).reveal()

    def page(self, *, after: int) -> StatementPage:
        """The entries behind that number.  Transient without a usable answer."""
        try:
            with self._client.stream(
                "GET",
                f"/v1/accounts/{self._iban}/camt053",
                params={"after": after, "limit": PAGE_ENTRIES},
                timeout=STATEMENT_TIMEOUT,
            ) as response:
                body = _bounded(response)
        except httpx.HTTPError as error:
            raise _unusable() from error
        if response.status_code != httpx.codes.OK:
            raise _unusable()
        try:
            page = _page(parse_xml(body, at_most=LARGEST_PAGE), self._iban)
        except (KernelError, LookupError, ValueError, InvalidOperation):
            # `from None`: the parser's text would show the statement.
            raise _unusable() from None
        if page.upto < after or (page.entries and page.upto == after):
            raise _unusable()
        return page


def _page(document: Element, iban: str) -> StatementPage:
    message = _one(document, "BkToCstmrStmt")
    statement = _one(message, "Stmt")
    if _text(statement, "Acct/Id/IBAN") != iban:
        raise ValueError("another account")
    return StatementPage(
        entries=tuple(_entry(node) for node in statement.iterfind(f"{_NAMESPACE}Ntry")),
        upto=int(_text(statement, "ElctrncSeqNb")),
        is_last=_flag(_text(message, "GrpHdr/MsgPgntn/LastPgInd")),
    )


def _entry(node: Element) -> tuple[BankEntry, Payment]:
    if _text(node, "Sts/Cd") != "BOOK":
        raise ValueError("an entry that is not booked")
    details = _one(node, "NtryDtls/TxDtls")
    kind = _kind(node)
    entry = BankEntry(
        reference=_text(node, "AcctSvcrRef"),
        kind=kind,
        amount=_amount(_one(node, "Amt")),
        value_on=date.fromisoformat(_text(node, "ValDt/Dt")),
        booked_at=_instant(_text(node, "BookgDt/DtTm")),
        reversal_of=_original(details) if kind is EntryKind.REVERSAL else None,
    )
    return entry, Payment(
        purpose=" ".join(_texts(details, "RmtInf/Ustrd")),
        payer_name=_maybe(details, "RltdPties/Dbtr/Pty/Nm"),
        payer_iin=_maybe(details, "RltdPties/Dbtr/Pty/Id/PrvtId/Othr/Id"),
        payer_iban=_maybe(details, "RltdPties/DbtrAcct/Id/IBAN"),
    )


def _kind(node: Element) -> EntryKind:
    match _text(node, "CdtDbtInd"), _flag(_maybe(node, "RvslInd") or "false"):
        case "CRDT", False:
            return EntryKind.CREDIT
        case "DBIT", True:
            return EntryKind.REVERSAL
        case "DBIT", False:
            return EntryKind.DEBIT
        case _:
            raise ValueError("a side nobody knows")


def _amount(node: Element) -> Money:
    """Exact: no more decimals than a tiyn has."""
    if node.get("Ccy") != _CURRENCY or node.text is None:
        raise ValueError("another currency")
    text = node.text.strip()
    if not text.replace(".", "", 1).isdecimal() or len(text) > _MOST_DIGITS:
        raise ValueError("no amount")
    minor = Decimal(text) * MINOR_PER_MAJOR
    if minor != int(minor) or minor <= 0:
        raise ValueError("no amount of whole tiyn")
    return Money(int(minor), _CURRENCY)


def _original(details: Element) -> str:
    for node in _all(details, "Refs/Prtry"):
        if _text(node, "Tp") == "ORIGINAL":
            return _text(node, "Ref")
    raise ValueError("a reversal of nothing")


def _instant(text: str) -> datetime:
    return parse_rfc3339(text)


def _flag(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text]


def _path(path: str) -> str:
    return "/".join(_NAMESPACE + step for step in path.split("/"))


def _all(node: Element, path: str) -> Iterator[Element]:
    return node.iterfind(_path(path))


def _one(node: Element, path: str) -> Element:
    (found,) = _all(node, path)
    return found


def _texts(node: Element, path: str) -> list[str]:
    return [_bare(one) for one in _all(node, path)]


def _text(node: Element, path: str) -> str:
    return _bare(_one(node, path))


def _maybe(node: Element, path: str) -> str | None:
    return _text(node, path) if node.find(_path(path)) is not None else None


def _bare(node: Element) -> str:
    text = (node.text or "").strip()
    if not 0 < len(text) <= LONGEST_TEXT or not text.isprintable():
        raise ValueError("no text")
    return text


def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_PAGE:
            raise _unusable()
    return bytes(body)


def _unusable() -> Transient:
    return Transient("The bank gave no usable statement", retry_after_s=5)
