"""Applications, contracts, statements, and the small copy of client facts."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import create_kernel_tables, grant

revision = "0001"
down_revision = None

_ROLE = "contracts"
_INSTANT = sa.DateTime(timezone=True)
_PROGRESS = (
    "state, ceremony_id, protocol_id, certificate_serial, signature_sha256, signed_at,"
    " consented_at, hold_until, confirmation_required, silence_at, payout_id,"
    " released_at, refusal_asked_at, final_at, end_code"
)


def upgrade() -> None:
    create_kernel_tables()
    _create_applications()
    _create_contracts()
    _create_client_facts()
    _grant()


def downgrade() -> None:
    raise NotImplementedError


def _create_applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("term_days", sa.Integer, nullable=False),
        sa.Column("submitted_at", _INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid),
        sa.Column("refusal_code", sa.Text),
        sa.Column("contract_id", sa.Uuid),
        sa.CheckConstraint("amount_minor > 0", name="applications_amount"),
        sa.CheckConstraint("term_days > 0", name="applications_term"),
        sa.CheckConstraint(
            "state IN ('submitted', 'checked', 'offered', 'refused')",
            name="applications_state",
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refusal_code IS NOT NULL)",
            name="applications_refusal",
        ),
        sa.CheckConstraint(
            "(state = 'offered') = (contract_id IS NOT NULL)",
            name="applications_offer",
        ),
    )
    op.create_index(
        "applications_one_undecided",
        "applications",
        ["client_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('submitted', 'checked')"),
    )
    op.create_table(
        "application_checks",
        sa.Column(
            "application_id",
            sa.Uuid,
            sa.ForeignKey("applications.id"),
            primary_key=True,
        ),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("found", sa.LargeBinary, nullable=False),
        sa.Column("checked_at", _INSTANT, nullable=False),
    )


def _create_contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "application_id",
            sa.Uuid,
            sa.ForeignKey("applications.id"),
            nullable=False,
            unique=True,
        ),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        sa.Column("contract_on", sa.Date, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("term_days", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("document_sha256", sa.Text, nullable=False),
        sa.Column("offered_at", _INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ceremony_id", sa.Uuid),
        sa.Column("protocol_id", sa.Text),
        sa.Column("certificate_serial", sa.Text),
        sa.Column("signature_sha256", sa.Text),
        sa.Column("signed_at", _INSTANT),
        sa.Column("consented_at", _INSTANT),
        sa.Column("hold_until", _INSTANT),
        sa.Column("confirmation_required", sa.Boolean),
        sa.Column("silence_at", _INSTANT),
        sa.Column("payout_id", sa.Uuid),
        sa.Column("released_at", _INSTANT),
        sa.Column("refusal_asked_at", _INSTANT),
        sa.Column("final_at", _INSTANT),
        sa.Column("end_code", sa.Text),
        sa.CheckConstraint("amount_minor > 0", name="contracts_amount"),
        sa.CheckConstraint(
            "state IN ('offered', 'signing', 'concluded', 'consented',"
            " 'awaiting_release', 'released', 'active', 'annulled', 'blocked')",
            name="contracts_state",
        ),
        sa.CheckConstraint(
            "state IN ('offered', 'signing', 'annulled', 'blocked') OR"
            " (signed_at IS NOT NULL AND ceremony_id IS NOT NULL AND"
            " protocol_id IS NOT NULL AND certificate_serial IS NOT NULL AND"
            " signature_sha256 IS NOT NULL AND confirmation_required IS NOT NULL)",
            name="contracts_signed",
        ),
        sa.CheckConstraint(
            "state NOT IN ('consented', 'awaiting_release', 'released', 'active') OR"
            " (consented_at IS NOT NULL AND hold_until IS NOT NULL)",
            name="contracts_consented",
        ),
        sa.CheckConstraint(
            "released_at IS NULL OR"
            " (hold_until IS NOT NULL AND released_at >= hold_until)",
            name="contracts_released",
        ),
    )
    _index_contracts()
    op.create_table(
        "statements",
        sa.Column(
            "contract_id", sa.Uuid, sa.ForeignKey("contracts.id"), primary_key=True
        ),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("text_version", sa.Text, nullable=False),
        sa.Column("text_sha256", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("second_factor_at", _INSTANT, nullable=False),
        sa.Column("given_at", _INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('consent', 'release')", name="statements_kind"),
    )


def _index_contracts() -> None:
    op.create_index(
        "contracts_one_unfinished",
        "contracts",
        ["client_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('active', 'annulled')"),
    )
    op.create_index("contracts_of_client", "contracts", ["client_id", "id"])
    op.create_index(
        "contracts_silent",
        "contracts",
        ["silence_at"],
        postgresql_where=sa.text("silence_at IS NOT NULL"),
    )
    op.create_index(
        "contracts_refused",
        "contracts",
        ["refusal_asked_at"],
        postgresql_where=sa.text("refusal_asked_at IS NOT NULL AND final_at IS NULL"),
    )


def _create_client_facts() -> None:
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Uuid, primary_key=True),
        sa.Column("activated_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("owned", sa.Boolean, nullable=False),
        sa.Column("heard_at", _INSTANT, nullable=False),
    )


def _grant() -> None:
    """What was signed, checked or stated is never rewritten by the service."""
    grant(
        _ROLE,
        "applications",
        "SELECT",
        "INSERT",
        "UPDATE (state, account_id, refusal_code, contract_id)",
    )
    grant(_ROLE, "application_checks", "SELECT", "INSERT")
    grant(_ROLE, "contracts", "SELECT", "INSERT", f"UPDATE ({_PROGRESS})")
    grant(_ROLE, "statements", "SELECT", "INSERT")
    grant(_ROLE, "clients", "SELECT", "INSERT")
    grant(_ROLE, "accounts", "SELECT", "INSERT", "UPDATE")
