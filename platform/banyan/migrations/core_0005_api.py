"""Limited tokens and service tokens; answers kept for repeated requests; requests counted."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0005"
down_revision = "core_0004"
branch_labels = None
depends_on = None

NOW = postgresql.TIMESTAMP(timezone=True)
C = sa.Text(collation="C")


def upgrade() -> None:
    _tokens()
    _places()
    op.add_column("long_task", sa.Column("token_id", sa.Uuid(), nullable=True))
    _answers()
    _counts()


def _tokens() -> None:
    added: tuple[sa.Column[Any], ...] = (
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("org_path", C, nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("warned_at", NOW, nullable=True),
        sa.Column("used_from", sa.Text(), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
    )
    for column in added:
        op.add_column("api_token", column)
    op.add_column("api_token", sa.Column("everywhere", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("api_token", "everywhere", server_default=None)
    op.execute(
        "UPDATE api_token SET org_id = account.org_id, org_path = account.org_path, made_by = account.id"
        " FROM account WHERE account.id = api_token.account_id"
    )
    for name in ("org_id", "org_path"):
        op.alter_column("api_token", name, nullable=False)
    op.alter_column("api_token", "account_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_api_token_service"),
        "api_token",
        "account_id IS NOT NULL OR (expires_at IS NOT NULL AND permissions IS NOT NULL AND NOT everywhere)",
    )
    op.create_foreign_key(
        "fk_api_token_org", "api_token", "org", ["org_id", "org_path"], ["id", "path"], onupdate="CASCADE"
    )
    op.create_index("ix_api_token_org_id", "api_token", ["org_id"])
    op.create_index("ix_api_token_org_path", "api_token", ["org_path"])
    op.create_index("ix_api_token_created_at_id", "api_token", ["created_at", "id"])


def _places() -> None:
    op.create_table(
        "token_place",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", C, nullable=False),
        sa.Column("reach", C, nullable=False),
        sa.CheckConstraint("reach IN ('self', 'subtree')", name=op.f("ck_token_place_reach")),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name=op.f("fk_token_place_token_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_token_place_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", "org_id", name=op.f("pk_token_place")),
    )
    op.create_index("ix_token_place_org_id", "token_place", ["org_id"])
    op.create_index("ix_token_place_org_path", "token_place", ["org_path"])
    grant_table(op, "token_place")


def _answers() -> None:
    op.create_table(
        "api_answer",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("key", C, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", NOW, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key", name=op.f("pk_api_answer")),
    )
    op.create_index("ix_api_answer_created_at", "api_answer", ["created_at"])
    grant_table(op, "api_answer")


def _counts() -> None:
    op.create_table(
        "api_count",
        sa.Column("key", C, nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "begins", name=op.f("pk_api_count")),
        prefixes=["UNLOGGED"],
    )
    grant_table(op, "api_count")


def downgrade() -> None:
    op.drop_table("api_count")
    op.drop_table("api_answer")
    op.drop_column("long_task", "token_id")
    op.drop_table("token_place")
    op.execute("DELETE FROM api_token WHERE account_id IS NULL")
    op.drop_constraint("fk_api_token_org", "api_token")
    op.drop_constraint(op.f("ck_api_token_service"), "api_token")
    for name in ("ix_api_token_org_id", "ix_api_token_org_path", "ix_api_token_created_at_id"):
        op.drop_index(name, "api_token")
    op.alter_column("api_token", "account_id", nullable=False)
    columns = ("org_id", "org_path", "made_by", "permissions", "everywhere", "warned_at", "used_from", "revoked_by")
    for name in columns:
        op.drop_column("api_token", name)
