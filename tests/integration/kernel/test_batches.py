"""Messages that come together share a transaction; nobody can tell by the result."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.bus import Received
from kernel.database import Transaction
from kernel.errors import DatabaseAwayError, Transient
from kernel.events import Envelope, Event
from kernel.events.contracts import ContractAnnulled, ReleaseConfirmed
from kernel.inbox import BATCH, RETRY_AFTER_S, Inbox, Outcome
from tests.integration.kernel.conftest import Service
from tests.integration.kernel.wording import AT, Contract, delivered
from tests.seeds import seed

pytestmark = pytest.mark.catalogue("F21", "F22", "F23")

SUBJECTS: Final = 4
VERSIONS: Final = 7
ROUNDS: Final = 3


@dataclass
class Reactions:
    """Says what it handled in its own transaction; fails when it is told to."""

    failing: set[str] = field(default_factory=set)

    def __call__(self, tx: Transaction, event: Event, _envelope: Envelope) -> None:
        assert isinstance(event, ContractAnnulled)
        tx.publish(event)
        if event.reason in self.failing:
            tx.connection.execute(text("SELECT 1 / 0"))


@pytest.fixture
def reactions() -> Reactions:
    return Reactions()


@pytest.fixture
def inbox(listener: Service, reactions: Reactions) -> Inbox:
    return listener.inbox({ContractAnnulled.TYPE: reactions})


def handled(listener: Service, contract: Contract) -> list[str]:
    """The reasons of one contract, in the order in which they were handled."""
    rows = listener.rows(
        "SELECT convert_from(data, 'UTF8')::json ->> 'reason' AS reason FROM outbox"
        " WHERE subject = :subject ORDER BY inserted",
        subject=contract.subject,
    )
    return [row.reason for row in rows]


def states(listener: Service, contract: Contract) -> list[tuple[int, str]]:
    rows = listener.rows(
        "SELECT subject_version, state FROM inbox WHERE subject = :subject"
        " ORDER BY subject_version",
        subject=contract.subject,
    )
    return [(row.subject_version, row.state) for row in rows]


def tried_to_the_end(listener: Service, inbox: Inbox) -> None:
    for pause_s in RETRY_AFTER_S:
        listener.clock.move(seconds=pause_s + 1)
        inbox.retry_due()


def spoken(publisher: Service, dice: random.Random) -> tuple[Contract, list[Received]]:
    """A contract's messages; of some nobody here has ever heard."""
    contract = Contract(publisher)
    return contract, [
        contract.say(f"{version}")
        if dice.random() < 0.8
        else contract.say("", event=unheard(contract.id))
        for version in range(VERSIONS)
    ]


def unheard(contract: UUID) -> ReleaseConfirmed:
    return ReleaseConfirmed(
        contract_id=contract,
        client_id=contract,
        channel="lender_digital",
        text_sha256="0" * 64,
        confirmed_at=AT,
    )


