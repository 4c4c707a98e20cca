"""Transfers: their sides, what belongs together, why it takes long, and messages between trees."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table, scope_table

revision = "core_0021"
down_revision = "core_0020"
branch_labels = None
depends_on = None

_RANGE = "(org_path >= current_setting('app.lo', true) AND org_path < current_setting('app.hi', true))"
_MINE = "account_id = nullif(current_setting('app.me', true), '')::uuid"
# Row security of the sides narrows them to those the session may see.
_SIDE = "EXISTS (SELECT FROM transfer_party p WHERE p.transfer_id = transfer.id)"
_TO = "(to_path >= current_setting('app.lo', true) AND to_path < current_setting('app.hi', true))"
_SEEN = f"{_RANGE} OR {_TO} OR {_MINE} OR {_SIDE}"
TABLES = ("transfer_message", "transfer_note", "transfer_party", "transfer", "transfer_batch")


def upgrade() -> None:
    _tables()
    _policy("transfer", "see", "FOR SELECT", _SEEN)
    _policy("transfer", "change", "FOR UPDATE", _SEEN)
    op.execute(f"CREATE POLICY transfer_ask ON transfer FOR INSERT WITH CHECK ({_RANGE} OR {_MINE})")
    grant_table(op, "transfer", "SELECT, INSERT, UPDATE")
    # Who asks names the other side, which it cannot see.
    _policy("transfer_party", "see", "FOR SELECT", _RANGE)
    _policy("transfer_party", "change", "FOR UPDATE", _RANGE)
    _policy("transfer_party", "forget", "FOR DELETE", _RANGE)
    op.execute("CREATE POLICY transfer_party_name ON transfer_party FOR INSERT WITH CHECK (true)")
    grant_table(op, "transfer_party")
    of_one = "EXISTS (SELECT FROM transfer t WHERE t.batch_id = transfer_batch.id)"
    _policy("transfer_batch", "see", "FOR SELECT", f"{_RANGE} OR {of_one}")
    _policy("transfer_batch", "change", "FOR UPDATE", _RANGE)
    op.execute(f"CREATE POLICY transfer_batch_make ON transfer_batch FOR INSERT WITH CHECK ({_RANGE})")
    grant_table(op, "transfer_batch", "SELECT, INSERT, UPDATE")
    seen = "EXISTS (SELECT FROM transfer t WHERE t.id = transfer_note.transfer_id)"
    _policy("transfer_note", "see", "FOR SELECT", seen)
    op.execute(f"CREATE POLICY transfer_note_append ON transfer_note FOR INSERT WITH CHECK ({seen})")
    grant_table(op, "transfer_note", "SELECT, INSERT")
    scope_table(op, "transfer_message")


def _policy(table: str, name: str, what: str, using: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_{name} ON {table} {what} USING ({using})")


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)


def _tables() -> None:
    op.create_table(
        "transfer_batch",
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_transfer_batch_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_batch")),
        sa.UniqueConstraint("org_id", "source", name=op.f("uq_transfer_batch_org_id_source")),
    )
    op.create_index("ix_transfer_batch_created_at_id", "transfer_batch", ["created_at", "id"], unique=False)
    op.create_index("ix_transfer_batch_org_id", "transfer_batch", ["org_id"], unique=False)
    op.create_index("ix_transfer_batch_org_path", "transfer_batch", ["org_path"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("direction", sa.Text(collation="C"), server_default="within", nullable=False),
        sa.Column("origin", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=True),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=True),
        sa.Column("to_path", sa.Text(collation="C"), nullable=True),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("away_code", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("opinion", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("crossing_id", sa.Uuid(), nullable=True),
        sa.Column("recalled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("applied_by", sa.Uuid(), nullable=True),
        sa.Column("applied_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("moved_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("direction IN ('within', 'outward', 'inward')", name=op.f("ck_transfer_direction")),
        sa.CheckConstraint(
            "from_id <> to_id OR state NOT IN ('sending', 'receiving', 'returned', 'accepted', 'offered')",
            name=op.f("ck_transfer_sides"),
        ),
        sa.CheckConstraint("kind IN ('study', 'work', 'service', 'moved', 'other')", name=op.f("ck_transfer_kind")),
        sa.CheckConstraint("origin IN ('own', 'branch', 'outside')", name=op.f("ck_transfer_origin")),
        sa.CheckConstraint(
            "state IN ('sending', 'receiving', 'returned', 'accepted', 'offered', 'done', 'rejected', 'withdrawn',"
            " 'failed')",
            name=op.f("ck_transfer_state"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_transfer_account_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["transfer_batch.id"], name=op.f("fk_transfer_batch_id")),
        sa.ForeignKeyConstraint(["from_id"], ["org.id"], name=op.f("fk_transfer_from_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_transfer_member_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_transfer_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_transfer_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_transfer_request_id")),
        sa.ForeignKeyConstraint(
            ["to_id", "to_path"], ["org.id", "org.path"], name="fk_transfer_to", onupdate="CASCADE"
        ),
        sa.CheckConstraint("(to_id IS NULL) = (to_path IS NULL)", name=op.f("ck_transfer_to_path")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
    )
    op.create_index(
        "ix_transfer_accepted", "transfer", ["id"], unique=False, postgresql_where=sa.text("state = 'accepted'")
    )
    op.create_index(
        "ix_transfer_account_id",
        "transfer",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index("ix_transfer_applied_at_id", "transfer", ["applied_at", "id"], unique=False)
    op.create_index(
        "ix_transfer_batch_id_name_id",
        "transfer",
        ["batch_id", "name", "id"],
        unique=False,
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index("ix_transfer_from_id", "transfer", ["from_id"], unique=False)
    op.create_index("ix_transfer_member_id", "transfer", ["member_id"], unique=False)
    op.create_index(
        "ix_transfer_moved_on", "transfer", ["moved_on"], unique=False, postgresql_where=sa.text("moved_on IS NOT NULL")
    )
    op.create_index("ix_transfer_org_id", "transfer", ["org_id"], unique=False)
    op.create_index("ix_transfer_org_path", "transfer", ["org_path"], unique=False)
    op.create_index("ix_transfer_person_id", "transfer", ["person_id"], unique=False)
    op.create_index("ix_transfer_request_id", "transfer", ["request_id"], unique=False)
    op.create_index("ix_transfer_to_id", "transfer", ["to_id"], unique=False)
    op.create_index("ix_transfer_to_path", "transfer", ["to_path"], unique=False)
    op.create_index("uq_transfer_crossing_id_direction", "transfer", ["crossing_id", "direction"], unique=True)
    op.create_index(
        "uq_transfer_member_id_open",
        "transfer",
        ["member_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('sending', 'receiving', 'returned', 'accepted', 'offered')"),
    )
    op.create_table(
        "transfer_party",
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("side IN ('from', 'to', 'above')", name=op.f("ck_transfer_party_side")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_transfer_party_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_party_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_party")),
        sa.UniqueConstraint("transfer_id", "org_id", "side", name=op.f("uq_transfer_party_transfer_id_org_id_side")),
    )
    op.create_index("ix_transfer_party_org_id", "transfer_party", ["org_id"], unique=False)
    op.create_index("ix_transfer_party_org_path", "transfer_party", ["org_path"], unique=False)
    op.create_table(
        "transfer_note",
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("step", sa.Text(collation="C"), nullable=False),
        sa.Column("org_name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_note_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_note")),
    )
    op.create_index("ix_transfer_note_transfer_id_at", "transfer_note", ["transfer_id", "at"], unique=False)
    op.create_table(
        "transfer_message",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("crossing_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("from_code", sa.Text(collation="C"), nullable=False),
        sa.Column("to_code", sa.Text(collation="C"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", name=op.f("ck_transfer_message_direction")),
        sa.CheckConstraint(
            "kind IN ('offer', 'accept', 'refuse', 'recall', 'recalled')", name=op.f("ck_transfer_message_kind")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_transfer_message_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_message")),
        sa.UniqueConstraint("message_id", "direction", name=op.f("uq_transfer_message_message_id_direction")),
    )
    op.create_index("ix_transfer_message_crossing_id", "transfer_message", ["crossing_id", "id"], unique=False)
    op.create_index("ix_transfer_message_org_id", "transfer_message", ["org_id"], unique=False)
    op.create_index("ix_transfer_message_org_path", "transfer_message", ["org_path"], unique=False)
    op.create_index(
        "ix_transfer_message_waiting",
        "transfer_message",
        ["direction", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
