"""The bank's host-to-host channel: orders as ISO 20022 pain.001, answers as pain.002.

An order is held against the published schema first.  `MsgId` is the key: the same
message again is the same order.  Status codes and reasons are those of ISO 20022's
external code sets.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import (
    Element,
    ParseError,
    SubElement,
    TreeBuilder,
    XMLParser,
    tostring,
)

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from xmlschema import XMLSchema10

from infra.simulators import web
from infra.simulators.faults import lies_asked
from infra.simulators.identities import iban_is_valid
from infra.simulators.ledger import Bank, Order, OrderError, Transfer
from infra.simulators.lies import distorted

ORDER = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
REPORT = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
CURRENCY = "KZT"
STATUS = {"accepted": "ACSP", "settled": "ACCC", "rejected": "RJCT"}
REASON = {
    "account_closed": "AC04",
    "creditor_mismatch": "BE01",
    "insufficient_funds": "AM04",
}
KNP = re.compile(r"[0-9]{3}")
SECTOR = re.compile(r"[12][0-9]")
TRANSFER = "PmtInf/CdtTrfTxInf"


def payment_routes(bank: Bank) -> list[Route]:
    """What a corporate client of the bank may send and ask."""

    async def take(request: Request) -> Response:
        key, transfer = read_order(await web.raw_body(request))
        try:
            order, new = bank.take(key, transfer)
        except OrderError as error:
            raise web.RefusedError(422, error.code) from error
        return report(request, order, 201 if new else 200)

    async def show(request: Request) -> Response:
        try:
            order = bank.order(request.path_params["key"])
        except OrderError as error:
            raise web.RefusedError(404, error.code) from error
        return report(request, order)

    def report(request: Request, order: Order, status: int = 200) -> Response:
        lies, view = lies_asked(request), order.view()
        told = view if lies is None else distorted(view, lies)
        return Response(written_report(told), status, media_type="application/xml")

    return [
        Route("/v1/payments", take, methods=["POST"]),
        Route("/v1/payments/{key}", show, methods=["GET"]),
    ]


class _NoDoctype(TreeBuilder):
    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise ParseError("a document type")


@cache
def _schema() -> XMLSchema10:
    place = files("sepaxml").joinpath("schemas", "pain.001.001.09.xsd")
    return XMLSchema10(place.read_text(encoding="utf-8"))


def read_order(body: bytes) -> tuple[str, Transfer]:
    """The message's key, and its one transfer.  Refuses what a bank would refuse."""
    document = _parsed(body)
    if not _schema().is_valid(document):
        raise web.RefusedError(400, "malformed", "schema")
    message = _one(document, "CstmrCdtTrfInitn")
    amount = _one(message, f"{TRANSFER}/Amt/InstdAmt")
    if amount.get("Ccy") != CURRENCY:
        raise web.RefusedError(422, "currency_unknown")
    codes = _codes(message)
    return _text(message, "GrpHdr/MsgId"), Transfer(
        end_to_end_id=_text(message, f"{TRANSFER}/PmtId/EndToEndId"),
        debtor_iban=_iban(message, "PmtInf/DbtrAcct/Id/IBAN"),
        creditor_iban=_iban(message, f"{TRANSFER}/CdtrAcct/Id/IBAN"),
        creditor_iin=_text(message, f"{TRANSFER}/Cdtr/Id/PrvtId/Othr/Id", web.IIN),
        amount_minor=_minor(amount.text or ""),
        currency=CURRENCY,
        purpose=_text(message, f"{TRANSFER}/RmtInf/Ustrd"),
        debtor_bin=_text(message, "PmtInf/Dbtr/Id/OrgId/Othr/Id", web.IIN),
        knp=_text(message, f"{TRANSFER}/Purp/Prtry", KNP),
        kod=codes.get("KOD", ""),
        kbe=codes.get("KBE", ""),
    )


