"""Accounts are found by how their names begin."""

import sqlalchemy as sa
from alembic import op

revision = "core_0014"
down_revision = "core_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("account", "display_name", type_=sa.Text(collation="C"))
    op.create_index("ix_account_display_name", "account", ["display_name"])


def downgrade() -> None:
    op.drop_index("ix_account_display_name", table_name="account")
    op.alter_column("account", "display_name", type_=sa.Text())
