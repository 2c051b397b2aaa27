"""Several things in one transaction, where each alone would come to the same end."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from kernel.errors import ContendedError, DatabaseAwayError

T = TypeVar("T")
U = TypeVar("U")


def together(
    act: Callable[[Sequence[T]], U],
    items: Sequence[T],
    *,
    apart: Callable[[Exception], None],
) -> Iterator[U]:
    """What ``act`` makes of all of them or, if that fails, of each alone.

    Several at once are only the faster way to the same end: one that is broken holds
    up no other.  What it raised is raised when the others have been given.  ``act``
    commits as the last thing it does, or not at all; ``apart`` is told why it did not.

    A database that is away says nothing of any of them, and each would wait for it
    anew: DatabaseAwayError is raised at once.  Not so a deadlock, or a lock that was
    not had in time: one alone needs fewer.
    """
    try:
        done = act(items)
    except Exception as error:
        if len(items) == 1 or _is_away(error):
            raise
        apart(error)
    else:
        yield done
        return
    failures: list[Exception] = []
    for item in items:
        try:
            done = act([item])
        except Exception as failure:
            if _is_away(failure):
                raise
            failures.append(failure)
        else:
            yield done
    if failures:
        raise failures[0]


def _is_away(error: Exception) -> bool:
    return isinstance(error, DatabaseAwayError) and not isinstance(
        error, ContendedError
    )
