"""Every way of being wrong, one signature each, and the right ones beside them.

The numbers are those of the table of refusals in the platform's facts on ЭЦП. A case
has the fields of the national test vectors, so that one reader serves both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gmpy2 import mpz

from tests.eds import der
from tests.eds.authority import (
    BEGIN,
    EMAIL,
    GOOD,
    IIN,
    OCSP_SIGNING,
    ONE_YEAR,
    ORGANISATION,
    PERSON,
    SERIAL,
    SIGNING,
    TIME_STAMPING,
    UNIT,
    UNKNOWN,
    YEAR,
    Holder,
    House,
    authority,
    certificate,
    crl,
    extended_usage,
    house,
    key_usage,
    member,
    ocsp,
    person_name,
    revoked_at,
    signing,
)
from tests.eds.keys import SCHEMES, gost_spki, key, small_rsa
from tests.eds.messages import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    Stamping,
    Wish,
    attribute,
    cms,
    signer_info,
    token,
    wrapped,
)

NOW = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOCUMENT = "Договор № 1 от 01.06.2026, сумма 400 000 тенге.\n".encode()
ALTERED = DOCUMENT.replace(b"400", b"900")
SHA1, MD5 = "1.3.14.3.2.26", "1.2.840.113549.2.5"
STREEBOG256 = "1.2.398.3.10.1.3.2"
GOST = "gost2015_512"


@dataclass(frozen=True)
class Case:
    """One file with its verdict; `ocsp` and `crl` are what НУЦ would say."""

    id: str
    expect: str
    raw: bytes
    why: str
    issuing: str = GOST
    ocsp: bytes | None = None
    crl: bytes | None = None
    at: datetime = NOW
    iin: str = IIN
    pinned: bytes | None = None
    """One more pinned authority: even so it may not issue."""

    def fields(self, named: Callable[[str, bytes], str]) -> dict[str, Any]:
        """The case in the words of the national vectors; `named` names a file."""
        told: dict[str, Any] = {
            "id": self.id,
            "kind": "cms",
            "file": named(f"{self.id}.p7s", self.raw),
            "document": "document.txt",
            "expect": self.expect,
            "why": self.why,
            "time": self.at.isoformat(),
            "roots": [f"{self.issuing}-root.cer"],
            "intermediates": [f"{self.issuing}-issuing.cer"],
            "iin": self.iin,
        }
        if self.pinned is not None:
            pinned = named(f"{self.id}-issuer.cer", self.pinned)
            told["intermediates"].append(pinned)
        if self.ocsp is not None:
            told["ocsps"] = [named(f"{self.id}.ocsp", self.ocsp)]
        if self.crl is not None:
            told["crls"] = [named(f"{self.id}.crl", self.crl)]
        return told


class Maker:
    """Makes the cases of one house."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.house: House = house(kind)
        self.issuing = self.house.issuing

    def good(self, holder: Holder) -> bytes:
        return ocsp(
            holder.serial,
            issuer=self.issuing,
            responder=self.house.responder,
            status=GOOD,
            at=NOW - timedelta(minutes=1),
        )

    def case(
        self,
        name: str,
        expect: str,
        why: str,
        *,
        holder: Holder | None = None,
        wish: Wish | None = None,
        raw: bytes | None = None,
        **more: Any,  # noqa: ANN401 - fields of Case
    ) -> Case:
        signer = holder or self.house.person
        made = cms(DOCUMENT, signer, wish or Wish()) if raw is None else raw
        if "ocsp" not in more and "crl" not in more:
            more["ocsp"] = self.good(signer)
        return Case(f"{self.kind}-{name}", expect, made, why, issuing=self.kind, **more)

    def person(self, word: str, *usages: str, subject: bytes | None = None) -> Holder:
        return member(
            f"{self.kind} {word}",
            self.kind,
            self.issuing,
            signing(*usages),
            person_name() if subject is None else subject,
        )


