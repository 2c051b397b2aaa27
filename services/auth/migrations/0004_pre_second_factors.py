"""Second factors beside the code by message, known devices, and more of sessions."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0004_pre"
down_revision = "0003_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _widen_sessions()
    _widen_challenges()
    _create_factors()
    _create_passkeys()
    _create_devices()
    _grant()


def _widen_sessions() -> None:
    op.add_column("sessions", sa.Column("browser", sa.Text))
    op.add_column("sessions", sa.Column("stepped_up_at", _INSTANT))
    op.drop_constraint("sessions_end_reason", "sessions", type_="check")
    op.create_check_constraint(
        "sessions_end_reason",
        "sessions",
        "end_reason IN ('logout', 'idle', 'absolute', 'replaced', 'revoked', "
        "'factor_changed')",
    )


def _widen_challenges() -> None:
    op.drop_constraint("challenges_purpose", "challenges", type_="check")
    op.create_check_constraint(
        "challenges_purpose",
        "challenges",
        "purpose IN ('registration', 'login', 'consent', 'release', 'step_up')",
    )


def _create_factors() -> None:
    op.create_table(
        "totp_factors",
        sa.Column("login_id", sa.Uuid, primary_key=True),
        sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("login_id", sa.Uuid, primary_key=True),
        sa.Column("code_token", sa.Text, primary_key=True),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
    )
    op.create_table(
        "factor_attempts",
        sa.Column("login_id", sa.Uuid, primary_key=True),
        sa.Column("method", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("locked_until", _INSTANT),
        sa.Column("reopened", sa.Boolean, nullable=False),
        sa.CheckConstraint("number >= 0", name="factor_attempts_number"),
    )
    op.create_index(
        "factor_attempts_locked",
        "factor_attempts",
        ["locked_until"],
        postgresql_where=sa.text("locked_until IS NOT NULL"),
    )


def _create_passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("passkey_id", sa.Uuid, primary_key=True),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
        sa.Column("suspended_at", _INSTANT),
        sa.UniqueConstraint("credential_id", name="passkeys_credential"),
    )
    op.create_index("passkeys_of_login", "passkeys", ["login_id"])
    op.create_table(
        "passkey_ceremonies",
        sa.Column("reference", sa.Uuid, primary_key=True),
        sa.Column("challenge", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
    )
    op.create_index("passkey_ceremonies_expiry", "passkey_ceremonies", ["expires_at"])


def _create_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("device_id", sa.Uuid, primary_key=True),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("mark_sha256", sa.LargeBinary, nullable=False),
        sa.Column("first_at", _INSTANT, nullable=False),
        sa.Column("last_at", _INSTANT, nullable=False),
        sa.UniqueConstraint("login_id", "mark_sha256", name="devices_mark"),
    )
    op.create_index("devices_by_mark", "devices", ["mark_sha256"])
    op.create_index("devices_by_age", "devices", ["last_at"])
    op.create_table(
        "device_checks",
        sa.Column("check_id", sa.Uuid, primary_key=True),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("token_sha256", sa.LargeBinary, nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("passed_at", _INSTANT),
        sa.Column("ceremony_id", sa.Uuid),
        sa.CheckConstraint(
            "(passed_at IS NULL) = (ceremony_id IS NULL)", name="device_checks_passed"
        ),
    )
    op.create_index("device_checks_of_login", "device_checks", ["login_id"])


def _grant() -> None:
    """The gateway judges and enrols factors; process `auth` sweeps what has run out.

    What was removed is gone from here; that it was there, the events remember.
    """
    for table in ("totp_factors", "recovery_codes", "passkeys"):
        grant("gateway", table, "SELECT", "INSERT", "UPDATE", "DELETE")
    grant("gateway", "passkey_ceremonies", "SELECT", "INSERT", "UPDATE", "DELETE")
    grant("gateway", "factor_attempts", "SELECT", "INSERT", "UPDATE")
    grant("gateway", "devices", "SELECT", "INSERT", "UPDATE")
    grant("gateway", "device_checks", "SELECT", "INSERT", "UPDATE")
    grant("auth", "factor_attempts", "SELECT", "UPDATE")
    grant("auth", "passkey_ceremonies", "SELECT", "DELETE")
    grant("auth", "devices", "SELECT", "DELETE")
    grant("auth", "device_checks", "SELECT", "DELETE")


def downgrade() -> None:
    raise NotImplementedError
