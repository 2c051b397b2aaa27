"""What onboarding needs from outside, in its own words.

Handlers know these and nothing behind them: PostgreSQL, the bus and HTTP live in
storage and adapters, small twins in the tests.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from kernel.events import Event
from kernel.values import Iban, Iin, Phone
from services.onboarding.domain.account import (
    Account,
    AccountState,
    Ownership,
)
from services.onboarding.domain.ceremony import (
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyRules,
    CeremonyState,
)
from services.onboarding.domain.change import Change, ChangeKind, ChangeState
from services.onboarding.domain.comparison import Comparison
from services.onboarding.domain.consent import Consent
from services.onboarding.domain.person import Person, PhoneVerdict, StateRecord
from services.onboarding.domain.portrait import PhotoLimits
from services.onboarding.domain.protocol import Protocol as BiometricProtocol
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.domain.signature import Evidence, Examination, SignatureFacts
from services.onboarding.domain.visits import Visit
from services.onboarding.ports.photos import Photos

Blind = Callable[[str, str], str]
"""Kind and value of a personal datum → its keyed token."""

Secrets = Callable[[int], str]
"""A fresh secret of that many random bytes, as URL-safe text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A person with an account in the cabinet."""

    client_id: UUID
    registration_id: UUID
    iin_token: str
    phone: Phone
    phone_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time-stamp token over a signature value, and the instant it names."""

    token: bytes
    stamped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureProof:
    """An accepted ЭЦП with its evidence, to be kept in one row."""

    ceremony_id: UUID
    facts: SignatureFacts
    stamp: Stamp
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureOnFile:
    """What of an accepted signature others may know."""

    certificate_serial: str
    signature_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolProof:
    """A judged protocol with its evidence; `code` None means it proves the client."""

    attempt_id: UUID
    ceremony_id: UUID
    protocol_id: str
    tries: int
    code: str | None
    protocol: bytes
    evidence: Evidence
    judged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session a provider has opened: where to send the person."""

    session_id: str
    redirect_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedProtocol:
    """The bytes a provider gave: the protocol, and a detached CMS over it."""

    protocol: bytes
    signature: bytes


class Registrations(Protocol):
    """Registrations with the persons, consents and photos that belong to them."""

    def add(self, registration: Registration) -> None: ...

    def get(self, registration_id: UUID) -> Registration | None: ...

    def move(
        self,
        registration_id: UUID,
        *,
        source: RegistrationState,
        target: RegistrationState,
        at: datetime,
    ) -> bool:
        """One conditional update; False when it no longer stands in `source`."""
        ...

    def refuse(self, registration_id: UUID, *, code: str, at: datetime) -> bool:
        """End it without an account; False when it has ended already."""
        ...

    def spend_person_try(self, registration_id: UUID, *, most: int) -> bool:
        """Count one question to the state; False when all are spent."""
        ...

    def return_person_try(self, registration_id: UUID) -> None:
        """Take back a count: the state gave no answer."""
        ...

    def add_person(
        self, client_id: UUID, person: Person, *, iin_token: str, at: datetime
    ) -> None: ...

    def person(self, client_id: UUID) -> Person | None: ...

    def add_consents(
        self, client_id: UUID, consents: tuple[Consent, ...], *, at: datetime
    ) -> None: ...

    def consents(self, client_id: UUID) -> tuple[Consent, ...]: ...

    def photo_sha256(self, registration_id: UUID) -> str | None: ...

    def identified(self, *, limit: int) -> tuple[UUID, ...]:
        """Registrations that wait to be activated, the oldest first."""
        ...


class Clients(Protocol):
    """Persons with an account: one person one account, one number one account."""

    def add(self, client: Client, *, at: datetime) -> bool:
        """False when the person or the phone number has an account already."""
        ...

    def get(self, client_id: UUID) -> Client | None: ...

    def lock(self, client_id: UUID) -> Client | None:
        """The client, whose row is ours until the transaction ends."""
        ...

    def has_phone(self, phone_token: str) -> bool: ...

    def change_phone(self, change: Change) -> bool:
        """From the old number to the new; False when it is not the old one."""
        ...


class Accounts(Protocol):
    """Bank accounts and the answers about their owners."""

    def add(self, account: Account, *, at: datetime) -> None: ...

    def of_client(self, client_id: UUID) -> Account | None: ...

    def get(self, account_id: UUID) -> Account | None: ...

    def change_iban(self, change: Change) -> bool:
        """From the old account to the new, unproved; False when it is not the old."""
        ...

    def record(
        self,
        account: Account,
        ownership: Ownership,
        *,
        check_id: UUID,
        becomes: AccountState,
    ) -> bool:
        """Append the answer, move the state; False when `account` is not as it was."""
        ...


class Changes(Protocol):
    """Changes of numbers and accounts, from the wish to the proof."""

    def add(self, change: Change) -> None: ...

    def get(self, change_id: UUID) -> Change | None: ...

    def begun_since(self, client_id: UUID, *, since: datetime) -> int: ...

    def supersede(
        self, client_id: UUID, kind: ChangeKind, *, code: str, at: datetime
    ) -> None:
        """Give up what the client began of this kind and did not finish."""
        ...

    def note_code(self, change_id: UUID, challenge_id: UUID) -> None:
        """Remember which code was sent to the new number."""
        ...

    def move(
        self,
        change_id: UUID,
        *,
        source: ChangeState,
        target: ChangeState,
        at: datetime,
    ) -> bool:
        """One conditional update; False when it no longer stands in `source`."""
        ...

    def apply(self, change_id: UUID, ceremony_id: UUID, *, at: datetime) -> bool:
        """Checked → applied, by this ceremony; False when it was not checked."""
        ...

    def refuse(self, change_id: UUID, *, code: str, at: datetime) -> bool: ...

    def is_quarantined(
        self, phone_token: str, *, since: datetime, but_for: UUID | None
    ) -> bool:
        """Whether another client gave the number up after an instant."""
        ...


class Ceremonies(Protocol):
    """Ceremonies, their visits to providers, and the evidence."""

    def add(self, ceremony: Ceremony) -> bool:
        """False when the operation has an unfinished ceremony."""
        ...

    def get(self, ceremony_id: UUID) -> Ceremony | None: ...

    def unfinished_of(self, operation: str) -> Ceremony | None: ...

    def move(
        self,
        ceremony_id: UUID,
        *,
        source: CeremonyState,
        target: CeremonyState,
        at: datetime,
    ) -> bool:
        """One conditional update; False if not in `source`, or run out by `at`."""
        ...

    def fail(self, ceremony_id: UUID, *, code: str, at: datetime) -> bool:
        """Give it up; False when it was complete or given up already."""
        ...

    def add_attempt(self, attempt: Attempt) -> bool:
        """False when the ceremony has an open attempt."""
        ...

    def open_attempt(self, ceremony_id: UUID) -> Attempt | None: ...

    def attempt_of_reference(self, reference_sha256: bytes) -> Attempt | None: ...

    def settle_attempt(
        self, attempt_id: UUID, *, becomes: AttemptState, tries: int, at: datetime
    ) -> bool:
        """One conditional update from open; False when it was settled already."""
        ...

    def visits(self, client_id: UUID) -> tuple[Visit, ...]:
        """The taken results of this person (ИИН), whatever they were for, in order."""
        ...

    def visits_locked(self, client_id: UUID) -> tuple[Visit, ...]:
        """The same, with nobody else's result of this person taken until commit."""
        ...

    def add_protocol(self, proof: ProtocolProof) -> bool:
        """False when a protocol of this number was used before."""
        ...

    def protocol_id(self, ceremony_id: UUID) -> str | None:
        """The number of the protocol that proves the client, if there is one."""
        ...

    def add_signature(self, proof: SignatureProof) -> bool:
        """False when this signature was used before (replay)."""
        ...

    def signature(self, ceremony_id: UUID) -> SignatureOnFile | None: ...

    def add_signature_refusal(
        self,
        refusal_id: UUID,
        ceremony_id: UUID,
        *,
        code: str,
        sha256: str,
        at: datetime,
    ) -> int:
        """Append a refusal; how many the ceremony has now."""
        ...