def all_cases() -> Iterator[Case]:
    """The right ones of every kind of key, then what is wrong, once each."""
    for kind in SCHEMES:
        yield from _right(Maker(kind))
    gost = Maker(GOST)
    for wrong in (
        _documents,
        _signatures,
        _keys,
        _paths,
        _times,
        _revocations,
        _responders,
        _usages,
        _persons,
        _attributes,
        _algorithms,
        _structures,
        _stamps,
    ):
        yield from wrong(gost)
    yield from _weak_rsa(Maker("rsa"))


def _right(maker: Maker) -> Iterator[Case]:
    person, wish = maker.house.person, Wish(claimed_at=NOW - HOUR)
    yield maker.case("detached", "ok", "natural person, detached", wish=wish)
    yield maker.case(
        "attached",
        "ok",
        "the document inside, revocation by CRL",
        wish=replace(wish, attached=DOCUMENT),
        crl=crl(maker.issuing, window=(NOW - DAY, NOW + 30 * DAY)),
    )
    yield maker.case(
        "stamped",
        "ok",
        "with a time stamp",
        wish=replace(
            wish,
            stamps=lambda value: [
                token(value, maker.house.stamper, Stamping(NOW - HOUR))
            ],
        ),
    )
    yield maker.case(
        "bit-flipped",
        "bad_signature",
        "4: one bit of the signature",
        wish=Wish(value=_last_bit),
    )
    yield maker.case(
        "other-document",
        "digest_mismatch",
        "1: over another document",
        raw=cms(ALTERED, person),
    )


