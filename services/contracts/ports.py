"""What contracts needs from outside, in its own words.

Handlers know these and nothing behind them: PostgreSQL, the bus and HTTP live in
storage and adapters, small twins in the tests.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from kernel.events import Event
from kernel.money import Money
from kernel.pages import Page
from services.contracts.domain.application import (
    Application,
    ApplicationState,
)
from services.contracts.domain.checks import (
    Check,
    ConsentKind,
    CreditReport,
    Decision,
    GivenConsent,
    ListCheck,
    StateRecord,
    Subject,
)
from services.contracts.domain.contract import Contract, Statement
from services.contracts.domain.disclosure import Disclosure
from services.contracts.domain.document import Document, Paper
from services.contracts.domain.editions import Template, TemplateKind
from services.contracts.domain.schedule import Schedule
from services.contracts.domain.signing import ClientProof, Signed
from services.contracts.domain.states import ContractState
from services.contracts.domain.texts import Borrower, StatementKind, StatementText


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One line of a decision trace, and when it was written."""

    check: Check
    at: datetime


class Applications(Protocol):
    """The applications and their decision traces."""

    def add(self, application: Application) -> bool:
        """Insert; False when the client has another application undecided."""
        ...

    def get(self, application_id: UUID) -> Application | None: ...

    def get_own(self, application_id: UUID, client_id: UUID) -> Application | None:
        """The client's own application; somebody else's is not found."""
        ...

    def list_own(self, client_id: UUID, page: Page) -> list[Application]:
        """The client's applications, the newest first, one more than the page shows."""
        ...

    def save(self, application: Application, *, was: ApplicationState) -> bool:
        """One conditional update; False when the state is no longer `was`."""
        ...

    def record(
        self, application_id: UUID, checks: Sequence[Check], *, at: datetime
    ) -> None:
        """Append lines to the decision trace; an answer once written stands."""
        ...

    def answered(self, application_id: UUID) -> dict[str, Check]:
        """The checks that have an answer, by name."""
        ...

    def trace(self, application_id: UUID) -> list[TraceLine]:
        """Every line, also of askings without an answer, the oldest first."""
        ...

    def undecided(
        self, *, at: datetime, submitted_before: datetime, limit: int
    ) -> list[UUID]:
        """The oldest that are due: held until `at`, or left since that long."""
        ...

    def held(self, *, limit: int) -> list[Application]:
        """Those a person has to look at, the longest waiting first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A client's personal visit to an office, as two of the staff say together."""

    client_id: UUID
    visited_on: date
    approval_id: UUID
    recorded_by: UUID
    confirmed_by: UUID


class Visits(Protocol):
    """Clients' personal visits; rows are only added."""

    def add(self, visit: Visit, *, at: datetime) -> bool:
        """False when that visit is recorded already."""
        ...

    def has(self, client_id: UUID) -> bool: ...


Publish = Callable[[Event], UUID]
"""Let an event leave with the commit of the work at hand; returns its id."""


class Disclosures(Protocol):
    """The register of disclosures, and the requests its entries stand on."""

    def keep_document(self, sha256: str, document: bytes) -> None:
        """Keep a request, sealed; once more changes nothing."""
        ...

    def document(self, sha256: str) -> bytes | None:
        """The very bytes.  Raises Broken when they were changed."""
        ...

    def add(self, entry: Disclosure) -> None: ...

    def find(self, disclosure_id: UUID) -> Disclosure | None: ...

    def newest(self, *, limit: int) -> list[Disclosure]: ...

    def told_to(self, client_id: UUID, page: Page) -> list[Disclosure]:
        """What the client may see, the newest first, one more than the page shows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One of the reminders of one answer that is awaited."""

    awaits: StatementKind
    days_left: int


