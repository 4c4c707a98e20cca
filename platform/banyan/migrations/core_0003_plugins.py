"""Operators, the plugins they switched off for everybody, and what went wrong in those."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0003"
down_revision = "core_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plugin_off",
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("switched_by", sa.Uuid(), nullable=True),
        sa.Column("switched_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("module", name=op.f("pk_plugin_off")),
    )
    op.create_table(
        "plugin_failure",
        sa.Column("module", sa.Text(collation="C"), nullable=False),
        sa.Column("place", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("first_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_failure")),
        sa.UniqueConstraint("module", "place", "kind", "day", name="uq_plugin_failure"),
    )
    op.create_index("ix_plugin_failure_last_at", "plugin_failure", ["last_at"], unique=False)
    op.create_table(
        "plugin_known",
        sa.Column("module", sa.Text(collation="C"), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("migrated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("module", name=op.f("pk_plugin_known")),
    )
    grant_table(op, "plugin_known", "SELECT")
    op.add_column("account", sa.Column("operator", sa.Boolean(), server_default=sa.false(), nullable=False))
    grant_table(op, "plugin_off")
    grant_table(op, "plugin_failure")


def downgrade() -> None:
    op.drop_column("account", "operator")
    op.drop_table("plugin_known")
    op.drop_table("plugin_failure")
    op.drop_table("plugin_off")
