"""Requests that are answered part by part, and approved in part."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0016"
down_revision = "core_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approval_request", sa.Column("partly", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("approval_request", "partly", server_default=None)
    pieces = sa.Column("pieces", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]")
    op.add_column("approval_entry", pieces)
    op.alter_column("approval_entry", "pieces", server_default=None)


def downgrade() -> None:
    op.drop_column("approval_entry", "pieces")
    op.drop_column("approval_request", "partly")
