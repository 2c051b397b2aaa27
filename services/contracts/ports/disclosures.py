"""The register of disclosures of microcredit secrecy (clause 6.2)."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.pages import Page
from services.contracts.domain.disclosure import Disclosure


class Disclosures(Protocol):
    """The register of disclosures, and the requests its entries stand on."""

    def keep_document(
        self, sha256: str, document: bytes, *, client_id: UUID | None, at: datetime
    ) -> None:
        """Keep a request about a client or nobody in particular; again: no change."""
        ...

    def document(self, sha256: str) -> bytes | None:
        """The very bytes.  Raises Broken when they were changed.

        Refused ``person_erased`` when they went with the client they were filed for.
        """
        ...

    def add(self, entry: Disclosure) -> None: ...

    def find(self, disclosure_id: UUID) -> Disclosure | None: ...

    def newest(self, *, limit: int) -> list[Disclosure]: ...

    def told_to(self, client_id: UUID, page: Page) -> list[Disclosure]:
        """What the client may see, the newest first, one more than the page shows."""
        ...
