"""Messages that leave: their words, a row for each recipient, and webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import scope_table

revision = "core_0017"
down_revision = "core_0016"
branch_labels = None
depends_on = None

TABLES = (
    "outgoing_content",
    "webhook_target",
    "outgoing_message",
)


def upgrade() -> None:
    op.create_table(
        "outgoing_content",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("thing_type", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("thing_id", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_outgoing_content_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_content")),
    )
    op.create_table(
        "webhook_target",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_webhook_target_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_target")),
    )
    op.create_table(
        "outgoing_message",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(collation="C"), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("recipient_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("recipient_index", sa.LargeBinary(), nullable=True),
        sa.Column("mask", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("provider_id", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms', 'webhook')", name=op.f("ck_outgoing_message_channel")),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'given_up', 'withdrawn')",
            name=op.f("ck_outgoing_message_state"),
        ),
        sa.ForeignKeyConstraint(
            ["content_id"], ["outgoing_content.id"], name=op.f("fk_outgoing_message_content_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_outgoing_message_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["target_id"], ["webhook_target.id"], name=op.f("fk_outgoing_message_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_message")),
        sa.UniqueConstraint(
            "content_id",
            "channel",
            "recipient_index",
            name=op.f("uq_outgoing_message_content_id_channel_recipient_index"),
        ),
    )
    op.create_index("ix_outgoing_content_created_at", "outgoing_content", ["created_at"], unique=False)
    op.create_index("ix_outgoing_content_org_id", "outgoing_content", ["org_id"], unique=False)
    op.create_index("ix_outgoing_content_org_path", "outgoing_content", ["org_path"], unique=False)
    op.create_index("ix_outgoing_content_thing", "outgoing_content", ["thing_type", "thing_id"], unique=False)
    op.create_index("ix_webhook_target_created_at_id", "webhook_target", ["created_at", "id"], unique=False)
    op.create_index("ix_webhook_target_org_id", "webhook_target", ["org_id"], unique=False)
    op.create_index("ix_webhook_target_org_path", "webhook_target", ["org_path"], unique=False)
    op.create_index(
        "ix_outgoing_message_account_id",
        "outgoing_message",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outgoing_message_channel_claimed_at", "outgoing_message", ["channel", "claimed_at"], unique=False
    )
    op.create_index("ix_outgoing_message_created_at_id", "outgoing_message", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_outgoing_message_due",
        "outgoing_message",
        ["channel", "lane", "next_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'failed')"),
    )
    op.create_index(
        "ix_outgoing_message_held",
        "outgoing_message",
        ["claimed_at"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_outgoing_message_org_id", "outgoing_message", ["org_id"], unique=False)
    op.create_index("ix_outgoing_message_org_path", "outgoing_message", ["org_path"], unique=False)
    op.create_index(
        "ix_outgoing_message_person_id",
        "outgoing_message",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outgoing_message_target_id",
        "outgoing_message",
        ["target_id"],
        unique=False,
        postgresql_where=sa.text("target_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outgoing_message_unwell",
        "outgoing_message",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('failed', 'given_up')"),
    )
    for name in TABLES:
        scope_table(op, name)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
