"""Auth over the bus: one-time codes to a phone that is being registered."""

from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from kernel.clock import parse_rfc3339
from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import Broken
from kernel.rpc import RpcClient
from kernel.values import Phone
from services.onboarding.ports import SentCode

REGISTRATION: Final = "registration"
PHONE_CHANGE: Final = "phone_change"

ModelT = TypeVar("ModelT", bound=BaseModel)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="ignore")

    challenge_id: UUID
    expires_at: str


class _Checked(BaseModel):
    model_config = ConfigDict(extra="ignore")

    confirmed: bool
    phone_token: str


class AuthCodes:
    """`PhoneCodes` by RPC for one purpose; Refused comes through with auth's code."""

    def __init__(self, rpc: RpcClient, *, context: Context, purpose: str) -> None:
        self._rpc = rpc
        self._context = context
        self._purpose = purpose

    def send(self, phone: Phone, *, reference: UUID) -> SentCode:
        """Have a code sent."""
        reply = self._rpc.call(
            "auth",
            "send_code",
            context=self._context,
            phone=phone.reveal(),
            purpose=self._purpose,
            reference=reference,
        )
        sent = _read(_Sent, reply)
        return SentCode(
            challenge_id=sent.challenge_id, expires_at=parse_rfc3339(sent.expires_at)
        )

    def check(self, challenge_id: UUID, code: str) -> str:
        """Compare a code; the phone's token when it is right."""
        reply = self._rpc.call(
            "auth",
            "check_code",
            context=self._context,
            challenge_id=challenge_id,
            code=code,
            **self._checked_for(),
        )
        checked = _read(_Checked, reply)
        if not checked.confirmed:
            raise Broken("auth neither confirmed nor refused a code")
        return checked.phone_token

    def _checked_for(self) -> dict[str, Any]:
        """Registration is understood: older code of auth knows no other purpose."""
        return {} if self._purpose == REGISTRATION else {"purpose": self._purpose}


def _read(model: type[ModelT], reply: Json) -> ModelT:
    try:
        return model.model_validate(reply)
    except ValidationError:
        raise Broken("auth answered in another shape") from None
