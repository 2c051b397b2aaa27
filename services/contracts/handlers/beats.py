"""What a beat does to many, one after the other."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from kernel.errors import Broken

One = TypeVar("One")


def each(waiting: Iterable[One], act: Callable[[One], bool]) -> int:
    """Act on each of them; how many times something came of it.

    A defect of one does not hold up the others; it is raised after them.  Transient
    ends the turn, for who is away is away for all of them.
    """
    done = 0
    defect: Broken | None = None
    for one in waiting:
        try:
            done += act(one)
        except Broken as error:
            defect = error
    if defect is not None:
        raise defect
    return done
