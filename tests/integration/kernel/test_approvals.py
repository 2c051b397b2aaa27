"""Four eyes on a real database: another person, once, and what was shown."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from infra.stack import Stack
from kernel import approvals
from kernel.approvals import Approval, Operation
from kernel.context import StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.errors import Broken, Refused
from kernel.events.contracts import ContractAnnulled
from kernel.starting_policy import STARTING_POLICY
from tests.databases import owner_engine
from tests.integration.kernel.conftest import PUBLISHER, Service
from tests.staff import ANNA, BORIS, member

ASKER, DECIDER = member(ANNA), member(BORIS, {"contracts.annul"})
CONTRACT = UUID(int=7)
ANNUL = {"contract_id": str(CONTRACT), "reason": "by agreement"}
DONE = ContractAnnulled.TYPE


def annul(tx: Transaction, approval: Approval, _by: StaffMember) -> None:
    """The effect: an event that tells what it was carried out with."""
    tx.publish(
        ContractAnnulled(
            contract_id=UUID(str(approval.arguments["contract_id"])),
            client_id=CONTRACT,
            reason=str(approval.arguments["reason"]),
        )
    )


OPERATIONS = {"annul": Operation("contracts.annul", annul)}


@pytest.fixture
def owner(servers: Stack, tables: None) -> Iterator[Engine]:
    engine = owner_engine(servers, PUBLISHER)
    yield engine
    engine.dispose()


def ask(
    service: Service,
    arguments: Mapping[str, Json] = ANNUL,
    by: StaffMember = ASKER,
) -> UUID:
    with service.platform.database.begin(service.context()) as tx:
        asked = approvals.request(
            tx,
            operation="annul",
            arguments=arguments,
            effect="the contract is annulled",
            by=by,
            policy=STARTING_POLICY,
            ids=service.platform.ids,
        )
    return asked.approval_id


def approve(
    service: Service,
    approval_id: UUID,
    by: StaffMember = DECIDER,
    seen: str | None = None,
) -> dict[str, Json]:
    with service.platform.database.begin(service.context()) as tx:
        return approvals.approve(
            tx, approval_id, seen=seen, by=by, operations=OPERATIONS
        )


def told(service: Service) -> list[str]:
    """What left or will leave, in order."""
    rows = service.rows("SELECT type FROM outbox ORDER BY inserted")
    return [row.type for row in rows]


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def test_what_one_asks_another_has_done(publisher: Service) -> None:
    """Asked, decided, done: each is an event, the last two in one commit."""
    approval_id = ask(publisher)
    answered = approve(publisher, approval_id)
    assert (answered["state"], answered["decided_by"]) == ("executed", str(BORIS))
    assert told(publisher) == [
        "platform.approval_requested.v1",
        DONE,
        "platform.approval_given.v1",
        "platform.approval_executed.v1",
    ]


@pytest.mark.clause("6.1b")
@pytest.mark.seeded("approval_by_one_person")
def test_whoever_asks_does_not_decide(publisher: Service) -> None:
    """Neither yes nor no, whatever they may do."""
    approval_id = ask(publisher)
    mighty = member(ANNA, {"contracts.annul"})
    assert code_of(lambda: approve(publisher, approval_id, mighty)) == "own_request"
    assert DONE not in told(publisher)


@pytest.mark.seeded("approval_by_one_in_the_database")
def test_the_database_knows_that_four_eyes_are_two_persons(
    publisher: Service, owner: Engine
) -> None:
    """Not even the owner of the table can write otherwise."""
    approval_id = ask(publisher)
    with pytest.raises(IntegrityError), owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE approvals SET state = 'executed', decided_by = requested_by,"
                " decided_at = requested_at WHERE approval_id = :id"
            ),
            {"id": approval_id},
        )


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("approval_by_anybody")
def test_who_decides_needs_the_operations_own_permission(publisher: Service) -> None:
    approval_id = ask(publisher)
    other = member(BORIS, {"approvals.decide"})
    assert code_of(lambda: approve(publisher, approval_id, other)) == "not_permitted"
    assert DONE not in told(publisher)


@pytest.mark.catalogue("B02")
@pytest.mark.seeded("approval_carried_out_often")
def test_a_thousand_yeses_at_once_are_one_effect(publisher: Service) -> None:
    """Every one is answered the same."""
    approval_id = ask(publisher)
    start = threading.Barrier(8)

    def many(_: int) -> set[str]:
        start.wait()
        return {str(approve(publisher, approval_id)) for _ in range(125)}

    with ThreadPoolExecutor(8) as pool:
        answers = set().union(*pool.map(many, range(8)))
    assert len(answers) == 1
    assert told(publisher).count(DONE) == 1
    assert told(publisher).count("platform.approval_executed.v1") == 1


@pytest.mark.seeded("approval_of_other_arguments")
def test_what_was_not_shown_is_not_done(publisher: Service, owner: Engine) -> None:
    """A digest of something else; and arguments that were changed behind its back."""
    approval_id = ask(publisher)
    other = "0" * 64
    assert (
        code_of(lambda: approve(publisher, approval_id, seen=other))
        == "arguments_changed"
    )
    with publisher.platform.database.begin(publisher.context()) as tx:
        shown: Any = approvals.shown(tx, approval_id)
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE approvals SET arguments = convert_to(replace("
                "convert_from(arguments, 'UTF8'), 'agreement', 'force'), 'UTF8')"
            )
        )
    assert code_of(lambda: approve(publisher, approval_id)) == "arguments_changed"
    assert (
        code_of(lambda: approve(publisher, approval_id, seen=shown["arguments_sha256"]))
        == "arguments_changed"
    )
    assert DONE not in told(publisher)


def test_a_request_runs_out(publisher: Service) -> None:
    """To the second; asking the same anew is a request of its own."""
    approval_id = ask(publisher)
    publisher.clock.move(hours=24, seconds=1)
    assert code_of(lambda: approve(publisher, approval_id)) == "approval_expired"
    assert ask(publisher) != approval_id
    assert DONE not in told(publisher)


def test_a_no_is_the_end_of_it(publisher: Service) -> None:
    approval_id = ask(publisher)
    with publisher.platform.database.begin(publisher.context()) as tx:
        approvals.reject(tx, approval_id, by=DECIDER, operations=OPERATIONS)
    assert code_of(lambda: approve(publisher, approval_id)) == "already_decided"
    assert told(publisher)[1:] == ["platform.approval_refused.v1"]


def test_what_the_operation_refuses_leaves_the_request_open(
    publisher: Service,
) -> None:
    """Decision and effect are one commit: neither stands without the other."""
    approval_id = ask(publisher)

    def refuse(_tx: Transaction, _approval: Approval, _by: StaffMember) -> None:
        raise Refused("not_now", "Not now.", next_step="Later.")

    refusing = {"annul": Operation("contracts.annul", refuse)}
    with (
        pytest.raises(Refused, match="not_now"),
        publisher.platform.database.begin(publisher.context()) as tx,
    ):
        approvals.approve(tx, approval_id, seen=None, by=DECIDER, operations=refusing)
    assert approve(publisher, approval_id)["state"] == "executed"


def test_the_same_question_is_the_same_request(publisher: Service) -> None:
    """Of one person; another is told whose it is, and may decide it."""
    approval_id = ask(publisher)
    assert ask(publisher) == approval_id
    assert code_of(lambda: ask(publisher, by=DECIDER)) == "approval_already_asked"
    assert told(publisher).count("platform.approval_requested.v1") == 1
    assert ask(publisher, {**ANNUL, "reason": "another"}) != approval_id


def test_nobody_decides_what_is_not_there(publisher: Service) -> None:
    assert code_of(lambda: approve(publisher, UUID(int=9))) == "approval_not_found"
    approval_id = ask(publisher)
    with (
        pytest.raises(Broken),
        publisher.platform.database.begin(publisher.context()) as tx,
    ):
        approvals.approve(tx, approval_id, seen=None, by=DECIDER, operations={})


def test_the_list_shows_what_is_open_first(publisher: Service) -> None:
    """With the effect in words; the arguments are shown of one at a time."""
    done, left = ask(publisher), ask(publisher, {**ANNUL, "reason": "later"})
    approve(publisher, done)
    with publisher.platform.database.begin(publisher.context()) as tx:
        listed: Any = approvals.listed(tx)
        shown: Any = approvals.shown(tx, left)
    assert [row["approval_id"] for row in listed] == [str(left), str(done)]
    assert listed[0]["effect"] == "the contract is annulled"
    assert shown["arguments"]["reason"] == "later"
