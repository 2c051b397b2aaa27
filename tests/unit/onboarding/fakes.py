"""Twins of onboarding's ports: small, in memory, as strict as the real ones."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from kernel.crypto import Json, sha256_hex
from kernel.errors import Refused, Transient
from kernel.events import Event
from kernel.pages import Page
from kernel.values import CardToken, Iban, Iin, Phone
from services.onboarding.domain.account import (
    Account,
    AccountState,
    Card,
    CardRecord,
    Destination,
    Ownership,
    OwnershipVerdict,
)
from services.onboarding.domain.archive import KeptSignature
from services.onboarding.domain.ceremony import (
    UNFINISHED,
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyRules,
    CeremonyState,
)
from services.onboarding.domain.change import (
    OPEN,
    Act,
    Change,
    ChangeKind,
    ChangeState,
)
from services.onboarding.domain.comparison import Comparison
from services.onboarding.domain.consent import (
    ConsentKind,
    ConsentRecord,
    ConsentText,
    Leave,
)
from services.onboarding.domain.erasure import RetentionTerms
from services.onboarding.domain.person import (
    DocumentStanding,
    EndingDocument,
    Person,
    PhoneVerdict,
    StateRecord,
)
from services.onboarding.domain.portrait import PhotoLimits
from services.onboarding.domain.protocol import Protocol
from services.onboarding.domain.reading import Reading
from services.onboarding.domain.refusal import RefusalRecord
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.domain.review import ReviewRules
from services.onboarding.domain.signature import Algorithm, Examination
from services.onboarding.domain.visits import Visit, VisitRules
from services.onboarding.handlers.accounts import Owners
from services.onboarding.handlers.ceremonies import Desk
from services.onboarding.handlers.photos import Studio
from services.onboarding.ports import (
    Client,
    Identified,
    PhotoOnFile,
    ProtocolProof,
    Provider,
    SentCode,
    Session,
    SignatureOnFile,
    SignatureProof,
    SignedProtocol,
    Stamp,
)
from tests.unit.onboarding.builders import (
    COID_BIN,
    IIN,
    NOW,
    PHONE,
    TEXTS,
    facts,
    organisation_facts,
    protocol,
    record,
)
from tests.unit.onboarding.erasure_twins import TERMS, FakeErasures, FakeKeys
from tests.unit.onboarding.photo_twins import LIMITS, FakeJudge, FakePhotos
from tests.unit.onboarding.review_twins import REVIEWS, FakeReviews

RIGHT_CODE = "123456"
SITE = "creditplus.kz"
PHOTO_TRIES = 5
QUARANTINE = timedelta(days=180)
MOST_ACCOUNTS = 3
_ENDED = {RegistrationState.ACTIVE, RegistrationState.REFUSED}


def blind(kind: str, value: str) -> str:
    return f"token-of-{kind}-{value[-4:]}"


@dataclass
class FakeClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class FakeIds:
    last: int = 0

    def new(self) -> UUID:
        self.last += 1
        return UUID(f"01890000-0000-7000-8000-{self.last:012x}")


@dataclass
class FakeRegistrations:
    rows: dict[UUID, Registration] = field(default_factory=dict)
    tries: dict[UUID, int] = field(default_factory=dict)
    persons: dict[UUID, Person] = field(default_factory=dict)
    photos: dict[UUID, str] = field(default_factory=dict)
    """Digests of accepted photos."""
    refused: list[RefusalRecord] = field(default_factory=list)

    def add(self, registration: Registration) -> None:
        self.rows[registration.registration_id] = registration

    def get(self, registration_id: UUID) -> Registration | None:
        return self.rows.get(registration_id)

    def move(
        self,
        registration_id: UUID,
        *,
        source: RegistrationState,
        target: RegistrationState,
        at: datetime,
    ) -> bool:
        row = self.rows[registration_id]
        if row.state is not source:
            return False
        self.rows[registration_id] = replace(row, state=target)
        return True

    def set_term(self, registration_id: UUID, *, until: datetime) -> None:
        found = self.rows[registration_id]
        self.rows[registration_id] = replace(found, expires_at=until)

    def refuse(
        self,
        registration_id: UUID,
        *,
        code: str,
        at: datetime,
    ) -> bool:
        row = self.rows[registration_id]
        if row.state in _ENDED:
            return False
        refused = RegistrationState.REFUSED
        self.rows[registration_id] = replace(row, state=refused, refused_code=code)
        return True

    def add_refusal(self, record: RefusalRecord) -> None:
        self.refused.insert(0, record)

    def refusals(self, registration_id: UUID) -> tuple[RefusalRecord, ...]:
        return tuple(
            one for one in self.refused if one.registration_id == registration_id
        )

    def latest_refusals(self, *, limit: int) -> tuple[RefusalRecord, ...]:
        return tuple(self.refused[:limit])

    def spend_person_try(self, registration_id: UUID, *, most: int) -> bool:
        spent = self.tries.get(registration_id, 0)
        if spent >= most:
            return False
        self.tries[registration_id] = spent + 1
        return True

    def return_person_try(self, registration_id: UUID) -> None:
        self.tries[registration_id] -= 1

    def add_person(
        self,
        client_id: UUID,
        person: Person,
        *,
        iin_token: str,
        at: datetime,
    ) -> None:
        assert client_id not in self.persons
        self.persons[client_id] = person

    def person(self, client_id: UUID) -> Person | None:
        return self.persons.get(client_id)

    def photo_sha256(self, registration_id: UUID) -> str | None:
        return self.photos.get(registration_id)

    def identified(self, *, limit: int) -> tuple[UUID, ...]:
        waiting = [
            row.registration_id
            for row in self.rows.values()
            if row.state is RegistrationState.IDENTIFIED
        ]
        return tuple(waiting[:limit])


@dataclass
class FakeClients:
    rows: dict[UUID, Client] = field(default_factory=dict)

    def add(
        self,
        client: Client,
        *,
        at: datetime,
    ) -> bool:
        for row in self.rows.values():
            if (
                row.client_id == client.client_id
                or row.iin_token == client.iin_token
                or row.phone_token == client.phone_token
            ):
                return False
        self.rows[client.client_id] = client
        return True

    def get(self, client_id: UUID) -> Client | None:
        return self.rows.get(client_id)

    def lock(self, client_id: UUID) -> Client | None:
        return self.rows.get(client_id)

    def has_phone(self, phone_token: str) -> bool:
        return any(row.phone_token == phone_token for row in self.rows.values())

    def change_phone(self, change: Change) -> bool:
        row = self.rows[change.client_id]
        if row.phone_token != change.old_token:
            return False
        self.rows[change.client_id] = replace(
            row, phone=change.phone, phone_token=str(change.value_token)
        )
        return True


@dataclass
class FakeAccounts:
    rows: dict[UUID, Account] = field(default_factory=dict)
    checks: list[Ownership] = field(default_factory=list)

    def add(self, account: Account, *, at: datetime) -> bool:
        for one in self.of_client(account.client_id):
            if one.token == account.token or (one.selected and account.selected):
                return False
        self.rows[account.account_id] = account
        return True

    def of_client(self, client_id: UUID) -> tuple[Account, ...]:
        return tuple(row for row in self.rows.values() if row.client_id == client_id)

    def get(self, account_id: UUID) -> Account | None:
        return self.rows.get(account_id)

    def replace(self, change: Change) -> bool:
        row = self._as_it_was(change)
        if row is None:
            return False
        self.rows[row.account_id] = replace(
            row,
            destination=change.destination,
            token=str(change.value_token),
            state=AccountState.UNPROVED,
        )
        return True

    def select(self, change: Change) -> bool:
        for row in self.of_client(change.client_id):
            if row.selected and row.token != change.old_token:
                return False
            self.rows[row.account_id] = replace(
                row, selected=row.account_id == change.account_id
            )
        return True

    def remove(self, change: Change, *, at: datetime) -> bool:
        row = self._as_it_was(change)
        if row is None or row.selected:
            return False
        del self.rows[row.account_id]
        return True

    def _as_it_was(self, change: Change) -> Account | None:
        row = change.account_id and self.rows.get(change.account_id)
        return row if row and row.token == change.old_token else None

    def record(
        self,
        account: Account,
        ownership: Ownership,
        *,
        check_id: UUID,
        becomes: AccountState,
    ) -> bool:
        row = self.rows[account.account_id]
        if (row.token, row.state) != (account.token, account.state):
            return False
        self.rows[account.account_id] = replace(row, state=becomes)
        self.checks.append(ownership)
        return True


@dataclass
class FakeChanges:
    rows: dict[UUID, Change] = field(default_factory=dict)
    applied: dict[UUID, tuple[UUID, datetime]] = field(default_factory=dict)
    """By which ceremony and when."""
    covered: dict[str, UUID] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        self.rows[change.change_id] = change

    def get(self, change_id: UUID) -> Change | None:
        return self.rows.get(change_id)

    def of_client(self, client_id: UUID) -> tuple[Change, ...]:
        return tuple(row for row in self.rows.values() if row.client_id == client_id)

    def begun_since(self, client_id: UUID, *, since: datetime) -> int:
        return sum(
            row.client_id == client_id and row.started_at > since
            for row in self.rows.values()
        )

    def supersede(
        self, client_id: UUID, kind: ChangeKind, *, code: str, at: datetime
    ) -> None:
        for row in list(self.rows.values()):
            if (row.client_id, row.kind) == (client_id, kind):
                self.refuse(row.change_id, code=code, at=at)

    def note_code(self, change_id: UUID, challenge_id: UUID) -> None:
        self._change(change_id, challenge_id=challenge_id)

    def move(
        self,
        change_id: UUID,
        *,
        source: ChangeState,
        target: ChangeState,
        at: datetime,
    ) -> bool:
        if self.rows[change_id].state is not source:
            return False
        self._change(change_id, state=target)
        return True

    def apply(self, change_id: UUID, ceremony_id: UUID, *, at: datetime) -> bool:
        if self.rows[change_id].state is not ChangeState.CHECKED:
            return False
        self._change(change_id, state=ChangeState.APPLIED)
        self.applied[change_id] = (ceremony_id, at)
        return True

    def refuse(self, change_id: UUID, *, code: str, at: datetime) -> bool:
        if self.rows[change_id].state not in OPEN:
            return False
        self._change(change_id, state=ChangeState.REFUSED, refused_code=code)
        return True

    def adding(self, account_id: UUID) -> Change | None:
        for row in self.rows.values():
            if (row.account_id, row.act) == (account_id, Act.ADD):
                return row
        return None

    def cover(self, change_id: UUID, operation: str) -> bool:
        self.covered[operation] = change_id
        return True

    def covered_by(self, operation: str) -> Change | None:
        change_id = self.covered.get(operation)
        return None if change_id is None else self.rows[change_id]

    def is_quarantined(
        self, phone_token: str, *, since: datetime, but_for: UUID | None
    ) -> bool:
        return any(
            row.old_token == phone_token
            and row.kind is ChangeKind.PHONE
            and row.client_id != but_for
            and row.change_id in self.applied
            and self.applied[row.change_id][1] > since
            for row in self.rows.values()
        )

    def _change(self, change_id: UUID, **changed: object) -> None:
        self.rows[change_id] = replace(self.rows[change_id], **changed)  # type: ignore[arg-type] # as called


@dataclass
class FakeConsents:
    acts: dict[UUID, list[ConsentRecord]] = field(default_factory=dict)

    def add(self, client_id: UUID, record: ConsentRecord) -> None:
        self.acts.setdefault(client_id, []).append(record)

    def history(self, client_id: UUID) -> tuple[ConsentRecord, ...]:
        return tuple(self.acts.get(client_id, ()))


@dataclass
class FakeReadings:
    rows: list[Reading] = field(default_factory=list)

    def add(self, reading: Reading) -> None:
        self.rows.insert(0, reading)

    def of_client(self, client_id: UUID, page: Page) -> tuple[Reading, ...]:
        mine = [row for row in self.rows if row.client_id == client_id]
        ids = [row.reading_id for row in mine]
        first = 0 if page.before is None else ids.index(page.before) + 1
        return tuple(mine[first : first + page.rows])


@dataclass
class FakeObligations:
    """Knows what it was told; of ceremonies it knows nothing."""

    rows: dict[UUID, tuple[UUID, bool]] = field(default_factory=dict)

    def open(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        self.rows.setdefault(contract_id, (client_id, True))

    def close(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        self.rows[contract_id] = (client_id, False)

    def are_open(self, client_id: UUID, *, at: datetime) -> bool:
        return (client_id, True) in self.rows.values()


@dataclass
class FakeCeremonies:
    rows: dict[UUID, Ceremony] = field(default_factory=dict)
    attempts: dict[UUID, Attempt] = field(default_factory=dict)
    settled: dict[UUID, Visit] = field(default_factory=dict)
    """In the order they were."""
    protocols: list[ProtocolProof] = field(default_factory=list)
    signatures: list[SignatureProof] = field(default_factory=list)
    refusals: list[tuple[UUID, str]] = field(default_factory=list)

    def add(self, ceremony: Ceremony) -> bool:
        if self.unfinished_of(ceremony.operation) is not None:
            return False
        self.rows[ceremony.ceremony_id] = ceremony
        return True

    def get(self, ceremony_id: UUID) -> Ceremony | None:
        return self.rows.get(ceremony_id)

    def unfinished_of(self, operation: str) -> Ceremony | None:
        for row in self.rows.values():
            if row.operation == operation and row.state in UNFINISHED:
                return row
        return None

    def unfinished_of_client(self, client_id: UUID) -> tuple[Ceremony, ...]:
        return tuple(
            row
            for row in self.rows.values()
            if row.client_id == client_id and row.state in UNFINISHED
        )

    def move(
        self,
        ceremony_id: UUID,
        *,
        source: CeremonyState,
        target: CeremonyState,
        at: datetime,
    ) -> bool:
        row = self.rows[ceremony_id]
        if row.state is not source or row.expires_at <= at:
            return False
        self.rows[ceremony_id] = replace(row, state=target)
        return True

    def fail(
        self,
        ceremony_id: UUID,
        *,
        code: str,
        at: datetime,
    ) -> bool:
        row = self.rows[ceremony_id]
        if row.state not in UNFINISHED:
            return False
        self.rows[ceremony_id] = replace(row, state=CeremonyState.FAILED)
        return True

    def add_attempt(self, attempt: Attempt) -> bool:
        if self.open_attempt(attempt.ceremony_id) is not None:
            return False
        self.attempts[attempt.attempt_id] = attempt
        return True

    def open_attempt(self, ceremony_id: UUID) -> Attempt | None:
        for attempt in self.attempts.values():
            if (attempt.ceremony_id, attempt.state) == (
                ceremony_id,
                AttemptState.OPEN,
            ):
                return attempt
        return None

    def attempt_of_reference(self, reference_sha256: bytes) -> Attempt | None:
        for attempt in self.attempts.values():
            if attempt.reference_sha256 == reference_sha256:
                return attempt
        return None

    def settle_attempt(
        self,
        attempt_id: UUID,
        *,
        becomes: AttemptState,
        tries: int,
        at: datetime,
    ) -> bool:
        attempt = self.attempts[attempt_id]
        if attempt.state is not AttemptState.OPEN:
            return False
        self.attempts[attempt_id] = replace(attempt, state=becomes)
        self.settled[attempt_id] = Visit(
            proved=becomes is AttemptState.POSITIVE, tries=tries, settled_at=at
        )
        return True

    def visits(self, client_id: UUID) -> tuple[Visit, ...]:
        return tuple(
            visit
            for attempt_id, visit in self.settled.items()
            if self.rows[self.attempts[attempt_id].ceremony_id].client_id == client_id
        )

    def visits_locked(self, client_id: UUID) -> tuple[Visit, ...]:
        return self.visits(client_id)

    def add_protocol(self, proof: ProtocolProof) -> bool:
        if any(one.protocol_id == proof.protocol_id for one in self.protocols):
            return False
        self.protocols.append(proof)
        return True

    def protocol_id(self, ceremony_id: UUID) -> str | None:
        for proof in self.protocols:
            if proof.ceremony_id == ceremony_id and proof.code is None:
                return proof.protocol_id
        return None

    def protocol(self, ceremony_id: UUID) -> tuple[str, bytes] | None:
        for proof in self.protocols:
            if proof.ceremony_id == ceremony_id and proof.code is None:
                return proof.protocol_id, proof.protocol
        return None

    def add_signature(self, proof: SignatureProof) -> bool:
        fresh = proof.facts.evidence.signature_sha256
        if any(
            one.facts.evidence.signature_sha256 == fresh
            or one.ceremony_id == proof.ceremony_id
            for one in self.signatures
        ):
            return False
        self.signatures.append(proof)
        return True

    def signature(self, ceremony_id: UUID) -> SignatureOnFile | None:
        for proof in self.signatures:
            if proof.ceremony_id == ceremony_id:
                return SignatureOnFile(
                    certificate_serial=proof.facts.certificate.serial,
                    signature_sha256=proof.facts.evidence.signature_sha256,
                )
        return None

    def add_signature_refusal(
        self,
        refusal_id: UUID,
        ceremony_id: UUID,
        *,
        code: str,
        sha256: str,
        at: datetime,
    ) -> int:
        self.refusals.append((ceremony_id, code))
        return sum(one == ceremony_id for one, _ in self.refusals)


@dataclass
class FakeDocuments:
    """Documents by client; what was told of them by document and standing."""

    rows: dict[UUID, EndingDocument] = field(default_factory=dict)
    told: set[tuple[UUID, date, DocumentStanding]] = field(default_factory=set)

    def ending(
        self, *, today: date, until: date, limit: int
    ) -> tuple[EndingDocument, ...]:
        found = [
            row
            for row in self.rows.values()
            if row.valid_until <= until
            and (row.client_id, row.valid_until, row.standing(today)) not in self.told
        ]
        return tuple(found[:limit])

    def note(
        self, document: EndingDocument, standing: DocumentStanding, *, at: datetime
    ) -> bool:
        key = (document.client_id, document.valid_until, standing)
        fresh = key not in self.told
        self.told.add(key)
        return fresh


@dataclass
class FakeDossiers:
    """Looks into the other stores of the unit."""

    unit: "FakeUnit"

    def photo(self, client_id: UUID) -> PhotoOnFile | None:
        client = self.unit.clients.rows[client_id]
        accepted = self.unit.registrations.photos.get(client.registration_id)
        for photo in self.unit.photos.judged:
            if photo.seen.sha256 == accepted:
                return PhotoOnFile(
                    media_type="image/jpeg", sha256=accepted, raw=photo.seen.jpeg
                )
        return None

    def identifications(self, client_id: UUID) -> tuple[Identified, ...]:
        return tuple(
            Identified(
                ceremony_id=row.ceremony_id,
                operation=row.operation,
                state=row.state,
                document_sha256=row.document_sha256,
                opened_at=row.opened_at,
            )
            for row in self.unit.ceremonies.rows.values()
            if row.client_id == client_id
        )


@dataclass
class FakeKeptSignatures:
    rows: dict[UUID, KeptSignature] = field(default_factory=dict)
    ages: dict[UUID, datetime | None] = field(default_factory=dict)
    looked: dict[UUID, datetime] = field(default_factory=dict)

    def due(
        self, *, ages_before: datetime, looked_before: datetime, limit: int
    ) -> tuple[UUID, ...]:
        found = [
            one
            for one in self.rows
            if (self.ages.get(one) or ages_before - timedelta(1)) < ages_before
            and self.looked.get(one, looked_before - timedelta(1)) < looked_before
        ]
        return tuple(found[:limit])

    def get(self, ceremony_id: UUID) -> KeptSignature | None:
        return self.rows.get(ceremony_id)

    def add(
        self,
        restamp_id: UUID,
        ceremony_id: UUID,
        *,
        number: int,
        stamp: Stamp,
        at: datetime,
    ) -> None:
        kept = self.rows[ceremony_id]
        if number == len(kept.restamps):
            restamps = (*kept.restamps, stamp.token)
            self.rows[ceremony_id] = replace(kept, restamps=restamps)

    def note(
        self, ceremony_id: UUID, *, ages_at: datetime | None, at: datetime
    ) -> None:
        self.ages[ceremony_id], self.looked[ceremony_id] = ages_at, at


@dataclass
class FakeUnit:
    """All stores; `begin` rolls back to a copy when the block raises."""

    registrations: FakeRegistrations = field(default_factory=FakeRegistrations)
    clients: FakeClients = field(default_factory=FakeClients)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    ceremonies: FakeCeremonies = field(default_factory=FakeCeremonies)
    changes: FakeChanges = field(default_factory=FakeChanges)
    consents: FakeConsents = field(default_factory=FakeConsents)
    obligations: FakeObligations = field(default_factory=FakeObligations)
    readings: FakeReadings = field(default_factory=FakeReadings)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    archive: FakeKeptSignatures = field(default_factory=FakeKeptSignatures)
    keys: FakeKeys = field(default_factory=FakeKeys)
    erasures: FakeErasures = field(default_factory=FakeErasures)
    reviews: FakeReviews = field(default_factory=FakeReviews)
    photos: FakePhotos = field(init=False)
    events: list[Event] = field(default_factory=list)
    open: bool = False
    replies: list[Mapping[str, Json]] | None = None
    """Of the one Idempotency-Key there is, if requests have one."""

    def __post_init__(self) -> None:
        self.photos = FakePhotos(self.registrations)

    @property
    def dossiers(self) -> FakeDossiers:
        return FakeDossiers(self)

    def once(self, run: Callable[[], Mapping[str, Json]]) -> Mapping[str, Json]:
        if self.replies is None:
            return run()
        if not self.replies:
            self.replies.append(run())
        return self.replies[0]

    def publish(self, event: Event) -> UUID:
        self.events.append(event)
        return UUID(int=len(self.events))

    @contextmanager
    def begin(self) -> Iterator["FakeUnit"]:
        assert not self.open, "a transaction inside a transaction"
        before = deepcopy(
            (
                self.registrations,
                self.clients,
                self.accounts,
                self.ceremonies,
                self.changes,
                self.consents,
                self.obligations,
                self.readings,
                self.documents,
                self.photos,
                self.erasures,
                self.reviews,
            )
        )
        said, self.open = len(self.events), True
        try:
            yield self
        except BaseException:
            (
                self.registrations,
                self.clients,
                self.accounts,
                self.ceremonies,
                self.changes,
                self.consents,
                self.obligations,
                self.readings,
                self.documents,
                self.photos,
                self.erasures,
                self.reviews,
            ) = before
            del self.events[said:]
            raise
        finally:
            self.open = False

    def said(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class FakeCodes:
    unit: FakeUnit
    sent: list[Phone] = field(default_factory=list)
    confirms: str = field(default_factory=lambda: blind("phone", PHONE.reveal()))

    def send(
        self,
        phone: Phone,
        *,
        reference: UUID,
    ) -> SentCode:
        _refuse_inside(self.unit)
        self.sent.append(phone)
        return SentCode(challenge_id=UUID(int=7), expires_at=NOW + timedelta(minutes=5))

    def check(
        self,
        challenge_id: UUID,
        code: str,
    ) -> str:
        _refuse_inside(self.unit)
        if code != RIGHT_CODE:
            raise Refused("code_wrong", "Wrong code.", next_step="Try again.")
        return self.confirms


@dataclass
class FakeStateBase:
    unit: FakeUnit
    known: StateRecord | None = field(default_factory=record)
    phone: PhoneVerdict = PhoneVerdict.MATCH
    away: bool = False
    asked: int = 0
    numbers_asked: int = 0

    def person(self, iin: Iin, *, by: Leave) -> StateRecord | None:
        _refuse_inside(self.unit)
        by.demand(ConsentKind.PERSONAL_DATA)
        self.asked += 1
        if self.away:
            raise Transient("the state is away")
        return self.known

    def phone_owner(self, iin: Iin, phone: Phone, *, by: Leave) -> PhoneVerdict:
        by.demand(ConsentKind.PERSONAL_DATA)
        self.numbers_asked += 1
        return self.phone


@dataclass
class FakeBank:
    unit: FakeUnit
    verdict: OwnershipVerdict | None = OwnershipVerdict.MATCH

    def ownership(
        self,
        iban: Iban,
        iin: Iin,
    ) -> Ownership:
        _refuse_inside(self.unit)
        if self.verdict is None:
            raise Transient("the bank is away")
        return Ownership(verdict=self.verdict, evidence_id="evidence-1", checked_at=NOW)


@dataclass
class FakeCards:
    """A processor that has given one token, of the client's card."""

    unit: FakeUnit
    verdict: OwnershipVerdict | None = OwnershipVerdict.MATCH
    destination: Destination = field(
        default_factory=lambda: Destination(
            iban=Iban("KZ86125KZT5004100100"),
            card=Card(token=CardToken("tok_" + "c" * 20), last4="4242"),
        )
    )

    @property
    def token(self) -> CardToken:
        assert self.destination.card is not None
        return self.destination.card.token

    def look_up(self, token: CardToken, iin: Iin) -> CardRecord:
        _refuse_inside(self.unit)
        if self.verdict is None:
            raise Transient("the processor is away")
        verdict = self.verdict if token == self.token else OwnershipVerdict.UNKNOWN
        matches = verdict is OwnershipVerdict.MATCH
        return CardRecord(
            ownership=Ownership(
                verdict=verdict, evidence_id="card-evidence-1", checked_at=NOW
            ),
            destination=self.destination if matches else None,
        )


