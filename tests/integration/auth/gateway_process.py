"""A gateway in a process of its own, told line by line what to do and when.

`python -m tests.integration.auth.gateway_process` has the environment of the process
`gateway`; each line is one JSON object, each answer as well.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from infra.leash import leashed
from infra.stack import Stack
from kernel.errors import Refused
from services.auth.domain.factors import CodeProof
from services.auth.wiring.desk import Desk
from services.auth.wiring.gateway import GatewayUseCases
from tests.integration.auth.stand import (
    BROWSER,
    CountingPasswords,
    MovableClock,
    in_threads,
    platform_of,
)
from tests.marks import ROOT


class GatewayProcess:
    """The other end of the line."""

    def __init__(self, servers: Stack) -> None:
        self._process = subprocess.Popen(
            leashed([sys.executable, "-m", __name__]),
            cwd=ROOT,
            env={**servers.env("gateway"), "PATH": os.defpath},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self.answer() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)

    def tell(self, act: str, *, at: datetime, **more: object) -> None:
        """Have something done; the answer is read by `answer`."""
        assert self._process.stdin is not None
        line = json.dumps({"act": act, "at": at.isoformat(), **more}, default=str)
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def answer(self) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def ask(self, act: str, *, at: datetime, **more: object) -> Any:  # noqa: ANN401 - JSON
        self.tell(act, at=at, **more)
        return self.answer()


def main() -> None:
    clock = MovableClock()
    platform = platform_of(dict(os.environ), clock)
    gateway = GatewayUseCases(Desk.of(platform), CountingPasswords(), frozenset())
    print(json.dumps("ready"), flush=True)  # noqa: T201 - the line's own words
    for line in sys.stdin:
        told = json.loads(line)
        clock.at = datetime.fromisoformat(told["at"])
        print(json.dumps(_done(gateway, platform.context, told)), flush=True)  # noqa: T201
    platform.close()


def _done(gateway: GatewayUseCases, context: Any, told: Mapping[str, Any]) -> object:  # noqa: ANN401
    match told["act"]:
        case "authenticate":
            try:
                gateway.authenticate(
                    gateway.knock(told["token"], activity=told["activity"])
                )
            except Refused as refused:
                return refused.code
            return "alive"
        case "guess":

            def guess(place: int) -> object:
                return gateway.entry.open_session(
                    context(),
                    challenge_id=UUID(told["challenge_id"]),
                    proof=CodeProof(told["method"], told["codes"][place]),
                    browser=BROWSER,
                )

            answers = in_threads(len(told["codes"]), guess)
            return [one.code if isinstance(one, Refused) else "in" for one in answers]
    raise ValueError(told["act"])


if __name__ == "__main__":
    main()
