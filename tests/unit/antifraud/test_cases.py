"""What becomes a case, and what a case may hold."""

from base64 import b64encode
from dataclasses import replace
from uuid import UUID

import pytest

from kernel.context import Context
from kernel.errors import Broken, Refused, Transient
from kernel.events.antifraud import CaseOpened
from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from kernel.words import refuse_unfit_words
from services.antifraud.adapters import RpcPictures
from services.antifraud.domain.cases import (
    CaseRules,
    Priority,
    names_of_fraud,
    refuse_unfit_file,
)
from services.antifraud.domain.decision import Fired, Inputs, Verdict
from services.antifraud.domain.engine import OUT_OF_TIME
from services.antifraud.domain.rules import Outcome
from services.antifraud.handlers.concerning import concern
from services.antifraud.ports import Decision
from tests.unit.antifraud.fakes import (
    NOON,
    FakeClock,
    FakeIds,
    FakeStore,
    fake_tools,
)

RAW = b"\x89PNG\r\n\x1a\n as it came"

CLIENT = UUID(int=77)


def decision(outcome: Outcome, *codes: str) -> Decision:
    fired = tuple(Fired(code=code, outcome=outcome, score=10) for code in codes)
    return Decision(
        decision_id=UUID(int=9),
        inputs=Inputs(
            operation=f"application:{UUID(int=1)}",
            client_id=CLIENT,
            amount=Money.of("1000"),
            facts={},
            values={},
            cleared=frozenset(),
        ),
        verdict=Verdict(outcome=outcome, score=10, fired=fired),
        rule_set="v",
        decided_at=NOON,
        asked_by="contracts",
        took_us={},
    )


def concerned(*made: Decision) -> FakeStore:
    store, tools = FakeStore(), fake_tools(FakeClock(), FakeIds())
    for each in made:
        concern(each, unit=store, tools=tools)
    return store


@pytest.mark.parametrize("outcome", [Outcome.REVIEW, Outcome.SUSPEND])
def test_what_is_to_be_looked_at_opens_one_case_of_the_client(
    outcome: Outcome,
) -> None:
    made = decision(outcome, "burst")
    store = concerned(made, made)
    (opened,) = store.events
    assert isinstance(opened, CaseOpened)
    assert opened.about == f"client:{CLIENT}"


@pytest.mark.parametrize(
    "made",
    [
        decision(Outcome.REVIEW, OUT_OF_TIME),
        decision(Outcome.SUSPEND, OUT_OF_TIME),
        decision(Outcome.ALLOW, "seen"),
        decision(Outcome.REFUSE, "person_refused"),
    ],
    ids=lambda made: made.verdict.outcome.value,
)
def test_what_is_asked_again_or_decided_opens_none(made: Decision) -> None:
    assert concerned(made).concerned == []


def test_what_a_suspension_alone_stops_joins_and_opens_none() -> None:
    made = decision(Outcome.SUSPEND, "client_suspended", OUT_OF_TIME)
    assert [each.opens for each in concerned(made).concerned] == [False]
    person = replace(made, verdict=Verdict(outcome=Outcome.SUSPEND, score=0, fired=()))
    assert [each.opens for each in concerned(person).concerned] == [True]


@pytest.mark.parametrize(
    ("outcome", "score", "amount", "priority"),
    [
        (Outcome.REVIEW, 69, "299999.99", Priority.NORMAL),
        (Outcome.SUSPEND, 69, "299999.99", Priority.HIGH),
        (Outcome.REVIEW, 70, "1", Priority.URGENT),
        (Outcome.REVIEW, 0, "300000", Priority.URGENT),
    ],
)
def test_a_case_is_pressing_by_amount_and_score(
    outcome: Outcome, score: int, amount: str, priority: Priority
) -> None:
    rules = CaseRules.at(STARTING_POLICY, NOON)
    found = rules.priority(outcome=outcome, score=score, amount=Money.of(amount))
    assert found is priority


def test_a_file_is_what_its_first_bytes_say() -> None:
    """A PDF is none: nobody can make one clean; its pages come as pictures."""
    for head in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"):
        refuse_unfit_file(head)
    for head in (b"GIF89a", b"%PDF-1.7", b"<svg/>", b""):
        with pytest.raises(Refused, match="PNG or JPEG"):
            refuse_unfit_file(head)


class Answering:
    """The bus: answers one thing, or raises it."""

    def __init__(self, reply: object) -> None:
        self.reply = reply

    def call(self, *method: str, **told: object) -> object:
        assert method == ("onboarding", "clean_picture")
        assert told["content_b64"] == b64encode(RAW).decode()
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def clean(reply: object) -> bytes:
    context = Context(UUID(int=1), None, "00-1-1-01")
    return RpcPictures(Answering(reply), context).clean(RAW)  # type: ignore[arg-type]  # a twin


def test_a_clean_picture_is_a_jpeg_and_nothing_else_is_believed() -> None:
    jpeg = b"\xff\xd8\xff\xe0 clean"
    assert clean({"jpeg_b64": b64encode(jpeg).decode()}) == jpeg
    for reply in ({}, {"jpeg_b64": "?"}, {"jpeg_b64": b64encode(RAW).decode()}, None):
        with pytest.raises(Broken):
            clean(reply)
    with pytest.raises(Transient):
        clean(Transient("away"))
    refused = Refused("photo_dimensions", "No.", next_step="Again.")
    with pytest.raises(Refused, match="PNG or JPEG") as told:
        clean(refused)
    assert told.value.code == "case_file_unfit"


def test_what_others_may_share_is_watched_alone() -> None:
    keys = ["client:c", "device:d", "network:n", "account:a", "account:a", "iin:i"]
    assert names_of_fraud(keys) == {
        "refused": ["account:a", "client:c", "iin:i"],
        "watched": ["device:d"],
    }


def test_ids_days_and_sums_are_no_numbers_of_persons() -> None:
    refuse_unfit_words(f"of {UUID(int=10**30)}, {UUID(int=10**29)}", most=500)
    refuse_unfit_words("on 2026-11-30 12:00, 30.11.2026 12:00, 400 000 tenge", most=500)
    with pytest.raises(Refused):
        refuse_unfit_words("990101300123", most=500)
