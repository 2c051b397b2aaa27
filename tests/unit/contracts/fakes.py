"""Small twins of the ports: dictionaries, and a list of what was said."""

from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from kernel.context import jsonable
from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken, Transient
from kernel.events import Event
from kernel.money import Money
from kernel.pages import Page
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.checks import (
    Check,
    ConsentKind,
    CreditReport,
    Decision,
    GivenConsent,
    ListCheck,
    StateRecord,
    Subject,
    Verdict,
)
from services.contracts.domain.contract import (
    Contract,
    Statement,
    awaits_company,
)
from services.contracts.domain.disclosure import Disclosure
from services.contracts.domain.document import Document, Line, Paper
from services.contracts.domain.editions import FIRST, Template, TemplateKind
from services.contracts.domain.schedule import Schedule
from services.contracts.domain.signing import ClientProof, Signed
from services.contracts.domain.states import ContractState
from services.contracts.domain.texts import Borrower, StatementText
from services.contracts.ports import (
    Approvers,
    Ceremony,
    Filed,
    Judges,
    KeptSchedule,
    Reminder,
    TraceLine,
    Visit,
)
from tests.unit.contracts.builders import (
    ACCOUNT,
    CEREMONY,
    OFFERED_AT,
    SIGNED_AT,
    borrower,
    consent,
    list_check,
    report,
    state_record,
)


@dataclass
class FakeClock:
    """A clock the test moves."""

    at: datetime = OFFERED_AT

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


class FakeIds:
    """1, 2, 3 …"""

    def __init__(self) -> None:
        self.last = 0xF000

    def new(self) -> UUID:
        self.last += 1
        return UUID(int=self.last)


RowT = TypeVar("RowT", Application, Contract)


def newest(rows: Iterable[RowT], client_id: UUID, page: Page) -> list[RowT]:
    """The client's rows of one page, one more than it shows."""
    own = [
        row
        for row in rows
        if row.client_id == client_id and (page.before is None or row.id < page.before)
    ]
    return sorted(own, key=lambda row: row.id, reverse=True)[: page.rows]


