"""Features by the database, beside an oracle that counts by definition (ADR 0045)."""

from random import Random

import pytest

from services.antifraud.domain.occurrences import Happening
from services.antifraud.ports import Question
from tests.histories import History, counted, history
from tests.integration.antifraud.conftest import Desk
from tests.seeds import seed

HISTORIES = 200


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("antifraud_window_edge_twice")
def test_features_are_what_a_count_by_definition_says(desk: Desk) -> None:
    """With duplicates, late ones, the current event, and what is not yet."""
    random = Random(seed())
    for _ in range(HISTORIES // 50):
        compare(desk, [history(random) for _ in range(50)])


def compare(desk: Desk, histories: list[History]) -> None:
    """Keep them all, in two parts, and ask about each."""
    with desk.units.begin() as unit:
        for one in histories:
            middle = len(one.told) // 2
            for told in (one.told[:middle], one.told[middle:]):
                unit.remember(Happening(occurrences=tuple(told)))
        for one in histories:
            question = Question(
                operation=f"payout:{one.current}",
                client_id=one.client_id,
                names=one.names,
            )
            look = unit.look(question, at=one.at)
            named = {f"{entity}_named": True for entity in one.names}
            seen = counted(one.told, one.names, current=one.current, at=one.at)
            assert look.values == {**named, **seen}
