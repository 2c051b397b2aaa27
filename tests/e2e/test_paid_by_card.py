"""A loan to a card, which waits while the treasurers halt sending and resume it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.demo import changes
from infra.demo.borrower import Borrower
from infra.demo.cabinet import until
from infra.demo.world import World
from infra.stack import Stack
from tests.e2e.test_from_registration_to_money import (
    AMOUNT,
    all_is_booked,
    register,
    wait_out_the_hold,
)
from tests.integration.operators.test_command_line import Desk, Ended
from tests.seeds import seed
from tests.staff import Person, Recruiter
from tests.sweep import Sweep

REASON = "the processor reports a wrong amount, ticket 512"
NO_MORE_NEW = timedelta(days=8)
"""Of an account that was named less than a week ago nobody gets a loan."""
WITHIN_S = 60
"""What waits for sending is tried again, the longer the rarer."""


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


@dataclass
class Treasurer:
    """A person at a desk of their own."""

    desk: Desk
    person: Person

    def run(self, *words: str) -> Ended:
        """A command to disbursement, by whoever has logged in."""
        return self.desk.run("disbursement", *words, "--json")

    def ask(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """The answer to a command that succeeds."""
        ended = self.run(*words)
        assert ended.code == 0, ended.err
        return ended.answer

    def log_in(self) -> None:
        """Anew: no session outlives a hold."""
        self.desk.log_in(self.person)


@pytest.fixture
def treasurers(
    platform: Stack, recruiter: Recruiter, tmp_path: Path
) -> tuple[Treasurer, Treasurer]:
    """Two of them."""
    found = []
    for login in ("lyazzat", "marat"):
        folder = tmp_path / login
        folder.mkdir(mode=0o700)
        person = recruiter.recruit(login, "treasurer")
        found.append(Treasurer(Desk(platform, folder), person))
    return found[0], found[1]


def take_a_card(client: Borrower) -> str:
    """Money goes to a card from now on; the processor's token of it."""
    token = f"tok_{secrets.token_hex(16)}"
    changes.take_card(client, token)
    added = changes.begin_account_act(client, act="add", card_token=token)
    changes.finish_account_act(client, added)
    account_id = added["account_id"]
    chosen = changes.begin_account_act(client, act="select", account_id=account_id)
    changes.finish_account_act(client, chosen)

    def selected() -> dict[str, Any]:
        items = client.cabinet.call("GET", "/accounts")["items"]
        return next(one for one in items if one["account_id"] == account_id)

    until(selected, lambda one: one["selected"] and one["state"] == "proved")
    return token


def paid_to(client: Borrower, token: str) -> list[str]:
    """The amounts that have left for the client's account, to this card."""
    lines = [
        line
        for line in client.control.ledger()
        if line["creditor_iban"] == client.person.iban
    ]
    assert all(line["creditor_card"] == token for line in lines)
    return [str(line["amount_minor"]) for line in lines]


def said_of(sweep: Sweep, payout_id: str) -> list[tuple[str, str | None]]:
    """What disbursement has said of a payout, in order, with the code if it has one.

    Not of the witness: it takes a moment to see that the day was moved, and the hold
    stands meanwhile, or not.
    """
    rows = sweep.rows(
        "disbursement",
        "SELECT type, convert_from(data, 'UTF8') AS data FROM outbox"  # noqa: S608 - ours
        f" WHERE subject = 'payout:{payout_id}' ORDER BY inserted",
    )
    said = [
        (row["type"].split(".")[1], json.loads(row["data"]).get("code")) for row in rows
    ]
    return [line for line in said if line[1] != "hold_unwitnessed"]


@pytest.mark.clause("5.3")
@pytest.mark.clause("6.1f")
@pytest.mark.seeded("disbursement_cards_are_paid_as_accounts")
def test_a_card_is_paid_when_two_treasurers_resume_what_one_halted(
    world: World,
    borrower: Borrower,
    treasurers: tuple[Treasurer, Treasurer],
    sweep: Sweep,
) -> None:
    """Ready, confirmed, and it waits; one alone lets nothing go; then once, to it."""
    register(borrower)
    borrower.log_in()
    token = take_a_card(borrower)
    world.move_clock(NO_MORE_NEW)
    borrower.log_in()
    assert borrower.apply(AMOUNT)["state"] == "offered"
    borrower.sign()
    borrower.consent()
    borrower.payout_until("held")
    one, other = treasurers
    one.log_in()
    one.ask("sending", "halt", "--reason", REASON, "--yes")
    wait_out_the_hold(world, borrower)
    borrower.payout_until("awaiting_release")
    borrower.release()
    one.log_in()
    other.log_in()
    waiting = until(
        lambda: {"held": other.ask("payouts", "held")["payouts"]},
        lambda seen: "sending_halted" in {line["code"] for line in seen["held"]},
    )
    (line,) = (one for one in waiting["held"] if one["code"] == "sending_halted")
    assert borrower.payout()["state"] == "ready"
    assert paid_to(borrower, token) == []

    request = one.ask("sending", "resume", "--reason", REASON, "--yes")
    approve = ("approvals", "approve", str(request["approval_id"]), "--yes")
    alone = one.run(*approve)
    assert (alone.code, json.loads(alone.err)["code"]) == (5, "own_request")
    assert one.ask("sending", "show")["halted"] is True
    assert paid_to(borrower, token) == []

    other.ask(*approve)
    borrower.payout_until("paid", within_s=WITHIN_S)
    assert paid_to(borrower, token) == [AMOUNT.replace(".", "")]
    borrower.contract_until("active")
    assert said_of(sweep, line["payout_id"]) == [
        ("payout_scheduled", None),
        ("payout_due", None),
        ("payout_held", "sending_halted"),
        ("payout_sent", None),
        ("payout_settled", None),
    ]
    all_is_booked(world)
    sweep.run(people=[borrower])
