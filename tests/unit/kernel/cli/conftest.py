"""The command line over a fake bus: what is asked is kept, answers are given."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from typing_extensions import override

from kernel.cli import Operator
from kernel.cli import __main__ as program
from kernel.cli.fido import FidoKey
from kernel.cli.operator import OperatorSettings
from kernel.cli.session import Session, SessionFile
from kernel.clock import rfc3339
from kernel.context import Context
from kernel.crypto import Json
from kernel.rpc import RpcClient
from kernel.settings import staff_site
from kernel.values import Secret
from tests.softkey import SoftKey

NOW = datetime(2026, 11, 29, 4, 30, tzinfo=UTC)
REQUEST = UUID("01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11")
STAFF = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d22"
TOKEN_LIVES = timedelta(seconds=60)
SITE = staff_site("test")
SECRET = "session-secret-of-the-person"  # noqa: S105 - a test's


@dataclass
class FakeClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Asked:
    """One call, as the bus would carry it."""

    service: str
    method: str
    token: str | None
    arguments: dict[str, Any]


@dataclass
class FakeBus:
    """Answers by method; an exception among the answers is raised."""

    clock: FakeClock
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    closed: bool = False

    def call(
        self,
        service: str,
        method: str,
        *,
        context: Context,
        timeout_s: float,
        staff_token: str | None = None,
        **arguments: Any,  # noqa: ANN401 - as RpcClient
    ) -> Json:
        assert context.correlation_id == REQUEST
        self.asked.append(Asked(service, method, staff_token, arguments))
        if method == "staff_token" and method not in self.answers:
            return {
                "token": f"token {self.count('staff_token')}",
                "expires_at": rfc3339(self.clock.now() + TOKEN_LIVES),
                "permissions": ["operations.read"],
            }
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return cast("Json", answer)

    def close(self) -> None:
        self.closed = True

    def count(self, method: str) -> int:
        return len([one for one in self.asked if one.method == method])


@dataclass
class Desk:
    """A member of the staff before the command line."""

    bus: FakeBus
    clock: FakeClock
    sessions: SessionFile
    device: SoftKey = field(default_factory=SoftKey)

    def operator(self, service: str) -> Operator:
        return Operator(
            service,
            cast("RpcClient", self.bus),
            self.clock,
            Context(REQUEST, None, "00-1-1-01"),
            self.sessions,
            cast("OperatorSettings", None),
            lambda: FidoKey(self.device, SITE),
        )

    def logged_in(self, *, hours: int = 8) -> None:
        until = NOW + timedelta(hours=hours)
        self.sessions.save(
            Session(
                secret=Secret(SECRET),
                expires_at=until,
                staff_id=STAFF,
                roles=("treasurer",),
            )
        )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    clock = FakeClock()
    found = Desk(FakeBus(clock), clock, SessionFile(tmp_path))
    monkeypatch.setattr(program, "connect", found.operator)
    return found


class FakeTerminal(io.StringIO):
    """A person's answers, typed at a terminal."""

    @override
    def isatty(self) -> bool:
        return True


Typed = Callable[[str], None]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Let a person type these lines; nobody is there otherwise."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    def type_(lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", FakeTerminal(lines))

    return type_
