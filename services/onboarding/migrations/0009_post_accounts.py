"""What only older code needed: one account of a client, and both values of a change."""

import sqlalchemy as sa
from alembic import op

revision = "0009_post"
down_revision = "0008_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("accounts_client_id_key", "accounts")
    op.create_index(
        "accounts_selected",
        "accounts",
        ["client_id"],
        unique=True,
        postgresql_where=sa.text("selected"),
    )
    op.create_index(
        "accounts_of_client",
        "accounts",
        ["client_id", "iban_token"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_check_constraint(
        "changes_old", "changes", "(act = 'add') = (old_token IS NULL)"
    )
    op.create_check_constraint(
        "changes_value", "changes", "(act = 'remove') = (value_token IS NULL)"
    )
    op.create_index(
        "changes_covered",
        "changes",
        ["covered_by"],
        unique=True,
        postgresql_where=sa.text("covered_by IS NOT NULL"),
    )
    op.create_index(
        "changes_adding",
        "changes",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("act = 'add'"),
    )


def downgrade() -> None:
    raise NotImplementedError
