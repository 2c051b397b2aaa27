"""Recoveries, and logins that move to another number."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0005_pre"
down_revision = "0004_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("challenges_purpose", "challenges", type_="check")
    op.create_check_constraint(
        "challenges_purpose",
        "challenges",
        "purpose IN ('registration', 'login', 'consent', 'release', 'step_up', "
        "'recovery', 'phone_change')",
    )
    op.drop_constraint("sessions_end_reason", "sessions", type_="check")
    op.create_check_constraint(
        "sessions_end_reason",
        "sessions",
        "end_reason IN ('logout', 'idle', 'absolute', 'replaced', 'revoked', "
        "'factor_changed', 'password_recovered', 'phone_changed')",
    )
    op.add_column(
        "device_checks",
        sa.Column("aim", sa.Text, nullable=False, server_default="device"),
    )
    op.create_index("device_checks_of_token", "device_checks", ["token_sha256"])
    _grant()


def _grant() -> None:
    """Process `auth` moves a login when onboarding says so; the gateway cannot."""
    grant("auth", "logins", "UPDATE (phone_token, phone_sealed)")
    grant("auth", "password_attempts", "INSERT")
    grant("auth", "languages", "INSERT", "UPDATE")
    grant("auth", "device_checks", "UPDATE (expires_at)")


def downgrade() -> None:
    raise NotImplementedError
