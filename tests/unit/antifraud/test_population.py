"""The starting set over a small population: what the large one says in full."""

from services.antifraud.domain.engine import Engine
from services.antifraud.domain.starting_rules import STARTING
from tests.population.baseline import BASELINE
from tests.population.judging import judged
from tests.population.people import town

SEED = 101


def test_one_seed_is_one_population() -> None:
    assert town(SEED, honest=20, frauds=1) == town(SEED, honest=20, frauds=1)


def test_the_starting_set_beats_three_rules() -> None:
    """On precision and on recall; the figures: `python -m tests.population`."""
    steps = town(SEED, honest=150, frauds=2)
    three = judged(steps, Engine(BASELINE))
    ours = judged(steps, Engine(STARTING[-1].rule_set))
    assert three.there == ours.there
    assert ours.precision > three.precision
    assert ours.recall > three.recall
