"""Parked messages: looked at, replayed, and dropped by four eyes only."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import pytest

from kernel.context import Call
from kernel.crypto import as_object
from kernel.errors import Refused
from kernel.operations import Operations
from tests.integration.kernel.conftest import Service
from tests.integration.operators.conftest import (
    LISTENER,
    PUBLISHER,
    Cli,
    Park,
    Parked,
    Probe,
    call_of,
    states,
    told_of,
)
from tests.staff import BORIS, Recruiter

REASON = "superseded by a later event, ticket 418"
DROPPED = "platform.message_dropped.v1"


@pytest.fixture
def operations(listener: Service) -> Operations:
    """What the listener answers to its operators, in this process."""
    return Operations(LISTENER, listener.platform, listener.inbox({}))


def test_a_parked_message_is_listed_and_shown(
    cli: Cli, park: Park, listening: Probe
) -> None:
    """With what failed, what it says and what it holds up; a list is a finding."""
    parked = park("a", "b", "c")
    listed = cli(LISTENER, "parked", "list")
    assert listed.code == 3
    (row,) = (r for r in listed.answer["parked"] if r["message_id"] == parked.id)
    assert (row["type"], row["subject"], row["attempts"], row["reason"]) == (
        "contracts.contract_annulled.v1",
        parked.subject,
        8,
        "Transient",
    )
    shown = cli(LISTENER, "parked", "show", parked.id, who="boris")
    assert shown.code == 0
    wanted = {
        "source": PUBLISHER,
        "version": 1,
        "waiting_behind": 2,
        "correlation_id": str(parked.contract),
        "trace_id": parked.contract.hex,
        "drop": None,
    }
    assert {key: shown.answer[key] for key in wanted} == wanted
    assert shown.answer["data"]["reason"] == "a"


def test_a_replayed_message_frees_what_waits(
    cli: Cli, park: Park, listening: Probe, listener: Service
) -> None:
    """The real handler takes it now; one that fails still is parked again (3)."""
    good, bad = park("a", "b"), park("die", "b")
    replayed = cli(LISTENER, "parked", "replay", good.id)
    assert (replayed.code, replayed.answer["outcome"]) == (0, "applied")
    assert states(listener, good.subject) == ["applied", "applied"]
    again = cli(LISTENER, "parked", "replay", bad.id)
    assert (again.code, again.answer["outcome"]) == (3, "parked")
    assert states(listener, bad.subject) == ["parked", "waiting"]
    gone = cli(LISTENER, "parked", "replay", good.id)
    assert (gone.code, "not_parked" in gone.complaint) == (5, True)


@pytest.mark.clause("6.1b")
@pytest.mark.seeded("parked_dropped_by_one")
def test_whoever_asks_for_a_drop_cannot_grant_it(
    cli: Cli, park: Park, listening: Probe, listener: Service
) -> None:
    """However often they try."""
    parked = park("die", "b")
    asked = cli(LISTENER, "parked", "drop", parked.id, "--reason", REASON)
    assert (asked.code, asked.answer["state"]) == (0, "asked")
    for _ in range(2):
        own = cli(LISTENER, "approvals", "approve", asked.answer["approval_id"])
        assert (own.code, "own_request" in own.complaint) == (5, True)
    assert states(listener, parked.subject) == ["parked", "waiting"]


@pytest.mark.seeded("drop_stops_the_subject", "drop_is_told_to_nobody")
def test_a_message_is_dropped_by_four_eyes(
    cli: Cli, park: Park, listening: Probe, listener: Service, staff: Recruiter
) -> None:
    """Its row stays, what waited is applied, and the log learns who did it."""
    parked = park("die", "b", "c")
    asked = cli(LISTENER, "parked", "drop", parked.id, "--reason", REASON)
    approval = asked.answer["approval_id"]
    assert "2 messages behind it" in asked.answer["effect"]
    approved = cli(LISTENER, "approvals", "approve", approval, who="boris")
    assert (approved.code, approved.answer["state"]) == (0, "executed")
    assert states(listener, parked.subject) == ["dropped", "applied", "applied"]
    again = cli(LISTENER, "approvals", "approve", approval, who="boris")
    assert (again.code, again.answer) == (0, approved.answer)
    told = told_of(listener, parked.id)
    assert [kind for kind, _ in told] == ["platform.message_parked.v1", DROPPED]
    asker, decider = str(staff.first.staff_id), str(staff.second.staff_id)
    wanted = {"asked_by": asker, "approved_by": decider, "reason": REASON}
    assert {key: told[-1][1][key] for key in wanted} == wanted


def test_a_rejected_drop_leaves_the_message_parked(
    park: Park, listener: Service, operations: Operations
) -> None:
    """It may be asked for again, and with the same words."""
    parked, platform = park("die", "b"), listener.platform
    asker, decider = call_of(platform), call_of(platform, BORIS)
    first = ask(operations, asker, parked, REASON)
    assert ask(operations, asker, parked, REASON) == first
    with pytest.raises(Refused) as other:
        ask(operations, decider, parked, REASON)
    assert other.value.code == "approval_already_asked"
    rejected = operations.reject(decider, approval_id=first)
    assert operations.reject(decider, approval_id=first) == rejected
    with pytest.raises(Refused) as late:
        operations.approve(decider, approval_id=first)
    assert late.value.code == "already_decided"
    assert ask(operations, asker, parked, REASON) != first
    assert states(listener, parked.subject) == ["parked", "waiting"]


def test_approvals_that_meet_drop_once(
    park: Park, listener: Service, operations: Operations
) -> None:
    """Eight at once, and replays between them: one drop, one event, or none."""
    parked, platform = park("die", "b"), listener.platform
    approval = ask(operations, call_of(platform), parked, REASON)

    def approve(_: int) -> object:
        return operations.approve(call_of(platform, BORIS), approval_id=approval)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(approve, range(8)))
    assert len({json.dumps(answer, sort_keys=True) for answer in answers}) == 1
    kinds = [kind for kind, _ in told_of(listener, parked.id)]
    assert kinds.count(DROPPED) == 1
    assert states(listener, parked.subject)[0] == "dropped"


@pytest.mark.clause("3.4")
@pytest.mark.seeded("quarantined_may_be_dropped")
def test_a_mismatch_is_never_replayed_or_dropped(
    listener: Service, operations: Operations
) -> None:
    """What must not be believed is out of reach of both verbs."""
    platform = listener.platform
    evil = platform.quarantine.record(b"forged", PUBLISHER, "bad_signature")
    asker = call_of(platform)
    acts = (
        operations.parked_show,
        operations.replay_parked,
        partial(operations.ask_drop, reason=REASON),
    )
    for act in acts:
        with pytest.raises(Refused) as refused:
            act(asker, message_id=evil)
        assert refused.value.code == "not_parked"


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("drop_reason_of_any_words")
def test_a_reason_has_no_room_for_a_person(
    park: Park, listener: Service, operations: Operations
) -> None:
    """Names, phones, ИИН, and what is no sentence at all."""
    parked, asker = park("die"), call_of(listener.platform)
    for reason in (
        "client Иванов asked",
        "client Ivanov asked",
        "call 87012345678",
        "iin 900101300123",
        "",
        "x" * 201,
        "two\nlines",
    ):
        with pytest.raises(Refused) as refused:
            operations.ask_drop(asker, message_id=parked.ids[0], reason=reason)
        assert refused.value.code == "reason_unfit"
    assert told_of(listener, parked.id)[1:] == []


def ask(operations: Operations, asker: Call, parked: Parked, reason: str) -> UUID:
    """Ask that a message be dropped; the request's id."""
    told = operations.ask_drop(asker, message_id=parked.ids[0], reason=reason)
    return UUID(str(as_object(told)["approval_id"]))
