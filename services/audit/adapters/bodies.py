"""The bodies' door for notices: HTTPS with our certificate, every answer bounded."""

from pathlib import Path
from typing import Final

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kernel.errors import Broken, Transient
from kernel.tls import client_context
from services.audit.domain.incidents.notice import Addressee

TIMEOUT: Final = httpx.Timeout(15.0, connect=3.0)
MAX_RECEIPT_BYTES: Final = 16 * 1024
NOTICES: Final = "/supervisors/v1/{addressee}/notices"
"""Under the root of the listener; the real ones' form is not published."""


class _Receipt(BaseModel):
    """What makes an answer a receipt; it is kept as it came, whatever else it says."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    receipt_id: str = Field(min_length=1, max_length=200)


class HttpBodies:
    """Implements Bodies."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def post(self, addressee: Addressee, body: bytes) -> str:
        status, answer = self._ask(NOTICES.format(addressee=addressee.value), body)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Transient("a body is not able right now")
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Transient("a body asks for patience")
        if not httpx.codes.is_success(status):
            raise Broken(f"a body does not take a notice: {status}")
        try:
            _Receipt.model_validate_json(answer)
        except ValidationError as cause:
            # Whether it was taken is unknown; the same bytes may safely go again.
            raise Transient("a body's answer is no receipt") from cause
        return answer.decode()

    def _ask(self, path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"}
        try:
            with self._client.stream(
                "POST", path, content=body, headers=headers
            ) as reply:
                answer = bytearray()
                for piece in reply.iter_bytes():
                    answer += piece
                    if len(answer) > MAX_RECEIPT_BYTES:
                        raise Transient("a body's answer is too long")
                return reply.status_code, bytes(answer)
        except httpx.HTTPError as cause:
            raise Transient("a body is away") from cause


def http_bodies(url: str, *, ca: Path, cert: Path, key: Path) -> HttpBodies:
    """The bodies at this address; connects at the first notice."""
    return HttpBodies(
        httpx.Client(
            base_url=url,
            verify=client_context(ca, cert, key),
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )
    )
