"""The life of an organisation: approval and entry, changes, revocation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0009"
down_revision = "core_0008"
branch_labels = None
depends_on = None

OLD, NEW = "status IN ('active', 'revoked')", "status IN ('active', 'revoked', 'deregistered', 'merged')"
INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("org_type", sa.Column("ending", sa.Text(collation="C"), server_default="revoked", nullable=False))
    op.add_column("org", sa.Column("approved_on", sa.Date(), nullable=True))
    op.add_column("org", sa.Column("approval_number", sa.Text(), server_default="", nullable=False))
    op.add_column("org", sa.Column("entry_days", sa.BigInteger(), nullable=True))
    op.add_column("org", sa.Column("successor_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_org_successor_id"), "org", "org", ["successor_id"], ["id"])
    op.create_index("ix_org_late_path", "org", ["path"], postgresql_where=sa.text("entry_days > 30"))
    op.create_index(
        "ix_org_successor_id", "org", ["successor_id"], postgresql_where=sa.text("successor_id IS NOT NULL")
    )
    _document_index("org", "approval_document")
    op.drop_constraint("ck_org_status", "org")
    op.create_check_constraint(op.f("ck_org_status"), "org", NEW)
    _changes()
    _revocations()
    for name in ("org_change", "org_revocation"):
        grant_table(op, name)


def _document_index(table: str, column: str) -> None:
    there = sa.text(f"{column} IS NOT NULL")
    op.create_index(f"ix_{table}_{column}", table, [column], postgresql_where=there)


def _changes() -> None:
    op.create_table(
        "org_change",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("document", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_org_change_document")),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_org_change_org_id")),
        sa.ForeignKeyConstraint(["other_id"], ["org.id"], name=op.f("fk_org_change_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_change")),
    )
    op.create_index("ix_org_change_org_id_at", "org_change", ["org_id", "at"])
    op.create_index("ix_org_change_other_id", "org_change", ["other_id"])
    _document_index("org_change", "document")


def _revocations() -> None:
    op.create_table(
        "org_revocation",
        sa.Column("act", sa.Text(collation="C"), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("document", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("ended_grants", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("act IN ('revoked', 'deregistered')", name=op.f("ck_org_revocation_act")),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_org_revocation_document")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_org_revocation_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_revocation")),
    )
    op.create_index("ix_org_revocation_due_on_id", "org_revocation", ["due_on", "id"])
    _document_index("org_revocation", "document")
    op.create_index("ix_org_revocation_org_id", "org_revocation", ["org_id"])
    op.create_index("ix_org_revocation_org_path", "org_revocation", ["org_path"])
    op.create_index(
        "uq_org_revocation_open",
        "org_revocation",
        ["org_id"],
        unique=True,
        postgresql_where=sa.text("done_on IS NULL AND withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("org_revocation")
    op.drop_table("org_change")
    op.drop_constraint("ck_org_status", "org")
    op.execute("UPDATE org SET status = 'revoked' WHERE status <> 'active'")
    op.create_check_constraint(op.f("ck_org_status"), "org", OLD)
    op.drop_index("ix_org_approval_document", "org")
    op.drop_index("ix_org_successor_id", "org")
    op.drop_index("ix_org_late_path", "org")
    op.drop_constraint("fk_org_successor_id", "org")
    for name in ("successor_id", "entry_days", "approval_number", "approved_on"):
        op.drop_column("org", name)
    op.drop_column("org_type", "ending")
