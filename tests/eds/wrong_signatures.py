"""Signatures wrong by themselves: bytes, keys, algorithms, attributes, structure."""

from collections.abc import Callable, Iterator

from gmpy2 import mpz

from tests.eds import der
from tests.eds.authority import (
    ONE_YEAR,
    certificate,
    person_name,
    signing,
)
from tests.eds.keys import SCHEMES, gost_spki, key, small_rsa
from tests.eds.making import (
    ALTERED,
    DATA,
    DOCUMENT,
    GOST,
    HOUR,
    MD5,
    NOW,
    SHA1,
    STREEBOG256,
    Case,
    Maker,
)
from tests.eds.messages import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    Wish,
    attribute,
    cms,
    signer_info,
    wrapped,
)


def documents(maker: Maker) -> Iterator[Case]:
    yield maker.case(
        "other-content",
        "other_content",
        "2: brings another document along",
        wish=Wish(attached=ALTERED),
    )
    other = Wish(altered=lambda sent: [*sent[:-1], sent[-1][:-1] + b"\x00"])
    yield maker.case(
        "attribute-altered",
        "digest_mismatch",
        "3: messageDigest altered after signing",
        wish=other,
    )
    claimed = Wish(
        claimed_at=NOW - HOUR,
        altered=lambda sent: [one.replace(b"1100", b"1000") for one in sent],
    )
    yield maker.case(
        "time-altered",
        "bad_signature",
        "3: signingTime altered after signing",
        wish=claimed,
    )


def signatures(maker: Maker) -> Iterator[Case]:
    q = int(SCHEMES[GOST].curve.q)  # type: ignore[union-attr] # it has one
    order = q.to_bytes(64, "little")
    odd: dict[str, Callable[[bytes], bytes]] = {
        "zero": lambda value: bytes(len(value)),
        "short": lambda value: value[:-1],
        "long": lambda value: value + b"\x00",
        "reversed": lambda value: value[::-1],
        "r-is-q": lambda value: order + value[64:],
        "s-is-zero": lambda value: value[:64] + bytes(64),
        "r-plus-q": lambda value: _plus_order(value[:64], q) + value[64:],
        "empty": lambda value: b"",
    }
    for name, value in odd.items():
        yield maker.case(
            f"signature-{name}", "bad_signature", f"4: {name}", wish=Wish(value=value)
        )
    other = maker.person("other key")
    yield maker.case(
        "key-of-another",
        "bad_signature",
        "5: signed with another key",
        wish=Wish(signer_key=other),
    )


def _plus_order(r: bytes, q: int) -> bytes:
    """r + q in as many bytes, or all ones where it does not fit."""
    number = int.from_bytes(r, "little") + q
    return min(number, 2**512 - 1).to_bytes(64, "little")


def odd_keys(maker: Maker) -> Iterator[Case]:
    scheme = SCHEMES[GOST]
    assert scheme.curve is not None
    assert scheme.spki is not None
    _, curve, hashing = scheme.spki
    odd = {
        "off-the-curve": gost_spki(scheme, (mpz(1), mpz(1))),
        "coordinate-is-p": gost_spki(scheme, (scheme.curve.p, mpz(1))),
        "point-is-zero": gost_spki(scheme, (mpz(0), mpz(0))),
        "unknown-curve": gost_spki(
            scheme, (scheme.curve.x, scheme.curve.y), (f"{curve}.9", hashing)
        ),
        "unknown-hash": gost_spki(
            scheme, (scheme.curve.x, scheme.curve.y), (curve, STREEBOG256)
        ),
    }
    for name, spki in odd.items():
        word = f"{GOST} {name}"
        holder = certificate(
            word,
            key(GOST, word),
            subject=person_name(),
            issuer=maker.issuing,
            valid=ONE_YEAR,
            extensions=signing(),
            spki=spki,
        )
        yield maker.case(f"key-{name}", "bad_signature", f"6: {name}", holder=holder)


