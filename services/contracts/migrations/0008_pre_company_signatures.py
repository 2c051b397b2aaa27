"""The company signs after the client: when the client did, and the proofs of both."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0008_pre"
down_revision = "0007_pre"
branch_labels = None
depends_on = None

_ROLE = "contracts"


def upgrade() -> None:
    # Code before this one concludes at the client's signature and leaves it empty.
    op.add_column(
        "contracts", sa.Column("client_signed_at", sa.DateTime(timezone=True))
    )
    grant(_ROLE, "contracts", "UPDATE (client_signed_at)")
    op.create_index(
        "contracts_client_signed",
        "contracts",
        ["client_signed_at"],
        postgresql_where=sa.text("client_signed_at IS NOT NULL AND signed_at IS NULL"),
    )
    _create_signatures()
    grant(_ROLE, "company_signatures", "SELECT", "INSERT")


def _create_signatures() -> None:
    op.create_table(
        "company_signatures",
        sa.Column("document_sha256", sa.Text, primary_key=True),
        sa.Column("contract_id", sa.Uuid, nullable=False),
        sa.Column("certificate_serial", sa.Text, nullable=False),
        sa.Column("proof", sa.LargeBinary, nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
    )


def downgrade() -> None:
    raise NotImplementedError
