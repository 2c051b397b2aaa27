"""Every way of being wrong, one signature each, and the right ones beside them.

The numbers are those of the table of refusals in the platform's facts on ЭЦП. A case
has the fields of the national test vectors, so that one reader serves both.
"""

from collections.abc import Iterator
from dataclasses import replace

from tests.eds.authority import (
    crl,
)
from tests.eds.keys import SCHEMES
from tests.eds.making import ALTERED, DAY, DOCUMENT, GOST, HOUR, NOW, Case, Maker
from tests.eds.messages import (
    Stamping,
    Wish,
    cms,
    token,
)
from tests.eds.wrong_signatures import (
    algorithms,
    attributes,
    documents,
    odd_keys,
    signatures,
    structures,
    weak_rsa,
)
from tests.eds.wrong_trust import (
    authorities,
    paths,
    persons,
    responders,
    revocations,
    stamps,
    times,
    usages,
)


def all_cases() -> Iterator[Case]:
    """The right ones of every kind of key, then what is wrong, once each."""
    for kind in SCHEMES:
        yield from _right(Maker(kind))
    gost = Maker(GOST)
    for wrong in (
        documents,
        signatures,
        odd_keys,
        paths,
        times,
        revocations,
        responders,
        authorities,
        usages,
        persons,
        attributes,
        algorithms,
        structures,
        stamps,
    ):
        yield from wrong(gost)
    yield from weak_rsa(Maker("rsa"))


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
