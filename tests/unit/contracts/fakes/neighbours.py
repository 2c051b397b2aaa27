"""Twins of the other services and of the company's key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken, Transient
from kernel.judged import Decision
from kernel.money import Money
from services.contracts.domain.checks import Subject
from services.contracts.domain.signing import ClientProof, Renewal, Restamp, Signed
from services.contracts.domain.texts import Borrower
from services.contracts.ports import Ceremony, NamedAccount
from tests.unit.contracts.builders import (
    ACCOUNT,
    CEREMONY,
    CLIENT,
    SIGNED_AT,
    borrower,
)
from tests.unit.contracts.fakes.work import FakeWork
from tests.unit.origins import FACTS


def signed(cms: bytes, *, at: datetime) -> Signed:
    """A signature with its evidence, each part of it the name of what it is."""
    return Signed(
        cms=cms,
        chain=(b"certificate", b"authority", b"root"),
        revocation=(b"answer",),
        stamp=b"stamp of " + cms,
        certificate_serial="0A1B",
        checked_at=at,
        stamped_at=at,
    )


@dataclass
class FakeSigner:
    """Implements CompanySigner."""

    work: FakeWork
    away: bool = False
    asked: int = 0
    meanwhile: Callable[[], None] = field(default=lambda: None)
    """What happens elsewhere while it signs."""

    def sign(self, document: bytes, *, at: datetime) -> bytes:
        del at
        assert not self.work.open, "a call within a transaction"
        self.asked += 1
        if self.away:
            raise Transient("the key cannot be reached")
        self.meanwhile()
        return b"company over " + sha256_hex(document).encode()


@dataclass
class FakeWitness:
    """Implements Witness; `stamped_at` is the trusted time of the company."""

    work: FakeWork
    stamped_at: datetime = SIGNED_AT
    away: bool = False
    refuses: bool = False
    purposes: list[str] = field(default_factory=list)
    renewals: list[Renewal] = field(default_factory=list)
    looked_at: list[tuple[bytes, int]] = field(default_factory=list)
    """Documents whose signatures were looked at again, and with how many restamps."""

    def of_client(self, ceremony_id: UUID, *, purpose: str) -> ClientProof:
        self._asked()
        self.purposes.append(purpose)
        return ClientProof(
            signed=signed(b"client in " + ceremony_id.bytes, at=SIGNED_AT),
            protocol_id="P-1",
            protocol_sha256="b" * 64,
        )

    def of_company(self, document: bytes, cms: bytes) -> Signed:
        self._asked()
        assert cms == b"company over " + sha256_hex(document).encode()
        if self.refuses:
            raise Broken("the company's signature is not good")
        return signed(cms, at=self.stamped_at)

    def renew(
        self, document: bytes, signed: Signed, restamps: Sequence[Restamp]
    ) -> Renewal:
        self._asked()
        assert sha256_hex(document).encode() in signed.cms
        self.looked_at.append((document, len(restamps)))
        return self.renewals.pop(0)

    def _asked(self) -> None:
        assert not self.work.open, "a call within a transaction"
        if self.away:
            raise Transient("onboarding did not answer in time")


@dataclass
class FakeOnboarding:
    """Implements Onboarding; asserts that no transaction is open while it is asked."""

    work: FakeWork
    account: UUID | None = ACCOUNT
    in_full: str | None = "KZ978562203105747338"
    tokens: dict[UUID, str] = field(default_factory=dict)
    away: bool = False
    no_ceremony: bool = False
    other_bytes: bool = False
    covered: list[UUID | None] = field(default_factory=list)
    purposes: list[str] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)
    """Purposes without the client's consent."""
    opened: list[tuple[str, bytes]] = field(default_factory=list)

    def account_of(
        self, client_id: UUID, *, account_id: UUID | None = None
    ) -> UUID | None:
        del client_id
        self._asked()
        return self.account if account_id is None else account_id

    def account_in_full(
        self, client_id: UUID, account_id: UUID, *, purpose: str
    ) -> NamedAccount | None:
        del client_id
        self._asked()
        self.purposes.append(purpose)
        if self.in_full is None:
            return None
        token = self.tokens.get(account_id, "k1.agreed")
        return NamedAccount(text=self.in_full, token=token)

    def borrower(self, client_id: UUID, *, purpose: str) -> Borrower:
        del client_id
        self._asked()
        self.purposes.append(purpose)
        return borrower()

    def subject(self, client_id: UUID, *, purpose: str) -> Subject | None:
        if purpose in self.withheld:
            return None
        return Subject(iin=self.borrower(client_id, purpose=purpose).iin)

    def find_client(
        self, *, iin: str | None, phone: str | None, staff_id: UUID
    ) -> UUID | None:
        del staff_id
        return CLIENT if borrower().iin == iin and phone is None else None

    def open_ceremony(
        self,
        *,
        client_id: UUID,
        operation: str,
        document: bytes,
        account_id: UUID | None,
    ) -> Ceremony:
        del client_id
        if self.no_ceremony:
            raise Transient("onboarding did not answer in time")
        self.covered.append(account_id)
        self._asked()
        self.opened.append((operation, document))
        digest = "0" * 64 if self.other_bytes else sha256_hex(document)
        reply: Json = {"ceremony_id": str(CEREMONY), "document_sha256": digest}
        return Ceremony(ceremony_id=CEREMONY, document_sha256=digest, reply=reply)

    def _asked(self) -> None:
        assert not self.work.open, "a call within a transaction"
        if self.away:
            raise Transient("onboarding did not answer in time")


@dataclass
class FakeAntifraud:
    """Implements Antifraud."""

    work: FakeWork
    account: UUID = ACCOUNT
    outcome: str = "allow"
    away: bool = False
    asked: list[str] = field(default_factory=list)
    facts: list[Mapping[str, str | int]] = field(default_factory=list)
    meanwhile: Callable[[], None] = field(default=lambda: None)
    """What happens elsewhere while the question is under way."""

    def decide(
        self,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
    ) -> Decision:
        del client_id, amount
        known = {"term_days": 90, "account_id": str(self.account)}
        assert {**facts, **known} == facts
        assert facts.keys() - known.keys() <= {"account_token", *FACTS}
        assert not self.work.open, "a call within a transaction"
        self.asked.append(operation)
        self.facts.append(facts)
        if self.away:
            raise Transient("antifraud did not answer in time")
        self.meanwhile()
        return Decision(decision_id=UUID(int=0xDE), outcome=self.outcome, score=1)


@dataclass
class FakeDisbursement:
    """Implements Disbursement."""

    work: FakeWork
    answer: str = "stopped"
    amending: str = "held"
    held: list[UUID] = field(default_factory=list)
    away: bool = False
    asked: list[UUID] = field(default_factory=list)
    meanwhile: Callable[[], None] = field(default=lambda: None)
    """What happens elsewhere while the question is under way."""

    def stop_payout(self, *, contract_id: UUID, client_id: UUID) -> str:
        del client_id
        assert not self.work.open, "a call within a transaction"
        self.asked.append(contract_id)
        if self.away:
            raise Transient("disbursement did not answer in time")
        self.meanwhile()
        return self.answer

    def hold_for_amendment(self, *, contract_id: UUID, client_id: UUID) -> str:
        del client_id
        assert not self.work.open, "a call within a transaction"
        self.held.append(contract_id)
        if self.away:
            raise Transient("disbursement did not answer in time")
        self.meanwhile()
        return self.amending
