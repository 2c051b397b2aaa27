"""Which problems an operation can answer with, told where the operation stands.

Only codes of its own rules are told there; what the door refuses for every operation,
or for every one with a body or a session, `description` adds.
"""

from typing import Any, Final

OWN_CODES: Final = "x-refusals"

REPEATABLE: Final = ("idempotency_key_reused", "request_in_progress")
"""Of operations whose owner keeps the reply under the Idempotency-Key."""
CODES: Final = ("code_wrong", "code_expired", "code_spent", "challenge_not_found")
FACTORS: Final = (*CODES, "factor_locked")
"""Of operations that take a second factor; each kind has a lock of its own."""
REGISTRATION: Final = (
    "registration_unknown",
    "registration_expired",
    "registration_step_wrong",
    "registration_refused",
    "already_registered",
    "phone_already_registered",
    "phone_quarantined",
    "biometrics_negative",
    "photo_other_person",
    "review_ran_out",
)
BIOMETRICS_ASKED: Final = (
    "biometrics_negative",
    "consent_missing",
    "identity_document_expired",
)
"""Of operations that send a person to ЦОИД, which a consent has to allow."""
CEREMONY: Final = (
    "ceremony_unknown",
    "ceremony_failed",
    "ceremony_spent",
    "ceremony_expired",
    "proof_given",
)
BIOMETRICS: Final = (
    "biometrics_attempt_spent",
    "biometrics_code_unknown",
    "biometrics_liveness_failed",
    "biometrics_negative",
    "biometrics_score_too_low",
    "consent_missing",
    "protocol_attempts_exceeded",
    "protocol_malformed",
    "protocol_other_document",
    "protocol_other_nonce",
    "protocol_other_person",
    "protocol_other_reference",
    "protocol_other_session",
    "protocol_replayed",
    "protocol_signature_invalid",
    "protocol_too_old",
)
SIGNATURE: Final = (
    "algorithm_mismatch",
    "authority_revocation_unknown",
    "authority_revoked",
    "bad_signature",
    "digest_mismatch",
    "malformed",
    "no_certificate",
    "no_signed_attributes",
    "not_signed_data",
    "other_content",
    "outside_validity",
    "revocation_unknown",
    "revoked",
    "several_signers",
    "signature_replayed",
    "signing_time_in_future",
    "untrusted",
    "weak_or_unknown_algorithm",
    "wrong_imprint",
    "wrong_person",
    "wrong_usage",
)
CHANGE: Final = (
    "change_unknown",
    "change_expired",
    "change_refused",
    "change_step_wrong",
    "change_superseded",
)
"""Of operations that go on with a change of number or account."""
ACCOUNT: Final = (
    "account_change_invalid",
    "account_not_named_once",
    "account_selected",
    "account_unknown",
    "accounts_full",
    "bank_unknown",
    "card_not_confirmed",
    "card_token_invalid",
    "iban_invalid",
)
"""Of an act on one of the client's accounts."""
IDENTITY: Final = (
    "name_invalid",
    "document_kind_not_accepted",
    "document_number_invalid",
    "document_expired",
)
"""Of names and the document that shows them."""
PERSON: Final = (
    *IDENTITY,
    "iin_invalid",
    "account_not_named_once",
    "bank_unknown",
    "card_not_confirmed",
    "card_token_invalid",
    "iban_invalid",
    "consent_invalid",
    "consent_missing",
    "consent_text_changed",
    "person_not_confirmed",
    "person_tries_exhausted",
    "phone_not_confirmed",
    "under_age",
)
STATEMENT: Final = (
    "not_found",
    *CODES,
    *REPEATABLE,
    "text_changed",
    "channel_not_allowed",
    "second_factor_needed",
    "silence_passed",
    "refusal_pending",
    "amendment_pending",
    "contract_annulled",
    "contract_blocked",
)


def refuses(*codes: str, **more: object) -> dict[str, Any]:
    """For `openapi_extra`: the codes of an operation's own rules, and more of it."""
    return {OWN_CODES: sorted(set(codes)), **more}
