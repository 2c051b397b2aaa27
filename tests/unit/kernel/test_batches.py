"""Several at once are the faster way to the same end, and no other way."""

from collections.abc import Sequence
from itertools import chain

import pytest

from kernel.batches import together
from kernel.errors import ContendedError, DatabaseAwayError


class DefectError(Exception):
    """Something nobody foresaw."""


def unheard(_why: Exception) -> None:
    """Nobody is told."""


def test_the_way_of_one_alone_is_not_tried_twice() -> None:
    """It would fail as it did."""
    tried: list[Sequence[int]] = []

    def act(items: Sequence[int]) -> list[int]:
        tried.append(items)
        raise DefectError

    with pytest.raises(DefectError):
        list(together(act, [1], apart=unheard))
    assert tried == [[1]]


@pytest.mark.parametrize("broken", [{2}, {1, 3}, {1, 2, 3}])
@pytest.mark.parametrize("failure", [DefectError, ContendedError])
def test_all_that_are_whole_are_given_before_what_failed(
    broken: set[int], failure: type[Exception]
) -> None:
    """In their order; who was in the way of one is not in the way of all."""

    def act(items: Sequence[int]) -> list[int]:
        if broken & set(items):
            raise failure("not this one")
        return list(items)

    given: list[int] = []
    why: list[Exception] = []
    with pytest.raises(failure):
        given.extend(chain.from_iterable(together(act, [1, 2, 3], apart=why.append)))
    assert [one for one in (1, 2, 3) if one not in broken] == given
    assert [type(one) for one in why] == [failure]


@pytest.mark.seeded("batch_waits_for_each")
@pytest.mark.parametrize("gone_at", [[1, 2, 3], [2]])
def test_a_database_that_is_away_is_tried_no_more(gone_at: list[int]) -> None:
    """Neither singly, when all together met it, nor by those behind who met it."""
    tried: list[list[int]] = []

    def act(items: Sequence[int]) -> list[int]:
        tried.append(list(items))
        if tried[-1] == gone_at:
            raise DatabaseAwayError("gone")
        if len(items) > 1:
            raise DefectError
        return list(items)

    with pytest.raises(DatabaseAwayError):
        list(together(act, [1, 2, 3], apart=unheard))
    assert tried == [[1, 2, 3], [1], [2]][: 1 if len(gone_at) > 1 else 3]
