"""What is booked on accounts of the bank, told as ISO 20022 statements and notices.

Customers pay in, and settled orders leave.  One line is one booked entry, numbered
from one; a later line with the reference of an earlier one restates it.  A page is a
document of its own, camt.053.001.08 or camt.054.001.08, whose ``ElctrncSeqNb`` is the
number of its last entry.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.clock import Clock, rfc3339
from infra.simulators.identities import iban_is_valid
from infra.simulators.journal import Journal
from infra.simulators.ledger import Order

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
MOST_ENTRIES = 500
USUAL_ENTRIES = 100
ALMATY = timezone(timedelta(hours=5))
REFERENCE = re.compile(r"[A-Za-z0-9-]{1,35}")


class Form(Enum):
    """The messages an entry is told in: type, message, what stands within it."""

    STATEMENT = ("camt.053.001.08", "BkToCstmrStmt", "Stmt")
    NOTIFICATION = ("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", "Ntfctn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A booked entry; `reversal_of` names the credit a debit takes back (сторно).

    With a `creditor_iban` the money left the account, else it came.
    """

    number: int
    iban: str
    reference: str
    amount_minor: int
    value_on: str
    booked_at: str
    purpose: str
    payer_name: str
    payer_iin: str
    payer_iban: str
    reversal_of: str | None
    end_to_end_id: str | None = None
    creditor_iban: str | None = None


class Statements:
    """Every account's entries, in the order they were booked."""

    def __init__(
        self, journal: Path, clock: Clock, settled: Callable[[], Sequence[Order]]
    ) -> None:
        """`settled` are the bank's transfers that have arrived."""
        self._clock = clock
        self._settled = settled
        self._journal = Journal(journal)
        self._entries = [Entry(**line) for line in self._journal.records]
        self._references = {entry.reference for entry in self._entries}

    @property
    def able(self) -> bool:
        """False after a failed write: only a restart may go on."""
        return not self._journal.broken

    def book(self, body: web.Json) -> Entry:
        """Book a credit, a reversal of one, or another version of an entry.

        With a creditor: money that leaves without an order.
        """
        now = self._clock.now()
        self._book_settled()
        entry = Entry(
            number=len(self._entries) + 1,
            iban=_iban(body, "iban"),
            reference=web.optional_text(body, "reference", REFERENCE)
            or uuid.uuid4().hex,  # noqa: TID251 - the simulators' own
            amount_minor=web.whole(body, "amount_minor", least=1),
            value_on=_day(body, now.astimezone(ALMATY).date()),
            booked_at=rfc3339(now),
            purpose=web.text(body, "purpose"),
            payer_name=web.text(body, "payer_name"),
            payer_iin=web.text(body, "payer_iin", web.IIN),
            payer_iban=_iban(body, "payer_iban"),
            reversal_of=web.optional_text(body, "reversal_of", REFERENCE),
            end_to_end_id=web.optional_text(body, "end_to_end_id", REFERENCE),
            creditor_iban=web.optional_text(body, "creditor_iban", web.IBAN),
        )
        self._keep(entry)
        return entry

    def page(self, iban: str, form: Form, *, after: int, most: int) -> bytes:
        """The next entries of an account, as one document."""
        self._book_settled()
        rest = [one for one in self._entries if one.iban == iban and one.number > after]
        shown = rest[:most]
        last = shown[-1].number if shown else after
        return _document(
            iban,
            shown,
            form,
            last=last,
            is_last=len(rest) <= most,
            at=self._clock.now(),
        )

    def _book_settled(self) -> None:
        """A settled order is booked once, under the bank's id of it."""
        for order in self._settled():
            if order.order_id in self._references:
                continue
            transfer = order.transfer
            self._keep(
                Entry(
                    number=len(self._entries) + 1,
                    iban=transfer.debtor_iban,
                    reference=order.order_id,
                    amount_minor=transfer.amount_minor,
                    value_on=order.settles_at[:10],
                    booked_at=order.settles_at,
                    purpose=transfer.purpose,
                    payer_name="",
                    payer_iin="",
                    payer_iban="",
                    reversal_of=None,
                    end_to_end_id=transfer.end_to_end_id,
                    creditor_iban=transfer.creditor_iban,
                )
            )

    def _keep(self, entry: Entry) -> None:
        self._journal.append(asdict(entry))
        self._entries.append(entry)
        self._references.add(entry.reference)


def statement_routes(statements: Statements) -> list[Route]:
    """What a corporate client of the bank may read."""

    def show(request: Request, form: Form) -> Response:
        page = statements.page(
            request.path_params["iban"],
            form,
            after=_number(request, "after", 0, least=0),
            most=min(_number(request, "limit", USUAL_ENTRIES, least=1), MOST_ENTRIES),
        )
        return Response(page, media_type="application/xml")

    async def show_statement(request: Request) -> Response:
        return show(request, Form.STATEMENT)

    async def show_notification(request: Request) -> Response:
        return show(request, Form.NOTIFICATION)

    account = "/v1/accounts/{iban}"
    return [
        Route(f"{account}/camt053", show_statement, methods=["GET"]),
        Route(f"{account}/camt054", show_notification, methods=["GET"]),
    ]


