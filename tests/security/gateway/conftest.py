"""The gateway's application over the real database, with a note of every RPC call."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.auth.gateway.app import build_app
from services.auth.gateway.cursors import Cursors
from services.auth.gateway.devices import DEVICE_COOKIE
from services.auth.gateway.gate import Gate
from services.auth.gateway.reads import ReadLog
from services.auth.gateway.security import SESSION_COOKIE
from tests.doors import HOST, ORIGIN, FakeDoor, NotedRpc
from tests.integration.auth.conftest import auth_owner, stand
from tests.integration.auth.stand import BROWSER, PASSWORD, PHONE, Stand

__all__ = ["ORIGIN", "auth_owner", "stand"]


@dataclass
class Door:
    """A client of the application, and what is behind it."""

    stand: Stand
    rpc: NotedRpc
    gate: Gate

    def __post_init__(self) -> None:
        self.app = build_app(self.gate)

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
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url=f"{ORIGIN}/api/v1"
            ) as client:
                return await client.request(
                    method, path, headers={**named, **(headers or {})}, **request
                )

        return asyncio.run(ask())

    def log_in(self) -> httpx.Response:
        """Both factors, in the browser of the registration."""
        credentials = {"login": PHONE.reveal(), "password": PASSWORD}
        challenge = self.send("POST", "/sessions", json=credentials).json()
        return self.send(
            "POST",
            "/sessions/second-factor",
            json={
                "challenge_id": challenge["challenge_id"],
                "code": self.stand.code_for(purpose="login"),
            },
            headers={"Cookie": f"{DEVICE_COOKIE}={BROWSER.mark}"},
        )

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
def door(stand: Stand, tmp_path: Path) -> Iterator[Door]:
    """The application of one test."""
    rpc = NotedRpc()
    reads = ReadLog(tmp_path, log_id=UUID(int=1), clock=stand.clock)
    gate = Gate(
        use_cases=stand.gateway,
        rpc=rpc,
        assertions=stand.gateway_platform.assertions,
        cursors=Cursors(stand.gateway_platform.field_keys),
        reads=reads,
        new_context=stand.gateway_platform.context,
        hosts=frozenset({HOST}),
        origins=frozenset({ORIGIN}),
    )
    yield Door(stand, rpc, gate)
    gate.close()
    reads.close()


@pytest.fixture(scope="session")
def one_fake_door() -> Iterator[FakeDoor]:
    fake = FakeDoor()
    yield fake
    fake.close()


@pytest.fixture
def fake_door(one_fake_door: FakeDoor) -> FakeDoor:
    """The application with nothing behind it, which has forgotten earlier tests."""
    one_fake_door.forget()
    return one_fake_door
