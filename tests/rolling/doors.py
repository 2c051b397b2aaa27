"""What a balancer does for browsers: several gateways behind one name."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

from infra.demo.cabinet import Cabinet, Json

DRAINED_WITHIN_S: Final = 60.0


class Doors:
    """The gateways that take requests now, each in its turn."""

    def __init__(self, url: str) -> None:
        self._urls = [url]
        self._turns = cycle(self._urls)
        self._inside: Counter[str] = Counter()
        self._changed = threading.Condition()

    def open(self, url: str) -> None:
        """Let requests go there too."""
        with self._changed:
            self._urls.append(url)
            self._turns = cycle(self._urls)

    def close(self, url: str) -> None:
        """Send nobody there any more, and wait until everybody has come out."""
        with self._changed:
            self._urls.remove(url)
            self._turns = cycle(self._urls)
            empty = self._changed.wait_for(
                lambda: not self._inside[url], DRAINED_WITHIN_S
            )
        assert empty, f"{self._inside[url]} requests do not end"

    @contextmanager
    def next(self) -> Iterator[str]:
        """The door for one request."""
        with self._changed:
            url = next(self._turns)
            self._inside[url] += 1
        try:
            yield url
        finally:
            with self._changed:
                self._inside[url] -= 1
                self._changed.notify_all()


class BalancedCabinet(Cabinet):
    """A browser that knows only the name: each request goes to another gateway."""

    def __init__(self, doors: Doors, ca: Path, *, address: str | None) -> None:
        with doors.next() as url:
            super().__init__(url, ca, address=address)
        self._doors = doors

    @override
    def call(self, method: str, path: str, *args: Any, **kwargs: Any) -> Json:
        with self._doors.next() as url:
            self._client.base_url = f"{url}/api/v1"
            self._client.headers["Origin"] = url
            return super().call(method, path, *args, **kwargs)

    @override
    def absolute(self, url: str) -> Json:
        sent = urlsplit(url)
        with self._doors.next() as door:
            return super().absolute(f"{door}{sent.path}?{sent.query}")
