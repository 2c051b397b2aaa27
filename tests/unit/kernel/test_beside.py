"""Many acts in two threads: every one once, in order, and no failure unheard."""

import _thread
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from kernel.beside import (
    AsTheyCome,
    Each,
    all_at_once,
    in_threads_of,
    in_two_threads,
    one_by_one,
)

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


@pytest.fixture(params=["plain", "threads"])
def as_they_come(request: pytest.FixtureRequest) -> Iterator[AsTheyCome]:
    with ThreadPoolExecutor(8) as pool:
        yield all_at_once if request.param == "plain" else in_threads_of(pool)


@pytest.mark.parametrize("count", [0, 1, 2, 20])
def test_each_is_given_once(as_they_come: AsTheyCome, count: int) -> None:
    given = chain.from_iterable(as_they_come(lambda n: 2 * n, range(count)))
    assert sorted(given) == [2 * n for n in range(count)]


@pytest.mark.parametrize("count", [1, 2, 20])
def test_a_failure_comes_behind_all_that_is_whole(
    as_they_come: AsTheyCome, count: int
) -> None:
    def act(item: int) -> int:
        if item == 0:
            raise SpoiltError
        return item

    given: list[int] = []
    with pytest.raises(SpoiltError):
        given.extend(chain.from_iterable(as_they_come(act, range(count))))
    assert sorted(given) == list(range(1, count))


def test_who_is_slow_keeps_no_other_waiting() -> None:
    """What is there is given while one still waits for its answer."""
    answered = threading.Event()

    def act(item: int) -> int:
        if item == 0:
            assert answered.wait(PATIENCE_S)
        return item

    with ThreadPoolExecutor(3) as pool:
        coming = in_threads_of(pool)(act, range(3))
        first = next(coming)
        answered.set()
        rest = list(chain.from_iterable(coming))
    assert 0 not in first
    assert sorted([*first, *rest]) == [0, 1, 2]
