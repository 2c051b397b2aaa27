"""The staff's commands of disbursement alone; every service's stand in kernel.cli."""

import argparse
from collections.abc import Mapping
from typing import Final

from kernel.cli import (
    FINDING,
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    reason_argument,
)
from kernel.crypto import Json

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_case = identified("case_id", "see `cases list`")
_payout = identified("payout_id", "see `payouts held`")


def _halt_effect(_operator: Operator, _arguments: Namespace) -> str:
    return (
        "No payout leaves from now on, until two persons resume sending; orders that"
        " are at the bank already are not called back."
    )


def _resume_effect(_operator: Operator, _arguments: Namespace) -> str:
    return (
        "Payouts leave again if another person approves, each through the gate; that"
        " you asked, and why, is kept for ever."
    )


def _resolve_arguments(parser: argparse.ArgumentParser) -> None:
    _case(parser)
    reason_argument(parser)


def _resolve_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Case {arguments.case_id} is closed with your reason for good; sending stays"
        " halted until two persons resume it."
    )


def _prove(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """A day that differs from its proof is a finding."""
    answer = operator.ask("ledger_proof")
    well = answer["balanced"] is True and not answer["differing"]
    return answer, 0 if well else FINDING


def _repeat_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Payout {arguments.payout_id}, which the bank refused, is sent again as"
        " another payout of its contract when every check of the gate passes, if"
        " another person approves."
    )


def _approve_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Payout {arguments.payout_id}, as its order is sealed now, may leave when"
        " every other check of the gate passes, if another person approves."
    )


COMMANDS: Final[Mapping[str, Command]] = {
    "sending show": Command(
        help="whether payouts may leave: halt, open cases, how far the bank is read",
        run=asking("show_sending"),
    ),
    "sending halt": Command(
        help="let no payout leave until two persons resume",
        run=asking("halt_sending", "reason"),
        arguments=reason_argument,
        example='sending halt --reason "bank reports a wrong amount"',
        effect=_halt_effect,
        id_of="halt_id",
    ),
    "sending resume": Command(
        help="ask that payouts leave again; another person decides",
        run=asking("ask_resume", "reason"),
        arguments=reason_argument,
        example='sending resume --reason "explained with the bank"',
        effect=_resume_effect,
        id_of="approval_id",
    ),
    "reconciliation run": Command(
        help="let the payer read what the bank booked now, not at its next beat",
        run=asking("reconcile_now"),
    ),
    "cases list": Command(
        help="where payouts and the bank's statement disagree, the open ones first",
        run=asking("cases_list"),
        listing=Listing(
            member="cases",
            id_of="case_id",
            none="Payouts and statement agree.",
            columns=("case_id", "finding", "severe", "state", "opened_at"),
        ),
    ),
    "cases show": Command(
        help="one case: the payout, the bank's reference, how it was resolved",
        run=asking("cases_show", "case_id"),
        arguments=_case,
        example=f"cases show {_ID}",
        id_of="case_id",
    ),
    "cases resolve": Command(
        help="say what a case came to",
        run=asking("resolve_case", "case_id", "reason"),
        arguments=_resolve_arguments,
        example=f'cases resolve {_ID} --reason "fee of the bank"',
        effect=_resolve_effect,
        id_of="case_id",
    ),
    "ledger proof": Command(
        help="add the books up anew and hold each closed day against its proof",
        run=_prove,
    ),
    "payouts repeat": Command(
        help="ask that a refused payout is sent again as another; one more decides",
        run=asking("ask_payout_repeat", "payout_id"),
        arguments=_payout,
        example=f"payouts repeat {_ID}",
        effect=_repeat_effect,
        id_of="approval_id",
    ),
    "payouts due": Command(
        help="what is due now, and what will be within the hour",
        run=asking("payouts_due"),
        listing=Listing(
            member="payouts",
            id_of="payout_id",
            none="Nothing is due.",
            columns=("payout_id", "state", "amount", "next_at", "late_s", "code"),
        ),
    ),
    "payouts held": Command(
        help="what stands still, why, and who can release it",
        run=asking("payouts_held"),
        listing=Listing(
            member="payouts",
            id_of="payout_id",
            none="Nothing stands still.",
            columns=("payout_id", "state", "amount", "code", "who"),
        ),
    ),
    "payouts unknown": Command(
        help="what may be at the bank without a useful answer, and for how long",
        run=asking("payouts_unknown"),
        listing=Listing(
            member="payouts",
            id_of="payout_id",
            none="Of every order it is known what became of it.",
            columns=("payout_id", "amount", "sent_at", "age_s", "code"),
        ),
    ),
    "payouts explain": Command(
        help="why a payout stands where it stands: steps, hold, settings, checks, next",
        run=asking("payouts_explain", "payout_id"),
        arguments=_payout,
        example=f"payouts explain {_ID}",
        id_of="payout_id",
    ),
    "payouts approve": Command(
        help="ask that a payout above the limit may leave; another treasurer decides",
        run=asking("ask_payout_approval", "payout_id"),
        arguments=_payout,
        example=f"payouts approve {_ID}",
        effect=_approve_effect,
        id_of="approval_id",
    ),
}
