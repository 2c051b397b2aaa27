"""Amendments: documents of their own, and contracts that go on as these say."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0016_pre"
down_revision = "0015_pre"
branch_labels = None
depends_on = None

_ROLE = "contracts"
_PROGRESS = (
    "amendment_id",
    "amended_account_id",
    "amended_token",
    "amended_sha256",
    "hold_from",
    "hold_from_id",
)
_AMENDED = (
    *("state", "account_id", "account_token", "document_sha256", "offered_at"),
    *("until", "ceremony_id", "protocol_id", "certificate_serial"),
    *("signature_sha256", "client_signed_at", "signed_at", "ended_at", "end_code"),
)


def upgrade() -> None:
    op.add_column("contracts", sa.Column("account_token", sa.Text))
    op.add_column("contracts", sa.Column("amendment_id", sa.Uuid))
    op.add_column("contracts", sa.Column("amended_account_id", sa.Uuid))
    op.add_column("contracts", sa.Column("amended_token", sa.Text))
    op.add_column("contracts", sa.Column("amended_sha256", sa.Text))
    op.add_column("contracts", sa.Column("hold_from", _instant()))
    op.add_column("contracts", sa.Column("hold_from_id", sa.Uuid))
    grant(_ROLE, "contracts", f"UPDATE ({', '.join(_PROGRESS)})")
    op.create_index(
        "contracts_amending",
        "contracts",
        ["amendment_id"],
        postgresql_where=sa.text("amendment_id IS NOT NULL"),
    )
    _create_amendments()
    grant(_ROLE, "amendments", "SELECT", "INSERT", f"UPDATE ({', '.join(_AMENDED)})")
    _create_anew()
    for table in ("statements_anew", "reminders_anew"):
        grant(_ROLE, table, "SELECT", "INSERT")


def _instant() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _create_amendments() -> None:
    op.create_table(
        "amendments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("contract_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("previous_sha256", sa.Text, nullable=False),
        sa.Column("requested_at", _instant(), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid),
        sa.Column("account_token", sa.Text),
        sa.Column("document_sha256", sa.Text),
        sa.Column("offered_at", _instant()),
        sa.Column("until", _instant()),
        sa.Column("ceremony_id", sa.Uuid),
        sa.Column("protocol_id", sa.Text),
        sa.Column("certificate_serial", sa.Text),
        sa.Column("signature_sha256", sa.Text),
        sa.Column("client_signed_at", _instant()),
        sa.Column("signed_at", _instant()),
        sa.Column("ended_at", _instant()),
        sa.Column("end_code", sa.Text),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.UniqueConstraint("contract_id", "ordinal", name="amendments_ordinal"),
        sa.CheckConstraint(
            "state IN ('requested', 'offered', 'signing', 'concluded', 'withdrawn',"
            " 'lapsed')",
            name="amendments_state",
        ),
        sa.CheckConstraint(
            "state NOT IN ('offered', 'signing', 'concluded') OR"
            " (account_id IS NOT NULL AND account_token IS NOT NULL AND"
            " document_sha256 IS NOT NULL AND until IS NOT NULL)",
            name="amendments_offered",
        ),
        # Clause 5.2: nothing is concluded without both proofs, and both signatures.
        sa.CheckConstraint(
            "(state = 'concluded') = (signed_at IS NOT NULL)"
            " AND (signed_at IS NULL OR (ceremony_id IS NOT NULL AND"
            " protocol_id IS NOT NULL AND certificate_serial IS NOT NULL AND"
            " signature_sha256 IS NOT NULL AND client_signed_at IS NOT NULL))",
            name="amendments_signed",
        ),
    )
    op.create_index(
        "amendments_one_open",
        "amendments",
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('requested', 'offered', 'signing')"),
    )
    op.create_index(
        "amendments_open",
        "amendments",
        ["state", "until"],
        postgresql_where=sa.text("state IN ('requested', 'offered', 'signing')"),
    )


def _create_anew() -> None:
    """What is given, or asked for, once more after a hold has begun anew."""
    op.create_table(
        "statements_anew",
        sa.Column("amendment_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("contract_id", sa.Uuid, nullable=False),
        sa.Column("text_version", sa.Text, nullable=False),
        sa.Column("text_sha256", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("second_factor_at", _instant(), nullable=False),
        sa.Column("given_at", _instant(), nullable=False),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendments.id"]),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.CheckConstraint(
            "kind IN ('consent', 'release')", name="statements_anew_kind"
        ),
    )
    op.create_table(
        "reminders_anew",
        sa.Column("amendment_id", sa.Uuid, primary_key=True),
        sa.Column("awaits", sa.Text, primary_key=True),
        sa.Column("days_left", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sent_at", _instant(), nullable=False),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendments.id"]),
        sa.CheckConstraint(
            "awaits IN ('consent', 'release', 'amendment')",
            name="reminders_anew_awaits",
        ),
    )


def downgrade() -> None:
    raise NotImplementedError
