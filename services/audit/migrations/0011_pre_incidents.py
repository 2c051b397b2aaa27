"""The register of incidents; what was detected, said and kept never changes (7.2)."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0011_pre"
down_revision = "0010_pre"
branch_labels = None
depends_on = None

ADDED_ONLY = (
    *("incident_entry", "incident_evidence", "incident_custody", "incident_client"),
)


def upgrade() -> None:
    _create_incident()
    _create_papers()
    _keep_what_was_detected()
    grant("audit", "incident", "SELECT", "INSERT")
    leading = "owner, owned_at, reportable, contained_at"
    closing = "closed_at, closed_by, conclusion_sealed"
    grant("audit", "incident", f"UPDATE ({leading}, {closing})")
    for table in ADDED_ONLY:
        grant("audit", table, "SELECT", "INSERT")
    op.execute('GRANT USAGE ON SEQUENCE incident_custody_number_seq TO "audit"')


def downgrade() -> None:
    raise NotImplementedError


def _create_incident() -> None:
    op.create_table(
        "incident",
        sa.Column("incident_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("about", sa.Text),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid),
        sa.Column("owner", sa.Uuid),
        sa.Column("owned_at", sa.DateTime(timezone=True)),
        sa.Column("reportable", sa.Boolean, nullable=False),
        sa.Column("contained_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Uuid),
        sa.Column("conclusion_sealed", sa.LargeBinary),
        sa.CheckConstraint("detected_at <= opened_at", name="incident_detected"),
        sa.CheckConstraint(
            "num_nulls(closed_at, closed_by, conclusion_sealed) IN (0, 3)",
            name="incident_closed_whole",
        ),
        sa.CheckConstraint(
            "closed_at IS NULL OR contained_at IS NOT NULL",
            name="incident_closed_contained",
        ),
    )
    op.create_index(
        "incident_open",
        "incident",
        ["detected_at"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _create_papers() -> None:
    op.create_table(
        "incident_entry",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text_sealed", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("at <= noted_at", name="incident_entry_past"),
    )
    op.create_index("incident_entry_of", "incident_entry", ["incident_id", "at"])
    op.create_table(
        "incident_evidence",
        sa.Column("evidence_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, nullable=False),
        sa.Column("leaf", sa.BigInteger),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "incident_evidence_of", "incident_evidence", ["incident_id", "evidence_id"]
    )
    op.create_table(
        "incident_custody",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("evidence_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
    )
    op.create_index(
        "incident_custody_of", "incident_custody", ["evidence_id", "number"]
    )
    op.create_table(
        "incident_client",
        sa.Column("incident_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, primary_key=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
    )


def _keep_what_was_detected() -> None:
    """Terms run from the first alert: whoever could move it could miss none (7.3)."""
    op.execute(
        """
        CREATE FUNCTION incident_keep_detected() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF ROW(new.incident_id, new.kind, new.detected_at, new.opened_at)
                IS DISTINCT FROM
                ROW(old.incident_id, old.kind, old.detected_at, old.opened_at)
                OR old.closed_at IS NOT NULL THEN
                RAISE EXCEPTION 'what was detected, and what is closed, never changes';
            END IF;
            RETURN new;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER incident_detected_once BEFORE UPDATE ON incident"
        " FOR EACH ROW EXECUTE FUNCTION incident_keep_detected()"
    )
    op.execute("ALTER TABLE incident ENABLE ALWAYS TRIGGER incident_detected_once")
