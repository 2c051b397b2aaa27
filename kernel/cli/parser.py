"""From tables of commands to a parser: ``kredit [service] noun verb``."""

import argparse
from collections.abc import Mapping
from typing import Any, Final

from kernel.cli.command import Command

PROGRAM: Final = "kredit"
SHELLS: Final = ("bash", "zsh")

Commands = Mapping[str, Command]


def parser_of(
    own: Commands, services: Mapping[str, tuple[str, Commands]]
) -> argparse.ArgumentParser:
    """The whole program's; a service is its help and its commands by their words.

    What is parsed has ``command`` (a Command) and ``service`` (its name, or nothing),
    or ``shell`` when a completion is asked for.
    """
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="The staff's command line of the platform.",
        epilog="exit codes: 0 ok, 1 error, 2 usage, 3 finding,"
        " 4 not logged in, 5 refused by a rule",
    )
    parser.set_defaults(json=False, quiet=False, yes=False)
    _forms(parser)
    chosen = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(chosen, own, prog=PROGRAM, service="")
    _add_completion(chosen)
    for service, (about, commands) in services.items():
        door = chosen.add_parser(service, help=about, description=about)
        prog = f"{PROGRAM} {service}"
        words = door.add_subparsers(required=True, metavar="COMMAND")
        _add(words, commands, prog=prog, service=service)
    return parser


def _add(chosen: Any, commands: Commands, *, prog: str, service: str) -> None:  # noqa: ANN401 - argparse names no type for it
    """One parser per command; the second of two words is a verb of the first."""
    groups: dict[str, Any] = {}
    for name, command in commands.items():
        noun, _, verb = name.rpartition(" ")
        if noun and noun not in groups:
            verbs = [
                words.split()[1] for words in commands if words.startswith(f"{noun} ")
            ]
            inner = chosen.add_parser(noun, help=", ".join(verbs))
            groups[noun] = inner.add_subparsers(required=True, metavar="VERB")
        leaf = groups.get(noun, chosen).add_parser(
            verb,
            help=command.help,
            description=command.help,
            epilog=f"example: {prog} {command.example or name}",
        )
        leaf.set_defaults(command=command, service=service)
        _forms(leaf)
        if command.effect:
            leaf.add_argument(
                "--yes",
                action="store_true",
                default=argparse.SUPPRESS,
                help="do not ask for a confirmation",
            )
        command.arguments(leaf)


def _add_completion(chosen: Any) -> None:  # noqa: ANN401 - as _add
    help_ = "print the script that completes words at the shell"
    leaf = chosen.add_parser(
        "completion",
        help=help_,
        description=help_,
        epilog=f'example: eval "$({PROGRAM} completion bash)"',
    )
    leaf.add_argument("shell", choices=SHELLS)


def _forms(parser: argparse.ArgumentParser) -> None:
    """How the answer is printed; may stand before or after the words."""
    forms = parser.add_mutually_exclusive_group()
    for names, help_ in (
        (("--json",), "print JSON, nothing else"),
        (("-q", "--quiet"), "print ids, nothing else"),
    ):
        forms.add_argument(
            *names, action="store_true", default=argparse.SUPPRESS, help=help_
        )
