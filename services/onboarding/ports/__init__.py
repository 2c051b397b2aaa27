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
from kernel.pages import Page
from kernel.values import CardToken, Iban, Iin, Phone
from services.onboarding.domain.account import (
    Account,
    AccountState,
    CardRecord,
    Ownership,
)
from services.onboarding.domain.archive import KeptSignature
from services.onboarding.domain.ceremony import (
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyRules,
    CeremonyState,
)
from services.onboarding.domain.change import Change, ChangeKind, ChangeState
from services.onboarding.domain.comparison import Comparison
from services.onboarding.domain.consent import (
    ConsentKind,
    ConsentRecord,
    ConsentText,
    Leave,
)
from services.onboarding.domain.erasure import ErasureRequest, Kept, RetentionTerms
from services.onboarding.domain.person import (
    DocumentStanding,
    EndingDocument,
    Person,
    PhoneVerdict,
    StateRecord,
)
from services.onboarding.domain.portrait import PhotoLimits
from services.onboarding.domain.protocol import Protocol as BiometricProtocol
from services.onboarding.domain.reading import Reading
from services.onboarding.domain.refusal import RefusalRecord
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.domain.review import ReviewRules
from services.onboarding.domain.signature import (
    Algorithm,
    Evidence,
    Examination,
    SignatureFacts,
)
from services.onboarding.domain.visits import Visit
from services.onboarding.ports.photos import Photos
from services.onboarding.ports.reviews import Reviews

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
class Identified:
    """What a client may be told of one ceremony long after it."""

    ceremony_id: UUID
    operation: str
    state: CeremonyState
    document_sha256: str
    opened_at: datetime


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
    """Registrations with the persons and photos that belong to them."""

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

    def set_term(self, registration_id: UUID, *, until: datetime) -> None:
        """Until when it may be gone on with."""
        ...

    def refuse(self, registration_id: UUID, *, code: str, at: datetime) -> bool:
        """End it without an account; False when it has ended already."""
        ...

    def add_refusal(self, record: RefusalRecord) -> None: ...

    def refusals(self, registration_id: UUID) -> tuple[RefusalRecord, ...]:
        """What one registration was refused for, the newest first."""
        ...

    def latest_refusals(self, *, limit: int) -> tuple[RefusalRecord, ...]: ...

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
    """Accounts, cards, and the answers about their owners."""

    def add(self, account: Account, *, at: datetime) -> bool:
        """False when the client has such an account, or one selected, already."""
        ...

    def of_client(self, client_id: UUID) -> tuple[Account, ...]:
        """All but the removed ones, the first added first."""
        ...

    def get(self, account_id: UUID) -> Account | None:
        """None when it was removed, too."""
        ...

    def replace(self, change: Change) -> bool:
        """From the old value to the new, unproved; False when it is not the old."""
        ...

    def select(self, change: Change) -> bool:
        """From the account selected before to another; False when it was not."""
        ...

    def remove(self, change: Change, *, at: datetime) -> bool:
        """Keep it for the record only; False when it is selected or not as it was."""
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

    def of_client(self, client_id: UUID) -> tuple[Change, ...]:
        """All changes one client ever began, the oldest first."""
        ...

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

    def adding(self, account_id: UUID) -> Change | None:
        """The change by which an account of that id was to be added."""
        ...

    def cover(self, change_id: UUID, operation: str) -> bool:
        """Let another operation's ceremony apply it; False unless it is checked."""
        ...

    def covered_by(self, operation: str) -> Change | None:
        """The change that the ceremony of an operation is to apply as well."""
        ...

    def refuse(self, change_id: UUID, *, code: str, at: datetime) -> bool: ...

    def is_quarantined(
        self, phone_token: str, *, since: datetime, but_for: UUID | None
    ) -> bool:
        """Whether another client gave the number up after an instant."""
        ...


class Consents(Protocol):
    """What people consented to and took back; it only grows."""

    def add(self, client_id: UUID, record: ConsentRecord) -> None: ...

    def history(self, client_id: UUID) -> tuple[ConsentRecord, ...]:
        """All acts of one person, the oldest first."""
        ...


