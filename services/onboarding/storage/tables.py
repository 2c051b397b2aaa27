"""The tables of onboarding, as the migrations build them.

Columns that end in `_sealed` are encrypted for exactly their row; columns that end in
`_token` hold keyed tokens, the only form of a personal value that is compared.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from kernel.tables import metadata_for_service

metadata = metadata_for_service()

registrations = Table(
    "registrations",
    metadata,
    Column("registration_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("token_sha256", LargeBinary, nullable=False),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("challenge_id", Uuid, nullable=False),
    Column("person_tries", Integer, nullable=False, server_default="0"),
    Column("photo_tries", Integer, nullable=False, server_default="0"),
    Column("refused_code", Text),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("moved_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "state IN ('draft', 'phone_confirmed', 'data_complete', 'photo_in_review',"
        " 'photo_held', 'photo_accepted', 'identified', 'active', 'refused')",
        name="registrations_state",
    ),
    CheckConstraint(
        "(state = 'refused') = (refused_code IS NOT NULL)", name="registrations_refused"
    ),
)
Index(
    "registrations_identified",
    registrations.c.moved_at,
    postgresql_where=text("state = 'identified'"),
)

persons = Table(
    "persons",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("iin_token", Text, nullable=False),
    Column("iin_sealed", LargeBinary, nullable=False),
    Column("surname_sealed", LargeBinary, nullable=False),
    Column("given_name_sealed", LargeBinary, nullable=False),
    Column("patronymic_sealed", LargeBinary),
    Column("document_kind", Text, nullable=False),
    Column("document_number_sealed", LargeBinary, nullable=False),
    Column("document_valid_until", Date, nullable=False),
    Column("given_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("document_kind <> 'birth_certificate'", name="persons_document"),
)
Index("persons_iin_token", persons.c.iin_token)

consents = Table(
    "consents",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("text_sha256", Text, nullable=False),
    Column("given_at", DateTime(timezone=True), nullable=False),
)

photos = Table(
    "photos",
    metadata,
    Column("photo_id", Uuid, primary_key=True),
    Column(
        "registration_id",
        Uuid,
        ForeignKey("registrations.registration_id"),
        nullable=False,
        unique=True,
    ),
    Column("photo_sealed", LargeBinary, nullable=False),
    Column("photo_sha256", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("judged_at", DateTime(timezone=True), nullable=False),
)

photo_judgements = Table(
    "photo_judgements",
    metadata,
    Column("photo_id", Uuid, primary_key=True),
    Column(
        "registration_id",
        Uuid,
        ForeignKey("registrations.registration_id"),
        nullable=False,
    ),
    Column("verdict", Text, nullable=False),
    Column("faults", Text, nullable=False),
    Column("measures", Text, nullable=False),
    Column("limits_since", DateTime(timezone=True), nullable=False),
    Column("upload_sha256", Text, nullable=False),
    Column("photo_sha256", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("photo_sealed", LargeBinary),
    Column("judged_at", DateTime(timezone=True), nullable=False),
    Column("settled_as", Text),
    Column("settled_by", Uuid),
    Column("settled_reason", Text),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint(
        "verdict IN ('accepted', 'review', 'held', 'refused')",
        name="photo_judgements_verdict",
    ),
    CheckConstraint(
        "settled_as IN ('accepted', 'refused', 'superseded')",
        name="photo_judgements_settled",
    ),
    CheckConstraint(
        "(photo_sealed IS NOT NULL)"
        " = (verdict IN ('review', 'held') AND settled_as IS NULL)",
        name="photo_judgements_picture",
    ),
)
Index(
    "photo_judgements_waiting",
    photo_judgements.c.registration_id,
    unique=True,
    postgresql_where=text("photo_sealed IS NOT NULL"),
)

photo_comparisons = Table(
    "photo_comparisons",
    metadata,
    Column("photo_id", Uuid, ForeignKey("photo_judgements.photo_id"), primary_key=True),
    Column("provider", Text, nullable=False),
    Column("protocol_id", Text, nullable=False),
    Column("code", Text),
    Column("protocol_sealed", LargeBinary, nullable=False),
    Column("cms_sealed", LargeBinary, nullable=False),
    Column("chain_sealed", LargeBinary, nullable=False),
    Column("revocation_sealed", LargeBinary, nullable=False),
    Column("verifier", Text, nullable=False),
    Column("trust_sha256", Text, nullable=False),
    Column("judged_at", DateTime(timezone=True), nullable=False),
)

clients = Table(
    "clients",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column(
        "registration_id",
        Uuid,
        ForeignKey("registrations.registration_id"),
        nullable=False,
        unique=True,
    ),
    Column("iin_token", Text, nullable=False, unique=True),
    Column("phone_token", Text, nullable=False, unique=True),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("activated_at", DateTime(timezone=True), nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False, unique=True),
    Column("iban_sealed", LargeBinary, nullable=False),
    Column("iban_token", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('unproved', 'proved', 'lost')", name="accounts_state"),
)

ownership_checks = Table(
    "ownership_checks",
    metadata,
    Column("check_id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.account_id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("evidence_id", Text, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
    Column("iban_token", Text),
)
Index("ownership_checks_account", ownership_checks.c.account_id)

ceremonies = Table(
    "ceremonies",
    metadata,
    Column("ceremony_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("operation", Text, nullable=False),
    Column("document_sealed", LargeBinary, nullable=False),
    Column("document_sha256", Text, nullable=False),
    Column("nonce", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("failed_code", Text),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("moved_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "state IN ('open', 'biometrics_done', 'signature_done', 'completed', 'failed')",
        name="ceremonies_state",
    ),
    CheckConstraint(
        "(state = 'failed') = (failed_code IS NOT NULL)", name="ceremonies_failed"
    ),
)
Index(
    "ceremonies_unfinished",
    ceremonies.c.operation,
    unique=True,
    postgresql_where=text("state IN ('open', 'biometrics_done', 'signature_done')"),
)
Index("ceremonies_operation", ceremonies.c.operation)
Index("ceremonies_client", ceremonies.c.client_id)

# Old value and new, and the ceremony that proved the change (clause 4.10).
changes = Table(
    "changes",
    metadata,
    Column("change_id", Uuid, primary_key=True),
    Column("client_id", Uuid, ForeignKey("clients.client_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("old_sealed", LargeBinary, nullable=False),
    Column("old_token", Text, nullable=False),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("value_token", Text, nullable=False),
    Column("challenge_id", Uuid),
    Column("ceremony_id", Uuid, ForeignKey("ceremonies.ceremony_id"), unique=True),
    Column("refused_code", Text),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("moved_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('phone', 'account')", name="changes_kind"),
    CheckConstraint(
        "state IN ('draft', 'confirmed', 'checked', 'applied', 'refused')",
        name="changes_state",
    ),
    CheckConstraint(
        "(state = 'applied') = (ceremony_id IS NOT NULL)", name="changes_applied"
    ),
    CheckConstraint(
        "(state = 'refused') = (refused_code IS NOT NULL)", name="changes_refused"
    ),
)
Index(
    "changes_open",
    changes.c.client_id,
    changes.c.kind,
    unique=True,
    postgresql_where=text("state IN ('draft', 'confirmed', 'checked')"),
)
Index("changes_of_client", changes.c.client_id, changes.c.started_at)
Index(
    "changes_given_up",
    changes.c.old_token,
    postgresql_where=text("state = 'applied'"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Uuid, primary_key=True),
    Column("ceremony_id", Uuid, ForeignKey("ceremonies.ceremony_id"), nullable=False),
    Column("reference_sha256", LargeBinary, nullable=False, unique=True),
    Column("provider", Text, nullable=False, server_default="coid"),
    Column("session_id", Text, nullable=False),
    Column("redirect_url_sealed", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('open', 'positive', 'negative')", name="attempts_state"),
)
Index(
    "attempts_open",
    attempts.c.ceremony_id,
    unique=True,
    postgresql_where=text("state = 'open'"),
)
Index("attempts_ceremony", attempts.c.ceremony_id)

protocols = Table(
    "protocols",
    metadata,
    Column("attempt_id", Uuid, ForeignKey("attempts.attempt_id"), primary_key=True),
    Column("ceremony_id", Uuid, ForeignKey("ceremonies.ceremony_id"), nullable=False),
    Column("protocol_id", Text, nullable=False, unique=True),
    Column("code", Text),
    Column("protocol_sealed", LargeBinary, nullable=False),
    Column("cms_sealed", LargeBinary, nullable=False),
    Column("chain_sealed", LargeBinary, nullable=False),
    Column("revocation_sealed", LargeBinary, nullable=False),
    Column("verifier", Text, nullable=False),
    Column("trust_sha256", Text, nullable=False),
    Column("judged_at", DateTime(timezone=True), nullable=False),
)
Index(
    "protocols_positive",
    protocols.c.ceremony_id,
    unique=True,
    postgresql_where=text("code IS NULL"),
)

signatures = Table(
    "signatures",
    metadata,
    Column("ceremony_id", Uuid, ForeignKey("ceremonies.ceremony_id"), primary_key=True),
    Column("certificate_serial", Text, nullable=False),
    Column("certificate_sha256", Text, nullable=False),
    Column("signature_sha256", Text, nullable=False, unique=True),
    Column("signed_sha256", Text, nullable=False, unique=True),
    Column("cms_sealed", LargeBinary, nullable=False),
    Column("chain_sealed", LargeBinary, nullable=False),
    Column("revocation_sealed", LargeBinary, nullable=False),
    Column("stamp_sealed", LargeBinary, nullable=False),
    Column("stamped_at", DateTime(timezone=True), nullable=False),
    Column("verifier", Text, nullable=False),
    Column("trust_sha256", Text, nullable=False),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
)

signature_refusals = Table(
    "signature_refusals",
    metadata,
    Column("refusal_id", Uuid, primary_key=True),
    Column("ceremony_id", Uuid, ForeignKey("ceremonies.ceremony_id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("cms_sha256", Text, nullable=False),
    Column("refused_at", DateTime(timezone=True), nullable=False),
)
Index("signature_refusals_ceremony", signature_refusals.c.ceremony_id)
