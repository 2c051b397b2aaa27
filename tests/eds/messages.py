"""CMS signatures and time-stamp tokens, right by default and wrong on request."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.eds import der
from tests.eds.authority import Holder
from tests.eds.keys import hashed

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
STAMP = "1.2.840.113549.1.9.16.2.14"
POLICY = "1.2.398.3.3.2.6.4"
STREEBOG512 = "1.2.398.3.10.1.3.3"

Attributes = Callable[[list[bytes]], list[bytes]]


def attribute(dotted: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(dotted), der.set_of(*values))


@dataclass(frozen=True)
class Wish:
    """How a signature differs from a right one; the defaults are right."""

    attached: bytes | None = None
    certificates: Sequence[bytes] | None = None
    attributes: Attributes | None = None
    claimed_at: datetime | None = None
    digest: str | None = None
    digest_name: str | None = None
    signature: str | None = None
    signer_key: Holder | None = None
    value: Callable[[bytes], bytes] | None = None
    altered: Attributes | None = None
    stamps: Callable[[bytes], Sequence[bytes]] | None = None
    ordered: bool = True
    content_type: str = DATA
    copies: int = 1
    more: Sequence[bytes] = field(default_factory=tuple)


RIGHT = Wish()


def signer_info(document: bytes, holder: Holder, wish: Wish) -> bytes:
    """One SignerInfo of version 1 by issuer and serial number."""
    scheme = holder.key.scheme
    digest = hashed(wish.digest_name or scheme.hashing, document)
    right = [
        attribute(CONTENT_TYPE, der.oid(wish.content_type)),
        attribute(MESSAGE_DIGEST, der.octets(digest)),
    ]
    if wish.claimed_at is not None:
        right.append(attribute(SIGNING_TIME, der.utc_time(wish.claimed_at)))
    attributes = wish.attributes(right) if wish.attributes else right
    ordered = sorted(attributes) if wish.ordered else sorted(attributes)[::-1]
    signed = der.tlv(0x31, *ordered)
    by = wish.signer_key or holder
    value = by.key.sign(signed if attributes else document)
    value = wish.value(value) if wish.value else value
    sent = wish.altered(ordered) if wish.altered else ordered
    stamps = wish.stamps(value) if wish.stamps else ()
    return der.sequence(
        der.integer(1),
        der.sequence(holder.issuer, der.integer(holder.serial)),
        der.algorithm(wish.digest or scheme.digest),
        *([der.tlv(0xA0, *sent)] if sent else []),
        der.algorithm(wish.signature or scheme.signature),
        der.octets(value),
        *([der.tlv(0xA1, attribute(STAMP, *stamps))] if stamps else []),
    )


def cms(document: bytes, holder: Holder, wish: Wish = RIGHT) -> bytes:
    """ContentInfo with a SignedData over the document."""
    info = signer_info(document, holder, wish)
    inside = wish.certificates
    certificates = [holder.certificate] if inside is None else list(inside)
    enclosed = (
        [] if wish.attached is None else [der.tlv(0xA0, der.octets(wish.attached))]
    )
    return wrapped(
        der.sequence(
            der.integer(1),
            der.set_of(der.algorithm(wish.digest or holder.key.scheme.digest)),
            der.sequence(der.oid(wish.content_type), *enclosed),
            *([der.tlv(0xA0, *certificates)] if certificates else []),
            der.tlv(0x31, *([info] * wish.copies), *wish.more),
        )
    )


def wrapped(content: bytes, content_type: str = SIGNED_DATA) -> bytes:
    return der.sequence(der.oid(content_type), der.tlv(0xA0, content))


@dataclass(frozen=True)
class Stamping:
    """A time stamp, right by default."""

    at: datetime
    policy: str = POLICY
    imprint: tuple[str, Callable[[bytes], bytes]] = (
        STREEBOG512,
        lambda data: hashed("streebog512", data),
    )
    version: int = 1
    nonce: int | None = None
    names: Holder | None = None


def token(data: bytes, stamper: Holder, made: Stamping) -> bytes:
    """A TimeStampToken (RFC 3161) over `data`."""
    dotted, hashing = made.imprint
    info = der.sequence(
        der.integer(made.version),
        der.oid(made.policy),
        der.sequence(der.algorithm(dotted), der.octets(hashing(data))),
        der.integer(1 + int.from_bytes(hashlib.sha256(data).digest()[:8])),
        der.generalized_time(made.at),
        *([der.integer(made.nonce)] if made.nonce is not None else []),
    )
    named = (made.names or stamper).certificate
    reference = der.sequence(
        der.sequence(der.sequence(der.octets(hashlib.sha256(named).digest())))
    )
    names = attribute(SIGNING_CERTIFICATE_V2, reference)
    return cms(
        info,
        stamper,
        Wish(
            attached=info,
            content_type=TST_INFO,
            attributes=lambda right: [*right, names],
        ),
    )