def _last_bit(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


def _documents(maker: Maker) -> Iterator[Case]:
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


def _signatures(maker: Maker) -> Iterator[Case]:
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


def _keys(maker: Maker) -> Iterator[Case]:
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


def _paths(maker: Maker) -> Iterator[Case]:
    stranger = authority("stranger root", GOST, None)
    twin = authority("twin issuing", GOST, stranger, common_name=f"TEST {GOST} issuing")
    bare = authority(
        f"{GOST} bare", GOST, maker.issuing, extensions=[key_usage(("crl_sign",))]
    )
    below = authority(f"{GOST} below", GOST, maker.issuing)
    for name, issuer, why in (
        ("stranger", authority("stranger ca", GOST, stranger), "7: no pinned root"),
        ("twin", twin, "7: a pinned name, another key"),
        ("path-too-long", below, "25: an authority below path length 0"),
        ("not-an-authority", bare, "25: issued by a certificate without CA flag"),
        ("by-a-person", maker.house.person, "25: issued by a natural person"),
    ):
        holder = member(f"{GOST} of {name}", GOST, issuer, signing(), person_name())
        yield maker.case(
            name,
            "untrusted",
            why,
            wish=Wish(certificates=[holder.certificate, issuer.certificate]),
            holder=holder,
            pinned=None if issuer.issuer == stranger.subject else issuer.certificate,
        )
    unknown = der.extension("1.2.3.4.5", der.NULL, critical=True)
    holder = member(
        f"{GOST} critical", GOST, maker.issuing, [*signing(), unknown], person_name()
    )
    yield maker.case(
        "critical-extension", "untrusted", "25: nobody knows it", holder=holder
    )
    forged = certificate(
        f"{GOST} forged",
        key(GOST, f"{GOST} forged"),
        subject=person_name(),
        issuer=maker.issuing,
        valid=ONE_YEAR,
        extensions=signing(),
        signed_by=key(GOST, "forger"),
    )
    yield maker.case(
        "forged", "untrusted", "7: not signed by its issuer", holder=forged
    )


def _times(maker: Maker) -> Iterator[Case]:
    late, early = BEGIN + 2 * YEAR, BEGIN - DAY
    yield maker.case("expired", "outside_validity", "8: after notAfter", at=late)
    yield maker.case("not-yet", "outside_validity", "8: before notBefore", at=early)
    for name, claimed in (
        ("claimed-in-future", NOW + HOUR),
        ("claimed-before-certificate", BEGIN - DAY),
    ):
        yield maker.case(
            name, "signing_time_in_future", "19", wish=Wish(claimed_at=claimed)
        )


def _revocations(maker: Maker) -> Iterator[Case]:
    serial = maker.house.person.serial
    window = (NOW - DAY, NOW + DAY)
    partial = der.extension("2.5.29.28", der.sequence(), critical=True)
    lists = {
        "stale": crl(maker.issuing, window=(NOW - 9 * DAY, NOW - DAY)),
        "of-later-date": crl(maker.issuing, window=(NOW + HOUR, NOW + DAY)),
        "of-other-authority": crl(maker.house.root, window=window),
        "by-another-key": crl(
            maker.issuing, window=window, signed_by=maker.house.person.key
        ),
        "partial": crl(maker.issuing, window=window, extensions=[partial]),
    }
    unknown = "revocation_unknown"
    yield maker.case("nothing-known", unknown, "9: no data", crl=b"", ocsp=None)
    for name, raw in lists.items():
        yield maker.case(f"crl-{name}", unknown, f"9: {name}", crl=raw)
    listed = crl(maker.issuing, window=window, revoked=[(serial, NOW - DAY)])
    yield maker.case("crl-revoked", "revoked", "10: on the CRL", crl=listed)
    for name, moment in (
        ("revoked", NOW - DAY),
        ("never-issued", datetime.fromisoformat("1970-01-01T00:00:00+00:00")),
    ):
        yield _answered(maker, f"ocsp-{name}", "revoked", status=revoked_at(moment))
    yield _answered(maker, "ocsp-unknown", unknown, status=UNKNOWN)
    yield _answered(maker, "ocsp-stale", unknown, at=NOW - HOUR)
    yield _answered(maker, "ocsp-of-later-date", unknown, at=NOW + HOUR)


def _answered(maker: Maker, name: str, expect: str, **changed: Any) -> Case:  # noqa: ANN401
    fields: dict[str, Any] = {
        "issuer": maker.issuing,
        "responder": maker.house.responder,
        "status": GOOD,
        "at": NOW - timedelta(minutes=1),
    }
    serial = changed.pop("serial", maker.house.person.serial)
    raw = ocsp(serial, **{**fields, **changed})
    return maker.case(name, expect, f"10, 11: {name}", ocsp=raw)


def _responders(maker: Maker) -> Iterator[Case]:
    unknown = "revocation_unknown"
    usages = [key_usage(SIGNING[:1]), extended_usage((OCSP_SIGNING,))]
    elsewhere = authority(f"{GOST} elsewhere", GOST, maker.house.root)
    yield _answered(maker, "ocsp-by-a-person", unknown, responder=maker.house.person)
    yield _answered(
        maker,
        "ocsp-by-responder-of-other-authority",
        unknown,
        responder=member(f"{GOST} far responder", GOST, elsewhere, usages),
    )
    yield _answered(
        maker,
        "ocsp-other-certificate",
        unknown,
        serial=maker.house.stamper.serial,
    )
    yield _answered(
        maker,
        "ocsp-by-another-key",
        unknown,
        brought=maker.house.stamper,
    )
    yield _answered(maker, "ocsp-by-the-issuer", "ok", responder=maker.issuing)


def _usages(maker: Maker) -> Iterator[Case]:
    legal, client_auth = "1.2.398.3.3.4.1.2", "1.3.6.1.5.5.7.3.2"
    for name, usages in (
        ("legal-entity", (EMAIL, legal, f"{legal}.1")),
        ("person-and-legal-entity", (EMAIL, PERSON, f"{legal}.5")),
        ("information-system", (EMAIL, PERSON, f"{PERSON}.1")),
        ("no-person", (EMAIL,)),
        ("client-auth", (client_auth, PERSON)),
        ("role", (EMAIL, PERSON, "1.2.398.5.19.1.2.2.1")),
    ):
        holder = maker.person(name, *usages)
        yield maker.case(f"usage-{name}", "wrong_usage", f"13: {name}", holder=holder)
    for name, extensions in (
        ("no-extended-usage", [key_usage(SIGNING)]),
        ("no-key-usage", [extended_usage((EMAIL, PERSON))]),
        (
            "authentication",
            [
                key_usage(("digital_signature", "key_encipherment")),
                extended_usage((EMAIL, PERSON)),
            ],
        ),
    ):
        holder = member(
            f"{GOST} {name}", GOST, maker.issuing, extensions, person_name()
        )
        yield maker.case(f"usage-{name}", "wrong_usage", f"12: {name}", holder=holder)
    for name, attribute_type, value in (
        ("organisation", UNIT, "BIN990140000007"),
        ("organisation-name", ORGANISATION, "АО «ТЕСТ»"),
    ):
        subject = person_name(IIN, (attribute_type, value))
        holder = maker.person(name, subject=subject)
        yield maker.case(name, "wrong_usage", f"13: {name}", holder=holder)


def _persons(maker: Maker) -> Iterator[Case]:
    for name, subject in (
        ("no-iin", person_name(None)),
        ("two-iins", person_name(IIN, (SERIAL, f"IIN{IIN}"))),
        ("short-iin", person_name("90010130001")),
        ("iin-with-blank", person_name(f"{IIN} ")),
    ):
        holder = maker.person(name, subject=subject)
        yield maker.case(name, "wrong_person", f"14: {name}", holder=holder)
    yield maker.case(
        "other-iin", "wrong_person", "14: another client", iin="850101300603"
    )


def _attributes(maker: Maker) -> Iterator[Case]:
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


def _algorithms(maker: Maker) -> Iterator[Case]:
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


def _weak_rsa(maker: Maker) -> Iterator[Case]:
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


def _structures(maker: Maker) -> Iterator[Case]:
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


DATA = "1.2.840.113549.1.7.1"


def _stamps(maker: Maker) -> Iterator[Case]:
    stamper = maker.house.stamper
    at = NOW - HOUR
    weak = (SHA1, lambda data: b"\x00" * 20)
    usages = [key_usage(SIGNING), extended_usage((TIME_STAMPING,))]
    mixed = [
        key_usage(SIGNING),
        extended_usage((TIME_STAMPING, EMAIL), critical=True),
    ]
    far = authority("stranger stamping root", GOST, None)
    for name, expect, by, made in (
        ("other-imprint", "wrong_imprint", stamper, None),
        (
            "weak-imprint",
            "weak_or_unknown_algorithm",
            stamper,
            Stamping(at, imprint=weak),
        ),
        ("other-policy", "untrusted", stamper, Stamping(at, policy="1.2.3.4")),
        ("in-future", "untrusted", stamper, Stamping(NOW + HOUR)),
        ("version-2", "untrusted", stamper, Stamping(at, version=2)),
        ("by-a-person", "untrusted", maker.house.person, Stamping(at)),
        (
            "usage-not-critical",
            "untrusted",
            member(f"{GOST} lax stamper", GOST, maker.issuing, usages),
            Stamping(at),
        ),
        (
            "of-mixed-usage",
            "untrusted",
            member(f"{GOST} mixed stamper", GOST, maker.issuing, mixed),
            Stamping(at),
        ),
        (
            "by-a-stranger",
            "untrusted",
            member("stranger stamper", GOST, far, mixed[:1]),
            Stamping(at),
        ),
        (
            "naming-another",
            "untrusted",
            stamper,
            Stamping(at, names=maker.house.responder),
        ),
    ):
        yield maker.case(
            f"stamp-{name}",
            expect,
            f"24: {name}",
            wish=Wish(stamps=_stamping(by, made or Stamping(at), wrong=made is None)),
        )


def _stamping(
    by: Holder, made: Stamping, *, wrong: bool
) -> Callable[[bytes], list[bytes]]:
    return lambda value: [token(value + b"!" if wrong else value, by, made)]
