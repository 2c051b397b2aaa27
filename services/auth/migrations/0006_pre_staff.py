"""Staff: members, roles by four eyes, sessions, attempts, factors, acknowledgements."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import create_approvals, grant

revision = "0006_pre"
down_revision = "0005_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_approvals("auth")
    _create_people()
    _create_sessions()
    _create_factors()
    _grant()


def _create_people() -> None:
    op.create_table(
        "staff_members",
        sa.Column("staff_id", sa.Uuid, primary_key=True),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("password_sealed", sa.LargeBinary),
        sa.Column("invitation_sha256", sa.LargeBinary),
        sa.Column("invitation_until", _INSTANT),
        sa.Column("invited_at", _INSTANT, nullable=False),
        sa.Column("invited_by", sa.Uuid),
        sa.Column("activated_at", _INSTANT),
        sa.Column("last_login_at", _INSTANT),
        sa.UniqueConstraint("login", name="staff_members_login"),
        sa.UniqueConstraint("invitation_sha256", name="staff_members_invitation"),
        sa.CheckConstraint(
            "state IN ('invited', 'active', 'suspended')", name="staff_members_state"
        ),
        sa.CheckConstraint("invited_by <> staff_id", name="staff_members_invited"),
    )
    op.create_table(
        "staff_roles",
        sa.Column("grant_id", sa.Uuid, primary_key=True),
        sa.Column("staff_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("granted_at", _INSTANT, nullable=False),
        sa.Column("granted_by", sa.Uuid),
        sa.Column("approved_by", sa.Uuid),
        sa.Column("confirmed_at", _INSTANT, nullable=False),
        sa.Column("revoked_at", _INSTANT),
        sa.Column("revoked_by", sa.Uuid),
        sa.CheckConstraint(
            "(granted_by IS NULL) = (approved_by IS NULL)", name="staff_roles_granted"
        ),
        sa.CheckConstraint(
            "granted_by <> approved_by AND granted_by <> staff_id "
            "AND approved_by <> staff_id AND revoked_by <> staff_id",
            name="staff_roles_four_eyes",
        ),
    )
    op.create_index(
        "staff_roles_held",
        "staff_roles",
        ["staff_id", "role"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "staff_acknowledgements",
        sa.Column("staff_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("acknowledged_at", _INSTANT, nullable=False),
    )


def _create_sessions() -> None:
    op.create_table(
        "staff_sessions",
        sa.Column("session_id", sa.Uuid, primary_key=True),
        sa.Column("token_sha256", sa.LargeBinary, nullable=False),
        sa.Column("staff_id", sa.Uuid, nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("active_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("end_reason", sa.Text),
        sa.UniqueConstraint("token_sha256", name="staff_sessions_token"),
        sa.CheckConstraint(
            "end_reason IN ('logout', 'idle', 'absolute', 'suspended')",
            name="staff_sessions_end_reason",
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name="staff_sessions_ended"
        ),
    )
    op.create_index(
        "staff_sessions_open",
        "staff_sessions",
        ["active_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_factors() -> None:
    op.create_table(
        "staff_attempts",
        sa.Column("login_token", sa.Text, primary_key=True),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("locked_until", _INSTANT),
        sa.Column("reopened", sa.Boolean, nullable=False),
        sa.Column("touched_at", _INSTANT, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.CheckConstraint("number >= 0", name="staff_attempts_number"),
    )
    op.create_index(
        "staff_attempts_locked",
        "staff_attempts",
        ["locked_until"],
        postgresql_where=sa.text("locked_until IS NOT NULL"),
    )
    op.create_table(
        "staff_totps",
        sa.Column("login_id", sa.Uuid, primary_key=True),
        sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "staff_recovery_codes",
        sa.Column("login_id", sa.Uuid, primary_key=True),
        sa.Column("code_token", sa.Text, primary_key=True),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
    )


def _grant() -> None:
    """The process `auth` alone: the gateway sees clients and nobody else.

    What a role was and who agreed to it is never rewritten, nor is an acknowledgement.
    """
    grant("auth", "staff_members", "SELECT", "INSERT", "UPDATE")
    revocation = (
        "UPDATE (confirmed_at, granted_by, approved_by, revoked_at, revoked_by)"
    )
    grant("auth", "staff_roles", "SELECT", "INSERT", revocation)
    grant("auth", "staff_acknowledgements", "SELECT", "INSERT")
    grant("auth", "staff_sessions", "SELECT", "INSERT", "UPDATE")
    grant("auth", "staff_attempts", "SELECT", "INSERT", "UPDATE", "DELETE")
    for table in ("staff_totps", "staff_recovery_codes"):
        grant("auth", table, "SELECT", "INSERT", "UPDATE", "DELETE")


def downgrade() -> None:
    raise NotImplementedError