class Readings(Protocol):
    """Who read a client's data in clear; it only grows."""

    def add(self, reading: Reading) -> None: ...

    def of_client(self, client_id: UUID, page: Page) -> tuple[Reading, ...]:
        """The newest first; one more than the page shows, if there is one."""
        ...


class Documents(Protocol):
    """Clients' identity documents that end, and what was told of them."""

    def ending(
        self, *, today: date, until: date, limit: int
    ) -> tuple[EndingDocument, ...]:
        """Documents that end up to a day, and whose standing was not told yet."""
        ...

    def note(
        self, document: EndingDocument, standing: DocumentStanding, *, at: datetime
    ) -> bool:
        """Keep that a standing is told; False when it was told before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoOnFile:
    """The registration photo as it is kept."""

    media_type: str
    sha256: str
    raw: bytes


class Dossiers(Protocol):
    """What is kept of a client beside the person: for an export to that client."""

    def photo(self, client_id: UUID) -> PhotoOnFile | None: ...

    def identifications(self, client_id: UUID) -> tuple[Identified, ...]:
        """The oldest first."""
        ...


class Obligations(Protocol):
    """What is known of contracts that are not fulfilled."""

    def open(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        """Note a signed contract, unless it is known already."""
        ...

    def close(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        """Note that a contract obliges nobody; it may have been unknown."""
        ...

    def are_open(self, client_id: UUID, *, at: datetime) -> bool:
        """Whether a contract is signed or being signed that has not ended."""
        ...


class Ceremonies(Protocol):
    """Ceremonies, their visits to providers, and the evidence."""

    def add(self, ceremony: Ceremony) -> bool:
        """False when the operation has an unfinished ceremony."""
        ...

    def get(self, ceremony_id: UUID) -> Ceremony | None: ...

    def unfinished_of(self, operation: str) -> Ceremony | None: ...

    def unfinished_of_client(self, client_id: UUID) -> tuple[Ceremony, ...]: ...

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

    def protocol(self, ceremony_id: UUID) -> tuple[str, bytes] | None:
        """Id and content of the protocol that proved the client."""
        ...

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


class KeptSignatures(Protocol):
    """Accepted signatures with their evidence, and the stamps that keep it good."""

    def due(
        self, *, ages_before: datetime, looked_before: datetime, limit: int
    ) -> tuple[UUID, ...]:
        """Ceremonies whose stamp ages soon, or was never looked at."""
        ...

    def get(self, ceremony_id: UUID) -> KeptSignature | None: ...

    def add(
        self,
        restamp_id: UUID,
        ceremony_id: UUID,
        *,
        number: int,
        stamp: Stamp,
        at: datetime,
    ) -> None:
        """Append a stamp; nothing when one of this number is kept already."""
        ...

    def note(
        self, ceremony_id: UUID, *, ages_at: datetime | None, at: datetime
    ) -> None:
        """When it was looked at, and when its last stamp ages, if that is known."""
        ...


class PersonKeys(Protocol):
    """The keys by which what is sealed of persons opens, one for each."""

    def unfinished(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Persons whose fields other keys have sealed, or whose key has."""
        ...

    def take_further(self, client_id: UUID, *, at: datetime) -> None:
        """One step towards the person's own key.  UnsealError for a broken field."""
        ...


