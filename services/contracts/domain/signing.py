"""The two signatures under a contract's document, and the page that tells of them.

The client's lies at onboarding with everything that proves it; the company's is ours.
Both are CMS over the same bytes, each with its chain, the answer about its revocation,
and a time stamp.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kernel.clock import rfc3339
from kernel.crypto import sha256_hex
from kernel.errors import Broken
from kernel.papers import Grid, Line
from services.contracts.domain.document import Paper

EVIDENCE: Final = "evidence-1"
"""The edition of the page; it is a record, and nobody agrees to its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature with all that shows later why it was believed, DER everywhere.

    `chain` from the signer's certificate up to the root; `revocation` OCSP answers or
    CRLs, made at `checked_at`; `stamp` is over the signature value.
    """

    cms: bytes
    chain: tuple[bytes, ...]
    revocation: tuple[bytes, ...]
    stamp: bytes
    certificate_serial: str
    checked_at: datetime
    stamped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Restamp:
    """A time stamp over all evidence and every stamp before it, DER everywhere.

    `revocation` is what said that its stamper was good then.
    """

    stamp: bytes
    revocation: tuple[bytes, ...]
    stamped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What a look at an ageing signature came to.

    With a `code` it is broken; else `ages_at` is when its last stamp proves nothing any
    more, and `restamp` is that stamp if it was taken just now.
    """

    code: str | None
    ages_at: datetime | None
    restamp: Restamp | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProof:
    """The client's signature, and the protocol of the biometrics beside it."""

    signed: Signed
    protocol_id: str
    protocol_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """What both have signed: a contract, or an amendment of it."""

    number: str
    contract_on: date
    document_sha256: str
    signed_at: datetime | None


def evidence_paper(
    concluded: Concluded, *, client: ClientProof, company: Signed
) -> Paper:
    """Who signed what, when, and by which proofs; looked up by the document's digest.

    Certificates name persons, so the page gives their serial numbers alone.
    """
    rows = (
        ("Құжат, SHA-256 / Документ, SHA-256", concluded.document_sha256),
        ("Шарт / Договор", concluded.number),
        (
            "СДАО хаттамасы / Протокол ЦОИД",
            f"{client.protocol_id}, SHA-256 {client.protocol_sha256}",
        ),
        *_told("Қарыз алушы / Заёмщик", client.signed),
        *_told("Қарыз беруші / Займодатель", company),
        (
            "Шарт жасалды / Договор заключён",
            _moment(concluded.signed_at),
        ),
    )
    return Paper(
        title=concluded.number,
        parts=(
            Line("title", "ҚОЛТАҢБАЛАР ТУРАЛЫ МӘЛІМЕТТЕР / СВЕДЕНИЯ О ПОДПИСЯХ"),
            Line(
                "text",
                f"Шарттың күні / Дата договора: {concluded.contract_on:%d.%m.%Y}",
            ),
            Grid((2, 5), (("Мәлімет / Сведение", "Мәні / Значение"), *rows)),
            Line("small", f"{EVIDENCE}; уақыт UTC / время UTC"),
        ),
        looked_up_by=concluded.document_sha256,
    )


def _told(who: str, signed: Signed) -> tuple[tuple[str, str], ...]:
    facts: Mapping[str, str] = {
        "сертификат №": signed.certificate_serial,
        "CMS, SHA-256": sha256_hex(signed.cms),
        "OCSP": _moment(signed.checked_at),
        "TSP": _moment(signed.stamped_at),
    }
    return tuple((f"{who}: {name}", value) for name, value in facts.items())


def _moment(at: datetime | None) -> str:
    if at is None:
        raise Broken("Nobody is told of signatures that are not there")
    return rfc3339(at)
