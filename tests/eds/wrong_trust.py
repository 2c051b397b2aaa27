"""Signatures whose certificate, revocation, person or time stamp is wrong."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

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
    authority,
    certificate,
    crl,
    delta_to,
    extended_usage,
    key_usage,
    member,
    ocsp,
    person_name,
    revoked_at,
    signing,
)
from tests.eds.keys import key
from tests.eds.making import DAY, GOST, HOUR, NOW, SHA1, Case, Maker
from tests.eds.messages import (
    Stamping,
    Wish,
    token,
)


def paths(maker: Maker) -> Iterator[Case]:
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


def times(maker: Maker) -> Iterator[Case]:
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


def revocations(maker: Maker) -> Iterator[Case]:
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


def responders(maker: Maker) -> Iterator[Case]:
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


def usages(maker: Maker) -> Iterator[Case]:
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


def persons(maker: Maker) -> Iterator[Case]:
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


def stamps(maker: Maker) -> Iterator[Case]:
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


def authorities(maker: Maker) -> Iterator[Case]:
    """What the root says of the issuing authority, beside a good answer of that one."""
    root, issuing = maker.house.root, maker.issuing
    window = (NOW - DAY, NOW + 30 * DAY)
    stranger = authority("stranger listing root", GOST, None)
    revoked = [(issuing.serial, NOW - HOUR)]
    yield maker.case(
        "authority-good",
        "ok",
        "the root lists nobody",
        root_crl=crl(root, window=window),
    )
    yield maker.case(
        "authority-revoked",
        "authority_revoked",
        "the root lists the issuing authority",
        root_crl=crl(root, window=window, revoked=revoked),
    )
    for name, why, listed in (
        ("stale", "the root's list has ended", crl(root, window=(BEGIN, NOW - DAY))),
        (
            "of-another-key",
            "a list in the root's name, by another key",
            crl(root, window=window, signed_by=stranger.key),
        ),
        ("of-another-root", "another root's list", crl(stranger, window=window)),
        (
            "by-itself",
            "the issuing authority's own list",
            crl(issuing, window=window),
        ),
        (
            "delta-alone",
            "a delta is no full list",
            crl(root, window=window, extensions=[delta_to(6)]),
        ),
    ):
        yield maker.case(
            f"authority-{name}", "authority_revocation_unknown", why, root_crl=listed
        )