class FakeApplications:
    """Implements Applications."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Application] = {}
        self.lines: dict[UUID, list[TraceLine]] = {}

    def add(self, application: Application) -> bool:
        if any(
            row.is_open and row.client_id == application.client_id
            for row in self.rows.values()
        ):
            return False
        self.rows[application.id] = application
        return True

    def get(self, application_id: UUID) -> Application | None:
        return self.rows.get(application_id)

    def get_own(self, application_id: UUID, client_id: UUID) -> Application | None:
        row = self.rows.get(application_id)
        return row if row is not None and row.client_id == client_id else None

    def list_own(self, client_id: UUID, page: Page) -> list[Application]:
        return newest(self.rows.values(), client_id, page)

    def save(self, application: Application, *, was: ApplicationState) -> bool:
        if self.rows[application.id].state is not was:
            return False
        self.rows[application.id] = application
        return True

    def record(
        self, application_id: UUID, checks: Sequence[Check], *, at: datetime
    ) -> None:
        lines = self.lines.setdefault(application_id, [])
        answered = self.answered(application_id)
        lines.extend(
            TraceLine(check=check, at=at)
            for check in checks
            if check.name not in answered
        )

    def answered(self, application_id: UUID) -> dict[str, Check]:
        return {
            line.check.name: line.check
            for line in self.trace(application_id)
            if line.check.verdict is not Verdict.UNKNOWN
        }

    def trace(self, application_id: UUID) -> list[TraceLine]:
        return list(self.lines.get(application_id, ()))

    def undecided(
        self, *, at: datetime, submitted_before: datetime, limit: int
    ) -> list[UUID]:
        def due(row: Application) -> bool:
            if row.next_ask_at is not None:
                return row.next_ask_at <= at
            return row.submitted_at <= submitted_before

        found = [
            row.id
            for row in self.rows.values()
            if row.is_open and row.for_person_since is None and due(row)
        ]
        return found[:limit]

    def held(self, *, limit: int) -> list[Application]:
        found = [row for row in self.rows.values() if row.for_person_since is not None]
        return found[:limit]


class FakeContracts:
    """Implements Contracts."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Contract] = {}
        self.documents: dict[UUID, bytes] = {}
        self.reminders: set[tuple[UUID, Reminder]] = set()
        self.statements: list[tuple[UUID, str, Statement]] = []

    def put(self, contract: Contract, document: bytes = b"") -> Contract:
        """What a test begins with."""
        self.add(contract, document)
        return contract

    def add(self, contract: Contract, document: bytes) -> None:
        self.rows[contract.id] = contract
        self.documents[contract.id] = document

    def get(self, contract_id: UUID) -> Contract | None:
        return self.rows.get(contract_id)

    def get_own(self, contract_id: UUID, client_id: UUID) -> Contract | None:
        row = self.rows.get(contract_id)
        return row if row is not None and row.client_id == client_id else None

    def list_own(self, client_id: UUID, page: Page) -> list[Contract]:
        return newest(self.rows.values(), client_id, page)

    def earlier_sum(self, contract: Contract, *, since: datetime) -> Money:
        minor = sum(
            row.amount.amount_minor
            for row in self.rows.values()
            if row.client_id == contract.client_id
            and row.id != contract.id
            and row.state is ContractState.ACTIVE
            and row.signed_at is not None
            and row.signed_at >= since
        )
        return Money(minor)

    def has_unfinished(self, client_id: UUID) -> bool:
        finished = (ContractState.ACTIVE, ContractState.ANNULLED)
        own = [row for row in self.rows.values() if row.client_id == client_id]
        return any(row.state not in finished for row in own)

    def document(self, contract: Contract) -> bytes:
        return self.documents[contract.id]

    def save(self, contract: Contract, *, was: ContractState) -> bool:
        if self.rows[contract.id].state is not was:
            return False
        self.rows[contract.id] = contract
        return True

    def add_statement(
        self, contract_id: UUID, statement: Statement, *, text: StatementText
    ) -> None:
        self.statements.append((contract_id, text.version, statement))

    def refused(self, *, limit: int) -> list[Contract]:
        found = [
            row
            for row in self.rows.values()
            if row.refusal_asked_at is not None and not row.is_final
        ]
        return found[:limit]

    def awaiting_company(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        waiting = [row.id for row in self.rows.values() if awaits_company(row)]
        return [one for one in waiting if one not in but_for][:limit]

    def to_remind(self, *, ending_by: datetime, limit: int) -> list[UUID]:
        found = [
            row.id
            for row in self.rows.values()
            if row.silence_at is not None and row.silence_at <= ending_by
        ]
        return found[:limit]

    def add_reminder(
        self, contract_id: UUID, reminder: Reminder, *, at: datetime
    ) -> bool:
        del at
        new = (contract_id, reminder) not in self.reminders
        self.reminders.add((contract_id, reminder))
        return new

    def silent(self, *, at: datetime, limit: int) -> list[UUID]:
        found = [
            row.id
            for row in self.rows.values()
            if row.silence_at is not None and row.silence_at <= at
        ]
        return found[:limit]


class FakeClients:
    """Implements Clients."""

    def __init__(self) -> None:
        self.active: set[UUID] = set()
        self.accounts: dict[UUID, bool] = {}

    def activate(self, client_id: UUID, *, at: datetime) -> None:
        del at
        self.active.add(client_id)

    def is_active(self, client_id: UUID) -> bool:
        return client_id in self.active

    def put_account(
        self, account_id: UUID, client_id: UUID, *, owned: bool, at: datetime
    ) -> None:
        del client_id, at
        self.accounts[account_id] = owned

    def account_lost(self, account_id: UUID) -> bool:
        return self.accounts.get(account_id) is False


@dataclass
class FakeVisits:
    """Implements Visits."""

    rows: list[Visit] = field(default_factory=list)

    def add(self, visit: Visit, *, at: datetime) -> bool:
        del at
        if any(row.approval_id == visit.approval_id for row in self.rows):
            return False
        self.rows.append(visit)
        return True

    def has(self, client_id: UUID) -> bool:
        return any(row.client_id == client_id for row in self.rows)


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

    def add(self, contract_id: UUID, document_sha256: str, proof: Signed) -> None:
        del contract_id
        assert document_sha256 not in self.rows
        self.rows[document_sha256] = proof

    def get(self, document_sha256: str) -> Signed | None:
        return self.rows.get(document_sha256)


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

    work: "FakeWork"
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

    work: "FakeWork"
    stamped_at: datetime = SIGNED_AT
    away: bool = False
    refuses: bool = False
    purposes: list[str] = field(default_factory=list)

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

    def _asked(self) -> None:
        assert not self.work.open, "a call within a transaction"
        if self.away:
            raise Transient("onboarding did not answer in time")


@dataclass
class FakeTemplates:
    """Implements Templates."""

    rows: list[tuple[Template, Approvers]] = field(default_factory=list)

    def in_force(self, kind: TemplateKind) -> Template:
        own = [one for one, _ in self.rows]
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


class FakePrinter:
    """Implements Printer: the words, one part a line."""

    def print(self, paper: Paper) -> bytes:
        lines = [
            part.text
            if isinstance(part, Line)
            else "\n".join(" | ".join(row) for row in part.rows)
            for part in paper.parts
        ]
        return "\n".join(["%PDF-", *lines, paper.mark]).encode()


@dataclass
class FakeSchedules:
    rows: dict[UUID, list[KeptSchedule]] = field(default_factory=dict)

    def add(self, contract_id: UUID, schedule: Schedule, *, final: bool) -> None:
        kept = self.rows.setdefault(contract_id, [])
        assert all(one.final is not final for one in kept)
        kept.append(KeptSchedule(schedule=schedule, final=final))

    def latest(self, contract_id: UUID) -> KeptSchedule | None:
        kept = self.rows.get(contract_id, [])
        return max(kept, key=lambda one: one.final, default=None)


class FakeDisclosures:
    """Implements Disclosures."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Disclosure] = {}
        self.requests: dict[str, bytes] = {}

    def keep_document(self, sha256: str, document: bytes) -> None:
        self.requests[sha256] = document

    def document(self, sha256: str) -> bytes | None:
        return self.requests.get(sha256)

    def add(self, entry: Disclosure) -> None:
        self.rows[entry.disclosure_id] = entry

    def find(self, disclosure_id: UUID) -> Disclosure | None:
        return self.rows.get(disclosure_id)

    def newest(self, *, limit: int) -> list[Disclosure]:
        return list(reversed(self.rows.values()))[:limit]

    def told_to(self, client_id: UUID, page: Page) -> list[Disclosure]:
        own = [one for one in self.rows.values() if one.asked.client_id == client_id]
        return [one for one in own if one.told][: page.limit + 1]


class FakeWork:
    """Implements Work and Unit: a failed transaction leaves nothing behind.

    `key` plays the Idempotency-Key of the request being served; `replies` is what the
    database keeps of earlier ones.
    """

    def __init__(self) -> None:
        self.applications = FakeApplications()
        self.contracts = FakeContracts()
        self.schedules = FakeSchedules()
        self.documents = FakeDocuments()
        self.templates = FakeTemplates()
        self.signatures = FakeSignatures()
        self.clients = FakeClients()
        self.visits = FakeVisits()
        self.disclosures = FakeDisclosures()
        self.said: list[Event] = []
        self.replies: dict[str, Json] = {}
        self.key: str | None = None
        self.open = False

    @contextmanager
    def begin(self) -> Iterator["FakeWork"]:
        assert not self.open, "a transaction within a transaction"
        names = (
            "applications",
            "contracts",
            "schedules",
            "documents",
            "templates",
            "signatures",
            "clients",
            "visits",
            "disclosures",
            "said",
            "replies",
        )
        before = {name: deepcopy(getattr(self, name)) for name in names}
        self.open = True
        try:
            yield self
        except BaseException:
            self.__dict__.update(before)
            raise
        finally:
            self.open = False

    def publish(self, event: Event) -> UUID:
        assert self.open, "an event without a commit"
        self.said.append(event)
        return UUID(int=len(self.said))

    def once(self, run: Callable[[], Json]) -> Json:
        if self.key is None:
            return run()
        if self.key not in self.replies:
            self.replies[self.key] = jsonable(run())
        return self.replies[self.key]

    def said_types(self) -> list[str]:
        """The events' names, without publisher and version."""
        return [event.TYPE.split(".")[1] for event in self.said]


@dataclass
class FakeOnboarding:
    """Implements Onboarding; asserts that no transaction is open while it is asked."""

    work: FakeWork
    account: UUID | None = ACCOUNT
    in_full: str | None = "KZ978562203105747338"
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
    ) -> str | None:
        del client_id, account_id
        self._asked()
        self.purposes.append(purpose)
        return self.in_full

    def borrower(self, client_id: UUID, *, purpose: str) -> Borrower:
        del client_id
        self._asked()
        self.purposes.append(purpose)
        return borrower()

    def subject(self, client_id: UUID, *, purpose: str) -> Subject | None:
        if purpose in self.withheld:
            return None
        return Subject(iin=self.borrower(client_id, purpose=purpose).iin)

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
class FakeBureau:
    """Implements Bureau."""

    work: FakeWork
    answer: CreditReport = field(default_factory=report)
    away: bool = False
    asked: int = 0

    def report(self, iin: str) -> CreditReport:
        assert not self.work.open, "a call within a transaction"
        assert iin == borrower().iin
        self.asked += 1
        if self.away:
            raise Transient("the bureau gave no report")
        return self.answer


