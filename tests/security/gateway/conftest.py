"""The gateway's application over the real database, with a note of every RPC call."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.auth.gateway.app import build_app
from services.auth.gateway.cursors import Cursors
from services.auth.gateway.gate import Gate
from services.auth.gateway.security import SESSION_COOKIE
from tests.doors import HOST, ORIGIN, FakeDoor, NotedRpc
from tests.integration.auth.conftest import auth_owner, stand
from tests.integration.auth.stand import Stand

__all__ = ["ORIGIN", "auth_owner", "stand"]


@dataclass
class Door:
    """A client of the application, and what is behind it."""

    stand: Stand
    rpc: NotedRpc
    gate: Gate

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, Any] | None = None,
        origin: str | None = ORIGIN,
        **request: Any,  # noqa: ANN401 - httpx's own arguments
    ) -> httpx.Response:
        """One request, from our own page unless `origin` says otherwise."""
        named = {} if origin is None else {"Origin": origin}

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=build_app(self.gate))
            async with httpx.AsyncClient(
                transport=transport, base_url=f"{ORIGIN}/api/v1"
            ) as client:
                return await client.request(
                    method, path, headers={**named, **(headers or {})}, **request
                )

        return asyncio.run(ask())

    def stored(self) -> list[int]:
        """How many rows the tables hold: nothing refused may add one."""
        tables = ("challenges", "messages", "sessions", "password_attempts", "logins")
        return [
            int(self.stand.rows(f"SELECT count(*) FROM {name}")[0][0])  # noqa: S608 - names are ours
            for name in tables
        ]

    def cookie(self) -> dict[str, str]:
        """The header of a client who is logged in."""
        self.stand.client()
        _, token = self.stand.session()
        return {"Cookie": f"{SESSION_COOKIE}={token}"}


@pytest.fixture
def door(stand: Stand) -> Iterator[Door]:
    """The application of one test."""
    rpc = NotedRpc()
    gate = Gate(
        use_cases=stand.gateway,
        rpc=rpc,
        assertions=stand.gateway_platform.assertions,
        cursors=Cursors(stand.gateway_platform.field_keys),
        new_context=stand.gateway_platform.context,
        hosts=frozenset({HOST}),
        origins=frozenset({ORIGIN}),
    )
    yield Door(stand, rpc, gate)
    gate.close()


@pytest.fixture
def fake_door() -> Iterator[FakeDoor]:
    """The application with nothing behind it."""
    fake = FakeDoor()
    yield fake
    fake.close()
