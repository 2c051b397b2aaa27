"""Wires crash points into a process, before anything of ours is loaded.

Stands alone: it is imported before eventlet patches the process, so nothing here may
load more than it must, and what it wraps can have no types.  See `tests.faults.crash`.
"""
# ruff: noqa: ANN401

import functools
import importlib.machinery
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from typing_extensions import override

Reached = Callable[[str], None]


def wire(at: str, marks: Path) -> None:
    """Make this process die once at each of `at` (``point:times,…``)."""
    left = {}
    for asked in at.split(","):
        name, _, times = asked.partition(":")
        left[name] = int(times)

    def reached(name: str) -> None:
        mark = marks / name
        if name not in left or mark.exists():
            return
        left[name] -= 1
        if left[name] == 0:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    sys.meta_path.insert(0, _Wirer(reached))


def count(marks: Path) -> None:
    """Make this process add a byte to a file of `marks` at every point it reaches."""

    def reached(name: str) -> None:
        with (marks / name).open("ab") as mark:
            mark.write(b".")

    sys.meta_path.insert(0, _Wirer(reached))


class _Wirer(MetaPathFinder):
    """Wraps the functions of `_WIRING` as soon as their module is loaded."""

    def __init__(self, reached: Reached) -> None:
        self._reached = reached

    @override
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _WIRING:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.loader is not None
        load = spec.loader.exec_module

        def load_and_wrap(module: ModuleType) -> None:
            load(module)
            _WIRING[fullname](module, self._reached)

        spec.loader.exec_module = load_and_wrap  # type: ignore[method-assign]
        return spec


def _outbox(module: Any, reached: Reached) -> None:
    """The relay says itself how far it is."""
    module.Relay.__init__ = functools.partialmethod(
        module.Relay.__init__, reached=lambda step: reached(f"outbox.{step}")
    )


def _inbox(module: Any, reached: Reached) -> None:
    """So does the inbox."""
    module.Inbox.__init__ = functools.partialmethod(
        module.Inbox.__init__, reached=lambda step: reached(f"inbox.{step}")
    )


def _reactions(module: Any, reached: Reached) -> None:
    """The handler has run, its transaction is still open."""
    run = module._told

    def watched(*args: Any) -> None:
        run(*args)
        reached("inbox.handled")

    module._told = watched


def _database(module: Any, reached: Reached) -> None:
    """Before and after the commit of a unit of work that says something."""
    begin = module.Database.begin

    @contextmanager
    def watched(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with begin(*args, **kwargs) as work:
            yield work
            if work._published:
                reached("database.committing")
        if work._published:
            reached("database.committed")

    module.Database.begin = watched


def _bank(module: Any, reached: Reached) -> None:
    """Before the order leaves; after the bank has taken it."""
    send = module.HttpBank.send

    def watched(bank: Any, *given: Any) -> Any:
        reached("bank.sending")
        answer = send(bank, *given)
        reached("bank.sent")
        return answer

    module.HttpBank.send = watched


def _log(module: Any, reached: Reached) -> None:
    """Before and after leaves are committed; after the checkpoint is out."""
    write, publish = module.Writer.write, module.Writer.publish

    def watched_write(writer: Any, batch: Sequence[Any], **rest: Any) -> Any:
        if not batch:
            return write(writer, batch, **rest)
        reached("log.writing")
        state = write(writer, batch, **rest)
        reached("log.written")
        return state

    def watched_publish(writer: Any, state: Any) -> None:
        publish(writer, state)
        reached("log.published")

    module.Writer.write, module.Writer.publish = watched_write, watched_publish


def _passwords(module: Any, reached: Reached) -> None:
    """Before the slow hash is asked."""
    matches = module.Argon2Passwords.matches

    def watched(*args: Any, **rest: Any) -> Any:
        reached("passwords.verifying")
        return matches(*args, **rest)

    module.Argon2Passwords.matches = watched


_WIRING: Final[dict[str, Callable[[Any, Reached], None]]] = {
    "kernel.outbox": _outbox,
    "kernel.inbox": _inbox,
    "kernel.entrypoints.reactions": _reactions,
    "kernel.database": _database,
    "services.disbursement.adapters.bank": _bank,
    "services.audit.wiring": _log,
    "services.auth.adapters": _passwords,
}
