"""The log, its checkpoints, what is parked, who took copies, producers' numbers."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import create_kernel_tables, grant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_log", "audit_checkpoint", "audit_parked", "audit_export")


def upgrade() -> None:
    create_kernel_tables()
    _create_log()
    _create_sides()
    _create_producers()
    _refuse_changes()
    for table in APPEND_ONLY:
        grant("audit", table, "SELECT", "INSERT")
    grant("audit", "audit_producer", "SELECT", "INSERT", "UPDATE")
    grant("audit", "audit_hole", "SELECT", "INSERT", "DELETE")


def downgrade() -> None:
    raise NotImplementedError


def _create_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("event_id", sa.Uuid),
        sa.Column("event_sha256", sa.LargeBinary),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("chain_hash", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("seq >= 0", name="audit_log_seq"),
        sa.CheckConstraint("octet_length(leaf_hash) = 32", name="audit_log_leaf_hash"),
        sa.CheckConstraint(
            "octet_length(chain_hash) = 32", name="audit_log_chain_hash"
        ),
        sa.CheckConstraint("octet_length(leaf) <= 65535", name="audit_log_leaf"),
    )
    for name, columns, kinds in (
        ("audit_log_event", ["event_id"], "kind IN (1, 2)"),
        ("audit_log_conflict", ["event_id", "event_sha256"], "kind = 3"),
        ("audit_log_refused", ["event_sha256"], "kind = 4"),
    ):
        op.create_index(
            name, "audit_log", columns, unique=True, postgresql_where=sa.text(kinds)
        )


def _create_sides() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "audit_parked",
        sa.Column("sha256", sa.LargeBinary, primary_key=True),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "audit_export",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("taken_by", sa.Text, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )


def _create_producers() -> None:
    op.create_table(
        "audit_producer",
        sa.Column("producer", sa.Text, primary_key=True),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit_hole",
        sa.Column("producer", sa.Text, primary_key=True),
        sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported", sa.Boolean, nullable=False),
    )


def _refuse_changes() -> None:
    """Tripwires: they stop accidents; proof is the tree.

    ENABLE ALWAYS: they fire under `session_replication_role = replica` too.
    """
    op.execute(
        """
        CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% on % is forbidden: rows are only ever added',
                TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only"
            f" BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
