"""The staff's door of every service: commands over RPC as `operator`.

``python -m services.<service>.cli <command> [--json]``.  Exit codes: 0 ok, 1 error,
2 usage, 3 finding, 5 refused by a rule.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

from kernel.bus import Broker
from kernel.clock import Clock, SystemClock, clock_from
from kernel.context import fresh_context, jsonable
from kernel.crypto import Json, SigningKey, TrustStore, as_object
from kernel.errors import Broken, Refused, Transient
from kernel.ids import Ids, system_ids
from kernel.logging import configure
from kernel.parts import certificate
from kernel.rpc import RpcClient
from kernel.settings import LogLevel, Stage, read

ERROR: Final = 1
FINDING: Final = 3
REFUSED: Final = 5
TIMEOUT_S: Final = 120.0
"""Verifying a long log takes its time."""
SOON_S: Final = 20.0
"""What every service answers comes at once, or its process is down."""
POLL_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings:
    """What the command line is told, as variables ``OPERATOR_…``.

    ``staff_token`` says who sits before it.
    """

    stage: Stage
    principal: str
    broker_url: str
    tls_ca: Path
    tls_cert: Path
    tls_key: Path
    signing_key: Path
    trust: Path
    staff_token: str | None = None
    clock: str = "system"
    log_level: LogLevel = "warning"


@dataclass(frozen=True, slots=True)
class Operator:
    """A session of the command line with one service."""

    service: str
    rpc: RpcClient
    clock: Clock
    ids: Ids
    settings: OperatorSettings

    def call(
        self,
        method: str,
        *,
        timeout_s: float = TIMEOUT_S,
        **arguments: Any,  # noqa: ANN401 - passed on
    ) -> Json:
        """Call the service; raises Refused, Transient or Broken."""
        return self.rpc.call(
            self.service,
            method,
            context=fresh_context(self.ids),
            timeout_s=timeout_s,
            staff_token=self.settings.staff_token,
            **arguments,
        )

    def ask(self, method: str, **arguments: Any) -> Mapping[str, Json]:  # noqa: ANN401 - passed on
        """`call` for what is answered at once, by an object."""
        return as_object(self.call(method, timeout_s=SOON_S, **arguments))


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its help, what it does, its arguments, an example of them.

    ``run`` returns the answer and the exit code.
    """

    help: str
    run: Callable[[Operator, argparse.Namespace], tuple[Json, int]]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None
    example: str = ""


def _status(operator: Operator, _arguments: argparse.Namespace) -> tuple[Json, int]:
    return operator.ask("status"), 0


def _check(operator: Operator, _arguments: argparse.Namespace) -> tuple[Json, int]:
    """What the service found, and whether we may come back tomorrow."""
    report = operator.ask("check")
    ours = certificate(operator.settings.tls_cert, SystemClock())
    name = f"certificate of {operator.settings.principal}"
    parts = [*_rows(report["parts"]), jsonable(replace(ours, part=name))]
    full = {**report, "parts": parts}
    return full, verdict(full)


def _parked_list(operator: Operator, _: argparse.Namespace) -> tuple[Json, int]:
    answer = operator.ask("parked_list")
    return answer, FINDING if answer["parked"] else 0


