"""Twins of documents, wordings, signatures and the press."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kernel.papers import Line
from services.contracts.domain.document import Document, Paper
from services.contracts.domain.editions import FIRST, Template, TemplateKind
from services.contracts.domain.signing import Restamp, Signed
from services.contracts.ports import Approvers, Filed


@dataclass
class FakeDocuments:
    """Implements Documents."""

    rows: dict[str, tuple[Document, datetime]] = field(default_factory=dict)

    def add(self, document: Document, *, at: datetime) -> None:
        self.rows.setdefault(document.sha256, (document, at))

    def get(self, sha256: str) -> Document | None:
        found = self.rows.get(sha256)
        return None if found is None else found[0]

    def of_contract(self, contract_id: UUID) -> Sequence[Filed]:
        return [
            _filed(document, at)
            for document, at in self.rows.values()
            if document.contract_id == contract_id
        ]

    def find(self, digest: str) -> Filed | None:
        for document, at in self.rows.values():
            if digest in (document.sha256, document.content_sha256):
                return _filed(document, at)
        return None


def _filed(document: Document, at: datetime) -> Filed:
    return Filed(
        sha256=document.sha256,
        content_sha256=document.content_sha256,
        contract_id=document.contract_id,
        kind=document.kind,
        template=document.template,
        media_type=document.media_type,
        made_at=at,
    )


@dataclass
class FakeSignatures:
    """Implements CompanySignatures."""

    rows: dict[str, Signed] = field(default_factory=dict)
    of: dict[str, UUID] = field(default_factory=dict)
    renewed: dict[str, list[Restamp]] = field(default_factory=dict)
    looks: dict[str, tuple[datetime | None, datetime]] = field(default_factory=dict)
    """Until when a signature is good, and when it was looked at."""

    def add(self, contract_id: UUID, document_sha256: str, proof: Signed) -> None:
        assert document_sha256 not in self.rows
        self.rows[document_sha256] = proof
        self.of[document_sha256] = contract_id

    def ageing(
        self, *, ages_before: datetime, looked_before: datetime, limit: int
    ) -> list[tuple[UUID, str]]:
        def is_due(sha256: str) -> bool:
            ages_at, looked_at = self.looks.get(sha256, (None, None))
            ages = ages_at is None or ages_at < ages_before
            return ages and (looked_at is None or looked_at < looked_before)

        return [(self.of[one], one) for one in self.rows if is_due(one)][:limit]

    def restamps(self, document_sha256: str) -> list[Restamp]:
        return self.renewed.get(document_sha256, [])

    def add_restamp(
        self,
        contract_id: UUID,
        document_sha256: str,
        restamp: Restamp,
        *,
        restamp_id: UUID,
        number: int,
        at: datetime,
    ) -> None:
        del restamp_id, at
        assert contract_id == self.of[document_sha256]
        kept = self.renewed.setdefault(document_sha256, [])
        if number == len(kept):
            kept.append(restamp)

    def note(
        self, document_sha256: str, *, ages_at: datetime | None, at: datetime
    ) -> None:
        self.looks[document_sha256] = ages_at, at

    def get(self, document_sha256: str) -> Signed | None:
        return self.rows.get(document_sha256)


@dataclass
class FakeTemplates:
    """Implements Templates."""

    rows: list[tuple[Template, Approvers]] = field(default_factory=list)

    def in_force(self, kind: TemplateKind) -> Template:
        own = [one for one, _ in self.rows if one.kind == kind]
        return max(own, key=lambda one: one.version, default=FIRST[kind])

    def get(self, kind: TemplateKind, version: int) -> Template | None:
        every = [FIRST[kind], *(one for one, _ in self.rows)]
        return next((one for one in every if one.version == version), None)

    def approved(self) -> Sequence[tuple[Template, Approvers]]:
        return list(self.rows)

    def add(self, template: Template, approvers: Approvers) -> bool:
        if self.get(template.kind, template.version) is not None:
            return False
        self.rows.append((template, approvers))
        return True


_TO = "account: "


class FakePrinter:
    """Implements Printer: the words, one part a line."""

    def print(self, paper: Paper) -> bytes:
        lines = [
            part.text
            if isinstance(part, Line)
            else "\n".join(" | ".join(row) for row in part.rows)
            for part in paper.parts
        ]
        account = [] if paper.account is None else [f"{_TO}{paper.account}"]
        amends = [f"<rdf:li>sha256:{one}</rdf:li>" for one in paper.amends]
        return "\n".join(["%PDF-", *account, *amends, *lines, paper.mark]).encode()

    def account_in(self, document: bytes) -> str | None:
        lines = document.decode().splitlines()
        return next((one[len(_TO) :] for one in lines if one.startswith(_TO)), None)
