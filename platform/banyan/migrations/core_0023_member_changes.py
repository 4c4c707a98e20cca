"""What members change in their own records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0023"
down_revision = "core_0022"
branch_labels = None
depends_on = None

_INSIDE = "(org_path >= current_setting('app.lo', true) AND org_path < current_setting('app.hi', true))"
# Row security of the record itself narrows this to those that are seen.
_OF_A_RECORD = "EXISTS (SELECT FROM member m WHERE m.id = member_change.member_id)"
_OPEN = "state IN ('waiting', 'unchecked')"


def upgrade() -> None:
    _table()
    op.execute("ALTER TABLE member_change ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY member_change_scope ON member_change USING ({_INSIDE} OR {_OF_A_RECORD}) WITH CHECK {_INSIDE}"
    )
    grant_table(op, "member_change", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("member_change")


def _table() -> None:
    instant = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "member_change",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("is_open", sa.Boolean(), sa.Computed(_OPEN, persisted=True), nullable=False),
        sa.Column("old_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("new_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", instant, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "order_on",
            sa.Date(),
            sa.Computed(f"CASE WHEN {_OPEN} THEN due_on ELSE DATE '9999-12-31' END", persisted=True),
            nullable=False,
        ),
        sa.Column("decided_at", instant, nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("kind IN ('ask', 'check')", name=op.f("ck_member_change_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'unchecked', 'agreed', 'refused', 'confirmed', 'put_back', 'replaced', 'withdrawn')",
            name=op.f("ck_member_change_state"),
        ),
        sa.CheckConstraint("(kind = 'ask') = (request_id IS NOT NULL)", name=op.f("ck_member_change_asked")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_member_change_member_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_member_change_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_member_change_request_id")),
        sa.ForeignKeyConstraint(["proof_id"], ["stored_file.id"], name=op.f("fk_member_change_proof_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_member_change_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_change")),
    )
    for name, columns in {
        "ix_member_change_order_on_id": ["order_on", "id"],
        "ix_member_change_org_path_order_on_id": ["org_path", "order_on", "id"],
        "ix_member_change_asked_at_id": ["asked_at", "id"],
        "ix_member_change_member_id_id": ["member_id", "id"],
        "ix_member_change_person_id": ["person_id"],
        "ix_member_change_org_path": ["org_path"],
        "ix_member_change_org_id": ["org_id"],
    }.items():
        op.create_index(name, "member_change", columns)
    op.create_index(
        "uq_member_change_member_id_item_open",
        "member_change",
        ["member_id", "item"],
        unique=True,
        postgresql_where=sa.text(_OPEN),
    )
    for name, columns, where in (
        ("ix_member_change_open_org_path", ["org_path", "due_on"], "is_open"),
        ("ix_member_change_request_id", ["request_id"], "request_id IS NOT NULL"),
        ("ix_member_change_proof_id", ["proof_id"], "proof_id IS NOT NULL"),
    ):
        op.create_index(name, "member_change", columns, postgresql_where=sa.text(where))
