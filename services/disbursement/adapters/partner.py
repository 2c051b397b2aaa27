"""A partner's server over HTTPS with mutual TLS: every answer bounded, or none.

Whatever is no answer at all is `NoAnswer`: the outcome is unknown.
"""

import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

import httpx
from pydantic import BeforeValidator, Field

from kernel.logging import get_logger
from kernel.money import LARGEST_MINOR, Money
from services.disbursement.adapters.answers import Answer, read_as
from services.disbursement.adapters.guarding import Guard
from services.disbursement.domain.order import (
    BankAnswer,
    NoAnswer,
    Order,
    OrderConflict,
    OrderMissing,
    OrderRefused,
)

log = get_logger("disbursement")

CONNECT_S: Final = 3.0
READ_S: Final = 10.0
WHOLE_ANSWER_S: Final = 15.0
"""An answer that trickles is cut here."""
LONGEST_WORD_S: Final = CONNECT_S + 3 * READ_S
"""The slowest answer there is: connecting, writing, its head, and its first bytes."""
LARGEST_ORDER_BYTES: Final = 16 * 1024
LARGEST_STATEMENT_BYTES: Final = 16 * 1024 * 1024
UNSPECIFIED: Final = "unspecified"

ReadReport = Callable[[bytes], BankAnswer]
"""Reads the report on an order in a partner's dialect; `NoAnswer` when it is none."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _code(value: object) -> str:
    """A partner's code if it is one: it travels in events and logs."""
    known = isinstance(value, str) and _CODE.fullmatch(value)
    return str(value) if known else UNSPECIFIED


Code = Annotated[str, BeforeValidator(_code)]


class _Problem(Answer):
    code: Code


class _Entry(Answer):
    end_to_end_id: str


class _Statement(Answer):
    entries: tuple[_Entry, ...]


class _Balance(Answer):
    iban: Annotated[str, Field(max_length=34)]
    available_minor: Annotated[int, Field(ge=-LARGEST_MINOR, le=LARGEST_MINOR)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered, whole."""

    status: int
    body: bytes


class Partner:
    """One partner's server.  Never raises for what it or the network does."""

    def __init__(self, client: httpx.Client, *, base_url: str, guard: Guard) -> None:
        """`client` carries the TLS context and nothing else."""
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._guard = guard

    def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        at_most: int = LARGEST_ORDER_BYTES,
    ) -> Response | NoAnswer:
        """Ask once; nothing here tries again, and nobody is asked who has to rest."""
        refusal = self._guard.refusal()
        if refusal is not None:
            return NoAnswer(refusal)
        response = self._asked(
            method, path, content=content, headers=headers, at_most=at_most
        )
        self._guard.saw(response.status if isinstance(response, Response) else None)
        return response

    def _asked(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None,
        headers: dict[str, str] | None,
        at_most: int,
    ) -> Response | NoAnswer:
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
                return Response(answer.status_code, bytes(body))
        except httpx.HTTPError as error:
            log.warning("bank_unreachable", error=type(error).__name__)
            return NoAnswer("bank_unavailable")


def partner_client(tls: ssl.SSLContext) -> httpx.Client:
    """Our certificate, no redirects, no proxy that the machine may name."""
    return httpx.Client(
        verify=tls,
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        follow_redirects=False,
        trust_env=False,
    )


def give_order(
    partner: Partner,
    path: str,
    *,
    content: bytes,
    headers: dict[str, str],
    read: ReadReport,
) -> BankAnswer:
    """POST once; nothing here tries again."""
    response = partner.request("POST", path, content=content, headers=headers)
    if isinstance(response, NoAnswer):
        return response
    match response.status:
        case 200 | 201:
            return read(response.body)
        case 422:
            return _refusal(response.body)
        case status:
            return NoAnswer(f"bank_status_{status}")


def ask_order(partner: Partner, path: str, *, read: ReadReport) -> BankAnswer:
    """The order's status; "not found" only in the partner's own words."""
    response = partner.request("GET", path)
    if isinstance(response, NoAnswer):
        return response
    match response.status:
        case 200:
            return read(response.body)
        case 404 if _problem_code(response.body) == "order_not_found":
            return OrderMissing()
        case status:
            return NoAnswer(f"bank_status_{status}")


def _problem_code(body: bytes) -> str | None:
    """The code of a refusal, in the partner's own words; None if it is none."""
    problem = read_as(_Problem, body)
    return problem.code if problem else None


def _refusal(body: bytes) -> BankAnswer:
    """What it means that the partner does not take an order."""
    match _problem_code(body):
        case None:
            return NoAnswer("bank_answer_unreadable")
        case "idempotency_conflict":
            return OrderConflict()
        case code:
            return OrderRefused(code)


def is_booked(partner: Partner, order: Order) -> bool | None:
    """Whether the statement of the company's account shows the order."""
    response = partner.request(
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


def balance_of(partner: Partner, order: Order) -> Money | NoAnswer:
    """What the account has, if the answer is about this very account."""
    response = partner.request("GET", f"/v1/balances/{order.debtor_iban}")
    if isinstance(response, NoAnswer):
        return response
    if response.status != httpx.codes.OK:
        return NoAnswer(f"bank_status_{response.status}")
    answer = read_as(_Balance, response.body)
    if answer is None or answer.iban != order.debtor_iban:
        return NoAnswer("bank_answer_unreadable")
    return Money(answer.available_minor, answer.currency)
