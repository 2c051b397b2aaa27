"""What the columns of the price may hold, once only code that knows them writes."""

from alembic import op

revision = "0005_post"
down_revision = "0004_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("applications", "contracts"):
        op.create_check_constraint(
            f"{table}_repayment", table, "repayment IN ('annuity', 'differentiated')"
        )
    op.create_check_constraint("contracts_percent", "contracts", "annual_percent >= 0")


def downgrade() -> None:
    raise NotImplementedError
