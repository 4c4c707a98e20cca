"""Maintenance and emergencies that everybody is told of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0020"
down_revision = "core_0019"
branch_labels = None
depends_on = None

TABLES = ("service_window",)


def upgrade() -> None:
    op.create_table(
        "service_window",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("effects", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("begins_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("place_path", sa.Text(collation="C"), nullable=True),
        sa.Column("announced_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("announced_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind = 'emergency' OR place_id IS NULL", name=op.f("ck_service_window_everywhere")),
        sa.CheckConstraint("kind IN ('maintenance', 'emergency')", name=op.f("ck_service_window_kind")),
        sa.CheckConstraint("ends_at > begins_at", name=op.f("ck_service_window_times")),
        sa.ForeignKeyConstraint(
            ["place_id", "place_path"], ["org.id", "org.path"], name="fk_service_window_place", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_window")),
    )
    op.create_index(
        "ix_service_window_open",
        "service_window",
        ["ends_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_service_window_place",
        "service_window",
        ["place_id", "place_path"],
        unique=False,
        postgresql_where=sa.text("place_id IS NOT NULL"),
    )
    grant_table(op, "service_window", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
