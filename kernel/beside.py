"""An act beside another: one waits for the database while the other works."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from typing import Any, Final, Generic, Protocol, Self, TypeVar

from typing_extensions import override

T = TypeVar("T")
U = TypeVar("U")

WORTH_A_THREAD: Final = 4
"""Fewer items than that are done before a thread for half of them has begun."""
GATHERED_S: Final = 0.05
"""So long those that are done wait for others, to be taken further together."""


class Each(Protocol):
    """A way to do the same to each of many; the results come in their order."""

    def __call__(self, act: Callable[[T], U], items: Sequence[T]) -> list[U]:
        """What ``act`` returned of each; what it raised is raised."""
        ...


def one_by_one(act: Callable[[T], U], items: Sequence[T]) -> list[U]:
    """The plain way."""
    return [act(item) for item in items]


def in_two_threads(threads: Any) -> Each:  # noqa: ANN401 - the module `_thread`
    """The way for acts that let go of the interpreter, as signatures do.

    ``threads`` are the system's, even in a process whose own are green: a green
    thread gives no second core.
    """

    def each(act: Callable[[T], U], items: Sequence[T]) -> list[U]:
        if len(items) < WORTH_A_THREAD:
            return one_by_one(act, items)
        done: dict[int, U] = {}
        failures: list[BaseException] = []
        left = iter(enumerate(items))  # each item is given out once: one step of C

        def work() -> None:
            try:
                for index, item in left:
                    done[index] = act(item)
            except BaseException as failure:  # noqa: BLE001 - raised where it is awaited
                failures.append(failure)

        def help_out() -> None:
            work()
            ended.release()

        ended = threads.allocate_lock()
        ended.acquire()
        threads.start_new_thread(help_out, ())
        work()
        ended.acquire()
        if failures:
            raise failures[0]
        return [done[index] for index in range(len(items))]

    return each


class AsTheyCome(Protocol):
    """A way to do the same to each of many, where each waits for somebody else."""

    def __call__(self, act: Callable[[T], U], items: Sequence[T]) -> Iterator[list[U]]:
        """What ``act`` returned, as it comes, all that is there at a time.

        What it raised of one is raised when all the others have been given.
        """
        ...


def all_at_once(act: Callable[[T], U], items: Sequence[T]) -> Iterator[list[U]]:
    """The plain way: one after the other, and then all of them."""
    done: list[U] = []
    failures: list[Exception] = []
    for item in items:
        try:
            done.append(act(item))
        except Exception as failure:  # noqa: BLE001 - raised when the others are given
            failures.append(failure)
    yield done
    if failures:
        raise failures[0]


def in_threads_of(pool: Executor) -> AsTheyCome:
    """The way for acts that wait for an answer: each in a thread of its own."""

    def each(act: Callable[[T], U], items: Sequence[T]) -> Iterator[list[U]]:
        if len(items) == 1:
            yield [act(items[0])]
            return
        left = {pool.submit(act, item) for item in items}
        failures: list[BaseException] = []
        while left:
            done, left = wait(left, timeout=GATHERED_S)
            if not done:
                done, left = wait(left, return_when=FIRST_COMPLETED)
            raised = {one: one.exception() for one in done}
            failures += [failure for failure in raised.values() if failure is not None]
            yield [one.result() for one in done if raised[one] is None]
        if failures:
            raise failures[0]

    return each


class Beside(threading.Thread, Generic[T]):
    """Runs ``act`` in a thread of its own; leaving the context waits for its end.

    `result` is what it returned; what it raised is raised on leaving.
    """

    result: T

    def __init__(self, act: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._act = act
        self._failure: BaseException | None = None

    @override
    def run(self) -> None:
        try:
            self.result = self._act()
        except BaseException as failure:  # noqa: BLE001 - raised where it is awaited
            self._failure = failure

    def __enter__(self) -> Self:
        """Begin."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait, and raise what it raised."""
        self.join()
        if self._failure is not None:
            raise self._failure
