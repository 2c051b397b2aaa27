"""``python -m kernel.cli``, started by ``./kredit``: parse, ask, call, print, exit.

Exit codes: 0 ok, 1 error, 2 usage, 3 finding, 4 not logged in, 5 refused by a rule.
"""

import importlib
import os
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import orjson
import shtab

from kernel.cli.command import Command, Namespace
from kernel.cli.operations import OPERATIONS
from kernel.cli.operator import AUTH, Operator, connect
from kernel.cli.output import printable, show
from kernel.cli.parser import Commands, parser_of
from kernel.cli.person import PERSON
from kernel.cli.terminal import confirm
from kernel.crypto import Json
from kernel.errors import Broken, KernelError, Refused, Transient

ERROR: Final = 1
USAGE: Final = 2
NOT_LOGGED_IN: Final = 4
REFUSED: Final = 5
INTERRUPTED: Final = 130
NOT_READ: Final = 141
"""128 and the number of SIGINT, and of SIGPIPE, as every shell reads them."""

_CODES: Final[Mapping[str, int]] = {
    "not_confirmed": ERROR,
    "no_answer": ERROR,
    "confirmation_needed": USAGE,
    **dict.fromkeys(
        ("not_logged_in", "session_exposed", "login_refused", "staff_token_invalid"),
        NOT_LOGGED_IN,
    ),
}
"""How a refusal ends the command, where it is none of a service's rules."""
_NEXT_STEPS: Final[Mapping[str, str]] = {
    "rules_not_acknowledged": "Run kredit rules acknowledge.",
}
"""What to do in words of this program, where the service knows none."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command of whoever is logged in; the exit code."""
    given = sys.argv[1:] if words is None else list(words)
    chosen = next((word for word in given if not word.startswith("-")), "")
    parser = parser_of(PERSON, doors({chosen}))
    parsed = parser.parse_args(given)
    if "shell" in parsed:
        sys.stdout.write(completion(parsed.shell))
        return 0
    return _run(parsed.command, parsed)


def doors(opened: set[str] | None = None) -> dict[str, tuple[str, Commands]]:
    """What each service is, and the commands of those to be opened (all: None).

    No service is imported that nobody asked for: none needs another to work.
    """
    found: dict[str, tuple[str, Commands]] = {}
    for module in pkgutil.iter_modules(importlib.import_module("services").__path__):
        package = importlib.import_module(f"services.{module.name}")
        about = str(package.__doc__).strip().splitlines()[0].rstrip(".")
        commands: Commands = {}
        if opened is None or module.name in opened:
            own = importlib.import_module(f"services.{module.name}.cli").COMMANDS
            commands = {**OPERATIONS, **own}
        found[module.name] = (about, commands)
    return found


def completion(shell: str) -> str:
    """The script that completes every service's words in a shell."""
    return str(shtab.complete(parser_of(PERSON, doors()), shell=shell)) + "\n"


def _run(command: Command, parsed: Namespace) -> int:
    operator = None
    try:
        operator = connect(parsed.service or AUTH)
        if command.effect and not parsed.yes:
            confirm(command.effect(operator, parsed))
        answer, code = command.run(operator, parsed)
    except KernelError as error:
        return _complain(error, operator, as_json=parsed.json)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return INTERRUPTED
    finally:
        if operator is not None:
            operator.rpc.close()
    show(
        answer,
        as_json=parsed.json,
        quiet=parsed.quiet,
        listing=command.listing,
        id_of=command.id_of,
    )
    return code


def _complain(error: KernelError, operator: Operator | None, *, as_json: bool) -> int:
    """Say what went wrong and what to do: on standard error, in the form asked for."""
    told: dict[str, Json] = {"sentence": str(error), "next_step": "", "code": "broken"}
    code = ERROR
    match error:
        case Refused():
            told |= {
                "sentence": error.sentence,
                "next_step": _NEXT_STEPS.get(error.code, error.next_step),
                "code": error.code,
                **error.details,
            }
            code = _CODES.get(error.code, REFUSED)
        case Transient():
            told |= {
                "next_step": f"Try again in {error.retry_after_s} s.",
                "code": "away",
            }
        case Broken():
            told["next_step"] = (
                "Is the platform up here? See docs/runbook.md."
                if operator is None
                else "The service's log has the reason under the request's id."
            )
    if operator is not None:
        told["request_id"] = str(operator.context.correlation_id)
    sys.stderr.write(
        orjson.dumps(told).decode() + "\n" if as_json else _complaint(told)
    )
    return code


def _complaint(told: Mapping[str, Json]) -> str:
    head = f"{str(told['sentence']).rstrip('.')}. {told['next_step']}"
    rest = {n: v for n, v in told.items() if n not in {"sentence", "next_step"}}
    tail = ", ".join(f"{name}={value}" for name, value in rest.items())
    return f"kredit: {printable(head)}\n  {printable(tail)}\n"


def _to_the_end() -> int:
    """`main`, and its answer written; a reader who has seen enough is no error."""
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_READ
    return code


if __name__ == "__main__":
    sys.exit(_to_the_end())
