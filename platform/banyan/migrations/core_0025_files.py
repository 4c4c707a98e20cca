"""Files of members: posts, entries, reviews of records, and which persons turned out to be one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0025"
down_revision = "core_0024"
branch_labels = None
depends_on = None

TABLES = ("post", "file_entry", "record_review", "person_merge")
_INSIDE = "(org_path >= current_setting('app.lo', true) AND org_path < current_setting('app.hi', true))"
_FAR = "COALESCE({}, DATE '9999-12-31')"


def upgrade() -> None:
    _tables()
    for name in TABLES:
        op.create_index(f"ix_{name}_org_path", name, ["org_path"])
        op.create_index(f"ix_{name}_org_id", name, ["org_id"])
        op.create_index(f"ix_{name}_person_id", name, ["person_id"])
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        # Row security of the record itself narrows this to those that are seen.
        record = f"EXISTS (SELECT FROM member m WHERE m.id = {name}.member_id)"
        op.execute(f"CREATE POLICY {name}_scope ON {name} USING ({_INSIDE} OR {record}) WITH CHECK {_INSIDE}")
        grant_table(op, name, "SELECT, INSERT, UPDATE")
    for name in ("post", "file_entry", "person_merge"):
        op.create_index(f"ix_{name}_member_id", name, ["member_id"])
    for name in ("post", "file_entry"):
        op.create_index(f"ix_{name}_document", name, ["document"])
    _indexes_of_posts()
    op.create_index("ix_file_entry_day_id", "file_entry", ["day", "id"])
    op.create_index("ix_file_entry_org_path_day_id", "file_entry", ["org_path", "day", "id"])
    stands = sa.text("withdrawn_at IS NULL")
    op.create_index("ix_file_entry_until_order_id", "file_entry", ["until_order", "id"], postgresql_where=stands)
    op.create_index("ix_record_review_member_id_reviewed_at", "record_review", ["member_id", "reviewed_at"])
    op.create_index("ix_person_merge_gone_member", "person_merge", ["gone_member"])
    op.create_index("ix_person_merge_gone_person", "person_merge", ["gone_person"], unique=True)


def _indexes_of_posts() -> None:
    held = sa.text("ended_on IS NULL")
    op.create_index(
        "uq_post_org_id_title_single",
        "post",
        ["org_id", "title"],
        unique=True,
        postgresql_where=sa.text("single AND ended_on IS NULL"),
    )
    op.create_index(
        "uq_post_org_id_person_id_title", "post", ["org_id", "person_id", "title"], unique=True, postgresql_where=held
    )
    op.create_index("ix_post_term_order_id", "post", ["term_order", "id"], postgresql_where=held)
    op.create_index("ix_post_began_on_id", "post", ["began_on", "id"])
    op.create_index("ix_post_org_path_began_on_id", "post", ["org_path", "began_on", "id"])


def _tables() -> None:
    op.create_table(
        "post",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("single", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("began_by", sa.Text(collation="C"), nullable=False),
        sa.Column("term_ends", sa.Date(), nullable=True),
        sa.Column("term_order", sa.Date(), sa.Computed(_FAR.format("term_ends"), persisted=True), nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("election_id", sa.Uuid(), nullable=True),
        sa.Column("document", sa.Uuid(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Text(collation="C"), nullable=True),
        sa.Column("ended_reason", sa.Text(), server_default="", nullable=False),
        *_written("created"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_common("post"),
        sa.CheckConstraint("kind IN ('head', 'deputy', 'committee', 'delegate', 'staff')", name=op.f("ck_post_kind")),
        sa.CheckConstraint("began_by IN ('elected', 'appointed', 'other')", name=op.f("ck_post_began_by")),
        sa.CheckConstraint("term_ends IS NULL OR term_ends >= began_on", name=op.f("ck_post_term")),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= began_on", name=op.f("ck_post_days")),
        sa.CheckConstraint("(ended_on IS NULL) = (ended_by IS NULL)", name=op.f("ck_post_ended")),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_post_document")),
    )
    op.create_table(
        "file_entry",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), server_default="", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("until_order", sa.Date(), sa.Computed(_FAR.format("until"), persisted=True), nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("document", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), server_default="", nullable=False),
        *_written("created"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_common("file_entry"),
        sa.CheckConstraint("kind IN ('award', 'measure', 'certificate')", name=op.f("ck_file_entry_kind")),
        sa.CheckConstraint("until IS NULL OR until >= day", name=op.f("ck_file_entry_days")),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_file_entry_document")),
    )
    op.create_table(
        "record_review",
        sa.Column("outcome", sa.Text(collation="C"), nullable=False),
        sa.Column("remarks", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("record_version", sa.BigInteger(), nullable=False),
        *_written("reviewed"),
        *_common("record_review"),
        sa.CheckConstraint("outcome IN ('accepted', 'returned')", name=op.f("ck_record_review_outcome")),
    )
    op.create_table(
        "person_merge",
        sa.Column("gone_person", sa.Uuid(), nullable=False),
        sa.Column("gone_member", sa.Uuid(), nullable=False),
        sa.Column("absorbed", sa.Boolean(), nullable=False),
        sa.Column("taken", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_written("merged"),
        *_common("person_merge"),
        sa.ForeignKeyConstraint(["gone_person"], ["person.id"], name=op.f("fk_person_merge_gone_person")),
        sa.ForeignKeyConstraint(["gone_member"], ["member.id"], name=op.f("fk_person_merge_gone_member")),
    )


def _written(done: str) -> tuple[sa.Column[object], ...]:
    """Who wrote it, and when."""
    return (
        sa.Column(f"{done}_by", sa.Uuid(), nullable=True),
        sa.Column(f"{done}_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
    )


def _common(name: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    """Identity, organisation, and whose record it is about."""
    return (
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name=f"fk_{name}_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f(f"fk_{name}_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
