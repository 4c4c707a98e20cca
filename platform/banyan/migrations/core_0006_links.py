"""Links between organisations have a kind, and the policy's stamp follows where rights from above end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import scope_table

revision = "core_0006"
down_revision = "core_0005"
branch_labels = None
depends_on = None

# Once a transaction is enough: a manifest may bring thousands of guided organisations.
_FUNCTION = """
CREATE FUNCTION org_guidance_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('banyan.guidance', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
        UPDATE policy_stamp SET version = version + 1;
        PERFORM set_config('banyan.guidance', pg_current_xact_id()::text, true);
    END IF;
    RETURN NULL;
END $$
"""
_WHEN = {
    "insert": ("INSERT", "NEW.link = 'guidance'"),
    "update": (
        "UPDATE OF path, link",
        "'guidance' IN (OLD.link, NEW.link) AND (OLD.path, OLD.link) IS DISTINCT FROM (NEW.path, NEW.link)",
    ),
    "delete": ("DELETE", "OLD.link = 'guidance'"),
}


def upgrade() -> None:
    op.add_column("org", sa.Column("link", sa.Text(collation="C"), server_default="leadership", nullable=False))
    op.create_check_constraint(
        op.f("ck_org_link"),
        "org",
        "link IN ('leadership', 'guidance', 'branch_office') AND (parent_id IS NOT NULL OR link = 'leadership')",
    )
    op.create_index("ix_org_guidance", "org", ["path"], postgresql_where=sa.text("link = 'guidance'"))
    op.create_index("ix_org_link_path", "org", ["link", "path"], postgresql_where=sa.text("link <> 'leadership'"))
    op.add_column(
        "org_type", sa.Column("links", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
    )
    op.create_table(
        "org_link_change",
        sa.Column("before", sa.Text(collation="C"), nullable=False),
        sa.Column("after", sa.Text(collation="C"), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=True),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_org_link_change_document")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_org_link_change_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_link_change")),
    )
    for column in ("org_id", "org_path", "document"):
        op.create_index(f"ix_org_link_change_{column}", "org_link_change", [column])
    scope_table(op, "org_link_change")
    op.execute(_FUNCTION)
    for name, (event, condition) in _WHEN.items():
        op.execute(
            f"CREATE TRIGGER org_guidance_{name} AFTER {event} ON org FOR EACH ROW WHEN ({condition})"
            " EXECUTE FUNCTION org_guidance_changed()"
        )


def downgrade() -> None:
    for name in _WHEN:
        op.execute(f"DROP TRIGGER org_guidance_{name} ON org")
    op.execute("DROP FUNCTION org_guidance_changed()")
    op.drop_table("org_link_change")
    op.drop_column("org_type", "links")
    op.drop_index("ix_org_link_path", "org")
    op.drop_index("ix_org_guidance", "org")
    op.drop_constraint("ck_org_link", "org")
    op.drop_column("org", "link")