@dataclass
class FakeCoid:
    """Opens sessions; its protocols answer the last session unless changed."""

    unit: FakeUnit
    changed: dict[str, object] = field(default_factory=dict)
    opened: list[dict[str, object]] = field(default_factory=list)
    compared: list[dict[str, object]] = field(default_factory=list)
    away: bool = False

    def open(
        self, *, reference: str, nonce: str, iin: Iin, document_sha256: str, by: Leave
    ) -> Session:
        _refuse_inside(self.unit)
        by.demand(ConsentKind.BIOMETRICS)
        number = len(self.opened) + 1
        self.opened.append(
            {
                "session_id": f"session-{number}",
                "reference": reference,
                "nonce": nonce,
                "iin": iin,
                "document_sha256": document_sha256,
                "protocol_id": f"protocol-{number}",
            }
        )
        return Session(
            session_id=f"session-{number}",
            redirect_url=f"https://coid.example/verify/session-{number}",
        )

    def result(self, session_id: str, code: str, *, by: Leave) -> SignedProtocol:
        _refuse_inside(self.unit)
        by.demand(ConsentKind.BIOMETRICS)
        if code != RIGHT_CODE:
            raise Refused("biometrics_code_unknown", "No.", next_step="Again.")
        return SignedProtocol(protocol=session_id.encode(), signature=b"cms")

    def compare(
        self, *, iin: Iin, nonce: str, photo: bytes, by: Leave
    ) -> SignedProtocol:
        by.demand(ConsentKind.BIOMETRICS)
        _refuse_inside(self.unit)
        if self.away:
            raise Transient("ЦОИД is away")
        said = {
            "protocol_id": f"comparison-{len(self.compared) + 1}",
            "nonce": nonce,
            "iin": iin,
            "photo_sha256": sha256_hex(photo),
            "score": Decimal(97),
            "completed_at": NOW,
        }
        self.compared.append(said | self.changed)
        name = str(said["protocol_id"])
        return SignedProtocol(protocol=name.encode(), signature=b"cms")

    def read_comparison(self, raw: bytes) -> Comparison | None:
        """The port `Protocols` as well."""
        for one in self.compared:
            if one["protocol_id"] == raw.decode():
                return Comparison(**one)  # type: ignore[arg-type] # as said above
        return None

    def read(self, raw: bytes) -> Protocol | None:
        """The port `Protocols` as well."""
        for one in self.opened:
            if one["session_id"] == raw.decode():
                return protocol(**{**one, **self.changed})
        return None

    @property
    def reference(self) -> str:
        return str(self.opened[-1]["reference"])


