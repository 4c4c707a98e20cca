"""Fields that organisations add to the records of their members, and saved filters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import scope_table

revision = "core_0022"
down_revision = "core_0021"
branch_labels = None
depends_on = None

KINDS = "kind IN ('text', 'long_text', 'integer', 'date', 'boolean', 'choice', 'choices', 'phone', 'code')"
VALUE, FIELD, FILTER = "member_field_value", "member_field", "member_filter"


def upgrade() -> None:
    op.create_table(
        FIELD,
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("labels", postgresql.JSONB(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("choices", postgresql.JSONB(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("help", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("is_unique", sa.Boolean(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("searchable", sa.Boolean(), nullable=False),
        sa.Column("filled_by", sa.Text(collation="C"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        *_published(FIELD),
        sa.UniqueConstraint("org_id", "key", name=op.f("uq_member_field_org_id")),
        sa.CheckConstraint(KINDS, name=op.f("ck_member_field_kind")),
        sa.CheckConstraint("filled_by IN ('branch', 'member')", name=op.f("ck_member_field_filled_by")),
    )
    op.create_index(op.f("ix_member_field_org_path"), FIELD, ["org_path"])
    op.create_table(
        FILTER,
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), nullable=False),
        sa.Column("sort", sa.Text(collation="C"), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        *_published(FILTER),
    )
    for column in ("org_path", "org_id", "owner_id"):
        op.create_index(op.f(f"ix_member_filter_{column}"), FILTER, [column])
    scope_table(op, FIELD, published=True)
    scope_table(op, FILTER, published=True)
    _values()


def _published(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name=f"fk_{table}_org", onupdate="CASCADE"
        ),
    )


def _values() -> None:
    op.create_table(
        VALUE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("field_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("value_index", sa.LargeBinary(), nullable=True),
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_field_value")),
        sa.UniqueConstraint("member_id", "field_id", "item", name=op.f("uq_member_field_value_member_id")),
        sa.ForeignKeyConstraint(["field_id"], ["member_field.id"], name=op.f("fk_member_field_value_field_id")),
        sa.ForeignKeyConstraint(
            ["member_id", "org_path"],
            ["member.id", "member.org_path"],
            name="fk_member_field_value_member",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
    )
    has_key, has_index = sa.text("key <> ''"), sa.text("value_index IS NOT NULL")
    keys = ["field_id", "key", "org_path", "member_id"]
    op.create_index("ix_member_field_value_key", VALUE, keys, postgresql_where=has_key)
    op.create_index("ix_member_field_value_index", VALUE, ["field_id", "value_index"], postgresql_where=has_index)
    alone = sa.text("single AND key <> ''")
    op.create_index("uq_member_field_value_key", VALUE, ["field_id", "key"], unique=True, postgresql_where=alone)
    alone = sa.text("single AND value_index IS NOT NULL")
    indexed = ["field_id", "value_index"]
    op.create_index("uq_member_field_value_index", VALUE, indexed, unique=True, postgresql_where=alone)
    scope_table(op, VALUE)


def downgrade() -> None:
    for table in (VALUE, FILTER, FIELD):
        op.drop_table(table)
