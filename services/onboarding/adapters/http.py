"""One outer server over TLS: explicit time-outs, bounded answers, no redirects."""

import ssl
from dataclasses import dataclass
from typing import Final, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from kernel.errors import Broken, Transient

TIMEOUT: Final = httpx.Timeout(connect=3.0, read=8.0, write=5.0, pool=3.0)  # seconds
MAX_CONNECTIONS: Final = 8
HTTP_OK: Final = 200
HTTP_CREATED: Final = 201
HTTP_SERVER_ERROR: Final = 500  # from here on it is the server's own trouble

ModelT = TypeVar("ModelT", bound="Answered")


class Answered(BaseModel):
    """An answer's shape: strict types, unknown fields ignored, frozen."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of an answer, read to its end."""

    status: int
    body: bytes


class OuterServer:
    """Requests to one base address. Raises Transient when no answer can be had."""

    def __init__(self, base_url: str, *, tls: ssl.SSLContext, name: str) -> None:
        self._name = name
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            verify=tls,
            timeout=TIMEOUT,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
        )

    def post_json(self, path: str, body: object, *, limit: int) -> Reply:
        """POST JSON; an answer of at most `limit` bytes."""
        return self._ask("POST", path, limit=limit, json=body)

    def post(self, path: str, body: bytes, *, media_type: str, limit: int) -> Reply:
        """POST bytes; an answer of at most `limit` bytes."""
        headers = {"content-type": media_type}
        return self._ask("POST", path, limit=limit, content=body, headers=headers)

    def get(self, path: str, *, limit: int) -> Reply:
        """GET; an answer of at most `limit` bytes."""
        return self._ask("GET", path, limit=limit)

    def read(self, reply: Reply, model: type[ModelT]) -> ModelT:
        """The answer as `model`; Broken when it is not of that shape."""
        try:
            return model.model_validate_json(reply.body)
        except ValidationError:
            # The text of the error quotes the answer: personal data.
            raise Broken(f"{self._name} gave an answer of another shape") from None

    def unexpected(self, reply: Reply) -> Broken | Transient:
        """What to raise for a status nobody foresaw."""
        if reply.status >= HTTP_SERVER_ERROR:
            return Transient(f"{self._name} is not able to answer", retry_after_s=5)
        return Broken(f"{self._name} answered with status {reply.status}")

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _ask(
        self,
        method: str,
        path: str,
        *,
        limit: int,
        json: object = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        try:
            with self._client.stream(
                method, path, json=json, content=content, headers=headers
            ) as response:
                return Reply(response.status_code, self._bounded(response, limit))
        except httpx.HTTPError as error:
            # The library's text may quote the address; the kind is enough.
            kind = type(error).__name__
            raise Transient(f"{self._name} cannot be reached ({kind})") from None

    def _bounded(self, response: httpx.Response, limit: int) -> bytes:
        body = b""
        for part in response.iter_bytes():
            body += part
            if len(body) > limit:
                raise Broken(f"{self._name} answered with more than {limit} bytes")
        return body
