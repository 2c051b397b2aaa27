"""One builder per domain object; every number here is invented and checks out."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from kernel.values import Iban, Iin, Phone
from services.onboarding.domain.ceremony import Ceremony, CeremonyState
from services.onboarding.domain.consent import (
    ConsentAct,
    ConsentKind,
    ConsentRecord,
)
from services.onboarding.domain.consent_texts import texts_of
from services.onboarding.domain.person import (
    DocumentKind,
    IdentityDocument,
    Names,
    Person,
    StateRecord,
)
from services.onboarding.domain.protocol import Expectation, Protocol
from services.onboarding.domain.signature import (
    EMAIL_PROTECTION,
    NATURAL_PERSON,
    Algorithms,
    CertificateFacts,
    Evidence,
    SignatureFacts,
    Trust,
)
from services.onboarding.handlers.registration import Application

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 25)
IIN = Iin("931002451325")
OTHER_IIN = Iin("940101300123")
PHONE = Phone("+77011234567")
OTHER_PHONE = Phone("+77017654321")
IBAN = Iban("KZ978562203105747338")
OTHER_IBAN = Iban("KZ988562205555555555")
CLIENT = UUID("01890000-0000-7000-8000-0000000000c1")
STRANGER = UUID("01890000-0000-7000-8000-0000000000c2")
CONTRACT_OPERATION = "contract:01890000-0000-7000-8000-0000000000d1"
COID_BIN = "990140000000"
MICROSECOND = timedelta(microseconds=1)
TEXT = "a" * 64
OTHER_TEXT = "b" * 64


def names(**changed: str | None) -> Names:
    given = {"surname": "Ахметов", "given_name": "Арман", "patronymic": "Серикович"}
    fields = {**given, **changed}
    return Names.parse(
        str(fields["surname"]), str(fields["given_name"]), fields["patronymic"]
    )


def document(
    number: str = "012345678", valid_until: date = date(2031, 5, 1)
) -> IdentityDocument:
    return IdentityDocument(
        kind=DocumentKind.ID_CARD, number=number, valid_until=valid_until
    )


def person(
    *, iin: Iin = IIN, named: Names | None = None, card: IdentityDocument | None = None
) -> Person:
    return Person(names=named or names(), iin=iin, document=card or document())


def record(
    *,
    iin: Iin = IIN,
    named: Names | None = None,
    birth_on: date = date(1993, 10, 2),
    number: str = "012345678",
    valid_until: date = date(2031, 5, 1),
) -> StateRecord:
    return StateRecord(
        iin=iin,
        names=named or names(),
        birth_on=birth_on,
        document_number=number,
        document_valid_until=valid_until,
    )


TEXTS = texts_of("1")
GIVEN = (ConsentKind.PERSONAL_DATA, ConsentKind.BIOMETRICS)


def shown(*kinds: ConsentKind) -> tuple[tuple[str, str], ...]:
    """Consents to the texts in force, as a page sends them."""
    return tuple((kind.value, TEXTS[kind].sha256) for kind in kinds or GIVEN)


def consented(
    kind: ConsentKind, act: ConsentAct = ConsentAct.GIVEN, text_sha256: str = TEXT
) -> ConsentRecord:
    """One line of a history."""
    return ConsentRecord(
        kind=kind,
        act=act,
        version="1",
        text_sha256=text_sha256,
        channel="lender",
        at=NOW,
    )


def consents() -> tuple[ConsentRecord, ...]:
    """What somebody who registers has given."""
    return (
        consented(ConsentKind.PERSONAL_DATA),
        consented(ConsentKind.BIOMETRICS, text_sha256=OTHER_TEXT),
    )


def application(given: Person | None = None) -> Application:
    return Application(person=given or person(), named=IBAN, consents=shown())


def ceremony(
    state: CeremonyState = CeremonyState.OPEN, operation: str = CONTRACT_OPERATION
) -> Ceremony:
    return Ceremony(
        ceremony_id=UUID("01890000-0000-7000-8000-0000000000e1"),
        client_id=CLIENT,
        operation=operation,
        document=b"document",
        document_sha256=TEXT,
        nonce="nonce",
        state=state,
        opened_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
    )


def algorithms(**changed: object) -> Algorithms:
    fields: dict[str, object] = {
        "key": "rsa",
        "key_bits": 2048,
        "curve": None,
        "signature": "rsa",
        "signature_digest": "sha256",
        "digest": "sha256",
    }
    return Algorithms(**{**fields, **changed})  # type: ignore[arg-type] # test data


def certificate(**changed: object) -> CertificateFacts:
    fields: dict[str, object] = {
        "serial": "4a01",
        "sha256": TEXT,
        "serial_numbers": (f"IIN{IIN.reveal()}",),
        "organisations": (),
        "organisational_units": (),
        "key_usage": frozenset({"digital_signature", "non_repudiation"}),
        "extended_key_usage": frozenset({EMAIL_PROTECTION, NATURAL_PERSON}),
        "not_before": NOW - timedelta(days=100),
        "not_after": NOW + timedelta(days=265),
    }
    return CertificateFacts(**{**fields, **changed})  # type: ignore[arg-type] # test data


def evidence(signature: bytes = b"signature") -> Evidence:
    return Evidence(
        cms=b"cms",
        chain=(b"leaf", b"issuer", b"root"),
        revocation=(b"ocsp",),
        signature=signature,
        signature_sha256=signature.hex(),
        signed_sha256=f"signed-{signature.hex()}",
        verifier="twin",
        trust_sha256=TEXT,
    )


def facts(**changed: object) -> SignatureFacts:
    fields: dict[str, object] = {
        "algorithms": algorithms(),
        "certificate": certificate(),
        "intact": True,
        "valid": True,
        "trust": Trust.TRUSTED,
        "claimed_at": NOW,
        "stamp": None,
        "examined_at": NOW,
        "evidence": evidence(),
    }
    return SignatureFacts(**{**fields, **changed})  # type: ignore[arg-type] # test data


def organisation_facts(bin_: str = COID_BIN, **changed: object) -> SignatureFacts:
    machine = certificate(
        organisational_units=(f"BIN{bin_}",),
        extended_key_usage=frozenset({EMAIL_PROTECTION, "1.2.398.3.3.4.1.2.2"}),
    )
    return facts(certificate=machine, **changed)


def asked(**changed: object) -> Expectation:
    fields: dict[str, object] = {
        "attempt_id": CLIENT,
        "session_id": "session-1",
        "reference": "reference",
        "nonce": "nonce",
        "iin": IIN,
        "document_sha256": TEXT,
        "min_match_percent": Decimal(95),
        "attempts_left": 3,
    }
    return Expectation(**{**fields, **changed})  # type: ignore[arg-type] # test data


def protocol(**changed: object) -> Protocol:
    fields: dict[str, object] = {
        "protocol_id": "protocol-1",
        "session_id": "session-1",
        "reference": "reference",
        "nonce": "nonce",
        "iin": IIN,
        "document_sha256": TEXT,
        "attempt_no": 1,
        "score": Decimal("97.31"),
        "liveness_passed": True,
        "liveness_commands": 3,
        "reference_source": "state_image_base",
        "completed_at": NOW,
    }
    return Protocol(**{**fields, **changed})  # type: ignore[arg-type] # test data
