"""The commands every service has, whatever else it does."""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from kernel.cli.command import (
    FINDING,
    Command,
    Namespace,
    asking,
    identified,
    reason_argument,
    verdict,
)
from kernel.cli.operator import Operator
from kernel.cli.output import Listing, rows_of
from kernel.cli.terminal import progress
from kernel.clock import SystemClock
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.parts import certificate

POLL_S: Final = 0.5
_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"


def _check(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """What the service found, and whether we may come back tomorrow."""
    report = operator.ask("check")
    ours = certificate(operator.settings.tls_cert, SystemClock())
    name = f"certificate of {operator.settings.principal}"
    parts = [*rows_of(report["parts"]), jsonable(replace(ours, part=name))]
    full = {**report, "parts": parts}
    return full, verdict(full)


def _parked_list(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    answer = operator.ask("parked_list")
    return answer, FINDING if answer["parked"] else 0


def _parked_replay(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    answer = operator.ask("replay_parked", message_id=arguments.message_id)
    return answer, 0 if answer["outcome"] == "applied" else FINDING


def _parked(what: str) -> Callable[[Operator, Namespace], str]:
    """The effect of a command on a parked message, which it names."""

    def told(operator: Operator, arguments: Namespace) -> str:
        shown = operator.ask("parked_show", message_id=arguments.message_id)
        return (
            f"{shown['type']} of {shown['subject']}, parked after"
            f" {shown['attempts']} attempts ({shown['reason']}), {what};"
            f" {shown['waiting_behind']} messages wait behind it."
        )

    return told


def _replay_effect(operator: Operator, arguments: Namespace) -> str:
    last = arguments.to_sequence
    if last is None:
        last = operator.ask("outbox_status")["last_sequence"]
    return (
        f"Events {arguments.from_sequence} to {last} of {operator.service} are"
        " published again, byte for byte; listeners drop what they have applied."
    )


def _replay(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """Have stored events sent again; with ``--wait`` until none is left."""
    marked = operator.ask(
        "send_again",
        from_sequence=arguments.from_sequence,
        to_sequence=arguments.to_sequence,
    )
    if not arguments.wait:
        return marked, 0
    bounds = {"from_sequence": marked["from"], "to_sequence": marked["to"]}
    with progress() as tell:
        while left := operator.ask("left_to_send", **bounds)["left"]:
            tell(f"{left} of {marked['events']} left")
            time.sleep(POLL_S)
    return {**marked, "left": 0}, 0


def _approve_effect(operator: Operator, arguments: Namespace) -> str:
    """What a yes does; it is a yes to what is shown here, or to nothing."""
    shown = operator.ask("approvals_show", approval_id=arguments.approval_id)
    if arguments.arguments_sha256 is None:
        arguments.arguments_sha256 = shown["arguments_sha256"]
    return f"{shown['effect']}: asked by {shown['requested_by']}, done at once."


def _reject_effect(operator: Operator, arguments: Namespace) -> str:
    shown = operator.ask("approvals_show", approval_id=arguments.approval_id)
    return f"{shown['effect']}: asked by {shown['requested_by']}, never done."


def _decide_arguments(parser: argparse.ArgumentParser) -> None:
    _approval(parser)
    parser.add_argument(
        "--seen",
        dest="arguments_sha256",
        metavar="SHA256",
        help="with --yes: the arguments_sha256 of `approvals show` that you decide on",
    )


def _drop_arguments(parser: argparse.ArgumentParser) -> None:
    _message(parser)
    reason_argument(parser)


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


_message = identified("message_id", "see `parked list`")
_approval = identified("approval_id", "see `approvals list`")

OPERATIONS: Final = {
    "status": Command(
        help="what waits, what is parked, what was refused", run=asking("status")
    ),
    "check": Command(
        help="database, schema, clock, broker, certificates"
        " (exit 3 if one is not well)",
        run=_check,
        example="check --json",
        listing=Listing(
            member="parts",
            id_of="part",
            none="It has no parts.",
            columns=("part", "well", "figure", "advice"),
        ),
    ),
    "parked list": Command(
        help="messages that wait for a person (exit 3)",
        run=_parked_list,
        listing=Listing(
            member="parked",
            id_of="message_id",
            none="Nothing is parked.",
            columns=("message_id", "type", "subject", "attempts", "reason", "age_s"),
        ),
    ),
    "parked show": Command(
        help="one of them, its data, and how many wait behind it",
        run=asking("parked_show", "message_id"),
        arguments=_message,
        example=f"parked show {_ID}",
        id_of="message_id",
    ),
    "parked replay": Command(
        help="handle it once more (exit 3 if it fails again)",
        run=_parked_replay,
        arguments=_message,
        example=f"parked replay {_ID}",
        effect=_parked("is handled once more"),
        id_of="message_id",
    ),
    "parked drop": Command(
        help="ask that it never be applied; another person decides",
        run=asking("ask_drop", "message_id", "reason"),
        arguments=_drop_arguments,
        example=f'parked drop {_ID} --reason "superseded by a later event, ticket 418"',
        effect=_parked("is never applied, if another person approves"),
        id_of="approval_id",
    ),
    "outbox status": Command(
        help="what waits to leave, what can be resent", run=asking("outbox_status")
    ),
    "replay": Command(
        help="publish stored events again, byte for byte, under their own numbers",
        run=_replay,
        arguments=_sequences,
        example="replay --from 4711 --to 4720 --wait",
        effect=_replay_effect,
    ),
    "approvals list": Command(
        help="what waits for a second pair of eyes, and what was decided",
        run=asking("approvals_list"),
        listing=Listing(
            member="approvals",
            id_of="approval_id",
            none="Nobody has asked for anything.",
            columns=("approval_id", "state", "effect", "expires_at"),
        ),
    ),
    "approvals show": Command(
        help="one of them: who asks, why, and what it would do",
        run=asking("approvals_show", "approval_id"),
        arguments=_approval,
        example=f"approvals show {_ID}",
        id_of="approval_id",
    ),
    "approvals approve": Command(
        help="let it be done, once; never what you asked for yourself",
        run=asking("approve", "approval_id", "arguments_sha256"),
        arguments=_decide_arguments,
        example=f"approvals approve {_ID}",
        effect=_approve_effect,
        id_of="approval_id",
    ),
    "approvals reject": Command(
        help="let it not be done",
        run=asking("reject", "approval_id"),
        arguments=_approval,
        example=f"approvals reject {_ID}",
        effect=_reject_effect,
        id_of="approval_id",
    ),
}
"""By their words after the service's name."""
