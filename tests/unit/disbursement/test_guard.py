"""A partner that fails is left alone; requests go out in turn."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.disbursement.adapters.guarding import Guard
from services.disbursement.domain.guard import Circuit, GuardRules, Pace

RULES: Final = GuardRules(failures=3, rest_s=10, per_s=2, burst=2, patience_s=1)


class Seconds:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def guard(seconds: Seconds, rules: GuardRules = RULES) -> Guard:
    return Guard("bank", rules, elapsed=lambda: seconds.now, sleep=seconds.sleep)


def through(one: Guard, status: int | None) -> str | None:
    refusal = one.refusal()
    if refusal is None:
        one.saw(status)
    return refusal


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.mark.seeded("disbursement_bank_never_rests")
def test_failures_in_a_row_open_the_circuit(seconds: Seconds) -> None:
    one = guard(seconds)
    for status in (None, 503, 429):
        assert through(one, status) is None
    assert through(one, 200) == "bank_rests"


def test_an_answer_in_between_begins_the_count_anew(seconds: Seconds) -> None:
    one = guard(seconds)
    for status in (None, None, 404, None, 422, None, None):
        assert through(one, status) is None


def test_rested_one_request_tries_and_closes_or_opens_again(seconds: Seconds) -> None:
    one = guard(seconds)
    for _ in range(3):
        through(one, None)
    seconds.sleep(RULES.rest_s)
    assert one.refusal() is None
    assert one.refusal() == "bank_rests"
    one.saw(None)
    seconds.sleep(RULES.rest_s - 0.1)
    assert one.refusal() == "bank_rests"
    seconds.sleep(0.1)
    assert through(one, 200) is None
    assert through(one, 200) is None


def test_a_try_that_was_never_heard_of_does_not_close_for_ever(
    seconds: Seconds,
) -> None:
    one = guard(seconds)
    for _ in range(3):
        through(one, None)
    seconds.sleep(RULES.rest_s)
    assert one.refusal() is None
    seconds.sleep(RULES.rest_s)
    assert through(one, 200) is None


def test_requests_wait_for_their_turn(seconds: Seconds) -> None:
    one = guard(seconds)
    at = []
    for _ in range(5):
        assert through(one, 200) is None
        at.append(seconds.now)
    assert at == [100.0, 100.0, 100.5, 101.0, 101.5]


def test_who_would_wait_too_long_does_not_ask() -> None:
    seconds = Seconds()
    one = Guard("bank", RULES, elapsed=lambda: seconds.now, sleep=lambda _: None)
    answers = [through(one, 200) for _ in range(6)]
    assert answers == [None] * 4 + ["bank_rate_limited"] * 2


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=60))
def test_never_more_than_the_rate_and_its_burst(pauses: list[float]) -> None:
    now, pace, sent = 0.0, Pace(), list[float]()
    for pause in pauses:
        now += pause
        wait_s = pace.wait_s(now, RULES)
        pace = pace.taken(now, RULES)
        sent.append(now + wait_s)
    for place, begun in enumerate(sent):
        within = [at for at in sent[place:] if at < begun + 10 - 1e-6]
        assert len(within) <= RULES.burst + 10 * RULES.per_s


@given(st.lists(st.booleans(), max_size=30))
def test_a_circuit_is_open_only_after_failures_in_a_row(answers: list[bool]) -> None:
    circuit, in_a_row = Circuit(), 0
    for answered in answers:
        if not circuit.lets_through(0.0):
            assert in_a_row >= RULES.failures
            return
        circuit = circuit.trying(0.0, RULES)
        in_a_row = 0 if answered else in_a_row + 1
        circuit = circuit.answered() if answered else circuit.unanswered(0.0, RULES)
