"""Keys of this installation, wrapped with its secret."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0015"
down_revision = "core_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("retired_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('seal', 'index')", name=op.f("ck_data_key_kind")),
        sa.CheckConstraint("state IN ('coming', 'current', 'old', 'retired')", name=op.f("ck_data_key_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
    )
    current = sa.text("state = 'current'")
    op.create_index("uq_data_key_current", "data_key", ["kind"], unique=True, postgresql_where=current)
    op.create_index("uq_data_key_tag", "data_key", ["tag"], unique=True)
    # The application makes the first keys; from then on keys are the owner's business.
    grant_table(op, "data_key", "SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("data_key")
