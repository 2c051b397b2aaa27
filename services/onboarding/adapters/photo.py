"""The photo judge behind its Unix socket: a frame out, two frames back.

A frame is four bytes of length, big-endian, and so many bytes; the answer is JSON and
the clean JPEG. Nothing the judge says is trusted further than its form.
"""

import json
import socket
from decimal import Decimal
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from kernel import frames
from kernel.crypto import sha256_hex
from kernel.errors import Broken, Transient
from services.onboarding.domain.photo import MAX_BYTES, unfit
from services.onboarding.ports.photos import PortraitSeen

WAIT_S: Final = 12.0
"""For one's turn and the look together; the judge's own limit for a look is shorter."""

MAX_TOLD: Final = 8 * 1024


class _Told(BaseModel):
    """What the judge says: a refusal, or what it measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refused: str | None = Field(default=None, max_length=60)
    measures: dict[str, Decimal] = Field(default_factory=dict, max_length=60)
    width: int = 0
    height: int = 0


class SocketPhotoJudge:
    """`ports.photos.PhotoJudge` over a Unix socket."""

    def __init__(self, path: Path, *, wait_s: float = WAIT_S) -> None:
        self._path, self._wait_s = str(path), wait_s

    def look(self, raw: bytes) -> PortraitSeen:
        """Have an upload looked at.

        Refused with a code of `photo.unfit`; Transient when no answer comes in time.
        """
        told, jpeg = self._ask(raw)
        if told.refused is not None:
            raise unfit(told.refused)
        return PortraitSeen(
            measures=told.measures,
            jpeg=jpeg,
            sha256=sha256_hex(jpeg),
            width=told.width,
            height=told.height,
        )

    def _ask(self, raw: bytes) -> tuple[_Told, bytes]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(self._wait_s)
                link.connect(self._path)
                frames.send(link, raw)
                said = frames.receive(link, at_most=MAX_TOLD)
                jpeg = frames.receive(link, at_most=MAX_BYTES)
        except OSError as error:
            kind = type(error).__name__
            raise Transient(f"the photo judge does not answer ({kind})") from None
        try:
            return _Told.model_validate(json.loads(said, parse_float=Decimal)), jpeg
        except ValueError:
            raise Broken("the photo judge gave an answer of another shape") from None
