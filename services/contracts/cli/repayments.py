"""The staff's commands of repayments: credits in doubt, accounts, stops of accrual.

Whoever is shown what a payer wrote is recorded by that very call.
"""

import argparse
import base64
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from kernel.cli import (
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    read_file,
)
from kernel.crypto import Json

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_contract = identified("contract_id", "of the contract")
_credit = identified("credit_id", "see `repayments list`")


def _assign_arguments(parser: argparse.ArgumentParser) -> None:
    _credit(parser)
    _contract(parser)


def _assign_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Credit {arguments.credit_id} counts for contract {arguments.contract_id} from"
        " its value date on, if another person approves; nothing takes that back."
    )


def _settle_arguments(parser: argparse.ArgumentParser) -> None:
    _credit(parser)
    parser.add_argument(
        "--document",
        type=Path,
        required=True,
        metavar="FILE",
        help="what the bank has answered; - reads it",
    )


def _ask_settlement(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """The file goes with the question: whoever decides can read it."""
    document = read_file(arguments.document)
    answer = operator.ask(
        "ask_settlement",
        credit_id=arguments.credit_id,
        document_b64=base64.b64encode(document).decode("ascii"),
    )
    return answer, 0


def _settle_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Entry {arguments.credit_id} waits for nobody any more, if another person"
        " approves; what the bank said first stands, and no account changes."
    )


def _accrual_arguments(parser: argparse.ArgumentParser) -> None:
    _contract(parser)
    parser.add_argument(
        "day", type=date.fromisoformat, metavar="DAY", help="from which on, YYYY-MM-DD"
    )
    parser.add_argument(
        "--document",
        type=Path,
        required=True,
        metavar="FILE",
        help="the notice it stands on; - reads it",
    )
    parser.add_argument(
        "--untold",
        action="store_true",
        help="the law does not let the client know",
    )


def _ask_accrual(
    operator: Operator, arguments: Namespace, *, stopped: bool
) -> tuple[Json, int]:
    """The file goes with the question: whoever decides can read it."""
    document = read_file(arguments.document)
    answer = operator.ask(
        "ask_accrual",
        contract_id=arguments.contract_id,
        day=arguments.day,
        stopped=stopped,
        told=not arguments.untold,
        document_b64=base64.b64encode(document).decode("ascii"),
    )
    return answer, 0


def _accrual_effect(_operator: Operator, arguments: Namespace, *, stopped: bool) -> str:
    what = "neither interest nor penalty accrues" if stopped else "interest accrues"
    told = "is not told" if arguments.untold else "is told"
    return (
        f"From {arguments.day} on {what} for contract {arguments.contract_id}, if"
        f" another person approves; the client {told}."
    )


COMMANDS: Final[Mapping[str, Command]] = {
    "repayments list": Command(
        help="what the bank booked and nobody recognised, or contradicts itself in",
        run=asking("repayments_list"),
        listing=Listing(
            member="credits",
            id_of="credit_id",
            none="Every credit is some contract's.",
            columns=("credit_id", "reason", "amount", "value_on", "reference"),
        ),
    ),
    "repayments show": Command(
        help="one credit, with the words of whoever paid; that you looked is recorded",
        run=asking("repayments_show", "credit_id"),
        arguments=_credit,
        example=f"repayments show {_ID}",
        id_of="credit_id",
    ),
    "repayments assign": Command(
        help="say whose contract a credit is for; another of the staff confirms it",
        run=asking("ask_assignment", "credit_id", "contract_id"),
        arguments=_assign_arguments,
        example=f"repayments assign {_ID} {_ID}",
        effect=_assign_effect,
        id_of="approval_id",
    ),
    "repayments settle": Command(
        help="end an entry the bank contradicts itself in, on its answer; by two",
        run=_ask_settlement,
        arguments=_settle_arguments,
        example=f"repayments settle {_ID} --document answer.pdf",
        effect=_settle_effect,
        id_of="approval_id",
    ),
    "repayments account": Command(
        help="a contract's account today: debt, payments, stops, the whole ledger",
        run=asking("repayments_account", "contract_id"),
        arguments=_contract,
        example=f"repayments account {_ID}",
        id_of="contract_id",
    ),
    "accruals stop": Command(
        help="stop interest and penalty on an investigator's notice; another decides",
        run=partial(_ask_accrual, stopped=True),
        arguments=_accrual_arguments,
        example=f"accruals stop {_ID} 2026-11-20 --document notice.pdf",
        effect=partial(_accrual_effect, stopped=True),
        id_of="approval_id",
    ),
    "accruals lift": Command(
        help="let interest accrue again; another person decides",
        run=partial(_ask_accrual, stopped=False),
        arguments=_accrual_arguments,
        example=f"accruals lift {_ID} 2026-11-27 --document notice.pdf",
        effect=partial(_accrual_effect, stopped=False),
        id_of="approval_id",
    ),
}
