"""Parked messages: looked at, replayed, and dropped by four eyes only."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.errors import Refused
from kernel.parked import Parking
from tests.integration.kernel.conftest import Service
from tests.integration.operators.conftest import (
    LISTENER,
    PUBLISHER,
    Cli,
    Park,
    Probe,
    call_of,
    states,
    told_of,
)

REASON = "superseded by a later event, ticket 418"
DROPPED = "platform.message_dropped.v1"


@pytest.fixture
def parking(listener: Service) -> Parking:
    """The listener's parked messages, acted on in this process."""
    return Parking(listener.inbox({}))


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
    shown = cli(LISTENER, "parked", "show", parked.id, who="controller")
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
    assert (gone.code, "[not_parked]" in gone.complaint) == (5, True)


@pytest.mark.clause("6.1b")
@pytest.mark.seeded("parked_dropped_by_one")
def test_whoever_asks_for_a_drop_cannot_grant_it(
    cli: Cli, park: Park, listening: Probe, listener: Service
) -> None:
    """Neither over the wire, where only the controller may, nor behind the door."""
    parked = park("die", "b")
    asked = cli(LISTENER, "parked", "drop", parked.id, "--reason", REASON)
    assert (asked.code, asked.answer["state"]) == (0, "asked")
    assert cli(LISTENER, "parked", "approve", parked.id).code != 0
    with pytest.raises(Refused) as refused:
        Parking(listener.inbox({})).approve_drop(
            call_of(listener.platform, "operator"), parked.ids[0]
        )
    assert refused.value.code == "own_request"
    assert states(listener, parked.subject) == ["parked", "waiting"]


@pytest.mark.seeded("drop_stops_the_subject", "drop_is_told_to_nobody")
def test_a_message_is_dropped_by_four_eyes(
    cli: Cli, park: Park, listening: Probe, listener: Service
) -> None:
    """Its row stays, what waited is applied, and the log learns who did it."""
    parked = park("die", "b", "c")
    cli(LISTENER, "parked", "drop", parked.id, "--reason", REASON)
    approved = cli(LISTENER, "parked", "approve", parked.id, who="controller")
    assert (approved.code, approved.answer["state"]) == (0, "dropped")
    assert states(listener, parked.subject) == ["dropped", "applied", "applied"]
    again = cli(LISTENER, "parked", "approve", parked.id, who="controller")
    assert (again.code, again.answer) == (0, approved.answer)
    told = told_of(listener, parked.id)
    assert [kind for kind, _ in told] == [
        "platform.message_parked.v1",
        "platform.drop_requested.v1",
        DROPPED,
    ]
    wanted = {"asked_by": "operator", "approved_by": "controller", "reason": REASON}
    assert {key: told[-1][1][key] for key in wanted} == wanted


def test_a_refused_drop_leaves_the_message_parked(
    park: Park, listener: Service, parking: Parking
) -> None:
    """It may be asked for again; without a question nothing is granted."""
    parked, platform = park("die", "b"), listener.platform
    asker, decider = call_of(platform, "operator"), call_of(platform, "controller")
    with pytest.raises(Refused) as early:
        parking.approve_drop(decider, parked.ids[0])
    assert early.value.code == "drop_not_asked"
    first = parking.ask_drop(asker, parked.ids[0], REASON)
    assert parking.ask_drop(asker, parked.ids[0], REASON) == first
    with pytest.raises(Refused) as other:
        parking.ask_drop(asker, parked.ids[0], "another reason")
    assert other.value.code == "drop_already_asked"
    refused = parking.refuse_drop(decider, parked.ids[0])
    assert parking.refuse_drop(decider, parked.ids[0]) == refused
    with pytest.raises(Refused) as late:
        parking.approve_drop(decider, parked.ids[0])
    assert late.value.code == "drop_not_asked"
    parking.ask_drop(asker, parked.ids[0], "another reason")
    assert states(listener, parked.subject) == ["parked", "waiting"]
    assert [kind for kind, _ in told_of(listener, parked.id)][1:] == [
        "platform.drop_requested.v1",
        "platform.drop_refused.v1",
        "platform.drop_requested.v1",
    ]


def test_approvals_that_meet_drop_once(
    park: Park, listener: Service, parking: Parking
) -> None:
    """Eight at once, and replays between them: one drop, one event, or none."""
    parked, platform = park("die", "b"), listener.platform
    parking.ask_drop(call_of(platform, "operator"), parked.ids[0], REASON)

    def approve(_: int) -> object:
        return parking.approve_drop(call_of(platform, "controller"), parked.ids[0])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(approve, range(8)))
    assert len({json.dumps(answer, sort_keys=True) for answer in answers}) == 1
    kinds = [kind for kind, _ in told_of(listener, parked.id)]
    assert kinds.count(DROPPED) == 1
    assert states(listener, parked.subject)[0] == "dropped"


@pytest.mark.clause("3.4")
@pytest.mark.seeded("quarantined_may_be_dropped")
def test_a_mismatch_is_never_replayed_or_dropped(
    listener: Service, parking: Parking
) -> None:
    """What must not be believed is out of reach of both verbs."""
    platform = listener.platform
    evil = platform.quarantine.record(b"forged", PUBLISHER, "bad_signature")
    asker, decider = call_of(platform, "operator"), call_of(platform, "controller")
    for act in (
        lambda: parking.shown(asker, evil),
        lambda: parking.replayed(evil),
        lambda: parking.ask_drop(asker, evil, REASON),
        lambda: parking.approve_drop(decider, evil),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code in {"not_parked", "drop_not_asked"}


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("drop_reason_of_any_words")
def test_a_reason_has_no_room_for_a_person(
    park: Park, listener: Service, parking: Parking
) -> None:
    """Names, phones, ИИН, and what is no sentence at all."""
    parked, asker = park("die"), call_of(listener.platform, "operator")
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
            parking.ask_drop(asker, parked.ids[0], reason)
        assert refused.value.code == "reason_unfit"
    assert told_of(listener, parked.id)[1:] == []