class Unit(Protocol):
    """One transaction: state, evidence and events commit together."""

    @property
    def registrations(self) -> Registrations: ...

    @property
    def photos(self) -> Photos: ...

    @property
    def clients(self) -> Clients: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def ceremonies(self) -> Ceremonies: ...

    @property
    def changes(self) -> Changes: ...

    def once(self, run: Callable[[], Mapping[str, Json]]) -> Mapping[str, Json]:
        """Run an act once per Idempotency-Key; the same request gets its reply."""
        ...

    def publish(self, event: Event) -> UUID:
        """Let the event leave with the commit."""
        ...


Begin = Callable[[], AbstractContextManager[Unit]]
"""Opens a transaction of one request; none is held across a network call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCode:
    """A one-time code on its way to a phone."""

    challenge_id: UUID
    expires_at: datetime


class PhoneCodes(Protocol):
    """Auth, which sends one-time codes and compares what comes back."""

    def send(self, phone: Phone, *, reference: UUID) -> SentCode: ...

    def check(self, challenge_id: UUID, code: str) -> str:
        """The confirmed phone's token. Refused with auth's own code."""
        ...


class StateBase(Protocol):
    """The state's databases of persons (ГБД ФЛ) and of phone owners (БМГ)."""

    def person(self, iin: Iin) -> StateRecord | None: ...

    def phone_owner(self, iin: Iin, phone: Phone) -> PhoneVerdict: ...