class Erasures(Protocol):
    """Wishes to be erased, the terms that put them off, and the erasure itself."""

    def ask(self, request: ErasureRequest) -> bool:
        """False when a wish of the client's stands already."""
        ...

    def withdraw(self, client_id: UUID, *, at: datetime) -> bool:
        """False when none stands."""
        ...

    def asked(self, client_id: UUID) -> ErasureRequest | None:
        """The wish that stands."""
        ...

    def kept(self, client_id: UUID, *, obliged: bool) -> Kept:
        """What the retention terms of a person run from."""
        ...

    def due(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Persons to be looked at by an instant, the longest due first."""
        ...

    def take(self, client_id: UUID) -> bool:
        """Hold the person's key until commit; False if it is held, or destroyed."""
        ...

    def look_again(self, client_id: UUID, *, at: datetime | None) -> None:
        """When the person may be due; None: not before something happens."""
        ...

    def erase(self, client_id: UUID, *, at: datetime) -> bool:
        """Destroy the key, remove the tokens; False unless the key seals everything."""
        ...


class Unit(Protocol):
    """One transaction: state, evidence and events commit together."""

    @property
    def registrations(self) -> Registrations: ...

    @property
    def photos(self) -> Photos: ...

    @property
    def reviews(self) -> Reviews: ...

    @property
    def clients(self) -> Clients: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def ceremonies(self) -> Ceremonies: ...

    @property
    def changes(self) -> Changes: ...

    @property
    def consents(self) -> Consents: ...

    @property
    def readings(self) -> Readings: ...

    @property
    def documents(self) -> Documents: ...

    @property
    def dossiers(self) -> Dossiers: ...

    @property
    def obligations(self) -> Obligations: ...

    @property
    def archive(self) -> KeptSignatures: ...

    @property
    def keys(self) -> PersonKeys: ...

    @property
    def erasures(self) -> Erasures: ...

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
    """The state's databases of persons (ГБД ФЛ) and of phone owners (БМГ).

    Both are asked by leave of the consent to the use of personal data.
    """

    def person(self, iin: Iin, *, by: Leave) -> StateRecord | None: ...

    def phone_owner(self, iin: Iin, phone: Phone, *, by: Leave) -> PhoneVerdict: ...


class Bank(Protocol):
    """Where the account is held."""

    def ownership(self, iban: Iban, iin: Iin) -> Ownership:
        """Whose account it is. Transient when there is no answer."""
        ...


class Cards(Protocol):
    """The card processor, which alone knows the numbers of cards."""

    def look_up(self, token: CardToken, iin: Iin) -> CardRecord:
        """Whose card it is, and the account behind it. Transient without an answer."""
        ...


class BiometricProvider(Protocol):
    """Who compares a person with the state's reference: ЦОИД, or another by law.

    Asked by leave of the consent to biometrics.
    """

    def open(
        self, *, reference: str, nonce: str, iin: Iin, document_sha256: str, by: Leave
    ) -> Session: ...

    def result(self, session_id: str, code: str, *, by: Leave) -> SignedProtocol:
        """Refused with ``biometrics_code_unknown`` when the code is not of it."""
        ...

    def compare(
        self, *, iin: Iin, nonce: str, photo: bytes, by: Leave
    ) -> SignedProtocol:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTimes:
    """When НУЦ answered about a certificate, and when the signature was stamped."""

    checked_at: datetime
    stamped_at: datetime


class Archive(Protocol):
    """The verifier of kept signatures."""

    def examine(self, kept: KeptSignature) -> Examination:
        """As of its first stamp, by what was stored; asks nobody."""
        ...

    def times(self, revocation: tuple[bytes, ...], stamp: bytes) -> ProofTimes:
        """What the stored answers and the stamp say of their own instants."""
        ...

    def ages_at(self, token: bytes) -> datetime:
        """When a time stamp stops proving anything by itself."""
        ...


class Rules(Protocol):
    """The dated settings of this service."""

    def ceremony(self, at: datetime) -> CeremonyRules: ...

    def algorithms(self, at: datetime) -> frozenset[Algorithm]:
        """What a signature may be made with."""
        ...

    def restamp_before(self, at: datetime) -> timedelta:
        """How long before its end a time stamp is renewed."""
        ...

    def reviews(self, at: datetime) -> ReviewRules:
        """How long a registration may wait for a person."""
        ...

    def min_age(self, on: date) -> int: ...

    def quarantine(self, at: datetime) -> timedelta:
        """How long a number somebody gave up is nobody else's login."""
        ...

    def most_accounts(self, at: datetime) -> int:
        """How many accounts a client may have."""
        ...

    def bank_codes(self, at: datetime) -> tuple[str, ...]:
        """The banks an account may be with, by the code in its IBAN."""
        ...

    def document_warning(self, on: date) -> timedelta:
        """How long before its last day a client is told of a document."""
        ...

    def retention(self, at: datetime) -> RetentionTerms:
        """How long what is kept of a person at least."""
        ...

    def consent_texts(self, at: datetime) -> Mapping[ConsentKind, ConsentText]:
        """The texts that may be consented to at an instant, one per purpose."""
        ...

    def photo(self, at: datetime) -> PhotoLimits:
        """What a photo is judged by at an instant."""
        ...

    def photo_tries(self, at: datetime) -> int:
        """How many photos one registration may have judged."""
        ...
