"""The book."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.sdk import scope_table

revision = "guestbook_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guestbook_entry",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("written_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_guestbook_entry_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_guestbook_entry"),
        sa.UniqueConstraint("event_id", name="uq_guestbook_entry_event_id"),
    )
    op.create_index("ix_guestbook_entry_org_id", "guestbook_entry", ["org_id"])
    op.create_index("ix_guestbook_entry_org_path", "guestbook_entry", ["org_path"])
    scope_table(op, "guestbook_entry")


def downgrade() -> None:
    op.drop_table("guestbook_entry")
