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
from kernel.values import Iban, Iin, Phone
from services.onboarding.domain.account import (
    Account,
    AccountState,
    Ownership,
    OwnershipVerdict,
)
from services.onboarding.domain.ceremony import (
    UNFINISHED,
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyRules,
    CeremonyState,
)
from services.onboarding.domain.change import OPEN, Change, ChangeKind, ChangeState
from services.onboarding.domain.comparison import Comparison
from services.onboarding.domain.consent import Consent
from services.onboarding.domain.person import Person, PhoneVerdict, StateRecord
from services.onboarding.domain.portrait import PhotoLimits
from services.onboarding.domain.protocol import Protocol
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.domain.signature import Examination
from services.onboarding.domain.visits import Visit, VisitRules
from services.onboarding.handlers.ceremonies import Desk
from services.onboarding.handlers.photos import Studio
from services.onboarding.ports import (
    Client,
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
    facts,
    organisation_facts,
    protocol,
    record,
)
from tests.unit.onboarding.photo_twins import LIMITS, FakeJudge, FakePhotos

RIGHT_CODE = "123456"
SITE = "creditplus.kz"
PHOTO_TRIES = 5
QUARANTINE = timedelta(days=180)
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
    given: dict[UUID, tuple[Consent, ...]] = field(default_factory=dict)
    photos: dict[UUID, str] = field(default_factory=dict)
    """Digests of accepted photos."""

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

    def add_consents(
        self,
        client_id: UUID,
        consents: tuple[Consent, ...],
        *,
        at: datetime,
    ) -> None:
        self.given[client_id] = consents

    def consents(self, client_id: UUID) -> tuple[Consent, ...]:
        return self.given.get(client_id, ())

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
            row, phone=change.phone, phone_token=change.value_token
        )
        return True


@dataclass
class FakeAccounts:
    rows: dict[UUID, Account] = field(default_factory=dict)
    checks: list[Ownership] = field(default_factory=list)

    def add(
        self,
        account: Account,
        *,
        at: datetime,
    ) -> None:
        self.rows[account.account_id] = account

    def of_client(self, client_id: UUID) -> Account | None:
        mine = [row for row in self.rows.values() if row.client_id == client_id]
        return mine[0] if mine else None

    def get(self, account_id: UUID) -> Account | None:
        return self.rows.get(account_id)

    def change_iban(self, change: Change) -> bool:
        row = self.of_client(change.client_id)
        if row is None or row.token != change.old_token:
            return False
        self.rows[row.account_id] = replace(
            row,
            iban=change.iban,
            token=change.value_token,
            state=AccountState.UNPROVED,
        )
        return True

    def record(
        self,
        account: Account,
        ownership: Ownership,
        *,
        check_id: UUID,
        becomes: AccountState,
    ) -> bool:
        if self.rows[account.account_id] != account:
            return False
        self.rows[account.account_id] = replace(account, state=becomes)
        self.checks.append(ownership)
        return True


@dataclass
class FakeChanges:
    rows: dict[UUID, Change] = field(default_factory=dict)
    applied: dict[UUID, tuple[UUID, datetime]] = field(default_factory=dict)
    """By which ceremony and when."""

    def add(self, change: Change) -> None:
        self.rows[change.change_id] = change

    def get(self, change_id: UUID) -> Change | None:
        return self.rows.get(change_id)

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
class FakeUnit:
    """All stores; `begin` rolls back to a copy when the block raises."""

    registrations: FakeRegistrations = field(default_factory=FakeRegistrations)
    clients: FakeClients = field(default_factory=FakeClients)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    ceremonies: FakeCeremonies = field(default_factory=FakeCeremonies)
    changes: FakeChanges = field(default_factory=FakeChanges)
    photos: FakePhotos = field(init=False)
    events: list[Event] = field(default_factory=list)
    open: bool = False
    replies: list[Mapping[str, Json]] | None = None
    """Of the one Idempotency-Key there is, if requests have one."""

    def __post_init__(self) -> None:
        self.photos = FakePhotos(self.registrations)

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
                self.photos,
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
                self.photos,
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

    def person(self, iin: Iin) -> StateRecord | None:
        _refuse_inside(self.unit)
        self.asked += 1
        if self.away:
            raise Transient("the state is away")
        return self.known

    def phone_owner(
        self,
        iin: Iin,
        phone: Phone,
    ) -> PhoneVerdict:
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
class FakeCoid:
    """Opens sessions; its protocols answer the last session unless changed."""

    unit: FakeUnit
    changed: dict[str, object] = field(default_factory=dict)
    opened: list[dict[str, object]] = field(default_factory=list)
    compared: list[dict[str, object]] = field(default_factory=list)
    away: bool = False

    def open(
        self, *, reference: str, nonce: str, iin: Iin, document_sha256: str
    ) -> Session:
        _refuse_inside(self.unit)
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

    def result(self, session_id: str, code: str) -> SignedProtocol:
        _refuse_inside(self.unit)
        if code != RIGHT_CODE:
            raise Refused("biometrics_code_unknown", "No.", next_step="Again.")
        return SignedProtocol(protocol=session_id.encode(), signature=b"cms")

    def compare(self, *, iin: Iin, nonce: str, photo: bytes) -> SignedProtocol:
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
        )
    )

    def ceremony(self, at: datetime) -> CeremonyRules:
        return self.made

    def min_age(self, on: date) -> int:
        return self.age

    def quarantine(self, at: datetime) -> timedelta:
        return QUARANTINE

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
