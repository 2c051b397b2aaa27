"""Security keys of the staff, and what they are asked."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0008_pre"
down_revision = "0007_pre"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff_passkeys",
        sa.Column("passkey_id", sa.Uuid, primary_key=True),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
        sa.Column("suspended_at", _INSTANT),
        sa.UniqueConstraint("credential_id", name="staff_passkeys_credential"),
    )
    op.create_index("staff_passkeys_of_login", "staff_passkeys", ["login_id"])
    op.create_table(
        "staff_passkey_ceremonies",
        sa.Column("reference", sa.Uuid, primary_key=True),
        sa.Column("challenge", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
    )
    op.create_index(
        "staff_passkey_ceremonies_expiry", "staff_passkey_ceremonies", ["expires_at"]
    )
    for table in ("staff_passkeys", "staff_passkey_ceremonies"):
        grant("auth", table, "SELECT", "INSERT", "UPDATE", "DELETE")


def downgrade() -> None:
    raise NotImplementedError
