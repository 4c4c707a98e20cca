"""Imports and their rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import scope_table

revision = "core_0011"
down_revision = "core_0010"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "import_run",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("book", JSONB, nullable=False),
        sa.Column("sheet", sa.BigInteger(), nullable=False),
        sa.Column("head", JSONB, nullable=False),
        sa.Column("heading_row", sa.BigInteger(), nullable=False),
        sa.Column("headings", JSONB, nullable=False),
        sa.Column("mapping", JSONB, nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("total", "new", "changed", "same", "wrong", "written", "written_to", "failed")
        ),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("said", JSONB, nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("handed_out_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("purged_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint(
            "state IN ('uploaded', 'checking', 'checked', 'writing', 'done', 'stopped', 'failed', 'discarded')",
            name=op.f("ck_import_run_state"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_import_run_file_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["long_task.id"], name=op.f("fk_import_run_task_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_import_run_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index("ix_import_run_created_at_id", "import_run", ["created_at", "id"])
    op.create_index(op.f("ix_import_run_org_id"), "import_run", ["org_id"])
    op.create_index(op.f("ix_import_run_org_path"), "import_run", ["org_path"])
    op.create_index(op.f("ix_import_run_file_id"), "import_run", ["file_id"])
    op.create_index(op.f("ix_import_run_task_id"), "import_run", ["task_id"])
    op.create_table(
        "import_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("cells", JSONB, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("reasons", JSONB, nullable=False),
        sa.Column("before", JSONB, nullable=True),
        sa.Column("memo", JSONB, nullable=True),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.id"], name=op.f("fk_import_row_import_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_import_row_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_row")),
    )
    op.create_index("ix_import_row_kind", "import_row", ["org_id", "import_id", "kind", "number"])
    op.create_index(op.f("ix_import_row_org_path"), "import_row", ["org_path"])
    for name in ("import_run", "import_row"):
        scope_table(op, name)


def downgrade() -> None:
    op.drop_table("import_row")
    op.drop_table("import_run")
