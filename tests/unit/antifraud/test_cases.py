"""What becomes a case, and what a case may hold."""

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.events.antifraud import CaseOpened
from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from kernel.words import refuse_unfit_words
from services.antifraud.domain.cases import (
    CaseRules,
    Priority,
    kind_of,
    names_of_fraud,
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
    kinds = [kind_of(head) for head in (b"%PDF-1.4", b"\xff\xd8\xff\xe0")]
    assert kinds == ["application/pdf", "image/jpeg"]
    with pytest.raises(Refused, match="PDF"):
        kind_of(b"GIF89a")


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