@dataclass
class FakeState:
    """Implements StateRegisters."""

    work: FakeWork
    answer: StateRecord = field(default_factory=state_record)
    consents: dict[ConsentKind, bool] = field(default_factory=dict)
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def record(self, iin: str) -> StateRecord:
        self._asked("record", iin)
        return self.answer

    def consent(self, iin: str, kind: ConsentKind) -> GivenConsent:
        self._asked(kind.value, iin)
        return consent(given=self.consents.get(kind, False))

    def _asked(self, what: str, iin: str) -> None:
        assert not self.work.open, "a call within a transaction"
        assert iin == borrower().iin
        self.asked.append(what)
        if self.away:
            raise Transient("the state did not answer")


@dataclass
class FakeMonitoring:
    """Implements Monitoring."""

    work: FakeWork
    listed: bool = False
    away: bool = False
    asked: int = 0

    def look(self, iin: str) -> ListCheck:
        assert not self.work.open, "a call within a transaction"
        assert iin == borrower().iin
        self.asked += 1
        if self.away:
            raise Transient("the АФМ did not answer")
        return list_check(listed=self.listed)


@dataclass
class FakeAntifraud:
    """Implements Antifraud."""

    work: FakeWork
    account: UUID = ACCOUNT
    outcome: str = "allow"
    away: bool = False
    asked: list[str] = field(default_factory=list)
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
        assert facts == {"term_days": 90, "account_id": str(self.account)}
        assert not self.work.open, "a call within a transaction"
        self.asked.append(operation)
        if self.away:
            raise Transient("antifraud did not answer in time")
        self.meanwhile()
        return Decision(decision_id=UUID(int=0xDE), outcome=self.outcome, score=1)


@dataclass
class FakeDisbursement:
    """Implements Disbursement."""

    work: FakeWork
    answer: str = "stopped"
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


class Bench:
    """All twins of one test, wired together."""

    def __init__(self) -> None:
        self.work = FakeWork()
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.onboarding = FakeOnboarding(self.work)
        self.bureau = FakeBureau(self.work)
        self.state = FakeState(self.work)
        self.monitoring = FakeMonitoring(self.work)
        self.antifraud = FakeAntifraud(self.work)
        self.disbursement = FakeDisbursement(self.work)
        self.signer = FakeSigner(self.work)
        self.witness = FakeWitness(self.work)

    @property
    def judges(self) -> Judges:
        return Judges(
            onboarding=self.onboarding,
            bureau=self.bureau,
            state=self.state,
            monitoring=self.monitoring,
            antifraud=self.antifraud,
            printer=FakePrinter(),
        )