def written_report(view: web.Json) -> bytes:
    """A status report about one order, as the ledger shows it."""
    document = Element("Document", xmlns=REPORT)
    message = SubElement(document, "CstmrPmtStsRpt")
    header = SubElement(message, "GrpHdr")
    _put(header, "MsgId", view["order_id"])
    _put(header, "CreDtTm", view.get("settled_at", view["accepted_at"]))
    original = SubElement(message, "OrgnlGrpInfAndSts")
    _put(original, "OrgnlMsgId", view["end_to_end_id"])
    _put(original, "OrgnlMsgNmId", "pain.001.001.09")
    payment = SubElement(message, "OrgnlPmtInfAndSts")
    _put(payment, "OrgnlPmtInfId", view["end_to_end_id"])
    told = SubElement(payment, "TxInfAndSts")
    _put(told, "OrgnlEndToEndId", view["end_to_end_id"])
    _put(told, "TxSts", STATUS[view["status"]])
    if "reason" in view:
        reason = SubElement(SubElement(told, "StsRsnInf"), "Rsn")
        _put(reason, "Cd", REASON[view["reason"]])
    if "settled_at" in view:
        _put_credit(told, view)
    _put(told, "AccptncDtTm", view["accepted_at"])
    _put(told, "AcctSvcrRef", view["order_id"])
    order = SubElement(told, "OrgnlTxRef")
    _put_amount(SubElement(order, "Amt"), "InstdAmt", view)
    for side in ("debtor", "creditor"):
        account = SubElement(order, "DbtrAcct" if side == "debtor" else "CdtrAcct")
        _put(SubElement(account, "Id"), "IBAN", view[f"{side}_iban"])
    return bytes(tostring(document, encoding="utf-8", xml_declaration=True))


def _put_credit(told: Element, view: web.Json) -> None:
    """When and how much was credited to the creditor's account."""
    credited = SubElement(told, "TrckrData")
    _put(SubElement(credited, "ConfdDt"), "DtTm", view["settled_at"])
    _put_amount(credited, "ConfdAmt", view)
    agent = SubElement(SubElement(credited, "TrckrRcrd"), "Agt")
    other = SubElement(SubElement(agent, "FinInstnId"), "Othr")
    _put(other, "Id", "NOTPROVIDED")


def _put_amount(parent: Element, name: str, view: web.Json) -> None:
    major, minor = divmod(view["amount_minor"], 100)
    _put(parent, name, f"{major}.{minor:02}").set("Ccy", view["currency"])


def _put(parent: Element, name: str, text: Any) -> Element:  # noqa: ANN401 - of a view
    node = SubElement(parent, name)
    node.text = str(text)
    return node


def _parsed(body: bytes) -> Element:
    parser = XMLParser(target=_NoDoctype())  # noqa: S314 - no document type, no entity
    try:
        parser.feed(body)
        return parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise web.RefusedError(400, "malformed", "not XML") from error


def _codes(message: Element) -> dict[str, str]:
    """КОд and КБе, which the National Bank's statistics ask of every payment."""
    codes = {
        _text(details, "Tp"): _text(details, "Cd", SECTOR)
        for details in _all(message, f"{TRANSFER}/RgltryRptg/Dtls")
    }
    if set(codes) != {"KOD", "KBE"}:
        raise web.RefusedError(422, "codes_missing")
    return codes


def _minor(text: str) -> int:
    major, _, minor = text.partition(".")
    if len(minor) > 2 or not (major + minor).isdecimal():  # noqa: PLR2004 - tiyn
        raise web.RefusedError(400, "malformed", "amount")
    amount = int(major) * 100 + int(minor.ljust(2, "0"))
    if not 0 < amount <= web.MAX_INTEGER:
        raise web.RefusedError(400, "malformed", "amount")
    return amount


def _all(node: Element, path: str) -> Iterator[Element]:
    return node.iterfind("/".join(f"{{{ORDER}}}{step}" for step in path.split("/")))


def _one(node: Element, path: str) -> Element:
    found = list(_all(node, path))
    if len(found) != 1:
        raise web.RefusedError(400, "malformed", path)
    return found[0]


def _text(node: Element, path: str, pattern: re.Pattern[str] | None = None) -> str:
    found = _one(node, path).text or ""
    if not found or (pattern is not None and not pattern.fullmatch(found)):
        raise web.RefusedError(400, "malformed", path)
    return found


def _iban(node: Element, path: str) -> str:
    iban = _text(node, path, web.IBAN)
    if not iban_is_valid(iban):
        raise web.RefusedError(422, "iban_invalid", path)
    return iban
