"""A small HTTPS client of the standard library, for persons and directors of tests."""

import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

TIMEOUT_S = 15.0


class AnswerError(Exception):
    """The server answered, but not with what was hoped for."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer read to its end; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object."""
        return cast(dict[str, Any], orjson.loads(self.body))

    def expect(self, *statuses: int) -> "Answer":
        """The answer itself; raises AnswerError on any other status."""
        if self.status in statuses:
            return self
        try:
            code = str(self.json().get("code", ""))
        except ValueError:
            code = ""  # a page, not JSON
        raise AnswerError(self.status, code)


class Wire:
    """One server as a client sees it; every call is a connection of its own.

    `certificate` is the pair of PEM files to show to a partners' listener.
    """

    def __init__(
        self, url: str, *, ca: Path, certificate: tuple[Path, Path] | None = None
    ) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._prefix = parts.path.rstrip("/")
        self._context = ssl.create_default_context(cafile=str(ca))
        if certificate is not None:
            self._context.load_cert_chain(*certificate)

    def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Answer:
        """One request. Raises OSError or http.client.HTTPException without an answer.

        `json` is sent as JSON; otherwise `body` goes as it is.
        """
        sent = dict(headers or {})
        if json is not None:
            body = orjson.dumps(json)
            sent["content-type"] = "application/json"
        connection = http.client.HTTPSConnection(
            self._host, self._port, context=self._context, timeout=timeout_s
        )
        try:
            connection.request(method, self._prefix + path, body, sent)
            response = connection.getresponse()
            return Answer(
                status=response.status,
                headers={k.lower(): v for k, v in response.getheaders()},
                body=response.read(),
            )
        finally:
            connection.close()
