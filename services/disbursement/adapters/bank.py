"""The company's bank over HTTPS with mutual TLS.

Every answer is bounded in time and size. Whatever is not a well-formed answer is
`NoAnswer`: the outcome is unknown.
"""

import re
import ssl
import time
from dataclasses import dataclass
from typing import Annotated, Final

import httpx
import orjson
from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
)

from kernel.logging import get_logger
from services.disbursement.adapters.answers import Answer, read_as
from services.disbursement.domain.order import (
    PURPOSE,
    BankAnswer,
    NoAnswer,
    Order,
    OrderConflict,
    OrderMissing,
    OrderRefused,
    OrderReport,
    OrderStatus,
)

log = get_logger("disbursement")

CONNECT_S: Final = 3.0
READ_S: Final = 10.0
WHOLE_ANSWER_S: Final = 15.0
"""An answer that trickles is cut here."""
LARGEST_ORDER_BYTES: Final = 16 * 1024
LARGEST_STATEMENT_BYTES: Final = 16 * 1024 * 1024

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_UNSPECIFIED: Final = "unspecified"


def _code(value: object) -> str:
    """A partner's code if it is one: it travels in events and logs."""
    known = isinstance(value, str) and _CODE.fullmatch(value)
    return str(value) if known else _UNSPECIFIED


class _OrderAnswer(Answer):
    order_id: Annotated[str, Field(min_length=1, max_length=64)]
    end_to_end_id: Annotated[str, Field(max_length=64)]
    status: OrderStatus
    amount_minor: int
    currency: Annotated[str, Field(max_length=3)]
    debtor_iban: Annotated[str, Field(max_length=34)]
    creditor_iban: Annotated[str, Field(max_length=34)]
    settled_at: AwareDatetime | None = None
    reason: Annotated[str, BeforeValidator(_code)] = _UNSPECIFIED


class _Problem(Answer):
    code: Annotated[str, BeforeValidator(_code)]


class _Entry(Answer):
    end_to_end_id: str


class _Statement(Answer):
    entries: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    body: bytes


class HttpBank:
    """`Bank` over HTTPS with mutual TLS; the API of the company's bank."""

    def __init__(self, client: httpx.Client, *, base_url: str) -> None:
        """`client` carries the TLS context and nothing else."""
        self._client = client
        self._base_url = base_url.rstrip("/")

    def send(self, order: Order) -> BankAnswer:
        """POST once; nothing here tries again."""
        body = orjson.dumps(
            {
                "end_to_end_id": order.key,
                "debtor_iban": order.debtor_iban,
                "creditor_iban": order.creditor_iban,
                "creditor_iin": order.creditor_iin,
                "amount_minor": order.amount.amount_minor,
                "currency": order.amount.currency,
                "purpose": PURPOSE,
            }
        )
        headers = {"Idempotency-Key": order.key, "Content-Type": "application/json"}
        response = self._request("POST", "/v1/orders", content=body, headers=headers)
        if isinstance(response, NoAnswer):
            return response
        match response.status:
            case 200 | 201:
                return _report(response.body)
            case 422:
                return _refusal(response.body)
            case status:
                return NoAnswer(f"bank_status_{status}")

    def ask(self, key: str) -> BankAnswer:
        """The order's status; "not found" only in the bank's own words."""
        response = self._request("GET", f"/v1/orders/{key}")
        if isinstance(response, NoAnswer):
            return response
        match response.status:
            case 200:
                return _report(response.body)
            case 404 if _problem_code(response.body) == "order_not_found":
                return OrderMissing()
            case status:
                return NoAnswer(f"bank_status_{status}")

    def booked(self, order: Order) -> bool | None:
        """Whether the statement of the company's account shows the order."""
        response = self._request(
            "GET",
            f"/v1/accounts/{order.debtor_iban}/statement",
            at_most=LARGEST_STATEMENT_BYTES,
        )
        if isinstance(response, NoAnswer) or response.status != httpx.codes.OK:
            return None
        statement = read_as(_Statement, response.body)
        if statement is None:
            return None
        return any(entry.end_to_end_id == order.key for entry in statement.entries)

    def _request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        at_most: int = LARGEST_ORDER_BYTES,
    ) -> _Response | NoAnswer:
        ends = time.monotonic() + WHOLE_ANSWER_S
        try:
            with self._client.stream(
                method, f"{self._base_url}{path}", content=content, headers=headers
            ) as answer:
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > at_most:
                        return NoAnswer("bank_answer_too_large")
                    if time.monotonic() > ends:
                        return NoAnswer("bank_answer_too_slow")
                return _Response(answer.status_code, bytes(body))
        except httpx.HTTPError as error:
            log.warning("bank_unreachable", error=type(error).__name__)
            return NoAnswer("bank_unavailable")


def bank_client(tls: ssl.SSLContext) -> httpx.Client:
    """Our certificate, no redirects, no proxy that the machine may name."""
    return httpx.Client(
        verify=tls,
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        follow_redirects=False,
        trust_env=False,
    )


def _report(body: bytes) -> BankAnswer:
    answer = read_as(_OrderAnswer, body)
    if answer is None:
        return NoAnswer("bank_answer_unreadable")
    return OrderReport(
        order_id=answer.order_id,
        end_to_end_id=answer.end_to_end_id,
        status=answer.status,
        amount_minor=answer.amount_minor,
        currency=answer.currency,
        debtor_iban=answer.debtor_iban,
        creditor_iban=answer.creditor_iban,
        settled_at=answer.settled_at,
        reason=answer.reason,
    )


def _problem_code(body: bytes) -> str | None:
    problem = read_as(_Problem, body)
    return problem.code if problem else None


def _refusal(body: bytes) -> BankAnswer:
    match _problem_code(body):
        case None:
            return NoAnswer("bank_answer_unreadable")
        case "idempotency_conflict":
            return OrderConflict()
        case code:
            return OrderRefused(code)
