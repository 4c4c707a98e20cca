"""Registration codes of accounts that have been opened already and wait for their password."""

import sqlalchemy as sa
from alembic import op

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("registration_code", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_registration_code_account_id", "registration_code", "account", ["account_id"], ["id"])


def downgrade() -> None:
    op.drop_column("registration_code", "account_id")
