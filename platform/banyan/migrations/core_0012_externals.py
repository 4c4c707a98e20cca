"""External bodies, filings with them, and their replies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import scope_table

revision = "core_0012"
down_revision = "core_0011"
branch_labels = None
depends_on = None

TABLES = ("external_body", "external_filing", "external_reply")
KINDS = "kind IN ('sponsor', 'registration', 'party')"
OUTCOMES = "outcome IN ('acknowledged', 'returned', 'refused')"


def upgrade() -> None:
    op.create_table(
        "external_body",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_common("external_body", "created"),
        sa.CheckConstraint(KINDS, name=op.f("ck_external_body_kind")),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_external_body_days")),
    )
    op.create_table(
        "external_filing",
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("due_days", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_order", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(collation="C"), server_default="waiting", nullable=False),
        sa.Column("corrects", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_common("external_filing", "created"),
        sa.CheckConstraint(OUTCOMES.replace("(", "('waiting', "), name=op.f("ck_external_filing_outcome")),
        sa.ForeignKeyConstraint(["body_id"], ["external_body.id"], name=op.f("fk_external_filing_body_id")),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_external_filing_document")),
        sa.ForeignKeyConstraint(["corrects"], ["external_filing.id"], name=op.f("fk_external_filing_corrects")),
    )
    op.create_table(
        "external_reply",
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(collation="C"), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("document", sa.Uuid(), nullable=True),
        *_common("external_reply", "recorded"),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_external_reply_outcome")),
        sa.ForeignKeyConstraint(["filing_id"], ["external_filing.id"], name=op.f("fk_external_reply_filing_id")),
        sa.ForeignKeyConstraint(["document"], ["stored_file.id"], name=op.f("fk_external_reply_document")),
    )
    for name in TABLES:
        op.create_index(f"ix_{name}_org_path", name, ["org_path"])
        op.create_index(f"ix_{name}_org_id", name, ["org_id"])
        scope_table(op, name)
    op.create_index("ix_external_body_since_id", "external_body", ["since", "id"])
    op.create_index("ix_external_filing_sent_on_id", "external_filing", ["sent_on", "id"])
    waiting = sa.text("outcome = 'waiting'")
    op.create_index("ix_external_filing_waiting", "external_filing", ["due_order", "id"], postgresql_where=waiting)
    op.create_index("ix_external_filing_body_id", "external_filing", ["body_id"])
    op.create_index("ix_external_filing_document", "external_filing", ["document"])
    op.create_index("ix_external_filing_corrects", "external_filing", ["corrects"], unique=True)
    op.create_index("ix_external_reply_filing_id", "external_reply", ["filing_id"], unique=True)
    op.create_index("ix_external_reply_document", "external_reply", ["document"])


def _common(name: str, done: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    """Identity, organisation, and who wrote it when."""
    return (
        sa.Column(f"{done}_by", sa.Uuid(), nullable=True),
        sa.Column(f"{done}_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name=f"fk_{name}_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
