"""The first schema of auth, and what each of its two roles may do."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import create_kernel_tables, grant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_kernel_tables()
    _create_logins()
    _create_password_attempts()
    _create_challenges()
    _create_sessions()
    _create_messages()
    _grant()


def _create_logins() -> None:
    op.create_table(
        "logins",
        sa.Column("login_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("phone_token", sa.Text, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary, nullable=False),
        sa.Column("password_sealed", sa.LargeBinary),
        sa.Column("password_set_at", _INSTANT),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.UniqueConstraint("client_id", name="logins_client"),
        sa.UniqueConstraint("phone_token", name="logins_phone"),
    )


def _create_password_attempts() -> None:
    op.create_table(
        "password_attempts",
        sa.Column("phone_token", sa.Text, primary_key=True),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("locked_until", _INSTANT),
        sa.Column("reopened", sa.Boolean, nullable=False),
        sa.Column("touched_at", _INSTANT, nullable=False),
        sa.CheckConstraint("number >= 0", name="password_attempts_number"),
    )
    op.create_index(
        "password_attempts_locked",
        "password_attempts",
        ["locked_until"],
        postgresql_where=sa.text("locked_until IS NOT NULL"),
    )


def _create_challenges() -> None:
    op.create_table(
        "challenges",
        sa.Column("challenge_id", sa.Uuid, primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("reference", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Uuid),
        sa.Column("phone_token", sa.Text, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary, nullable=False),
        sa.Column("code_token", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("issued_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT),
        sa.Column("used_for", sa.Text),
        sa.CheckConstraint(
            "purpose IN ('registration', 'login', 'consent', 'release')",
            name="challenges_purpose",
        ),
        sa.CheckConstraint("state IN ('open', 'confirmed')", name="challenges_state"),
        sa.CheckConstraint(
            "(state = 'confirmed') = (confirmed_at IS NOT NULL)",
            name="challenges_confirmed",
        ),
    )
    op.create_index("challenges_reference", "challenges", ["reference"])
    op.create_index("challenges_expiry", "challenges", ["expires_at"])
    op.create_table(
        "code_sends",
        sa.Column("phone_token", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("window_at", _INSTANT, nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Uuid, primary_key=True),
        sa.Column("token_sha256", sa.LargeBinary, nullable=False),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("active_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("end_reason", sa.Text),
        sa.UniqueConstraint("token_sha256", name="sessions_token"),
        sa.CheckConstraint(
            "end_reason IN ('logout', 'idle', 'absolute', 'replaced')",
            name="sessions_end_reason",
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name="sessions_ended"
        ),
    )
    for name, column in (
        ("sessions_of_client", "client_id"),
        ("sessions_activity", "active_at"),
        ("sessions_opening", "opened_at"),
    ):
        op.create_index(
            name, "sessions", [column], postgresql_where=sa.text("ended_at IS NULL")
        )


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("text_sealed", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("queued_at", _INSTANT, nullable=False),
        sa.Column("next_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("sent_at", _INSTANT),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'dropped')", name="messages_state"
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name="messages_sent"
        ),
    )
    op.create_index(
        "messages_due",
        "messages",
        ["next_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _grant() -> None:
    """Process `auth` makes logins and sends; the gateway judges who is at the door.

    The gateway cannot make a login, nor change whose it is, nor read a message.
    """
    grant("auth", "logins", "SELECT", "INSERT")
    grant("auth", "password_attempts", "SELECT", "UPDATE", "DELETE")
    grant("auth", "challenges", "SELECT", "INSERT", "UPDATE", "DELETE")
    grant("auth", "code_sends", "SELECT", "INSERT", "UPDATE")
    grant("auth", "sessions", "SELECT", "UPDATE")
    grant("auth", "messages", "SELECT", "INSERT", "UPDATE")
    grant("gateway", "logins", "SELECT", "UPDATE (password_sealed, password_set_at)")
    grant("gateway", "password_attempts", "SELECT", "INSERT", "UPDATE")
    grant("gateway", "challenges", "SELECT", "INSERT", "UPDATE")
    grant("gateway", "code_sends", "SELECT", "INSERT", "UPDATE")
    grant("gateway", "sessions", "SELECT", "INSERT", "UPDATE")
    grant("gateway", "messages", "INSERT")
    grant("gateway", "outbox", "INSERT")


def downgrade() -> None:
    raise NotImplementedError