@pytest.mark.seeded("inbox_batch_ignores_gap")
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_batches_end_as_one_by_one(
    publisher: Service,
    listener: Service,
    inbox: Inbox,
    reactions: Reactions,
    turn: int,
) -> None:
    """Any order, repetitions, gaps and failures: each subject has the same history."""
    dice = random.Random(f"{seed()}-{turn}")
    both: list[list[Contract]] = []
    order = [(s, v) for s in range(SUBJECTS) for v in range(VERSIONS)]
    order += dice.sample(order, len(order) // 3)
    dice.shuffle(order)
    poison = f"{dice.randrange(VERSIONS)}"
    reactions.failing, parked = {poison}, dice.random() < 0.5
    for most in (1, BATCH):
        said = [
            spoken(publisher, random.Random(f"{turn}-{subject}"))
            for subject in range(SUBJECTS)
        ]
        messages = [said[subject][1][version] for subject, version in order]
        deliver(inbox, messages, dice, most=most)
        both.append([contract for contract, _ in said])
    if not parked:
        reactions.failing = set()
    tried_to_the_end(listener, inbox)
    for single, batched in zip(*both, strict=True):
        wanted = heard(batched)
        if parked and poison in wanted:
            wanted = wanted[: wanted.index(poison)]
        assert handled(listener, single) == handled(listener, batched) == wanted
        assert states(listener, batched) == states(listener, single)


def heard(contract: Contract) -> list[str]:
    """The reasons of what somebody listens to, in order."""
    types = (ContractAnnulled.TYPE,)
    return [str(said.data["reason"]) for said in contract.said if said.type in types]


def deliver(
    inbox: Inbox, messages: Sequence[Received], dice: random.Random, *, most: int
) -> None:
    left = list(messages)
    while left:
        size = dice.randint(1, most)
        inbox.receive(*left[:size])
        del left[:size]


@pytest.mark.seeded("inbox_batch_without_fallback")
def test_poison_costs_its_neighbours_nothing(
    publisher: Service, listener: Service, inbox: Inbox, reactions: Reactions
) -> None:
    """Not even when it breaks the transaction all of them share."""
    good, bad, forged, last = (Contract(publisher) for _ in range(4))
    reactions.failing = {"poison"}
    outcomes = inbox.receive(
        good.say("good"),
        bad.say("poison"),
        delivered(forged.say("forged").body.replace(b"forged", b"trusted")),
        bad.say("behind"),
        last.say("last"),
    )
    assert outcomes == [
        Outcome.APPLIED,
        Outcome.FAILED,
        Outcome.QUARANTINED,
        Outcome.WAITING,
        Outcome.APPLIED,
    ]
    assert (handled(listener, good), handled(listener, last)) == (["good"], ["last"])
    assert handled(listener, bad) == []


@pytest.mark.seeded("inbox_lets_conflict_pass")
def test_a_contradiction_stops_nobody_else(
    publisher: Service, listener: Service, inbox: Inbox
) -> None:
    """Another id in the same place, and the same id in another place (3.4)."""
    contract, twin, other, good = (Contract(publisher) for _ in range(4))
    twin.id = contract.id
    outcomes = inbox.receive(
        contract.say("first"),
        twin.say("second"),
        other.say("third", under=contract.said[0].id),
        good.say("good"),
    )
    assert outcomes == [
        Outcome.APPLIED,
        Outcome.QUARANTINED,
        Outcome.QUARANTINED,
        Outcome.APPLIED,
    ]
    assert handled(listener, contract) == ["first"]
    codes = listener.rows("SELECT code FROM quarantine")
    assert [row.code for row in codes] == ["conflict", "conflict"]


@pytest.mark.seeded("inbox_batch_shares_its_cause")
def test_each_reaction_in_a_batch_has_its_own_cause(
    publisher: Service, listener: Service, inbox: Inbox
) -> None:
    contracts = [Contract(publisher) for _ in range(3)]
    inbox.receive(*(contract.say("a") for contract in contracts))
    rows = listener.rows("SELECT causation_id, correlation_id FROM outbox")
    said = [contract.said[0] for contract in contracts]
    assert {tuple(row) for row in rows} == {(e.id, e.correlation_id) for e in said}


class CrashError(BaseException):
    """A process that dies at a named point: no handler may catch it."""


def crash(_step: str) -> None:
    raise CrashError


def dying(listener: Service, reactions: Reactions) -> Inbox:
    """An inbox whose process dies between commit and acknowledgement."""
    whole = listener.inbox({ContractAnnulled.TYPE: reactions})
    parts = {name: getattr(whole, name) for name in whole.__dataclass_fields__}
    return Inbox(**{**parts, "reached": crash})


@pytest.mark.catalogue("F17")
@pytest.mark.seeded("inbox_forgets_what_it_applied")
def test_a_batch_delivered_again_after_a_crash_is_known(
    publisher: Service, listener: Service, inbox: Inbox, reactions: Reactions
) -> None:
    contracts = [Contract(publisher) for _ in range(3)]
    batch = [contract.say("once") for contract in contracts for _ in range(2)]
    with pytest.raises(CrashError):
        dying(listener, reactions).receive(*batch)
    assert set(inbox.receive(*batch)) == {Outcome.DUPLICATE}
    assert [handled(listener, one) for one in contracts] == [["once", "once"]] * 3


@pytest.mark.catalogue("F17")
@pytest.mark.seeded("inbox_forgets_whose_turn_came")
def test_what_a_crash_leaves_waiting_is_applied(
    publisher: Service, listener: Service, inbox: Inbox, reactions: Reactions
) -> None:
    """The gap was closed, and the process died before it looked behind it."""
    contract = Contract(publisher)
    first, second, third = (contract.say(reason) for reason in "abc")
    inbox.receive(third, second)
    with pytest.raises(CrashError):
        dying(listener, reactions).receive(first)
    assert handled(listener, contract) == ["a"]
    inbox.retry_due()
    assert handled(listener, contract) == ["a", "b", "c"]


@pytest.mark.catalogue("F18")
@pytest.mark.seeded("inbox_counts_outages")
def test_a_database_that_goes_away_is_not_an_attempt(
    publisher: Service, listener: Service
) -> None:
    """Counted before it ran, the attempt is given back."""
    ways: list[Exception] = [Transient("not now"), *[DatabaseAwayError("away")] * 12]

    def react(_tx: Transaction, _event: Event, _envelope: Envelope) -> None:
        if ways:
            raise ways.pop(0)

    contract = Contract(publisher)
    inbox = listener.inbox({ContractAnnulled.TYPE: react})
    assert inbox.receive(contract.say("a")) == [Outcome.FAILED]
    listener.clock.move(seconds=RETRY_AFTER_S[0] + 1)
    for _ in range(len(ways)):
        with pytest.raises(DatabaseAwayError):
            inbox.retry_due()
    inbox.retry_due()
    rows = listener.rows("SELECT state, attempts FROM inbox")
    assert [tuple(row) for row in rows] == [("applied", 2)]
