"""The facts onboarding publishes: who the client is, and the proofs of it."""

from typing import Literal
from uuid import UUID

from kernel.events.base import Event, Instant, Word


class RegistrationStarted(Event):
    """Somebody began to register (clause 4.1)."""

    TYPE = "onboarding.registration_started.v1"
    SUBJECT = "registration"

    registration_id: UUID


class PhoneConfirmed(Event):
    """The code sent to the number came back (clause 4.1d)."""

    TYPE = "onboarding.phone_confirmed.v1"
    SUBJECT = "registration"

    registration_id: UUID
    phone_token: str


class PhotoJudged(Event):
    """The registration photo was judged (clause 4.1e), or a person decided on one.

    ``faults`` are codes; ``limits_since`` names the record of the settings it met.
    """

    TYPE = "onboarding.photo_judged.v1"
    SUBJECT = "registration"

    registration_id: UUID
    photo_id: UUID
    verdict: Word[Literal["accepted", "refused", "review", "held"]]
    photo_sha256: str
    faults: tuple[str, ...] = ()
    limits_since: Instant | None = None
    decided_by: UUID | None = None


class IdentificationRequested(Event):
    """An identification ceremony was opened over the bytes of one operation."""

    TYPE = "onboarding.identification_requested.v1"
    SUBJECT = "ceremony"

    ceremony_id: UUID
    client_id: UUID
    operation: str
    document_sha256: str


class IdentificationCompleted(Event):
    """ЦОИД biometrics and ЭЦП both prove the client over these very bytes.

    Clauses 4.2, 4.10, 5.2.
    """

    TYPE = "onboarding.identification_completed.v1"
    SUBJECT = "ceremony"

    ceremony_id: UUID
    client_id: UUID
    operation: str
    document_sha256: str
    protocol_id: str
    certificate_serial: str
    signature_sha256: str
    completed_at: Instant


class IdentificationFailed(Event):
    """The ceremony ended without proof; ``code`` says why."""

    TYPE = "onboarding.identification_failed.v1"
    SUBJECT = "ceremony"

    ceremony_id: UUID
    client_id: UUID
    operation: str
    code: str


class ClientActivated(Event):
    """The registration is complete; the cabinet may be opened (clause 4.2)."""

    TYPE = "onboarding.client_activated.v1"
    SUBJECT = "client"

    client_id: UUID
    registration_id: UUID
    iin_token: str
    phone_token: str


class AccountOwnershipProved(Event):
    """The bank account belongs to the client (clause 5.3)."""

    TYPE = "onboarding.account_ownership_proved.v1"
    SUBJECT = "account"

    account_id: UUID
    client_id: UUID
    account_token: str
    evidence_id: str


class AccountOwnershipLost(Event):
    """The account can no longer be shown to belong to the client (clause 5.4)."""

    TYPE = "onboarding.account_ownership_lost.v1"
    SUBJECT = "account"

    account_id: UUID
    client_id: UUID
    code: str


class PhoneChanged(Event):
    """The client's number is another from now on, proved by both proofs (clause 4.10).

    ``change_id`` names the change whose code and ceremony proved it.
    """

    TYPE = "onboarding.phone_changed.v1"
    SUBJECT = "client"

    client_id: UUID
    change_id: UUID
    ceremony_id: UUID
    old_phone_token: str
    phone_token: str


class BankAccountChanged(Event):
    """The client wants money on another account, proved by both proofs (clause 4.10).

    Whose account it is the bank says: `AccountOwnershipProved` tells that.
    """

    TYPE = "onboarding.bank_account_changed.v1"
    SUBJECT = "client"

    client_id: UUID
    change_id: UUID
    ceremony_id: UUID
    account_id: UUID
    old_account_token: str
    account_token: str


class PersonalDataRead(Event):
    """Somebody read the client's data in clear, for a purpose (clauses 1.3a, 6.1c)."""

    TYPE = "onboarding.personal_data_read.v1"
    SUBJECT = "client"

    client_id: UUID
    reader: str
    purpose: str