class Contracts(Protocol):
    """The contracts, their sealed documents and the statements made about them."""

    def add(self, contract: Contract, document: bytes) -> None: ...

    def get(self, contract_id: UUID) -> Contract | None:
        """The contract, its row locked until the transaction ends."""
        ...

    def get_own(self, contract_id: UUID, client_id: UUID) -> Contract | None:
        """The client's own contract, locked; somebody else's is not found."""
        ...

    def list_own(self, client_id: UUID, page: Page) -> list[Contract]:
        """The client's contracts, the newest first, one more than the page shows."""
        ...

    def earlier_sum(self, contract: Contract, *, since: datetime) -> Money:
        """The client's microcredits signed from then on and paid before this one."""
        ...

    def has_unfinished(self, client_id: UUID) -> bool:
        """Whether a contract of the client is neither active nor annulled."""
        ...

    def document(self, contract: Contract) -> bytes:
        """The very bytes offered.  Raises Broken when their digest has changed."""
        ...

    def save(self, contract: Contract, *, was: ContractState) -> bool:
        """One conditional update; False when the state is no longer `was`."""
        ...

    def add_statement(
        self, contract_id: UUID, statement: Statement, *, text: StatementText
    ) -> None:
        """Keep what was agreed to: text version and digest, channel, times."""
        ...

    def refused(self, *, limit: int) -> list[Contract]:
        """Contracts the client has refused and disbursement has not yet stopped."""
        ...

    def awaiting_company(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        """Contracts the client has signed and the company has not, the oldest first."""
        ...

    def to_remind(self, *, ending_by: datetime, limit: int) -> list[UUID]:
        """Contracts that await an answer until then at the latest."""
        ...

    def add_reminder(
        self, contract_id: UUID, reminder: Reminder, *, at: datetime
    ) -> bool:
        """False when that reminder was sent already."""
        ...

    def silent(self, *, at: datetime, limit: int) -> list[UUID]:
        """Contracts whose client's silence has lasted too long by then."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSchedule:
    """A schedule as it was offered, or as it counts since the money arrived."""

    schedule: Schedule
    final: bool


class Schedules(Protocol):
    """The schedules of contracts: one offered, one final; neither ever changes."""

    def add(self, contract_id: UUID, schedule: Schedule, *, final: bool) -> None: ...

    def latest(self, contract_id: UUID) -> KeptSchedule | None:
        """The final one if there is one."""
        ...


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


class Clients(Protocol):
    """A small copy of what onboarding said of clients and their accounts."""

    def activate(self, client_id: UUID, *, at: datetime) -> None: ...

    def is_active(self, client_id: UUID) -> bool: ...

    def put_account(
        self, account_id: UUID, client_id: UUID, *, owned: bool, at: datetime
    ) -> None: ...

    def account_lost(self, account_id: UUID) -> bool:
        """Whether onboarding said that the ownership can no longer be shown."""
        ...


class Unit(Protocol):
    """One transaction: state, events and the stored reply commit together."""

    @property
    def applications(self) -> Applications: ...

    @property
    def contracts(self) -> Contracts: ...

    @property
    def schedules(self) -> Schedules: ...

    @property
    def documents(self) -> Documents: ...

    @property
    def templates(self) -> Templates: ...

    @property
    def signatures(self) -> CompanySignatures: ...

    @property
    def clients(self) -> Clients: ...

    @property
    def visits(self) -> Visits: ...

    @property
    def disclosures(self) -> Disclosures: ...

    def publish(self, event: Event) -> UUID:
        """Let the event leave with the commit."""
        ...

    def once(self, run: Callable[[], Json]) -> Json:
        """Run the request's act once per Idempotency-Key, else its stored reply."""
        ...


class Work(Protocol):
    """Opens transactions for one request; none is held across a network call."""

    def begin(self) -> AbstractContextManager[Unit]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """An identification ceremony as onboarding describes it to the client."""

    ceremony_id: UUID
    document_sha256: str
    reply: Json
    """The whole description, handed on to the gateway as it came."""


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
    ) -> str | None:
        """The account as a document names it; None when it is no more."""
        ...

    def borrower(self, client_id: UUID, *, purpose: str) -> Borrower: ...

    def subject(self, client_id: UUID, *, purpose: str) -> Subject | None:
        """Whom outer registers may be asked about; None without the consent to it."""
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


class CompanySigner(Protocol):
    """The company's own ЭЦП key, wherever it lies."""

    def sign(self, document: bytes, *, at: datetime) -> bytes:
        """A detached CMS over the document.  Transient when the key is out of reach."""
        ...


class Bureau(Protocol):
    """The credit bureau (кредитное бюро)."""

    def report(self, iin: str) -> CreditReport:
        """The person's credit report.  Raises Transient when none can be had."""
        ...


class StateRegisters(Protocol):
    """The state's registers of persons, marriages, conscripts and consents."""

    def record(self, iin: str) -> StateRecord:
        """What they say of a borrower.  Raises Transient when they do not answer."""
        ...

    def consent(self, iin: str, kind: ConsentKind) -> GivenConsent:
        """Whether a consent stands.  Raises Transient when they do not answer."""
        ...


class Monitoring(Protocol):
    """The financial monitoring agency (АФМ)."""

    def look(self, iin: str) -> ListCheck:
        """Whether the person is listed.  Raises Transient when it does not answer."""
        ...


class Antifraud(Protocol):
    """Judge of operations before they go on (clause 6.1g)."""

    def decide(
        self,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
    ) -> Decision:
        """The decision.  Raises Transient when there is none: the operation waits."""
        ...


class Disbursement(Protocol):
    """Arbiter of money."""

    def stop_payout(self, *, contract_id: UUID, client_id: UUID) -> str:
        """``stopped``, ``too_late``, or ``recorded`` when there is no payout yet."""
        ...


class Printer(Protocol):
    """Makes papers into files."""

    def print(self, paper: Paper) -> bytes:
        """The same bytes for the same paper, whenever and wherever."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """Everybody who is asked before a contract is offered, and who prints it."""

    onboarding: Onboarding
    bureau: Bureau
    state: StateRegisters
    monitoring: Monitoring
    antifraud: Antifraud
    printer: Printer
