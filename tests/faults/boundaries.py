"""Boundaries of a payer, found from outside: each call of a port, each commit.

Nothing inside the payer knows of them. Its ports are wrapped, so that whatever it asks
and whenever it commits is a boundary with a name, before (``asked``) and after
(``answered``): ``pay: bank.send asked``, ``ask: commit answered``. A port that is added
later has its boundaries by itself.
"""
# ruff: noqa: ANN401 - what is wrapped has the types of the ports it stands for

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, Final, Protocol

from services.disbursement.ports import Desk, Till, Work

OUTER: Final = ("accounts", "antifraud", "contracts", "bank", "statements")
"""The ports of a till that lead to somebody else."""
COMMIT: Final = "commit"


class Reached(Protocol):
    """Told the name of a boundary, and whether a transaction holds its rows there."""

    def __call__(self, name: str, *, locked: bool) -> None: ...


class Watch:
    """Names what one payer comes past, under the beat that runs."""

    def __init__(self, reached: Reached) -> None:
        self._reached = reached
        self._locked = False
        self.beat = ""

    def over(self, till: Till) -> Till:
        """The same till, watched."""
        outer = {name: self._port(getattr(till, name), name) for name in OUTER}
        desk: Any = _WatchedDesk(till.desk, self)
        return replace(till, desk=desk, **outer)

    def works(self, opened: Work | Sequence[Work]) -> Work | Sequence[Work]:
        """The same transaction, watched."""
        return (
            self._work(opened)
            if isinstance(opened, Work)
            else [self._work(one) for one in opened]
        )

    def _work(self, work: Work) -> Work:
        ports = {one.name: getattr(work, one.name) for one in fields(work)}
        return Work(**{name: self._port(port, name) for name, port in ports.items()})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A transaction is open: who stands still here keeps others from its rows."""
        self._locked = True
        try:
            yield
        finally:
            self._locked = False

    def past(self, name: str) -> None:
        self._reached(f"{self.beat}: {name}", locked=self._locked)

    def _port(self, port: Any, name: str) -> Any:
        return self._call(port, name) if callable(port) else _Watched(port, name, self)

    def _call(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            self.past(f"{name} asked")
            answer = call(*given, **named)
            self.past(f"{name} answered")
            return answer

        return watched


class _Watched:
    """A port of which each call is a boundary before and one after."""

    def __init__(self, port: Any, name: str, watch: Watch) -> None:
        self._port, self._name, self._watch = port, name, watch

    def __getattr__(self, called: str) -> Any:
        found = getattr(self._port, called)
        return self._watch._call(found, f"{self._name}.{called}")


class _WatchedDesk:
    """A desk whose commits are boundaries, and the calls in its transactions.

    Whichever way it opens one, for one payout or for many.
    """

    def __init__(self, desk: Desk, watch: Watch) -> None:
        self._desk, self._watch = desk, watch

    def __getattr__(self, way: str) -> Any:
        opens = getattr(self._desk, way)

        @contextmanager
        def watched(*given: Any, **named: Any) -> Iterator[Any]:
            with self._watch.locked(), opens(*given, **named) as work:
                yield self._watch.works(work)
                self._watch.past(f"{COMMIT} asked")
            self._watch.past(f"{COMMIT} answered")

        return watched
