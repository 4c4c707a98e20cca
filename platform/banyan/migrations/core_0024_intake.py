"""Imports keep what sensitive columns hold sealed; accounts of members; campaigns; exceptions to limits of age."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from banyan.kernel.db.rowsecurity import scope_table

revision = "core_0024"
down_revision = "core_0023"
branch_labels = None
depends_on = None

# Answers about somebody who is no member are set aside, and count again when the membership is restored.
_GONE = """
CREATE FUNCTION member_campaign_answers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign_answer SET gone = NEW.status <> 'active' WHERE member_id = NEW.id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.add_column("import_run", sa.Column("options", JSONB, nullable=False, server_default="{}"))
    op.create_table(
        "import_secret",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.id"], name=op.f("fk_import_secret_import_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_import_secret_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_secret")),
    )
    op.create_index("ix_import_secret_rows", "import_secret", ["import_id", "first"])
    op.create_index(op.f("ix_import_secret_org_id"), "import_secret", ["org_id"])
    op.create_index(op.f("ix_import_secret_org_path"), "import_secret", ["org_path"])
    scope_table(op, "import_secret")
    op.add_column(
        "account", sa.Column("closed_with_membership", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_member_active",
        "member",
        ["org_path", "admitted_on"],
        postgresql_include=["account_id"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index(
        "ix_member_without_account",
        "member",
        ["admitted_on", "id"],
        postgresql_where=sa.text("account_id IS NULL AND status = 'active'"),
    )
    _campaigns()
    _exceptions()
    for name in ("campaign_answer", "age_exception"):
        scope_table(op, name)
    scope_table(op, "campaign", published=True)
    op.execute(_GONE)
    op.execute(
        "CREATE TRIGGER member_campaign_answers AFTER UPDATE OF status ON member FOR EACH ROW"
        " WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION member_campaign_answers()"
    )


def _campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("asked", JSONB, nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(collation="C"), server_default="open", nullable=False),
        sa.Column("closing_note", sa.Text(), server_default="", nullable=False),
        sa.Column("figures", JSONB, nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("kind IN ('cleanup', 'registration')", name=op.f("ck_campaign_kind")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_campaign_state")),
        sa.CheckConstraint("due_on >= opened_on", name=op.f("ck_campaign_days")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_campaign_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index("ix_campaign_org_id", "campaign", ["org_id"])
    op.create_index("ix_campaign_org_path", "campaign", ["org_path"])
    op.create_index("ix_campaign_opened_on_id", "campaign", ["opened_on", "id"])
    op.create_index("ix_campaign_open", "campaign", ["due_on", "id"], postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "campaign_answer",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.Column("answer", sa.Text(collation="C"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('confirmed', 'corrected', 'doubtful', 'absent')", name=op.f("ck_campaign_answer_answer")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_answer_campaign_id")),
        sa.ForeignKeyConstraint(
            ["member_id", "org_path"],
            ["member.id", "member.org_path"],
            name="fk_campaign_answer_member",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "member_id", name=op.f("pk_campaign_answer")),
    )
    op.create_index(
        "ix_campaign_answer_place",
        "campaign_answer",
        ["campaign_id", "org_path", "answer"],
        postgresql_where=sa.text("NOT gone"),
    )
    op.create_index("ix_campaign_answer_member_id", "campaign_answer", ["member_id"])


def _exceptions() -> None:
    op.create_table(
        "age_exception",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id", "org_path"],
            ["member.id", "member.org_path"],
            name="fk_age_exception_member",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_age_exception")),
    )
    op.create_index(
        "uq_age_exception_member_id",
        "age_exception",
        ["member_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_age_exception_member", "age_exception", ["member_id"])
    op.create_index("ix_age_exception_org_path", "age_exception", ["org_path"])


def downgrade() -> None:
    op.execute("DROP TRIGGER member_campaign_answers ON member")
    op.execute("DROP FUNCTION member_campaign_answers()")
    op.drop_table("age_exception")
    op.drop_table("campaign_answer")
    op.drop_table("campaign")
    op.drop_index("ix_member_without_account", table_name="member")
    op.drop_index("ix_member_active", table_name="member")
    op.drop_column("account", "closed_with_membership")
    op.drop_table("import_secret")
    op.drop_column("import_run", "options")