@dataclass
class FakeSignatures:
    """Finds what it is told to find: for the client's ЭЦП, and for ЦОИД's."""

    unit: FakeUnit
    of_client: Examination = field(default_factory=facts)
    of_coid: Examination = field(default_factory=organisation_facts)

    def examine(
        self,
        raw: bytes,
        document: bytes,
    ) -> Examination:
        _refuse_inside(self.unit)
        return self.of_coid if raw == b"cms" else self.of_client

    def stamp(self, signature: bytes) -> Stamp:
        """The port `Timestamps` as well."""
        _refuse_inside(self.unit)
        return Stamp(token=b"token of " + signature, stamped_at=NOW)


@dataclass
class FakeRules:
    age: int = 18
    made: CeremonyRules = field(
        default_factory=lambda: CeremonyRules(
            minutes=30,
            visits=VisitRules(max_attempts=3, cooldown=timedelta(hours=1)),
            min_match_percent=Decimal(95),
            valid_document_for=frozenset({"registration", "contract"}),
        )
    )

    def ceremony(self, at: datetime) -> CeremonyRules:
        return self.made

    def algorithms(self, at: datetime) -> frozenset[Algorithm]:
        return frozenset(Algorithm)

    def restamp_before(self, at: datetime) -> timedelta:
        return timedelta(days=90)

    def min_age(self, on: date) -> int:
        return self.age

    def quarantine(self, at: datetime) -> timedelta:
        return QUARANTINE

    def most_accounts(self, at: datetime) -> int:
        return MOST_ACCOUNTS

    def bank_codes(self, at: datetime) -> tuple[str, ...]:
        return ("125", "722", "856")

    def document_warning(self, on: date) -> timedelta:
        return timedelta(days=30)

    def reviews(self, at: datetime) -> ReviewRules:
        return REVIEWS

    def retention(self, at: datetime) -> RetentionTerms:
        return TERMS

    def consent_texts(self, at: datetime) -> Mapping[ConsentKind, ConsentText]:
        return TEXTS

    def photo(self, at: datetime) -> PhotoLimits:
        return LIMITS

    def photo_tries(self, at: datetime) -> int:
        return PHOTO_TRIES


