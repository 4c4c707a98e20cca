"""Surveys, their answers, and who has answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import scope_table

revision = "core_0018"
down_revision = "core_0017"
branch_labels = None
depends_on = None

TABLES = ("survey", "survey_answer", "survey_turnout")
C = sa.Text(collation="C")
TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "survey",
        sa.Column("host", C, nullable=False),
        sa.Column("host_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("intro", sa.Text(), server_default="", nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("state", C, server_default="draft", nullable=False),
        sa.Column("questions", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("opened_at", TIME, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_organisation("survey"),
        *_identity("survey"),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f("ck_survey_state")),
    )
    op.create_table(
        "survey_answer",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("channel", C, server_default="online", nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        *_organisation("survey_answer"),
        *_identity("survey_answer"),
        sa.CheckConstraint("channel IN ('online', 'paper')", name=op.f("ck_survey_answer_channel")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_answer_survey_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_survey_answer_account_id")),
    )
    op.create_table(
        "survey_turnout",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        *_organisation("survey_turnout"),
        sa.PrimaryKeyConstraint("survey_id", "account_id", name=op.f("pk_survey_turnout")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_turnout_survey_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_survey_turnout_account_id")),
    )
    for name in TABLES:
        op.create_index(f"ix_{name}_org_path", name, ["org_path"])
        op.create_index(f"ix_{name}_org_id", name, ["org_id"])
        scope_table(op, name)
    op.create_index("ix_survey_host_id", "survey", ["host_id"])
    op.create_index("ix_survey_created_at_id", "survey", ["created_at", "id"])
    due = sa.text("state = 'open' AND closes_on IS NOT NULL")
    op.create_index("ix_survey_closes_on", "survey", ["closes_on"], postgresql_where=due)
    op.create_index("ix_survey_answer_survey_id_account_id", "survey_answer", ["survey_id", "account_id"], unique=True)
    named = sa.text("account_id IS NOT NULL")
    op.create_index("ix_survey_answer_account_id", "survey_answer", ["account_id"], postgresql_where=named)
    op.create_index("ix_survey_turnout_account_id", "survey_turnout", ["account_id"])


def _organisation(name: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", C, nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name=f"fk_{name}_org", onupdate="CASCADE"
        ),
    )


def _identity(name: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (sa.Column("id", sa.Uuid(), nullable=False), sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")))


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
