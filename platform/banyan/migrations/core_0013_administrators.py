"""Applications for administrator accounts, invitations and receipts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table, scope_table

revision = "core_0013"
down_revision = "core_0012"
branch_labels = None
depends_on = None

C = sa.Text(collation="C")
AT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _applications()
    _keys()
    scope_table(op, "administrator_application")
    grant_table(op, "administrator_key")


def _applications() -> None:
    op.create_table(
        "administrator_application",
        sa.Column("origin", C, nullable=False),
        sa.Column("person_in_charge", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("administrator", sa.Text(), nullable=False),
        sa.Column("administrator_phone", sa.Text(), nullable=False),
        sa.Column("sign_in_name", C, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("scan_id", sa.Uuid(), nullable=True),
        sa.Column("state", C, server_default="draft", nullable=False),
        sa.Column("opinion", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("code_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("sent_at", AT, nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", C, nullable=False),
        sa.CheckConstraint("origin IN ('own', 'paper', 'invited')", name=op.f("ck_administrator_application_origin")),
        sa.CheckConstraint(
            "state IN ('draft', 'sent', 'returned', 'approved', 'rejected', 'withdrawn')",
            name=op.f("ck_administrator_application_state"),
        ),
        sa.ForeignKeyConstraint(["replaces"], ["account.id"], name=op.f("fk_administrator_application_replaces")),
        sa.ForeignKeyConstraint(["scan_id"], ["stored_file.id"], name=op.f("fk_administrator_application_scan_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["approval_request.id"], name=op.f("fk_administrator_application_request_id")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_administrator_application_account_id")),
        sa.ForeignKeyConstraint(
            ["code_id"], ["registration_code.id"], name=op.f("fk_administrator_application_code_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_administrator_application_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administrator_application")),
    )
    pending = sa.text("state IN ('draft', 'sent', 'returned')")
    table = "administrator_application"
    op.create_index("uq_administrator_application_pending", table, ["org_id"], unique=True, postgresql_where=pending)
    op.create_index("ix_administrator_application_created_at_id", table, ["created_at", "id"])
    op.create_index("ix_administrator_application_org_id", table, ["org_id"])
    op.create_index("ix_administrator_application_org_path", table, ["org_path"])


def _keys() -> None:
    op.create_table(
        "administrator_key",
        sa.Column("kind", C, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("used_at", AT, nullable=True),
        sa.Column("withdrawn_at", AT, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", C, nullable=False),
        sa.CheckConstraint("kind IN ('invitation', 'receipt')", name=op.f("ck_administrator_key_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_administrator_key_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administrator_key")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_administrator_key_code_hash")),
    )
    op.create_index("ix_administrator_key_application_id", "administrator_key", ["application_id"])
    op.create_index("ix_administrator_key_created_at_id", "administrator_key", ["created_at", "id"])
    op.create_index("ix_administrator_key_org_id", "administrator_key", ["org_id"])
    op.create_index("ix_administrator_key_org_path", "administrator_key", ["org_path"])


def downgrade() -> None:
    op.drop_table("administrator_key")
    op.drop_table("administrator_application")
