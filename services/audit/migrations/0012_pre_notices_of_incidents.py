"""Notices of incidents with their terms, papers and receipts (clause 7.3)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0012_pre"
down_revision = "0011_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_notice()
    _keep_terms()
    grant("audit", "incident_notice", "SELECT", "INSERT")
    approving = "approved_by, approved_at, papers_sealed, papers_sha256"
    moving = "state, stage, attempts, next_at, sent_at, receipt"
    grant("audit", "incident_notice", f"UPDATE ({approving}, {moving})")
    op.create_table(
        "log_reader",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("next_seq", sa.BigInteger, nullable=False),
    )
    grant("audit", "log_reader", "SELECT", "INSERT", "UPDATE (next_seq)")


def downgrade() -> None:
    raise NotImplementedError


def _create_notice() -> None:
    op.create_table(
        "incident_notice",
        sa.Column("notice_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, nullable=False),
        sa.Column("addressee", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("stage", sa.SmallInteger, nullable=False),
        sa.Column("approved_by", sa.Uuid),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("papers_sealed", sa.LargeBinary),
        sa.Column("papers_sha256", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("receipt", sa.Text),
        sa.CheckConstraint(
            "state IN ('due', 'approved', 'sent', 'refused', 'withdrawn')",
            name="incident_notice_state",
        ),
        sa.CheckConstraint(
            "(addressee = 'client') = (client_id IS NOT NULL)",
            name="incident_notice_client",
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL AND receipt IS NOT NULL)",
            name="incident_notice_receipt",
        ),
        sa.CheckConstraint(
            "state IN ('due', 'withdrawn')"
            " OR num_nulls(approved_by, papers_sealed) = 0",
            name="incident_notice_approved",
        ),
    )
    op.create_index("incident_notice_of", "incident_notice", ["incident_id"])
    op.create_index(
        "incident_notice_waits",
        "incident_notice",
        ["due_at"],
        postgresql_where=sa.text("state IN ('due', 'approved', 'refused')"),
    )


def _keep_terms() -> None:
    """No term is put off, by nobody; what was sent or withdrawn stays so."""
    op.execute(
        """
        CREATE FUNCTION incident_notice_keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF ROW(new.incident_id, new.addressee, new.client_id, new.round,
                   new.since, new.due_at)
                IS DISTINCT FROM
                ROW(old.incident_id, old.addressee, old.client_id, old.round,
                    old.since, old.due_at)
                OR old.state IN ('sent', 'withdrawn') THEN
                RAISE EXCEPTION 'the term of a notice, and its receipt, never change';
            END IF;
            RETURN new;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER incident_notice_once BEFORE UPDATE ON incident_notice"
        " FOR EACH ROW EXECUTE FUNCTION incident_notice_keep()"
    )
    op.execute("ALTER TABLE incident_notice ENABLE ALWAYS TRIGGER incident_notice_once")