def _refuse_inside(unit: FakeUnit) -> None:
    assert not unit.open, "a call to the outside inside a transaction"


class Bench:
    """Twins of all ports around one unit."""

    def __init__(self) -> None:
        self.unit = FakeUnit()
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.codes = FakeCodes(self.unit)
        self.state_base = FakeStateBase(self.unit)
        self.bank = FakeBank(self.unit)
        self.cards = FakeCards(self.unit)
        self.coid = FakeCoid(self.unit)
        self.signatures = FakeSignatures(self.unit)
        self.judge = FakeJudge(self.unit)
        self.rules = FakeRules()
        self._secrets = 0
        self.iin = IIN

    def in_force(self, at: datetime) -> Provider:
        """The port `Providers` as well."""
        return self.named("coid")

    def named(self, name: str) -> Provider:
        assert name == "coid"
        return Provider(name=name, bin=COID_BIN, door=self.coid)

    def secret(self, size: int) -> str:
        self._secrets += 1
        return f"secret-{self._secrets:0{size}d}"

    @property
    def owners(self) -> Owners:
        return Owners(bank=self.bank, cards=self.cards)

    @property
    def desk(self) -> Desk:
        return Desk(
            begin=self.unit.begin,
            clock=self.clock,
            ids=self.ids,
            secrets=self.secret,
            rules=self.rules,
            providers=self,
            site=SITE,
        )

    @property
    def studio(self) -> Studio:
        return Studio(
            begin=self.unit.begin,
            clock=self.clock,
            ids=self.ids,
            secrets=self.secret,
            rules=self.rules,
            judge=self.judge,
            providers=self,
            protocols=self.coid,
            signatures=self.signatures,
        )
