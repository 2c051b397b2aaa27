"""The applications of one client, by the page."""

from alembic import op

revision = "0002_pre"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("applications_of_client", "applications", ["client_id", "id"])


def downgrade() -> None:
    raise NotImplementedError
