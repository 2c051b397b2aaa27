"""Many acts in two threads: every one once, in order, and no failure unheard."""

import _thread
import threading
from collections.abc import Iterable

import pytest

from kernel.beside import Each, in_two_threads, one_by_one

PATIENCE_S = 30.0


class SpoiltError(Exception):
    """What an act may raise."""


def ways() -> Iterable[Each]:
    return one_by_one, in_two_threads(_thread)


@pytest.mark.parametrize("each", ways())
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 101])
def test_results_come_in_the_order_of_the_items(each: Each, count: int) -> None:
    assert [2 * n for n in range(count)] == each(lambda n: 2 * n, range(count))


@pytest.mark.parametrize("each", ways())
@pytest.mark.parametrize("spoilt", [0, 50, 99])
def test_what_an_act_raised_is_raised(each: Each, spoilt: int) -> None:
    def act(item: int) -> int:
        if item == spoilt:
            raise SpoiltError
        return item

    with pytest.raises(SpoiltError):
        each(act, range(100))


def test_two_threads_are_at_work_at_once() -> None:
    """Neither of a pair of acts ends before the other has begun."""
    pair = threading.Barrier(2, timeout=PATIENCE_S)
    workers = in_two_threads(_thread)(
        lambda _: (pair.wait(), threading.get_ident())[1], range(10)
    )
    assert len(set(workers)) == 2
