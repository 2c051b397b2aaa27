"""Twins of everybody outside, and of the dated settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from kernel.crypto import sha256_hex
from kernel.errors import Refused, Transient
from kernel.judged import Decision, Rounds
from kernel.money import Money
from kernel.values import CardToken, Iban, Iin, Phone
from services.onboarding.domain.account import (
    Card,
    CardRecord,
    Destination,
    Ownership,
    OwnershipVerdict,
)
from services.onboarding.domain.ceremony import CeremonyRules
from services.onboarding.domain.comparison import Comparison
from services.onboarding.domain.consent import (
    ConsentKind,
    ConsentText,
    Leave,
)
from services.onboarding.domain.erasure import RetentionTerms
from services.onboarding.domain.person import (
    PhoneVerdict,
    StateRecord,
)
from services.onboarding.domain.portrait import PhotoLimits
from services.onboarding.domain.protocol import Protocol
from services.onboarding.domain.review import ReviewRules
from services.onboarding.domain.signature import Algorithm, Examination
from services.onboarding.domain.visits import VisitRules
from services.onboarding.ports import (
    SentCode,
    Session,
    SignedProtocol,
    Stamp,
)
from tests.unit.onboarding.builders import (
    NOW,
    PHONE,
    TEXTS,
    facts,
    organisation_facts,
    protocol,
    record,
)
from tests.unit.onboarding.erasure_twins import TERMS
from tests.unit.onboarding.photo_twins import LIMITS
from tests.unit.onboarding.review_twins import REVIEWS, ROUNDS
from tests.unit.onboarding.unit_twins import FakeUnit

RIGHT_CODE = "123456"


PHOTO_TRIES = 5


QUARANTINE = timedelta(days=180)


MOST_ACCOUNTS = 3


def blind(kind: str, value: str) -> str:
    return f"token-of-{kind}-{value[-4:]}"


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
class FakeAntifraud:
    """Implements `kernel.judged.Antifraud`."""

    unit: FakeUnit
    outcome: str | None = "allow"
    """None while it is away."""
    asked: list[tuple[str, Mapping[str, str | int]]] = field(default_factory=list)

    def decide(
        self,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
    ) -> Decision:
        assert not self.unit.open, "a call within a transaction"
        assert amount == Money(0)
        self.asked.append((operation, facts))
        if self.outcome is None:
            raise Transient("antifraud did not answer in time")
        return Decision(decision_id=client_id, outcome=self.outcome, score=1)


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

    def rounds(self, at: datetime) -> Rounds:
        return ROUNDS

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
