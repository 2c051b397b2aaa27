"""Other services, asked over the bus."""

import base64
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from pydantic import (
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)

from kernel.context import Context
from kernel.crypto import Json, as_object
from kernel.errors import Broken, Refused
from kernel.rpc import RpcClient
from services.audit.domain.report import Person
from services.audit.domain.stamping import TimeStamp, granted
from services.audit.ports import Sealed

REGISTER_TIMEOUT_S: Final = 5.0
PURPOSE: Final = "log_export"
"""What the client reads in the history of readings."""
SEAL_TIMEOUT_S: Final = 10.0
"""Onboarding asks НУЦ for its answer and a time stamp."""

_Line = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class RpcRegister:
    """The register, asked at contracts over the bus. Implements Register."""

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._rpc = rpc
        self._context = context

    def refuse_uncovered(
        self, disclosure_id: UUID, client_id: UUID | None = None
    ) -> bool:
        of_one: dict[str, Any] = {} if client_id is None else {"client_id": client_id}
        entry = self._rpc.call(
            "contracts",
            "check_disclosure",
            context=self._context,
            timeout_s=REGISTER_TIMEOUT_S,
            disclosure_id=disclosure_id,
            **of_one,
        )
        return as_object(entry)["told_to_client"] is True


class _Person(BaseModel):
    """Onboarding's answer about a client; the rest of it is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    surname: _Line
    given_name: _Line
    patronymic: _Line | None
    iin: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    iin_salt_b64: Base64Bytes | None = None


class RpcPeople:
    """Clients in clear, asked at onboarding. Implements People."""

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._rpc = rpc
        self._context = context

    def person(self, client_id: UUID) -> Person | None:
        try:
            answer = self._rpc.call(
                "onboarding",
                "disclose_person",
                context=self._context,
                timeout_s=REGISTER_TIMEOUT_S,
                client_id=client_id,
                purpose=PURPOSE,
            )
        except Refused:
            return None
        try:
            found = _Person.model_validate_json(orjson.dumps(answer))
        except ValidationError:
            # `from None`: the validator's text would show the answer.
            raise Broken("Onboarding's answer is no person") from None
        names = (found.surname, found.given_name, found.patronymic)
        return Person(
            client_id=client_id,
            names=" ".join(name for name in names if name),
            iin=found.iin,
            iin_salt=found.iin_salt_b64,
        )


class _Stamp(BaseModel):
    """Onboarding's answer with a time stamp."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stamp_b64: Base64Bytes
    stamped_at: AwareDatetime


class RpcStamper:
    """НУЦ's time-stamping authority, asked through onboarding. Implements Stamper.

    Onboarding checks the token, its path to a pinned root and its revocation.
    """

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._rpc = rpc
        self._context = context

    def stamp(self, checkpoint: bytes, *, size: int) -> TimeStamp:
        answer = self._rpc.call(
            "onboarding",
            "stamp_bytes",
            context=self._context,
            timeout_s=SEAL_TIMEOUT_S,
            document_b64=base64.b64encode(checkpoint).decode("ascii"),
        )
        try:
            found = _Stamp.model_validate_json(orjson.dumps(answer))
        except ValidationError:
            raise Broken("Onboarding's answer is no time stamp") from None
        return TimeStamp(
            size=size,
            checkpoint=checkpoint,
            reply=granted(found.stamp_b64),
            stamped_at=found.stamped_at,
        )


class _Signature(BaseModel):
    """Onboarding's answer about a signature of the company."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    cms_b64: Base64Bytes
    chain_b64: Annotated[tuple[Base64Bytes, ...], Field(min_length=1)]
    revocation_b64: tuple[Base64Bytes, ...]
    stamp_b64: Base64Bytes


class RpcSeal:
    """The company's key at contracts, НУЦ's word at onboarding. Implements Seal.

    Nobody believes our own signature either: onboarding judges and stamps it.
    """

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._rpc = rpc
        self._context = context

    def seal(self, document: bytes) -> Sealed:
        text = base64.b64encode(document).decode("ascii")
        signed = self._ask("contracts", "sign_for_audit", document_b64=text)
        answer = self._ask(
            "onboarding",
            "prove_company_signature",
            document_b64=text,
            cms_b64=str(as_object(signed)["cms_b64"]),
        )
        try:
            found = _Signature.model_validate_json(orjson.dumps(answer))
        except ValidationError:
            raise Broken("Onboarding's answer is no signature") from None
        return Sealed(
            cms=found.cms_b64,
            stamp=found.stamp_b64,
            chain=found.chain_b64,
            revocation=found.revocation_b64,
        )

    def _ask(self, service: str, method: str, **arguments: str) -> Json:
        try:
            return self._rpc.call(
                service,
                method,
                context=self._context,
                timeout_s=SEAL_TIMEOUT_S,
                **arguments,
            )
        except Refused as refused:
            raise Broken("The company's signature was refused") from refused
