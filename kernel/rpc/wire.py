"""The bytes of requests and answers, and what is checked before they are believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from kernel.bus import Received
from kernel.clock import Clock, parse_rfc3339, rfc3339
from kernel.context import Call, Context, Origin, jsonable
from kernel.crypto import (
    CanonicalError,
    Json,
    SignatureInvalidError,
    SigningKey,
    TrustStore,
    as_object,
    b64url,
    canonical,
    parse_canonical,
    sha256,
    unb64url,
)
from kernel.errors import Broken, KernelError, Refused, Transient
from kernel.tokens import Assertions

OPERATOR: Final = "operator"
"""The staff's command line; who sits before it, only a staff token says."""
MAX_REQUEST_BYTES: Final = 12 * 1024 * 1024
"""A photo of 8 MiB in base64 and its company."""

_LONGEST_TOKEN: Final = 100


class CallRejectedError(ValueError):
    """A request that must not run; ``code`` says why (a security event)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """A verified request with its arguments.

    ``staff_token`` is as it came: whether it opens the method is asked there.
    """

    call: Call
    arguments: Mapping[str, Json]
    reply_to: str
    staff_token: str | None = field(default=None, repr=False)


def sign_request(
    *,
    key: SigningKey,
    call_id: UUID,
    caller: str,
    callee: str,
    method: str,
    deadline: datetime,
    context: Context,
    assertion: str | None,
    idempotency_key: str | None,
    arguments: Mapping[str, Json],
    staff_token: str | None = None,
) -> bytes:
    """The canonical, signed bytes of a request."""
    body: dict[str, Json] = {
        "args": [],
        "kwargs": arguments,
        "id": str(call_id),
        "caller": caller,
        "callee": callee,
        "method": method,
        "deadline": rfc3339(deadline),
        "correlationid": str(context.correlation_id),
        "traceparent": context.traceparent,
        "origin": jsonable(context.origin),
        "assertion": assertion,
        "stafftoken": staff_token,
        "idempotencykey": idempotency_key,
        "keyid": key.keyid,
    }
    return canonical({**body, "signature": b64url(key.sign(canonical(body)))})


def open_request(
    message: Received,
    *,
    service: str,
    trust: TrustStore,
    assertions: Assertions,
    clock: Clock,
) -> Request:
    """Believe a request only after these checks, in this order.

    1. A bounded size, canonical JSON, a reply key of the caller's own.
    2. The signature is of a trusted key, and the broker saw that principal send it.
    3. It is meant for this service.
    4. Its deadline has not passed (CallRejectedError ``late``: nobody waits for it).
    5. If it speaks for a client, the assertion verifies.
    6. Only the staff's own door carries tokens of the staff: nobody else's request
       is given a hearing with one (CallRejectedError ``foreign_token``).

    Raises CallRejectedError, or Refused for a bad assertion.
    """
    if len(message.body) > MAX_REQUEST_BYTES:  # step 1
        raise CallRejectedError("too_large")
    try:
        fields = dict(as_object(parse_canonical(message.body)))
        signature = unb64url(str(fields.pop("signature")))
        principal = trust.verify(  # step 2
            str(fields["keyid"]), canonical(fields), signature
        )
        call, arguments, assertion, staff_token = _read_request(fields)
    except SignatureInvalidError as error:
        raise CallRejectedError("bad_signature") from error
    except (CanonicalError, ValueError, TypeError, KeyError, Broken) as error:
        raise CallRejectedError("misshapen") from error
    reply_to = str(message.properties.get("reply_to", ""))
    if message.sender != principal or call.caller != principal:
        raise CallRejectedError("wrong_sender")
    if not reply_to.startswith(f"{principal}."):
        raise CallRejectedError("wrong_reply_key")
    if fields["callee"] != service:  # step 3
        raise CallRejectedError("wrong_callee")
    if call.deadline <= clock.now():  # step 4
        raise CallRejectedError("late")
    if assertion is not None:  # step 5
        client_id = assertions.verify(assertion, audience=service)
        call = replace(call, client_id=client_id)
    if staff_token is not None and principal != OPERATOR:  # step 6
        raise CallRejectedError("foreign_token")
    return Request(call, arguments, reply_to, staff_token)


def _read_request(
    fields: Mapping[str, Json],
) -> tuple[Call, Mapping[str, Json], str | None, str | None]:
    arguments = fields["kwargs"]
    if not isinstance(arguments, dict) or fields["args"] != []:
        raise TypeError("arguments are named")
    call_id = UUID(str(fields["id"]))
    call = Call(
        id=call_id,
        caller=str(fields["caller"]),
        method=str(fields["method"]),
        deadline=parse_rfc3339(str(fields["deadline"])),
        context=Context(
            UUID(str(fields["correlationid"])),
            call_id,
            str(fields["traceparent"]),
            _origin(fields.get("origin")),
        ),
        client_id=None,
        idempotency_key=_optional_text(fields["idempotencykey"]),
        arguments_digest=sha256(canonical(arguments)),
    )
    assertion = _optional_text(fields["assertion"])
    # Older callers send neither this member nor the origin (ADR 0007).
    return call, arguments, assertion, _optional_text(fields.get("stafftoken"))


def _origin(value: Json) -> Origin | None:
    if value is None:
        return None
    said = as_object(value)
    origin = Origin(device=str(said["device"]), network=str(said["network"]))
    if max(len(origin.device), len(origin.network)) > _LONGEST_TOKEN:
        raise ValueError("a token of an origin is too long")
    return origin


def _optional_text(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError("text or null expected")


def reply_of(result: object) -> bytes:
    """The bytes of a good answer."""
    return canonical({"result": jsonable(result), "error": None})


def reply_of_error(error: KernelError) -> bytes:
    """The bytes of a failure; a Broken tells the caller nothing but that it is."""
    match error:
        case Refused():
            told: dict[str, Json] = {
                "kind": "refused",
                "code": error.code,
                "sentence": error.sentence,
                "next_step": error.next_step,
                "details": dict(error.details),
            }
        case Transient():
            told = {
                "kind": "transient",
                "sentence": error.sentence,
                "retry_after_s": error.retry_after_s,
            }
        case _:
            told = {"kind": "broken"}
    return canonical({"result": None, "error": told})


def read_reply(body: bytes) -> Json:
    """The result of an answer, or the failure it tells, raised here."""
    answer = orjson.loads(body)
    error = answer["error"]
    if error is None:
        result: Json = answer["result"]
        return result
    match error["kind"]:
        case "refused":
            raise Refused(
                error["code"],
                error["sentence"],
                next_step=error["next_step"],
                **error["details"],
            )
        case "transient":
            raise Transient(error["sentence"], retry_after_s=error["retry_after_s"])
    raise Broken("the callee failed; its own log says why")
