"""Rows of the index are sealed, so that parts of the log may be chosen by them.

What stands there without a seal is indexed anew, by the beat that indexes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016_pre"
down_revision = "0015_pre"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_tile", sa.Column("seal", sa.LargeBinary))
    op.create_index(
        "audit_tile_unsealed",
        "audit_tile",
        ["tile"],
        postgresql_where=sa.text("seal IS NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError
