"""What is printed and filed, its wordings, and the signatures over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.contracts.domain.document import Document, Paper
from services.contracts.domain.editions import Template, TemplateKind
from services.contracts.domain.signing import Restamp, Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A document's place on file, without its bytes."""

    sha256: str
    content_sha256: str
    contract_id: UUID
    kind: str
    template: str
    media_type: str
    made_at: datetime


class Documents(Protocol):
    """Printed documents, sealed, addressed by their digest; none ever changes."""

    def add(self, document: Document, *, at: datetime) -> None: ...

    def get(self, sha256: str) -> Document | None:
        """Raises Broken when the bytes no longer have their digest."""
        ...

    def of_contract(self, contract_id: UUID) -> Sequence[Filed]:
        """What is filed for a contract, the oldest first."""
        ...

    def find(self, digest: str) -> Filed | None:
        """By the digest of the bytes, or of what is printed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """Who proposed a template, who approved it, and when."""

    asked_by: UUID
    approved_by: UUID
    at: datetime


class Templates(Protocol):
    """Editions of documents' wordings; the first stand in the code."""

    def in_force(self, kind: TemplateKind) -> Template: ...

    def get(self, kind: TemplateKind, version: int) -> Template | None: ...

    def approved(self) -> Sequence[tuple[Template, Approvers]]: ...

    def add(self, template: Template, approvers: Approvers) -> bool:
        """False when there is an edition of this version."""
        ...


class CompanySignatures(Protocol):
    """The company's own signatures with all that proves them, sealed."""

    def add(self, contract_id: UUID, document_sha256: str, proof: Signed) -> None: ...

    def get(self, document_sha256: str) -> Signed | None: ...

    def ageing(
        self, *, ages_before: datetime, looked_before: datetime, limit: int
    ) -> Sequence[tuple[UUID, str]]:
        """Contracts and documents whose signature's last stamp ends before an instant.

        Or was never looked at; not those looked at lately, or of erased clients.
        """
        ...

    def restamps(self, document_sha256: str) -> Sequence[Restamp]:
        """In the order they were taken."""
        ...

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
        """Keep one; of two that were taken at once the first stays."""
        ...

    def note(
        self, document_sha256: str, *, ages_at: datetime | None, at: datetime
    ) -> None:
        """That it was looked at; without an instant it is broken."""
        ...


class Printer(Protocol):
    """Makes papers into files."""

    def print(self, paper: Paper) -> bytes:
        """The same bytes for the same paper, whenever and wherever."""
        ...

    def account_in(self, document: bytes) -> str | None:
        """The account a file we printed names; None if it names none."""
        ...
