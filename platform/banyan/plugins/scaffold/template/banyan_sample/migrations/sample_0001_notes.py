"""The table of notes."""

import sqlalchemy as sa
from alembic import op
from banyan.sdk import scope_table
from sqlalchemy.dialects import postgresql

revision = "sample_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sample_note",
        sa.Column("text", sa.Text(collation="C"), nullable=False),
        # <privacy>
        sa.Column("person_id", sa.Uuid(), nullable=True),
        # </privacy>
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("written_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_sample_note_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sample_note"),
        sa.UniqueConstraint("event_id", name="uq_sample_note_event_id"),
    )
    op.create_index("ix_sample_note_org_id", "sample_note", ["org_id"])
    op.create_index("ix_sample_note_org_path", "sample_note", ["org_path"])
    # <privacy>
    op.create_index("ix_sample_note_person_id", "sample_note", ["person_id"])
    # </privacy>
    # <search>
    op.create_index("ix_sample_note_text", "sample_note", ["text"])
    # </search>
    op.create_index("ix_sample_note_written_at_id", "sample_note", ["written_at", "id"])
    # Row security: without it, every organisation would see all notes.
    scope_table(op, "sample_note")


def downgrade() -> None:
    op.drop_table("sample_note")
