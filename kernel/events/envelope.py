"""The one envelope of the wire: CloudEvents JSON, signed by its producer.

Canonical bytes without ``signature`` are what is signed (Ed25519); canonical bytes
with it are what is published, stored and hashed.  The same bytes everywhere.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, ParamSpec, TypeVar
from uuid import UUID

from kernel.beside import Each
from kernel.clock import parse_rfc3339, rfc3339
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
    unb64url,
)
from kernel.errors import Broken

P = ParamSpec("P")
T = TypeVar("T")

MAX_BODY_BYTES: Final = 65_535
"""A leaf of the audit log holds no more (uint16 length of tlog-tiles)."""

SHARED_PUBLISHER: Final = "platform"
"""Types every service may publish begin with this word."""

SPEC_VERSION: Final = "1.0"
JSON: Final = "application/json"
INSTANT_CHARACTERS: Final = 27  # with all six decimals, and Z: `rfc3339`
_UUID: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SIGNATURE: Final = b',"signature":"'
_BEHIND_SIGNATURE: Final = b',"source":"'
"""What stands behind the signature are texts and counts, where a quote is never bare:
the last place that looks like one of the two is it, whatever `data` holds."""
_FIELDS: Final = frozenset(
    {
        "specversion", "id", "source", "type", "time", "subject", "subjectversion",
        "sequence", "datacontenttype", "traceparent", "correlationid",
        "causationid", "keyid", "data", "signature",
    }
)  # fmt: skip


class EnvelopeError(ValueError):
    """The message must not be believed; ``code`` says which check failed.

    Codes: ``too_large``, ``not_canonical``, ``misshapen``, ``bad_signature``,
    ``wrong_sender``, ``not_entitled``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def routing_key(event_type: str, subject: str) -> str:
    """``<kind of subject>.<event>.v<version>``: listeners bind by kind."""
    return f"{subject.partition(':')[0]}.{event_type.partition('.')[2]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One published event with everything that says where it came from.

    ``sequence`` numbers all events of ``source`` without gaps; ``subjectversion``
    numbers those of ``subject`` within it, from 1.
    """

    id: UUID
    source: str
    type: str
    time: datetime
    subject: str
    subjectversion: int
    sequence: int
    traceparent: str
    correlation_id: UUID
    causation_id: UUID | None
    keyid: str
    data: Mapping[str, Json]

    def signed(self, key: SigningKey) -> bytes:
        """The bytes to publish, signed with ``key`` (whose id must be `keyid`)."""
        part = canonical(self.unsigned())
        place = part.rindex(_BEHIND_SIGNATURE)
        member = _SIGNATURE + b64url(key.sign(part)).encode() + b'"'
        return part[:place] + member + part[place:]

    def unsigned(self) -> dict[str, Json]:
        """The members the signature covers."""
        return {
            "specversion": SPEC_VERSION,
            "id": str(self.id),
            "source": self.source,
            "type": self.type,
            "time": rfc3339(self.time),
            "subject": self.subject,
            "subjectversion": self.subjectversion,
            "sequence": self.sequence,
            "datacontenttype": JSON,
            "traceparent": self.traceparent,
            "correlationid": str(self.correlation_id),
            "causationid": str(self.causation_id) if self.causation_id else None,
            "keyid": self.keyid,
            "data": self.data,
        }

    @classmethod
    def opened(
        cls, body: bytes, *, trust: TrustStore, sender: str | None
    ) -> "Envelope":
        """Believe ``body`` only after six checks, in this order.

        1. It is no longer than a leaf of the audit log can hold.
        2. It is canonical JSON: one spelling, no duplicate keys, no floats.
        3. It has exactly the fields of the envelope, each of its type.
        4. The signature is of a key we trust, over the bytes without it.
        5. The broker saw the same principal publish it (``sender`` is the
           validated ``user_id``; absent is not the same).
        6. The principal may speak for this source and this type.

        Raises EnvelopeError with the code of the first check that fails.
        """
        claim = _Claim.of(body)  # steps 1 to 3
        return claim.believed(claim.principal(trust), sender)  # steps 4 to 6


class _Claim(NamedTuple):
    """What a body says of itself; nobody has vouched for it yet."""

    envelope: Envelope
    signed_part: bytes
    signature: bytes

    @classmethod
    def of(cls, body: bytes) -> "_Claim":
        if len(body) > MAX_BODY_BYTES:  # step 1
            raise EnvelopeError("too_large")
        try:
            fields = parse_canonical(body)  # step 2
        except CanonicalError as error:
            raise EnvelopeError("not_canonical") from error
        envelope, signature = _read(fields)  # step 3
        return cls(envelope, _signed_part(body), signature)

    def principal(self, trust: TrustStore) -> str:
        try:  # step 4
            return trust.verify(self.envelope.keyid, self.signed_part, self.signature)
        except SignatureInvalidError as error:
            raise EnvelopeError("bad_signature") from error

    def believed(self, principal: str, sender: str | None) -> Envelope:
        envelope = self.envelope
        if sender != principal:  # step 5
            raise EnvelopeError("wrong_sender")
        publisher = envelope.type.partition(".")[0]  # step 6
        if envelope.source != principal or publisher not in {
            principal,
            SHARED_PUBLISHER,
        }:
            raise EnvelopeError("not_entitled")
        return envelope


def opened_together(
    messages: Sequence[tuple[bytes, str | None]], *, trust: TrustStore, each: Each
) -> list[Envelope | EnvelopeError]:
    """What `Envelope.opened` returns, or raises, of each body and its sender.

    Only the signatures are looked at in the way of ``each``: two threads that both
    want the interpreter for all the rest cost more than the second core brings.
    """
    claims = [_tried(_Claim.of, body) for body, _ in messages]

    def principal(claim: _Claim | EnvelopeError) -> str | EnvelopeError:
        if isinstance(claim, EnvelopeError):
            return claim
        return _tried(claim.principal, trust)

    def believed(
        claim: _Claim | EnvelopeError, found: str | EnvelopeError, sender: str | None
    ) -> Envelope | EnvelopeError:
        if isinstance(claim, EnvelopeError):
            return claim
        if isinstance(found, EnvelopeError):
            return found
        return _tried(claim.believed, found, sender)

    found = each(principal, claims)
    return [*map(believed, claims, found, (sender for _, sender in messages))]


def _tried(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | EnvelopeError:
    try:
        return act(*args, **kwargs)
    except EnvelopeError as error:
        return error


def _read(fields: Json) -> tuple[Envelope, bytes]:
    """The envelope and its signature.

    An envelope has one spelling: no member may say the same in another way.
    """
    if not isinstance(fields, dict) or fields.keys() != _FIELDS:
        raise EnvelopeError("misshapen")
    if fields["specversion"] != SPEC_VERSION or fields["datacontenttype"] != JSON:
        raise EnvelopeError("misshapen")
    try:
        causation = fields["causationid"]
        envelope = Envelope(
            id=_uuid(fields["id"]),
            source=_text(fields["source"]),
            type=_text(fields["type"]),
            time=_instant(fields["time"]),
            subject=_text(fields["subject"]),
            subjectversion=_count(fields["subjectversion"]),
            sequence=_count(fields["sequence"]),
            traceparent=_text(fields["traceparent"]),
            correlation_id=_uuid(fields["correlationid"]),
            causation_id=None if causation is None else _uuid(causation),
            keyid=_text(fields["keyid"]),
            data=as_object(fields["data"]),
        )
        return envelope, unb64url(_text(fields["signature"]))
    except (ValueError, TypeError, Broken) as error:
        raise EnvelopeError("misshapen") from error


def _signed_part(body: bytes) -> bytes:
    """The canonical bytes without ``signature``, cut out of those with it."""
    start = body.rindex(_SIGNATURE)
    end = body.index(b'"', start + len(_SIGNATURE)) + 1
    return body[:start] + body[end:]


def _text(value: Json) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("text expected")
    return value


def _uuid(value: Json) -> UUID:
    text = _text(value)
    if not _UUID.fullmatch(text):
        raise ValueError("a UUID spelled otherwise")
    return UUID(int=int(text.replace("-", ""), 16))


def _instant(value: Json) -> datetime:
    text = _text(value)
    if len(text) != INSTANT_CHARACTERS or not text.endswith("Z"):
        raise ValueError("an instant spelled otherwise")
    return parse_rfc3339(text)


def _count(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError("a count from 1 expected")
    return value
