"""Notices, whom each is for, and how many have read it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table, scope_table

revision = "core_0026"
down_revision = "core_0025"
branch_labels = None
depends_on = None

TABLES = (
    "notice",
    "notice_recipient",
    "notice_tally",
    "notice_preference",
)


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("origin", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("importance", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("channels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("audiences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("files", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("order_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("publish_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("valid_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("importance IN ('ordinary', 'important', 'urgent')", name=op.f("ck_notice_importance")),
        sa.CheckConstraint("kind IN ('notice', 'announcement')", name=op.f("ck_notice_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'scheduled', 'published', 'withdrawn')", name=op.f("ck_notice_state")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_notice_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["replaces"], ["notice.id"], name=op.f("fk_notice_replaces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_table(
        "notice_recipient",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("read_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("confirmed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reminded_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("gone_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_notice_recipient_notice_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_notice_recipient_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice_id", "reader_id", name=op.f("pk_notice_recipient")),
    )
    op.create_table(
        "notice_tally",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("without", sa.BigInteger(), nullable=False),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("confirmed", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_notice_tally_notice_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_notice_tally_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice_id", "org_id", name=op.f("pk_notice_tally")),
    )
    op.create_table(
        "notice_preference",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Boolean(), nullable=False),
        sa.Column("sms", sa.Boolean(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_notice_preference_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notice_preference")),
    )
    op.create_index("ix_notice_order_at_id", "notice", ["order_at", "id"], unique=False)
    op.create_index("ix_notice_org_id", "notice", ["org_id"], unique=False)
    op.create_index("ix_notice_org_path", "notice", ["org_path"], unique=False)
    op.create_index(
        "ix_notice_public",
        "notice",
        ["org_id", "order_at", "id"],
        unique=False,
        postgresql_where=sa.text("public AND state = 'published'"),
    )
    op.create_index(
        "ix_notice_publish_at", "notice", ["publish_at"], unique=False, postgresql_where=sa.text("state = 'scheduled'")
    )
    op.create_index(
        "ix_notice_replaces", "notice", ["replaces"], unique=True, postgresql_where=sa.text("replaces IS NOT NULL")
    )
    op.create_index(
        "ix_notice_recipient_account_id", "notice_recipient", ["account_id", "at", "notice_id"], unique=False
    )
    op.create_index(
        "ix_notice_recipient_member_id",
        "notice_recipient",
        ["member_id"],
        unique=False,
        postgresql_where=sa.text("member_id IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_recipient_notice_id_org_path",
        "notice_recipient",
        ["notice_id", "org_path", "reader_id"],
        unique=False,
    )
    op.create_index("ix_notice_recipient_org_id", "notice_recipient", ["org_id"], unique=False)
    op.create_index("ix_notice_recipient_org_path", "notice_recipient", ["org_path"], unique=False)
    op.create_index(
        "ix_notice_recipient_person_id",
        "notice_recipient",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_recipient_unread",
        "notice_recipient",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_notice_tally_notice_id_org_path", "notice_tally", ["notice_id", "org_path"], unique=False)
    op.create_index("ix_notice_tally_org_id", "notice_tally", ["org_id"], unique=False)
    op.create_index("ix_notice_tally_org_path", "notice_tally", ["org_path"], unique=False)
    _walls()
    _figures()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name} CASCADE")
    for name in ("insert", "update", "delete"):
        op.execute(f"DROP FUNCTION notice_tally_{name}()")


_INSIDE = "(org_path >= current_setting('app.lo', true) AND org_path < current_setting('app.hi', true))"
_UP = "(published AND org_path = ANY (string_to_array(current_setting('app.up', true), ',')))"
_ME = "account_id = nullif(current_setting('app.me', true), '')::uuid"
# What one was told is seen wherever it came from; row security of the recipients shows one's own.
_TOLD = f"EXISTS (SELECT FROM notice_recipient r WHERE r.notice_id = notice.id AND r.{_ME})"
# Upper levels and neighbours are told by whoever sees the notice: their place is not within the writer's scope.
_KNOWN = "EXISTS (SELECT FROM notice n WHERE n.id = notice_recipient.notice_id)"
_NAMES = ("reached", "without", "read", "confirmed", "gone")
_COUNTS = (
    "count(*) AS reached, count(read_at) AS read, count(confirmed_at) AS confirmed,"
    " count(*) FILTER (WHERE account_id IS NULL AND read_at IS NULL AND gone_at IS NULL) AS without,"
    " count(*) FILTER (WHERE gone_at IS NOT NULL AND read_at IS NULL) AS gone"
)


def _walls() -> None:
    op.execute("ALTER TABLE notice ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY notice_scope ON notice USING ({_INSIDE} OR {_UP} OR {_TOLD}) WITH CHECK ({_INSIDE})")
    grant_table(op, "notice")
    op.execute("ALTER TABLE notice_recipient ENABLE ROW LEVEL SECURITY")
    for name, what in (("see", "SELECT"), ("note", "UPDATE")):
        op.execute(f"CREATE POLICY notice_recipient_{name} ON notice_recipient FOR {what} USING ({_INSIDE} OR {_ME})")
    op.execute(f"CREATE POLICY notice_recipient_tell ON notice_recipient FOR INSERT WITH CHECK ({_INSIDE} OR {_KNOWN})")
    op.execute(f"CREATE POLICY notice_recipient_forget ON notice_recipient FOR DELETE USING ({_INSIDE})")
    grant_table(op, "notice_recipient")
    scope_table(op, "notice_tally")
    grant_table(op, "notice_preference")


def _figures() -> None:
    """Figures by organisation, kept with every statement on recipients, by the owner: no reader sees the others'."""
    added = "".join(f", {name} = notice_tally.{name} + excluded.{name}" for name in _NAMES)[2:]
    changed = " OR ".join(f"sum({name}) <> 0" for name in _NAMES)
    for name, sources in (
        ("insert", (("", "fresh"),)),
        ("update", (("", "fresh"), ("-", "stale"))),
        ("delete", (("-", "stale"),)),
    ):
        parts = " UNION ALL ".join(
            f"SELECT notice_id, org_id, {', '.join(f'{sign}{column} AS {column}' for column in _NAMES)} FROM"
            f" (SELECT notice_id, org_id, {_COUNTS} FROM {rows} GROUP BY notice_id, org_id) {rows}_counted"
            for sign, rows in sources
        )
        op.execute(
            f"CREATE FUNCTION notice_tally_{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
            f" SET search_path FROM CURRENT AS $$ BEGIN"
            f" INSERT INTO notice_tally (notice_id, org_id, org_path, {', '.join(_NAMES)})"
            f" SELECT d.notice_id, d.org_id, o.path, {', '.join(f'd.{column}' for column in _NAMES)} FROM"
            f" (SELECT notice_id, org_id, {', '.join(f'sum({column}) AS {column}' for column in _NAMES)}"
            f" FROM ({parts}) p GROUP BY notice_id, org_id HAVING {changed}) d"
            f" JOIN org o ON o.id = d.org_id JOIN notice n ON n.id = d.notice_id ORDER BY d.notice_id, d.org_id"
            f" ON CONFLICT (notice_id, org_id) DO UPDATE SET {added};"
            f" RETURN NULL; END $$"
        )
        tables = " ".join(f"{'NEW' if rows == 'fresh' else 'OLD'} TABLE AS {rows}" for _sign, rows in sources)
        op.execute(
            f"CREATE TRIGGER notice_tally_{name} AFTER {name.upper()} ON notice_recipient REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION notice_tally_{name}()"
        )
