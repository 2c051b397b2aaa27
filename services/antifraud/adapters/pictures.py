"""Pictures are decoded where photos are: behind onboarding, apart from every secret."""

import base64
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from kernel.context import Context
from kernel.errors import Broken, Refused
from kernel.rpc import RpcClient
from services.antifraud.domain.cases import case_file_unfit

WITHIN_S: Final = 15.0
"""One picture after another is looked at; longer than onboarding waits for that."""
_START: Final = b"\xff\xd8\xff"


class _Answer(BaseModel):
    """An answer's shape; unknown members are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    jpeg_b64: str


@dataclass(frozen=True, slots=True)
class RpcPictures:
    """Implements `ports.cases.Pictures`."""

    rpc: RpcClient
    context: Context

    def clean(self, raw: bytes) -> bytes:
        """Broken for an answer that is no JPEG."""
        try:
            answer = self.rpc.call(
                "onboarding",
                "clean_picture",
                context=self.context,
                timeout_s=WITHIN_S,
                content_b64=base64.b64encode(raw).decode("ascii"),
            )
        except Refused:
            # Onboarding's words are for whoever sends a photo of themselves.
            raise case_file_unfit() from None
        try:
            clean = base64.b64decode(
                _Answer.model_validate(answer).jpeg_b64, validate=True
            )
        except (ValidationError, ValueError):
            # `from None`: the validator's text would show the picture.
            raise Broken("A clean picture came in another shape") from None
        if not clean.startswith(_START):
            raise Broken("A clean picture is no JPEG")
        return clean
