"""Looks at sensitive data, requests about personal data, notices and consents, registers of data protection."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import APP_ROLE, grant_table, scope_table

revision = "core_0027"
down_revision = "core_0026"
branch_labels = None
depends_on = None

_INSIDE = "(org_path >= current_setting('app.lo', true) AND org_path < current_setting('app.hi', true))"
# What concerns a record that is seen: row security of the record itself narrows this.
_ABOUT = ("privacy_look", "privacy_request", "privacy_consent", "privacy_guardian")
_PLAIN = ("privacy_many_looks", "privacy_register", "privacy_breach")
# The names of accounts that are closed for ever leave histories that the application may only add to.
_FORGET = """
CREATE FUNCTION forget_names(ids uuid[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    gone uuid[];
    done bigint := 0;
    here bigint;
BEGIN
    SELECT array_agg(a.id) INTO gone FROM account a
    WHERE a.id = ANY (ids) AND a.sign_in_name LIKE 'erased-%' AND a.password_hash IS NULL AND a.person_id IS NULL;
    UPDATE approval_entry SET account_name = '' WHERE account_id = ANY (gone);
    GET DIAGNOSTICS here = ROW_COUNT; done := done + here;
    UPDATE approval_entry SET behalf_name = '' WHERE behalf_id = ANY (gone);
    GET DIAGNOSTICS here = ROW_COUNT; done := done + here;
    UPDATE org_change SET account_name = '' WHERE account_id = ANY (gone);
    GET DIAGNOSTICS here = ROW_COUNT; done := done + here;
    UPDATE privacy_look SET account_name = '' WHERE account_id = ANY (gone);
    GET DIAGNOSTICS here = ROW_COUNT; done := done + here;
    RETURN done;
END $$
"""


def upgrade() -> None:
    _tables()
    for name in _ABOUT:
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        seen = f"EXISTS (SELECT FROM member m WHERE m.id = {name}.member_id)"
        op.execute(f"CREATE POLICY {name}_scope ON {name} USING ({_INSIDE} OR {seen}) WITH CHECK {_INSIDE}")
        grant_table(op, name, "SELECT, INSERT, UPDATE" + (", DELETE" if name == "privacy_guardian" else ""))
    for name in _PLAIN:
        scope_table(op, name)
    scope_table(op, "privacy_notice", published=True)
    op.execute(_FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_names(uuid[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION forget_names(uuid[]) TO {APP_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION forget_names(uuid[])")
    for name in (*_ABOUT, *_PLAIN, "privacy_notice"):
        op.drop_table(name)


def _tables() -> None:
    op.create_table(
        "privacy_notice",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("more", sa.Text(), server_default="", nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_privacy_notice_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_notice")),
        sa.UniqueConstraint("org_id", "number", name=op.f("uq_privacy_notice_org_id_number")),
    )
    op.create_index("ix_privacy_notice_org_id", "privacy_notice", ["org_id"], unique=False)
    op.create_index("ix_privacy_notice_org_path", "privacy_notice", ["org_path"], unique=False)
    op.create_index("ix_privacy_notice_published_at_id", "privacy_notice", ["published_at", "id"], unique=False)
    op.create_index(
        "uq_privacy_notice_draft", "privacy_notice", ["org_id"], unique=True, postgresql_where=sa.text("NOT published")
    )
    op.create_table(
        "privacy_breach",
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), server_default="", nullable=False),
        sa.Column("harm", sa.Text(), server_default="", nullable=False),
        sa.Column("measures", sa.Text(), server_default="", nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("tell_people", sa.Boolean(), nullable=False),
        sa.Column("found_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("authority_told_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("people_told_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("closed_at IS NULL OR authority_told_at IS NOT NULL", name=op.f("ck_privacy_breach_closed")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_privacy_breach_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_breach")),
    )
    op.create_index("ix_privacy_breach_due_at", "privacy_breach", ["due_at"], unique=False)
    op.create_index("ix_privacy_breach_found_at_id", "privacy_breach", ["found_at", "id"], unique=False)
    op.create_index("ix_privacy_breach_org_id", "privacy_breach", ["org_id"], unique=False)
    op.create_index("ix_privacy_breach_org_path", "privacy_breach", ["org_path"], unique=False)
    op.create_table(
        "privacy_consent",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("given_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("kind IN ('notice', 'sensitive')", name=op.f("ck_privacy_consent_kind")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_privacy_consent_member_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["privacy_notice.id"], name=op.f("fk_privacy_consent_notice_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_privacy_consent_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_privacy_consent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_consent")),
    )
    op.create_index("ix_privacy_consent_given_at_id", "privacy_consent", ["given_at", "id"], unique=False)
    op.create_index("ix_privacy_consent_member_id", "privacy_consent", ["member_id"], unique=False)
    op.create_index("ix_privacy_consent_org_id", "privacy_consent", ["org_id"], unique=False)
    op.create_index("ix_privacy_consent_org_path", "privacy_consent", ["org_path"], unique=False)
    op.create_index("ix_privacy_consent_person_id", "privacy_consent", ["person_id"], unique=False)
    op.create_index(
        "uq_privacy_consent_member_id_kind_notice_id",
        "privacy_consent",
        ["member_id", "kind", "notice_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "privacy_guardian",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(collation="C"), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("consented_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_privacy_guardian_document")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_privacy_guardian_member_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_privacy_guardian_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_privacy_guardian_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_guardian")),
    )
    op.create_index("ix_privacy_guardian_document", "privacy_guardian", ["document"], unique=False)
    op.create_index("ix_privacy_guardian_member_id", "privacy_guardian", ["member_id"], unique=False)
    op.create_index("ix_privacy_guardian_org_id", "privacy_guardian", ["org_id"], unique=False)
    op.create_index("ix_privacy_guardian_org_path", "privacy_guardian", ["org_path"], unique=False)
    op.create_index("ix_privacy_guardian_person_id", "privacy_guardian", ["person_id"], unique=False)
    op.create_table(
        "privacy_look",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("how", sa.Text(collation="C"), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(collation="C"), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("how IN ('page', 'api', 'export')", name=op.f("ck_privacy_look_how")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_privacy_look_member_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_privacy_look_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_privacy_look_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_look")),
    )
    op.create_index("ix_privacy_look_account_id_at", "privacy_look", ["account_id", "at"], unique=False)
    op.create_index("ix_privacy_look_at_id", "privacy_look", ["at", "id"], unique=False)
    op.create_index("ix_privacy_look_member_id_at", "privacy_look", ["member_id", "at"], unique=False)
    op.create_index("ix_privacy_look_org_id", "privacy_look", ["org_id"], unique=False)
    op.create_index("ix_privacy_look_org_path", "privacy_look", ["org_path"], unique=False)
    op.create_index("ix_privacy_look_person_id", "privacy_look", ["person_id"], unique=False)
    op.create_index(
        "uq_privacy_look_task_id_member_id",
        "privacy_look",
        ["task_id", "member_id"],
        unique=True,
        postgresql_where=sa.text("task_id IS NOT NULL"),
    )
    op.create_table(
        "privacy_many_looks",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("looks", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_privacy_many_looks_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_many_looks")),
    )
    op.create_index("ix_privacy_many_looks_day_id", "privacy_many_looks", ["day", "id"], unique=False)
    op.create_index("ix_privacy_many_looks_org_id", "privacy_many_looks", ["org_id"], unique=False)
    op.create_index("ix_privacy_many_looks_org_path", "privacy_many_looks", ["org_path"], unique=False)
    op.create_index(
        "uq_privacy_many_looks_account_id_day_org_id",
        "privacy_many_looks",
        ["account_id", "day", "org_id"],
        unique=True,
    )
    op.create_table(
        "privacy_register",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("kind IN ('processor', 'assessment')", name=op.f("ck_privacy_register_kind")),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_privacy_register_document")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_privacy_register_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_register")),
    )
    op.create_index("ix_privacy_register_document", "privacy_register", ["document"], unique=False)
    op.create_index("ix_privacy_register_org_id", "privacy_register", ["org_id"], unique=False)
    op.create_index("ix_privacy_register_org_path", "privacy_register", ["org_path"], unique=False)
    op.create_index("ix_privacy_register_since_id", "privacy_register", ["since", "id"], unique=False)
    op.create_table(
        "privacy_request",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("how", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("failed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("erased", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kept", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opinion", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("how IN ('member', 'organisation', 'retention')", name=op.f("ck_privacy_request_how")),
        sa.CheckConstraint("kind IN ('copy', 'erasure')", name=op.f("ck_privacy_request_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'working', 'done', 'failed', 'rejected', 'withdrawn')",
            name=op.f("ck_privacy_request_state"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_privacy_request_file_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_privacy_request_member_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_privacy_request_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_privacy_request_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_privacy_request_request_id")),
        sa.ForeignKeyConstraint(
            ["task_id"], ["long_task.id"], name=op.f("fk_privacy_request_task_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
    )
    op.create_index("ix_privacy_request_asked_at_id", "privacy_request", ["asked_at", "id"], unique=False)
    op.create_index("ix_privacy_request_member_id", "privacy_request", ["member_id"], unique=False)
    op.create_index("ix_privacy_request_org_id", "privacy_request", ["org_id"], unique=False)
    op.create_index("ix_privacy_request_org_path", "privacy_request", ["org_path"], unique=False)
    op.create_index("ix_privacy_request_task_id", "privacy_request", ["task_id"], unique=False)
    op.create_index(
        "uq_privacy_request_person_id_open",
        "privacy_request",
        ["person_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'working')"),
    )
