"""Products, methods of repayment, the price of a contract, and schedules."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0004_pre"
down_revision = "0003_pre"
branch_labels = None
depends_on = None

_ROLE = "contracts"


def upgrade() -> None:
    # The code before this one wrote contracts without interest: the defaults are its
    # word while it runs beside the new code.
    for table in ("applications", "contracts"):
        op.add_column(
            table,
            sa.Column("product", sa.Text, nullable=False, server_default="standard"),
        )
        op.add_column(
            table,
            sa.Column("repayment", sa.Text, nullable=False, server_default="annuity"),
        )
    op.add_column(
        "contracts",
        sa.Column(
            "annual_percent", sa.Numeric(7, 2), nullable=False, server_default="0"
        ),
    )
    _create_schedules()
    for table in ("schedules", "instalments"):
        grant(_ROLE, table, "SELECT", "INSERT")


def _create_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("contract_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("annual_percent", sa.Numeric(7, 2), nullable=False),
        sa.Column("gesv_percent", sa.Numeric(9, 2), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"]),
        sa.CheckConstraint("kind IN ('draft', 'final')", name="schedules_kind"),
    )
    op.create_table(
        "instalments",
        sa.Column("contract_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("principal_minor", sa.BigInteger, nullable=False),
        sa.Column("interest_minor", sa.BigInteger, nullable=False),
        sa.Column("balance_minor", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id", "kind"], ["schedules.contract_id", "schedules.kind"]
        ),
        sa.CheckConstraint(
            "principal_minor >= 0 AND interest_minor >= 0 AND balance_minor >= 0"
            " AND principal_minor + interest_minor > 0",
            name="instalments_amounts",
        ),
    )


def downgrade() -> None:
    raise NotImplementedError
