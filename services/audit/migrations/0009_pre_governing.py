"""Evidence counted by kind, versions of the Procedure, the calendar of reviews."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0009_pre"
down_revision = "0008_pre"
branch_labels = None
depends_on = None

KEPT = ("audit_procedure_text", "audit_procedure")
HELD_STAYS = """
CREATE FUNCTION audit_review_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.held_on IS NOT NULL
     OR (NEW.review_id, NEW.cause, NEW.subject, NEW.opened_on, NEW.due_on)
        IS DISTINCT FROM
        (OLD.review_id, OLD.cause, OLD.subject, OLD.opened_on, OLD.due_on) THEN
    RAISE EXCEPTION 'a review on record stays as it is';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    _create_evidence()
    _create_versions()
    _create_reviews()


def _create_evidence() -> None:
    op.create_table(
        "audit_evidence",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("leaves", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )
    grant("audit", "audit_evidence", "SELECT", "INSERT", "UPDATE")


def _create_versions() -> None:
    op.create_table(
        "audit_procedure_text",
        sa.Column("sha256", sa.LargeBinary, primary_key=True),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("sha256 = sha256(text)", name="audit_procedure_text_sha256"),
    )
    op.create_table(
        "audit_procedure",
        sa.Column("version_id", sa.Uuid, primary_key=True),
        sa.Column(
            "sha256",
            sa.LargeBinary,
            sa.ForeignKey("audit_procedure_text.sha256"),
            nullable=False,
            unique=True,
        ),
        sa.Column("minutes", sa.Text, nullable=False, unique=True),
        sa.Column("approved_on", sa.Date, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("asked_by", sa.Uuid),
        sa.Column("approved_by", sa.Uuid),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("minutes <> ''", name="audit_procedure_minutes"),
        sa.CheckConstraint("effective_on >= approved_on", name="audit_procedure_dates"),
        sa.CheckConstraint("asked_by <> approved_by", name="audit_procedure_persons"),
    )
    for table in KEPT:
        grant("audit", table, "SELECT", "INSERT")
        op.execute(
            f"CREATE TRIGGER {table}_append_only"
            f" BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")


def _create_reviews() -> None:
    op.create_table(
        "audit_review",
        sa.Column("review_id", sa.Uuid, primary_key=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("opened_by", sa.Uuid),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("held_on", sa.Date),
        sa.Column("outcome", sa.Text),
        sa.Column("result", sa.Text),
        sa.Column("held_by", sa.Uuid),
        sa.Column("warned", sa.Boolean, nullable=False),
        sa.Column("overdue_told_on", sa.Date),
        sa.CheckConstraint(
            "num_nulls(held_on, outcome, result, held_by) IN (0, 4)",
            name="audit_review_held",
        ),
    )
    op.create_index(
        "audit_review_open",
        "audit_review",
        ["cause"],
        unique=True,
        postgresql_where=sa.text("held_on IS NULL AND cause = 'yearly'"),
    )
    grant("audit", "audit_review", "SELECT", "INSERT", "UPDATE")
    op.execute(HELD_STAYS)
    op.execute(
        "CREATE TRIGGER audit_review_stays BEFORE UPDATE ON audit_review"
        " FOR EACH ROW EXECUTE FUNCTION audit_review_stays()"
    )


def downgrade() -> None:
    raise NotImplementedError
