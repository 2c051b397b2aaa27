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


class RegistrationRefused(Event):
    """A registration was refused (clauses 4.1, 4.2).

    ``code`` is what the person was told; ``reason`` is what was found, for the staff;
    after a final refusal this registration does not go on.
    """

    TYPE = "onboarding.registration_refused.v1"
    SUBJECT = "registration"

    registration_id: UUID
    code: str
    reason: str
    outcome: Word[Literal["retry", "final"]]


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
    """The registration is complete; the cabinet may be opened (clause 4.2).

    ``iin_commitment`` is SHA-256 of 32 secret bytes and the ИИН, hexadecimal: whoever
    is told both can see that this ИИН was logged. The secret ends with the person's
    key; None where there was no such key.
    """

    TYPE = "onboarding.client_activated.v1"
    SUBJECT = "client"

    client_id: UUID
    registration_id: UUID
    iin_token: str
    phone_token: str
    iin_commitment: str | None = None


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


class IdentityChanged(Event):
    """Names or identity document are others, proved by both proofs (4.1c, 4.10).

    ``renamed`` says whether the names are; old and new values stay with onboarding.
    """

    TYPE = "onboarding.identity_changed.v1"
    SUBJECT = "client"

    client_id: UUID
    change_id: UUID
    ceremony_id: UUID
    renamed: bool


class BankAccountAdded(Event):
    """The client has one account more, proved by both proofs (clause 4.10).

    ``ceremony_id`` is that of the change's own statement, or of the contract that
    names the account.  Whose account it is the bank says: `AccountOwnershipProved`.
    """

    TYPE = "onboarding.bank_account_added.v1"
    SUBJECT = "client"

    client_id: UUID
    change_id: UUID
    ceremony_id: UUID
    account_id: UUID
    account_token: str


class BankAccountSelected(Event):
    """New contracts are paid to another of the client's accounts (clause 4.10)."""

    TYPE = "onboarding.bank_account_selected.v1"
    SUBJECT = "client"

    client_id: UUID
    change_id: UUID
    ceremony_id: UUID
    account_id: UUID
    account_token: str


class BankAccountRemoved(Event):
    """An account is the client's no more: nothing is paid to it (clause 4.10)."""

    TYPE = "onboarding.bank_account_removed.v1"
    SUBJECT = "client"

    client_id: UUID
    change_id: UUID
    ceremony_id: UUID
    account_id: UUID
    account_token: str


class BankAccountChanged(Event):
    """The client put another account in one's place, proved by both proofs (4.10).

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


class ConsentGiven(Event):
    """A person consented to a text, for one purpose (law №94-V, art. 8).

    The client need not have an account yet: consents come before the first question
    to the state (clause 4.1).
    """

    TYPE = "onboarding.consent_given.v1"
    SUBJECT = "client"

    client_id: UUID
    purpose: Word[Literal["personal_data", "biometrics", "credit_bureau"]]
    text_version: str
    text_sha256: str
    channel: str


class ConsentWithdrawn(Event):
    """A client took a consent back; nothing is done by it from now on."""

    TYPE = "onboarding.consent_withdrawn.v1"
    SUBJECT = "client"

    client_id: UUID
    purpose: Word[Literal["personal_data", "biometrics", "credit_bureau"]]
    text_version: str
    text_sha256: str
    channel: str


class DocumentExpiryNoted(Event):
    """A client's identity document (clause 4.1c) is about to expire, or has expired.

    Told once for each standing of one document.
    """

    TYPE = "onboarding.document_expiry_noted.v1"
    SUBJECT = "client"

    client_id: UUID
    standing: Word[Literal["expiring", "expired"]]


class PersonalDataRead(Event):
    """Somebody read the client's data in clear, for a purpose (clauses 1.3a, 6.1c)."""

    TYPE = "onboarding.personal_data_read.v1"
    SUBJECT = "client"

    client_id: UUID
    reader: str
    purpose: str


class ErasureRequested(Event):
    """A client wants to be erased (law №94-V, art. 8).

    ``possible_from`` is the end of the longest retention term; None while a contract
    obliges.
    """

    TYPE = "onboarding.erasure_requested.v1"
    SUBJECT = "client"

    client_id: UUID
    possible_from: Instant | None


class ErasureWithdrawn(Event):
    """A client took the wish to be erased back."""

    TYPE = "onboarding.erasure_withdrawn.v1"
    SUBJECT = "client"

    client_id: UUID


class PersonalDataErased(Event):
    """Nothing that was sealed of the person can be opened any more, by anybody.

    Whoever keeps something of the person erases it too.  The person need not have had
    an account.
    """

    TYPE = "onboarding.personal_data_erased.v1"
    SUBJECT = "client"

    client_id: UUID


class ReviewOpened(Event):
    """Something of a client's waits for a person of the staff, until an instant or on.

    The client need not have an account yet.
    """

    TYPE = "onboarding.review_opened.v1"
    SUBJECT = "client"

    client_id: UUID
    review_id: UUID
    kind: Word[
        Literal[
            "photo_in_doubt", "photo_held", "phone_owner", "account_owner", "antifraud"
        ]
    ]
    until: Instant | None


class ReviewSettled(Event):
    """A waiting ended; ``agreed_by`` is the second person where two were needed."""

    TYPE = "onboarding.review_settled.v1"
    SUBJECT = "client"

    client_id: UUID
    review_id: UUID
    kind: Word[
        Literal[
            "photo_in_doubt", "photo_held", "phone_owner", "account_owner", "antifraud"
        ]
    ]
    settled_as: Word[Literal["approved", "rejected", "superseded", "run_out"]]
    decided_by: UUID | None
    agreed_by: UUID | None
