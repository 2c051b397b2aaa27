"""A case with its files, and who makes it right by default."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.eds.authority import (
    GOOD,
    IIN,
    Holder,
    House,
    house,
    member,
    ocsp,
    person_name,
    signing,
)
from tests.eds.messages import (
    Wish,
    cms,
)

NOW = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOCUMENT = "Договор № 1 от 01.06.2026, сумма 400 000 тенге.\n".encode()
ALTERED = DOCUMENT.replace(b"400", b"900")
SHA1, MD5 = "1.3.14.3.2.26", "1.2.840.113549.2.5"
STREEBOG256 = "1.2.398.3.10.1.3.2"
GOST = "gost2015_512"
DATA = "1.2.840.113549.1.7.1"


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
    root_crl: bytes | None = None
    """What the root says of the issuing authority; None: the case does not ask."""
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
        if self.root_crl is not None:
            told["root_crls"] = [named(f"{self.id}.root.crl", self.root_crl)]
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