def attributes(maker: Maker) -> Iterator[Case]:
    yield maker.case(
        "no-signed-attributes",
        "no_signed_attributes",
        "15: signed straight",
        wish=Wish(attributes=lambda right: []),
    )
    digest = der.octets(bytes(64))
    for name, change in (
        ("digest-missing", lambda right: right[:1]),
        ("digest-twice", lambda right: [*right, right[1]]),
        (
            "digest-of-two-values",
            lambda right: [right[0], attribute(MESSAGE_DIGEST, digest, der.NULL)],
        ),
        (
            "digest-of-wrong-type",
            lambda right: [right[0], attribute(MESSAGE_DIGEST, der.integer(7))],
        ),
        (
            "time-without-zone",
            lambda right: [
                *right,
                attribute(SIGNING_TIME, der.tlv(0x18, b"20260601110000")),
            ],
        ),
        (
            "time-a-number",
            lambda right: [*right, attribute(SIGNING_TIME, der.integer(7))],
        ),
        ("type-missing", lambda right: right[1:]),
        ("type-twice", lambda right: [right[0], *right]),
        (
            "type-of-another",
            lambda right: [
                attribute(CONTENT_TYPE, der.oid("1.2.840.113549.1.7.3")),
                right[1],
            ],
        ),
    ):
        yield maker.case(name, "malformed", f"16: {name}", wish=Wish(attributes=change))
    yield maker.case(
        "attributes-out-of-order",
        "malformed",
        "22: not DER",
        wish=Wish(claimed_at=NOW - HOUR, ordered=False),
    )


def algorithms(maker: Maker) -> Iterator[Case]:
    weak = "weak_or_unknown_algorithm"
    yield maker.case(
        "digest-256",
        "algorithm_mismatch",
        "18: Streebog-256 beside a signature of 512 bits",
        wish=Wish(digest=STREEBOG256, digest_name="streebog256"),
    )
    yield maker.case(
        "unknown-signature",
        weak,
        "17: an identifier nobody knows",
        wish=Wish(signature="1.2.398.3.10.1.1.2.3.9"),
    )
    yield maker.case(
        "signature-of-other-kind",
        weak,
        "17: RSA's name beside a GOST key",
        wish=Wish(signature=SCHEMES["rsa"].signature, digest=SCHEMES["rsa"].digest),
    )


def weak_rsa(maker: Maker) -> Iterator[Case]:
    weak = "weak_or_unknown_algorithm"
    for name, digest, signature in (
        ("sha1", SHA1, "1.2.840.113549.1.1.5"),
        ("md5", MD5, "1.2.840.113549.1.1.4"),
    ):
        yield maker.case(
            name,
            weak,
            f"17: {name}",
            wish=Wish(
                digest=digest,
                digest_name=name,
                signature=signature,
            ),
        )
    holder = certificate(
        "rsa small",
        small_rsa("rsa small"),
        subject=person_name(),
        issuer=maker.issuing,
        valid=ONE_YEAR,
        extensions=signing(),
    )
    yield maker.case("of-1024-bits", weak, "17: RSA below 2048", holder=holder)


def structures(maker: Maker) -> Iterator[Case]:
    person = maker.house.person
    right = cms(DOCUMENT, person)
    second = maker.person("second signer")
    yield maker.case("same-signer-twice", "several_signers", "20", wish=Wish(copies=2))
    yield maker.case(
        "two-signers",
        "several_signers",
        "20",
        wish=Wish(
            more=[signer_info(DOCUMENT, second, Wish())],
            certificates=[person.certificate, second.certificate],
        ),
    )
    yield maker.case(
        "no-certificates", "no_certificate", "21", wish=Wish(certificates=[])
    )
    yield maker.case(
        "certificate-of-another",
        "no_certificate",
        "21",
        wish=Wish(certificates=[second.certificate]),
    )
    bomb = b""
    for _ in range(1_500):
        bomb = der.tlv(0x30, bomb)
    for name, raw in (
        ("trailing-byte", right + b"\x00"),
        ("truncated", right[:-40]),
        ("garbage", bytes(range(256))),
        ("empty", b""),
        ("nested-bomb", wrapped(bomb)),
        ("no-signer", cms(DOCUMENT, person, Wish(copies=0))),
    ):
        yield maker.case(name, "malformed", f"22: {name}", raw=raw)
    yield maker.case(
        "data", "not_signed_data", "23", raw=wrapped(der.octets(DOCUMENT), DATA)
    )
