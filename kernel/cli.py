"""The operators' door of every service: commands over RPC as principal `operator`.

``python -m services.<service>.cli <command> [--json]``.  Exit codes: 0 ok, 1 error,
2 usage, 3 finding, 5 refused by a rule.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

from kernel.bus import Broker
from kernel.clock import Clock, clock_from
from kernel.context import fresh_context
from kernel.crypto import Json, SigningKey, TrustStore, as_object
from kernel.errors import Broken, Refused, Transient
from kernel.ids import Ids, system_ids
from kernel.logging import configure
from kernel.rpc import RpcClient
from kernel.settings import LogLevel, Stage, read

ERROR: Final = 1
FINDING: Final = 3
REFUSED: Final = 5
TIMEOUT_S: Final = 120.0
"""Verifying a long log takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings:
    """What the command line is told, as variables ``OPERATOR_…``."""

    stage: Stage
    principal: str
    broker_url: str
    tls_ca: Path
    tls_cert: Path
    tls_key: Path
    signing_key: Path
    trust: Path
    clock: str = "system"
    log_level: LogLevel = "warning"


@dataclass(frozen=True, slots=True)
class Operator:
    """A session of the command line with one service."""

    service: str
    rpc: RpcClient
    clock: Clock
    ids: Ids

    def call(self, method: str, **arguments: Any) -> Json:  # noqa: ANN401 - passed on
        """Call the service; raises Refused, Transient or Broken."""
        return self.rpc.call(
            self.service,
            method,
            context=fresh_context(self.ids),
            timeout_s=TIMEOUT_S,
            **arguments,
        )


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its help, its arguments, and what it does.

    ``run`` returns the answer and the exit code.
    """

    help: str
    run: Callable[[Operator, argparse.Namespace], tuple[Json, int]]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None


def _status(operator: Operator, _arguments: argparse.Namespace) -> tuple[Json, int]:
    return operator.call("status"), 0


def _parked(operator: Operator, _arguments: argparse.Namespace) -> tuple[Json, int]:
    answer = as_object(operator.call("parked"))
    return answer, FINDING if answer["parked"] else 0


def _replay(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    answer = operator.call("replay_parked", message_id=arguments.message_id)
    return answer, 0 if as_object(answer)["outcome"] == "applied" else FINDING


def _message_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message_id", type=UUID, help="as `parked` shows it")


OPERATIONS: Final[Mapping[str, Command]] = {
    "status": Command("what waits, what is parked, what was refused", _status),
    "parked": Command("messages that wait for a person (exit 3 if any)", _parked),
    "replay": Command("handle a parked message once more", _replay, _message_id),
}


def main(
    service: str,
    commands: Mapping[str, Command] | None = None,
    arguments: Sequence[str] | None = None,
) -> None:
    """Parse, call, print, exit."""
    known = {**OPERATIONS, **(commands or {})}
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}.cli")
    parser.add_argument("--json", action="store_true", help="print JSON, nothing else")
    chosen = parser.add_subparsers(dest="command", required=True)
    for name, command in known.items():
        command.arguments(chosen.add_parser(name, help=command.help))
    parsed = parser.parse_args(arguments)
    sys.exit(_run(service, known[parsed.command], parsed))


def _run(service: str, command: Command, parsed: argparse.Namespace) -> int:
    try:
        operator = _connect(service)
        answer, code = command.run(operator, parsed)
    except Refused as error:
        return _complain(f"{error.sentence} {error.next_step} [{error.code}]", REFUSED)
    except (Transient, Broken) as error:
        return _complain(error.sentence, ERROR)
    _print(answer, as_json=parsed.json)
    operator.rpc.close()
    return code


def _connect(service: str) -> Operator:
    settings = read(OperatorSettings, prefix="operator")
    configure(settings.principal, settings.log_level)
    clock = clock_from(settings.clock, stage=settings.stage)
    ids = system_ids(clock)
    trust = TrustStore.load(settings.trust)
    broker = Broker(
        settings.broker_url,
        settings.principal,
        settings.tls_ca,
        settings.tls_cert,
        settings.tls_key,
    )
    key = SigningKey.load(
        settings.signing_key, keyid=trust.keyid_of(settings.principal)
    )
    return Operator(
        service, RpcClient(broker, key=key, clock=clock, ids=ids), clock, ids
    )


def _print(answer: Json, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(orjson.dumps(answer).decode() + "\n")
        return
    if not isinstance(answer, Mapping):
        sys.stdout.write(f"{answer}\n")
        return
    width = max((len(name) for name in answer), default=0)
    for name, value in answer.items():
        sys.stdout.write(f"{name:{width}}  {value}\n")


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
