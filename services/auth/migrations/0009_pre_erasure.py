"""What a login leaves behind may be removed with it (law №94-V, art. 8)."""

from kernel.migrations import grant

revision = "0009_pre"
down_revision = "0008_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("totp_factors", "recovery_codes", "passkeys"):
        grant("auth", table, "SELECT (login_id)", "DELETE")
    for table in ("logins", "factor_attempts", "code_sends"):
        grant("auth", table, "DELETE")


def downgrade() -> None:
    raise NotImplementedError