class Bank(Protocol):
    """Where the account is held."""

    def ownership(self, iban: Iban, iin: Iin) -> Ownership:
        """Whose account it is. Transient when there is no answer."""
        ...


class BiometricProvider(Protocol):
    """Who compares a person with the state's reference: ЦОИД, or another by law."""

    def open(
        self, *, reference: str, nonce: str, iin: Iin, document_sha256: str
    ) -> Session: ...

    def result(self, session_id: str, code: str) -> SignedProtocol:
        """Refused with ``biometrics_code_unknown`` when the code is not of it."""
        ...

    def compare(self, *, iin: Iin, nonce: str, photo: bytes) -> SignedProtocol:
        """Compare a photo with the state's reference of a person."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider by its name, and the БИН whose organisation signs its protocols."""

    name: str
    bin: str
    door: BiometricProvider


class Providers(Protocol):
    """The providers of identification this company has agreements with."""

    def in_force(self, at: datetime) -> Provider:
        """Whom the dated settings choose for new visits (clauses 4.2, 4.10)."""
        ...

    def named(self, name: str) -> Provider:
        """Who began a visit that goes on. Broken for one nobody knows any more."""
        ...


class Protocols(Protocol):
    """Reads the protocols of providers."""

    def read(self, raw: bytes) -> BiometricProtocol | None:
        """None when the bytes are no protocol."""
        ...

    def read_comparison(self, raw: bytes) -> Comparison | None:
        """None when the bytes are no comparison."""
        ...


class Signatures(Protocol):
    """The verifier of ЭЦП."""

    def examine(self, raw: bytes, document: bytes) -> Examination: ...


class Timestamps(Protocol):
    """The time-stamping authority."""

    def stamp(self, signature: bytes) -> Stamp:
        """Transient when none can be had: without it nothing is accepted."""
        ...


class Rules(Protocol):
    """The dated settings of this service."""

    def ceremony(self, at: datetime) -> CeremonyRules: ...

    def min_age(self, on: date) -> int: ...

    def quarantine(self, at: datetime) -> timedelta:
        """How long a number somebody gave up is nobody else's login."""
        ...

    def photo(self, at: datetime) -> PhotoLimits:
        """What a photo is judged by at an instant."""
        ...

    def photo_tries(self, at: datetime) -> int:
        """How many photos one registration may have judged."""
        ...
