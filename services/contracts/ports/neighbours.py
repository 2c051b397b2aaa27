"""The other services, and the company's own key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from services.contracts.domain.checks import Subject
from services.contracts.domain.signing import ClientProof, Renewal, Restamp, Signed
from services.contracts.domain.texts import Borrower


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """An identification ceremony as onboarding describes it to the client."""

    ceremony_id: UUID
    document_sha256: str
    reply: Json
    """The whole description, handed on to the gateway as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAccount:
    """An account as a document names it; personal data.

    `token`: its keyed token; None from an onboarding that does not tell it yet.
    """

    text: str
    token: str | None


class Onboarding(Protocol):
    """Owner of clients: asked for clear values with a purpose, which it records."""

    def account_of(
        self, client_id: UUID, *, account_id: UUID | None = None
    ) -> UUID | None:
        """The account to pay to, the selected one unless named; None if there is none.

        One the client is only adding may be named: the contract's ceremony covers it.
        """
        ...

    def account_in_full(
        self, client_id: UUID, account_id: UUID, *, purpose: str
    ) -> NamedAccount | None:
        """The account as a document names it; None when it is no more."""
        ...

    def borrower(self, client_id: UUID, *, purpose: str) -> Borrower: ...

    def subject(self, client_id: UUID, *, purpose: str) -> Subject | None:
        """Whom outer registers may be asked about; None without the consent to it."""
        ...

    def find_client(
        self, *, iin: str | None, phone: str | None, staff_id: UUID
    ) -> UUID | None:
        """Whose they are; onboarding records that this member of the staff looked.

        Refused ``iin_invalid``, ``phone_invalid``.
        """
        ...

    def open_ceremony(
        self,
        *,
        client_id: UUID,
        operation: str,
        document: bytes,
        account_id: UUID | None,
    ) -> Ceremony:
        """`account_id` is the account the document names, if it names one."""
        ...


class Witness(Protocol):
    """Onboarding again, as the one verifier of signatures."""

    def of_client(self, ceremony_id: UUID, *, purpose: str) -> ClientProof:
        """What the client's ceremony left; its reading is recorded."""
        ...

    def of_company(self, document: bytes, cms: bytes) -> Signed:
        """The company's signature, verified and stamped.  Broken when not good."""
        ...

    def renew(
        self, document: bytes, signed: Signed, restamps: Sequence[Restamp]
    ) -> Renewal:
        """The same, years later: verified anew, and stamped before its stamp ages."""
        ...


class CompanySigner(Protocol):
    """The company's own ЭЦП key, wherever it lies."""

    def sign(self, document: bytes, *, at: datetime) -> bytes:
        """A detached CMS over the document.  Transient when the key is out of reach."""
        ...


class Disbursement(Protocol):
    """Arbiter of money."""

    def stop_payout(self, *, contract_id: UUID, client_id: UUID) -> str:
        """``stopped``, ``too_late``, or ``recorded`` when there is no payout yet."""
        ...

    def hold_for_amendment(self, *, contract_id: UUID, client_id: UUID) -> str:
        """``held``, ``too_late``, or ``ended`` where there is nothing to pay.

        Transient before disbursement has heard of the contract.
        """
        ...