def statement_control_routes(statements: Statements, token: str) -> list[Route]:
    """What the director of a test may do: let money come, or leave without an order."""

    async def book(request: Request) -> Response:
        return web.answer(asdict(statements.book(await web.json_body(request))), 201)

    return [Route("/_control/entries", web.guarded(book, token), methods=["POST"])]


def _document(
    iban: str,
    entries: list[Entry],
    form: Form,
    *,
    last: int,
    is_last: bool,
    at: datetime,
) -> bytes:
    name, root, within = form.value
    document = Element("Document", xmlns=f"{NAMESPACE}{name}")
    message = SubElement(document, root)
    stamp = at.astimezone(UTC).isoformat(timespec="seconds")
    header = SubElement(message, "GrpHdr")
    _put(header, "MsgId", f"{iban[-8:]}-{last}")
    _put(header, "CreDtTm", stamp)
    paging = SubElement(header, "MsgPgntn")
    _put(paging, "PgNb", "1")
    _put(paging, "LastPgInd", "true" if is_last else "false")
    statement = SubElement(message, within)
    _put(statement, "Id", f"{iban[-8:]}-{last}")
    _put(statement, "ElctrncSeqNb", str(last))
    _put(statement, "CreDtTm", stamp)
    account = SubElement(statement, "Acct")
    _put(SubElement(account, "Id"), "IBAN", iban)
    _put(account, "Ccy", "KZT")
    for entry in entries:
        _put_entry(statement, entry)
    return bytes(tostring(document, encoding="utf-8", xml_declaration=True))


def _put_entry(statement: Element, entry: Entry) -> None:
    node = SubElement(statement, "Ntry")
    _put(node, "NtryRef", str(entry.number))
    _put(node, "Amt", f"{entry.amount_minor // 100}.{entry.amount_minor % 100:02}").set(
        "Ccy", "KZT"
    )
    leaves = entry.reversal_of or entry.creditor_iban
    _put(node, "CdtDbtInd", "DBIT" if leaves else "CRDT")
    if entry.reversal_of:
        _put(node, "RvslInd", "true")
    _put(SubElement(node, "Sts"), "Cd", "BOOK")
    _put(SubElement(node, "BookgDt"), "DtTm", entry.booked_at)
    _put(SubElement(node, "ValDt"), "Dt", entry.value_on)
    _put(node, "AcctSvcrRef", entry.reference)
    _put(SubElement(SubElement(node, "BkTxCd"), "Prtry"), "Cd", "TRANSFER")
    details = SubElement(SubElement(node, "NtryDtls"), "TxDtls")
    references = SubElement(details, "Refs")
    _put(references, "AcctSvcrRef", entry.reference)
    if entry.end_to_end_id:
        _put(references, "EndToEndId", entry.end_to_end_id)
    if entry.reversal_of:
        original = SubElement(references, "Prtry")
        _put(original, "Tp", "ORIGINAL")
        _put(original, "Ref", entry.reversal_of)
    parties = SubElement(details, "RltdPties")
    if entry.creditor_iban:
        account = SubElement(SubElement(parties, "CdtrAcct"), "Id")
        _put(account, "IBAN", entry.creditor_iban)
    else:
        _put_payer(parties, entry)
    _put(SubElement(details, "RmtInf"), "Ustrd", entry.purpose)


def _put_payer(parties: Element, entry: Entry) -> None:
    debtor = SubElement(SubElement(parties, "Dbtr"), "Pty")
    _put(debtor, "Nm", entry.payer_name)
    person = SubElement(SubElement(debtor, "Id"), "PrvtId")
    _put(SubElement(person, "Othr"), "Id", entry.payer_iin)
    _put(SubElement(SubElement(parties, "DbtrAcct"), "Id"), "IBAN", entry.payer_iban)


def _put(parent: Element, name: str, text: str) -> Element:
    node = SubElement(parent, name)
    node.text = text
    return node


def _number(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or not least <= int(text):
        raise web.RefusedError(400, "malformed", name)
    return int(text)


def _day(body: web.Json, default: date) -> str:
    text = web.optional_text(body, "value_on")
    if text is None:
        return default.isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise web.RefusedError(400, "malformed", "value_on") from error


def _iban(body: web.Json, field: str) -> str:
    iban = web.text(body, field, web.IBAN)
    if not iban_is_valid(iban):
        raise web.RefusedError(422, "iban_invalid", field)
    return iban
