"""The tables of onboarding, as the migrations build them.

Columns that end in `_sealed` are encrypted for exactly their row; columns that end in
`_token` hold keyed tokens, the only form of a personal value that is compared.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from kernel.tables import metadata_for_service

metadata = metadata_for_service()


def evidence_columns() -> tuple[Column[Any], ...]:
    """What a verdict on a signature rests on, filled by `RowSeal.seal_evidence`."""
    return (
        Column("cms_sealed", LargeBinary, nullable=False),
        Column("chain_sealed", LargeBinary, nullable=False),
        Column("revocation_sealed", LargeBinary, nullable=False),
        Column("verifier", Text, nullable=False),
        Column("trust_sha256", Text, nullable=False),
    )


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
        "state IN ('draft', 'phone_confirmed', 'data_in_review', 'data_complete',"
        " 'photo_in_review', 'photo_held', 'photo_accepted', 'identified', 'active',"
        " 'refused')",
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

# What a registration was refused for; the reason is for the staff alone.
registration_refusals = Table(
    "registration_refusals",
    metadata,
    Column("refusal_id", Uuid, primary_key=True),
    Column(
        "registration_id",
        Uuid,
        ForeignKey("registrations.registration_id"),
        nullable=False,
    ),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("refused_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("outcome IN ('retry', 'final')", name="refusals_outcome"),
)
Index("refusals_registration", registration_refusals.c.registration_id)

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
Index("persons_valid_until", persons.c.document_valid_until)

# Which client was told of which document's end: once for each standing.
document_notices = Table(
    "document_notices",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("valid_until", Date, primary_key=True),
    Column("standing", Text, primary_key=True),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "standing IN ('expiring', 'expired')", name="document_notices_standing"
    ),
)

# What releases before the history of consents write and read; two triggers keep it and
# the history alike until no such process is left.
consents = Table(
    "consents",
    metadata,
    Column("client_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("text_sha256", Text, nullable=False),
    Column("given_at", DateTime(timezone=True), nullable=False),
)

# Every act about a consent; triggers refuse any change of a row (law №94-V, art. 8).
consent_acts = Table(
    "consent_acts",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("text_version", Text),
    Column("text_sha256", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("acted_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("act IN ('given', 'withdrawn')", name="consent_acts_act"),
)
Index("consent_acts_client", consent_acts.c.client_id, consent_acts.c.number)

# Who read a client's data in clear, and for what; the client sees it.
readings = Table(
    "readings",
    metadata,
    Column("reading_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("reader", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("what", Text),
    Column("read_at", DateTime(timezone=True), nullable=False),
)
Index("readings_client", readings.c.client_id, readings.c.reading_id)

# What contracts has told of contracts: open until told otherwise.
obligations = Table(
    "obligations",
    metadata,
    Column("contract_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
)
Index(
    "obligations_open",
    obligations.c.client_id,
    postgresql_where=text("closed_at IS NULL"),
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
    *evidence_columns(),
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
    Column("client_id", Uuid, nullable=False),
    Column("iban_sealed", LargeBinary, nullable=False),
    Column("iban_token", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("card_sealed", LargeBinary),
    Column("removed_at", DateTime(timezone=True)),
    Column("selected", Boolean, nullable=False, server_default=text("true")),
    CheckConstraint("state IN ('unproved', 'proved', 'lost')", name="accounts_state"),
    CheckConstraint(
        "NOT (selected AND removed_at IS NOT NULL)", name="accounts_removed"
    ),
)
"""`iban_token` names what no two accounts of a client share: an IBAN, or a card."""
Index(
    "accounts_selected",
    accounts.c.client_id,
    unique=True,
    postgresql_where=text("selected"),
)
Index(
    "accounts_of_client",
    accounts.c.client_id,
    accounts.c.iban_token,
    unique=True,
    postgresql_where=text("removed_at IS NULL"),
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
    Column("old_sealed", LargeBinary),
    Column("old_token", Text),
    Column("value_sealed", LargeBinary),
    Column("value_token", Text),
    Column("challenge_id", Uuid),
    Column("ceremony_id", Uuid, ForeignKey("ceremonies.ceremony_id"), unique=True),
    Column("refused_code", Text),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("moved_at", DateTime(timezone=True), nullable=False),
    Column("act", Text, nullable=False, server_default="replace"),
    Column("account_id", Uuid),
    Column("covered_by", Text),
    Column("refused_reason", Text),
    Column("proved_by", Uuid, ForeignKey("ceremonies.ceremony_id")),
    CheckConstraint("kind IN ('phone', 'account', 'identity')", name="changes_kind"),
    CheckConstraint(
        "act IN ('add', 'replace', 'select', 'remove')", name="changes_act"
    ),
    CheckConstraint("(act = 'add') = (old_token IS NULL)", name="changes_old"),
    CheckConstraint("(act = 'remove') = (value_token IS NULL)", name="changes_value"),
    CheckConstraint(
        "state IN ('draft', 'confirmed', 'checked', 'proved', 'applied', 'refused')",
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
    "changes_proved",
    changes.c.moved_at,
    postgresql_where=text("state = 'proved'"),
)
Index(
    "changes_given_up",
    changes.c.old_token,
    postgresql_where=text("state = 'applied'"),
)
Index(
    "changes_covered",
    changes.c.covered_by,
    unique=True,
    postgresql_where=text("covered_by IS NOT NULL"),
)
Index(
    "changes_adding",
    changes.c.account_id,
    unique=True,
    postgresql_where=text("act = 'add'"),
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
    *evidence_columns(),
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
    *evidence_columns(),
    Column("stamp_sealed", LargeBinary, nullable=False),
    Column("stamped_at", DateTime(timezone=True), nullable=False),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    # When the last stamp ages, and when that was looked at; the rest stays as it is.
    Column("ages_at", DateTime(timezone=True)),
    Column("looked_at", DateTime(timezone=True)),
)
Index("signatures_ageing", signatures.c.ages_at)

restamps = Table(
    "restamps",
    metadata,
    Column("restamp_id", Uuid, primary_key=True),
    Column("ceremony_id", Uuid, ForeignKey("signatures.ceremony_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("stamp_sealed", LargeBinary, nullable=False),
    # What said that the stamper was good; nothing where that was not kept yet.
    Column("revocation_sealed", LargeBinary),
    Column("stamped_at", DateTime(timezone=True), nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("ceremony_id", "number"),
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
