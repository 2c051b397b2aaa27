"""An act beside another: one waits for the database while the other works."""

import threading
from collections.abc import Callable
from typing import Generic, Self, TypeVar

from typing_extensions import override

T = TypeVar("T")


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
