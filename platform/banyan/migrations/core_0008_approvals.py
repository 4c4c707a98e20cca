"""Approvals: requests, their sides, desks, history, files, and deputies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0008"
down_revision = "core_0007"
branch_labels = None
depends_on = None

_RANGE = "org_path >= current_setting('app.lo', true) AND org_path < current_setting('app.hi', true)"
_OWN = f"({_RANGE}) OR asked_by = nullif(current_setting('app.me', true), '')::uuid"
# Row security of the sides narrows them to those the session may see.
_SIDE = "EXISTS (SELECT FROM approval_party p WHERE p.request_id = approval_request.id)"
TABLES = (
    "approval_delegation",
    "approval_file",
    "approval_entry",
    "approval_desk",
    "approval_party",
    "approval_request",
)


def upgrade() -> None:
    _tables()
    _policy("approval_request", "see", "FOR SELECT", f"{_OWN} OR {_SIDE}")
    _policy("approval_request", "change", "FOR UPDATE", f"{_OWN} OR {_SIDE}")
    op.execute(f"CREATE POLICY approval_request_ask ON approval_request FOR INSERT WITH CHECK ({_OWN})")
    grant_table(op, "approval_request", "SELECT, INSERT, UPDATE")
    # Who asks names the sides above it, which it cannot see.
    _policy("approval_party", "see", "FOR SELECT", _RANGE)
    op.execute("CREATE POLICY approval_party_name ON approval_party FOR INSERT WITH CHECK (true)")
    grant_table(op, "approval_party", "SELECT, INSERT")
    for name in ("approval_entry", "approval_file"):
        seen = f"EXISTS (SELECT FROM approval_request r WHERE r.id = {name}.request_id)"
        _policy(name, "see", "FOR SELECT", seen)
        op.execute(f"CREATE POLICY {name}_append ON {name} FOR INSERT WITH CHECK ({seen})")
        grant_table(op, name, "SELECT, INSERT")
    grant_table(op, "approval_desk")
    grant_table(op, "approval_delegation", "SELECT, INSERT, UPDATE")


def _policy(table: str, name: str, what: str, using: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_{name} ON {table} {what} USING ({using})")


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)


def _tables() -> None:
    op.create_table(
        "approval_request",
        sa.Column("flow", sa.Text(collation="C"), nullable=False),
        sa.Column("subject_type", sa.Text(collation="C"), nullable=False),
        sa.Column("subject_id", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sides", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'returned', 'approved', 'rejected', 'withdrawn')", name=op.f("ck_approval_request_state")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_approval_request_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_request")),
    )
    op.create_index("ix_approval_request_asked_at_id", "approval_request", ["asked_at", "id"], unique=False)
    op.create_index(
        "ix_approval_request_asked_by_asked_at_id", "approval_request", ["asked_by", "asked_at", "id"], unique=False
    )
    op.create_index(
        "ix_approval_request_flow_subject_id_id", "approval_request", ["flow", "subject_id", "id"], unique=False
    )
    op.create_index("ix_approval_request_org_id", "approval_request", ["org_id"], unique=False)
    op.create_index("ix_approval_request_org_path", "approval_request", ["org_path"], unique=False)
    op.create_table(
        "approval_party",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(collation="C"), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_approval_party_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_approval_party_request_id")),
        sa.PrimaryKeyConstraint("request_id", "org_id", "side", name=op.f("pk_approval_party")),
    )
    op.create_index("ix_approval_party_org_id", "approval_party", ["org_id"], unique=False)
    op.create_index("ix_approval_party_org_path", "approval_party", ["org_path"], unique=False)
    op.create_table(
        "approval_desk",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("flow", sa.Text(collation="C"), nullable=False),
        sa.Column("step", sa.Text(collation="C"), nullable=False),
        sa.Column("permission", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("asking_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("remind_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reminded_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("overdue_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("above_id", sa.Uuid(), nullable=True),
        sa.Column("above_path", sa.Text(collation="C"), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["above_id", "above_path"], ["org.id", "org.path"], name="fk_approval_desk_above", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["asking_id"], ["org.id"], name=op.f("fk_approval_desk_asking_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_approval_desk_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_approval_desk_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_desk")),
        sa.UniqueConstraint("request_id", name=op.f("uq_approval_desk_request_id")),
    )
    op.create_index(
        "ix_approval_desk_above_id",
        "approval_desk",
        ["above_id", "above_path"],
        unique=False,
        postgresql_where=sa.text("above_id IS NOT NULL"),
    )
    op.create_index("ix_approval_desk_asked_by_due_at", "approval_desk", ["asked_by", "due_at"], unique=False)
    op.create_index(
        "ix_approval_desk_due_at",
        "approval_desk",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("overdue_at IS NULL"),
    )
    op.create_index("ix_approval_desk_org_id_due_at_id", "approval_desk", ["org_id", "due_at", "id"], unique=False)
    op.create_index("ix_approval_desk_org_path", "approval_desk", ["org_path"], unique=False)
    op.create_index(
        "ix_approval_desk_remind_at",
        "approval_desk",
        ["remind_at"],
        unique=False,
        postgresql_where=sa.text("reminded_at IS NULL"),
    )
    op.create_table(
        "approval_entry",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("act", sa.Text(collation="C"), nullable=False),
        sa.Column("step", sa.Text(collation="C"), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("behalf_id", sa.Uuid(), nullable=True),
        sa.Column("behalf_name", sa.Text(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_approval_entry_org_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_approval_entry_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_entry")),
    )
    op.create_index(
        "ix_approval_entry_account_id_request_id", "approval_entry", ["account_id", "request_id"], unique=False
    )
    op.create_index("uq_approval_entry_request_id_number", "approval_entry", ["request_id", "number"], unique=True)
    op.create_table(
        "approval_file",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_approval_file_file_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_approval_file_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_file")),
    )
    op.create_index(op.f("ix_approval_file_file_id"), "approval_file", ["file_id"], unique=False)
    op.create_index("ix_approval_file_request_id", "approval_file", ["request_id"], unique=False)
    op.create_table(
        "approval_delegation",
        sa.Column("delegator_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("flows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("not_before", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("not_after", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("deputy_id <> delegator_id", name=op.f("ck_approval_delegation_not_oneself")),
        sa.CheckConstraint("not_after > not_before", name=op.f("ck_approval_delegation_dates")),
        sa.ForeignKeyConstraint(["delegator_id"], ["account.id"], name=op.f("fk_approval_delegation_delegator_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["account.id"], name=op.f("fk_approval_delegation_deputy_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_approval_delegation_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_delegation")),
    )
    op.create_index(
        "ix_approval_delegation_delegator_id_not_before_id",
        "approval_delegation",
        ["delegator_id", "not_before", "id"],
        unique=False,
    )
    op.create_index(
        "ix_approval_delegation_deputy_id",
        "approval_delegation",
        ["deputy_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_approval_delegation_deputy_id_not_before_id",
        "approval_delegation",
        ["deputy_id", "not_before", "id"],
        unique=False,
    )
    op.create_index("ix_approval_delegation_org_id", "approval_delegation", ["org_id"], unique=False)
    op.create_index("ix_approval_delegation_org_path", "approval_delegation", ["org_path"], unique=False)
