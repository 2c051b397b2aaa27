"""The bank, in a process of its own: it must outlive everything a test kills.

`python -m infra.simulators.bank`; the API is described in README.md.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.clock import Clock, rfc3339
from infra.simulators.faults import FaultBook, FaultGate, control_routes
from infra.simulators.identities import iban_is_valid
from infra.simulators.ledger import Account, Bank, Card, OrderError, Transfer, Verdict
from infra.simulators.pain import payment_routes
from infra.simulators.serving import Listener, start
from infra.simulators.settings import bank_settings
from infra.simulators.statement import (
    Statements,
    statement_control_routes,
    statement_routes,
)

NAME = "simulator-bank"
MAX_KEY_LENGTH = 255
CURRENCY = "KZT"
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")
LAST4 = re.compile(r"[0-9]{4}")


def bank_routes(bank: Bank, clock: Clock) -> list[Route]:
    """What a corporate client of the bank may call."""

    async def take_order(request: Request) -> Response:
        key = _idempotency_key(request)
        body = await web.json_body(request)
        try:
            order, new = bank.take(key, _transfer(body, bank))
        except OrderError as error:
            raise web.RefusedError(422, error.code) from error
        return web.answer(order.view(), 201 if new else 200)

    async def show_order(request: Request) -> Response:
        try:
            order = bank.order(request.path_params["key"])
        except OrderError as error:
            raise web.RefusedError(404, error.code) from error
        return web.answer(order.view())

    async def check_ownership(request: Request) -> Response:
        body = await web.json_body(request)
        verdict = bank.ownership(
            iban=web.text(body, "iban", web.IBAN), iin=web.text(body, "iin", web.IIN)
        )
        return web.answer(evidence(verdict))

    async def look_up_card(request: Request) -> Response:
        body = await web.json_body(request)
        verdict, card = bank.card(
            token=web.text(body, "token", TOKEN), iin=web.text(body, "iin", web.IIN)
        )
        shown = {} if card is None else {"last4": card.last4, "iban": card.iban}
        return web.answer(evidence(verdict) | shown)

    def evidence(verdict: Verdict) -> dict[str, str]:
        return {
            "verdict": verdict.value,
            "evidence_id": secrets.token_hex(16),
            "checked_at": rfc3339(clock.now()),
        }

    async def show_statement(request: Request) -> Response:
        return web.answer({"entries": bank.statement(request.path_params["iban"])})

    async def show_balance(request: Request) -> Response:
        iban = request.path_params["iban"]
        return web.answer(
            {
                "iban": iban,
                "available_minor": bank.available_minor(iban),
                "currency": CURRENCY,
            }
        )

    return [
        Route("/v1/orders", take_order, methods=["POST"]),
        Route("/v1/orders/{key}", show_order, methods=["GET"]),
        Route("/v1/accounts/ownership", check_ownership, methods=["POST"]),
        Route("/v1/cards/lookup", look_up_card, methods=["POST"]),
        Route("/v1/accounts/{iban}/statement", show_statement, methods=["GET"]),
        Route("/v1/balances/{iban}", show_balance, methods=["GET"]),
    ]


def bank_control_routes(bank: Bank, token: str) -> list[Route]:
    """What the director of a test may do: open accounts, read the ledger."""

    async def open_account(request: Request) -> Response:
        body = await web.json_body(request)
        account = Account(
            iban=_iban(body, "iban"),
            iin=web.text(body, "iin", web.IIN),
            closed=web.flag(body, "closed"),
        )
        bank.open_account(account)
        return web.answer(asdict(account), 201)

    async def register_card(request: Request) -> Response:
        body = await web.json_body(request)
        card = Card(
            token=web.text(body, "token", TOKEN),
            iin=web.text(body, "iin", web.IIN),
            iban=_iban(body, "iban"),
            last4=web.text(body, "last4", LAST4),
        )
        bank.register_card(card)
        return web.answer(asdict(card), 201)

    async def endow(request: Request) -> Response:
        body = await web.json_body(request)
        iban = _iban(body, "iban")
        bank.endow(iban, web.whole(body, "amount_minor", least=0))
        return web.answer({"available_minor": bank.available_minor(iban)}, 201)

    async def show_ledger(_: Request) -> Response:
        return web.answer({"entries": bank.lines()})

    return [
        Route("/_control/accounts", web.guarded(open_account, token), methods=["POST"]),
        Route("/_control/cards", web.guarded(register_card, token), methods=["POST"]),
        Route("/_control/funds", web.guarded(endow, token), methods=["POST"]),
        Route("/_control/ledger", web.guarded(show_ledger, token), methods=["GET"]),
    ]


def build(env: Mapping[str, str]) -> list[Listener]:
    """The bank's one listener. Raises SettingsError."""
    settings = bank_settings(env)
    common = settings.common
    clock, book = Clock(common.clock_file), FaultBook()
    bank = Bank(
        ledger=settings.ledger,
        data=settings.data,
        clock=clock,
        settle_after_s=settings.settle_after_s,
    )
    statements = Statements(settings.data / "entries.jsonl", clock, bank.settled)
    routes = [
        *bank_routes(bank, clock),
        *payment_routes(bank),
        *statement_routes(statements),
        *bank_control_routes(bank, common.control_token),
        *statement_control_routes(statements, common.control_token),
        *control_routes(book, common.control_token),
        web.ready_route(NAME, lambda: bank.able and statements.able),
    ]
    app = web.Dated(FaultGate(web.application(routes), book), clock)
    return [
        Listener(
            app=app,
            host=common.host,
            port=settings.port,
            tls=common.tls,
            partners_only=True,
        )
    ]


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not 0 < len(key) <= MAX_KEY_LENGTH or "/" in key:
        raise web.RefusedError(400, "idempotency_key_missing")
    return key


def _transfer(body: web.Json, bank: Bank) -> Transfer:
    """Raises OrderError for a card that nobody has."""
    card = web.optional_text(body, "creditor_card", TOKEN)
    if web.text(body, "currency") != CURRENCY:
        raise web.RefusedError(422, "currency_unknown")
    return Transfer(
        end_to_end_id=web.text(body, "end_to_end_id"),
        debtor_iban=_iban(body, "debtor_iban"),
        creditor_iban=bank.account_of(card) if card else _iban(body, "creditor_iban"),
        creditor_iin=web.text(body, "creditor_iin", web.IIN),
        amount_minor=web.whole(body, "amount_minor", least=1),
        currency=CURRENCY,
        purpose=web.text(body, "purpose"),
        debtor_bin=web.optional_text(body, "debtor_bin", web.IIN) or "",
        knp=web.optional_text(body, "knp") or "",
        kod=web.optional_text(body, "kod") or "",
        kbe=web.optional_text(body, "kbe") or "",
        creditor_card=card or "",
    )


def _iban(body: web.Json, field: str) -> str:
    iban = web.text(body, field, web.IBAN)
    if not iban_is_valid(iban):
        raise web.RefusedError(422, "iban_invalid", field)
    return iban


if __name__ == "__main__":
    start(NAME, build)