def _on_message(method: str) -> Callable[..., tuple[Json, int]]:
    """A command about one parked message."""

    def run(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
        return operator.ask(method, message_id=arguments.message_id), 0

    return run


def _on_approval(method: str) -> Callable[..., tuple[Json, int]]:
    """A command about one request for four eyes."""

    def run(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
        return operator.ask(method, approval_id=arguments.approval_id), 0

    return run


def _approvals_list(operator: Operator, _: argparse.Namespace) -> tuple[Json, int]:
    return operator.ask("approvals_list"), 0


def _parked_replay(
    operator: Operator, arguments: argparse.Namespace
) -> tuple[Json, int]:
    answer = operator.ask("replay_parked", message_id=arguments.message_id)
    return answer, 0 if answer["outcome"] == "applied" else FINDING


def _parked_drop(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    reason = str(arguments.reason)
    return operator.ask("ask_drop", message_id=arguments.message_id, reason=reason), 0


def _outbox_status(operator: Operator, _: argparse.Namespace) -> tuple[Json, int]:
    return operator.ask("outbox_status"), 0


def _replay(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """Have stored events sent again; with ``--wait`` tell how many are left."""
    marked = operator.ask(
        "send_again",
        from_sequence=arguments.from_sequence,
        to_sequence=arguments.to_sequence,
    )
    if not arguments.wait:
        return marked, 0
    told = None
    while True:
        left = operator.ask(
            "left_to_send", from_sequence=marked["from"], to_sequence=marked["to"]
        )["left"]
        if left != told:
            sys.stderr.write(f"{left} left\n")
            told = left
        if left == 0:
            return {**marked, "left": 0}, 0
        time.sleep(POLL_S)


def _message_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message_id", type=UUID, metavar="ID", help="see `parked list`")


def _approval_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("approval_id", type=UUID, metavar="ID")


def _drop_arguments(parser: argparse.ArgumentParser) -> None:
    _message_id(parser)
    parser.add_argument(
        "--reason",
        required=True,
        metavar="WORDS",
        help="kept for ever: lower-case Latin words, no names, no numbers of persons",
    )


def _sequences(parser: argparse.ArgumentParser) -> None:
    for option, name, required, meaning in (
        ("--from", "from_sequence", True, "the first to send again"),
        ("--to", "to_sequence", False, "the last one; the newest when left out"),
    ):
        parser.add_argument(
            option,
            dest=name,
            type=int,
            required=required,
            metavar="SEQUENCE",
            help=meaning,
        )
    parser.add_argument(
        "--wait", action="store_true", help="until the broker has confirmed all"
    )


_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"

OPERATIONS: Final[Mapping[str, Command]] = {
    "status": Command("what waits, what is parked, what was refused", _status),
    "check": Command(
        "database, schema, clock, broker, certificates (exit 3 if one is not well)",
        _check,
        example="check --json",
    ),
    "parked list": Command("messages that wait for a person (exit 3)", _parked_list),
    "parked show": Command(
        "one of them, its data, and how many wait behind it",
        _on_message("parked_show"),
        _message_id,
        f"parked show {_ID}",
    ),
    "parked replay": Command(
        "handle it once more (exit 3 if it fails again)",
        _parked_replay,
        _message_id,
        f"parked replay {_ID}",
    ),
    "parked drop": Command(
        "ask that it never be applied; another person decides",
        _parked_drop,
        _drop_arguments,
        f'parked drop {_ID} --reason "superseded by a later event, ticket 418"',
    ),
    "approvals list": Command("what waits for a second person", _approvals_list),
    "approvals show": Command(
        "one request: what a yes would do",
        _on_approval("approvals_show"),
        _approval_id,
        f"approvals show {_ID}",
    ),
    "approvals approve": Command(
        "let it be done; never by whoever asked",
        _on_approval("approve"),
        _approval_id,
        f"approvals approve {_ID}",
    ),
    "approvals reject": Command(
        "let it not be done",
        _on_approval("reject"),
        _approval_id,
        f"approvals reject {_ID}",
    ),
    "outbox status": Command("what waits to leave, what can be resent", _outbox_status),
    "replay": Command(
        "publish stored events again, byte for byte, under their own numbers",
        _replay,
        _sequences,
        "replay --from 4711 --to 4720 --wait",
    ),
}


def main(
    service: str,
    commands: Mapping[str, Command] | None = None,
    arguments: Sequence[str] | None = None,
) -> None:
    """Parse, call, print, exit."""
    known = {**OPERATIONS, **(commands or {})}
    parsed = _parser(service, known).parse_args(arguments)
    sys.exit(_run(service, known[parsed.command], parsed))


def _parser(service: str, known: Mapping[str, Command]) -> argparse.ArgumentParser:
    """One parser per command; the second of two words is a verb of the first."""
    program = f"python -m services.{service}.cli"
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--json", action="store_true", help="print JSON, nothing else")
    chosen = parser.add_subparsers(required=True, metavar="COMMAND")
    groups: dict[str, Any] = {}
    for name, command in known.items():
        group, _, verb = name.rpartition(" ")
        if group and group not in groups:
            inner = chosen.add_parser(group, help=f"{group} …: see {group} --help")
            groups[group] = inner.add_subparsers(required=True, metavar="VERB")
        own = groups.get(group, chosen).add_parser(
            verb,
            help=command.help,
            description=command.help,
            epilog=f"example: {program} {command.example or name}",
        )
        own.set_defaults(command=name)
        own.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help="print JSON, nothing else",
        )
        command.arguments(own)
    return parser


def _run(service: str, command: Command, parsed: argparse.Namespace) -> int:
    try:
        operator = _connect(service)
        answer, code = command.run(operator, parsed)
    except Refused as error:
        return _complain(f"{error.sentence} {error.next_step} [{error.code}]", REFUSED)
    except (Transient, Broken) as error:
        return _complain(error.sentence, ERROR)
    show(answer, as_json=parsed.json)
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
    rpc = RpcClient(broker, key=key, clock=clock, ids=ids)
    return Operator(service, rpc, clock, ids, settings)


def verdict(report: Mapping[str, Json]) -> int:
    """The exit code of a report of parts."""
    return (
        0 if all(part["well"] is True for part in _rows(report["parts"])) else FINDING
    )


def show(answer: Json, *, as_json: bool) -> None:
    """Print an answer: one JSON line, or a line per member and per row."""
    if as_json:
        sys.stdout.write(orjson.dumps(answer).decode() + "\n")
        return
    if not isinstance(answer, Mapping):
        sys.stdout.write(f"{answer}\n")
        return
    width = max((len(name) for name in answer), default=0)
    for name, value in answer.items():
        rows = _rows(value)
        sys.stdout.write(f"{name:{width}}  {len(rows) if rows else value}\n")
        for row in rows:
            told = "  ".join(f"{key}={item}" for key, item in row.items())
            sys.stdout.write(f"  {told}\n")


def _rows(value: Json) -> list[Mapping[str, Json]]:
    """The objects of a list of objects; nothing for any other value."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, Mapping)]


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
