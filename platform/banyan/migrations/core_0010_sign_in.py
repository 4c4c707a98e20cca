"""Sign-in that stands up: second factor, known browsers, log of sign-ins, one-time codes, former passwords."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0010"
down_revision = "core_0009"
branch_labels = None
depends_on = None

TABLES = (
    "former_password",
    "second_factor",
    "recovery_code",
    "known_device",
    "known_address",
    "reset_code",
    "sign_in",
)
ACCOUNT = ("frozen_at", "password_policy", "password_due", "second_factor_asked_at", "reminded_at")
SESSION = ("verified_at", "obligation", "notice")


def upgrade() -> None:
    _columns()
    _second_factor()
    _known()
    _codes_and_log()
    for name in TABLES:
        grant_table(op, name)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
    op.drop_index("ix_account_session_live", table_name="account_session")
    op.drop_index("ix_account_frozen", table_name="account")
    for name in SESSION:
        op.drop_column("account_session", name)
    op.execute("UPDATE account SET status = 'suspended' WHERE status = 'frozen'")
    op.drop_constraint(op.f("ck_account_status"), "account", type_="check")
    op.create_check_constraint(op.f("ck_account_status"), "account", "status IN ('active', 'suspended')")
    for name in ACCOUNT:
        op.drop_column("account", name)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=nullable)


def _of_account(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f(f"fk_{name}_account_id"))


def _columns() -> None:
    op.drop_constraint(op.f("ck_account_status"), "account", type_="check")
    op.create_check_constraint(op.f("ck_account_status"), "account", "status IN ('active', 'suspended', 'frozen')")
    op.add_column("account", _time("frozen_at", nullable=True))
    op.add_column("account", sa.Column("password_policy", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("account", sa.Column("password_due", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("account", _time("second_factor_asked_at", nullable=True))
    op.add_column("account", _time("reminded_at", nullable=True))
    op.create_index("ix_account_frozen", "account", ["org_path"], postgresql_where=sa.text("status = 'frozen'"))
    op.add_column("account_session", _time("verified_at", nullable=True))
    op.add_column("account_session", sa.Column("obligation", sa.Text(collation="C"), server_default="", nullable=False))
    op.add_column("account_session", sa.Column("notice", postgresql.JSONB(), nullable=True))
    op.create_index(
        "ix_account_session_live", "account_session", ["seen_at", "id"], postgresql_where=sa.text("ended_at IS NULL")
    )


def _second_factor() -> None:
    op.create_table(
        "former_password",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        _time("replaced_at"),
        _of_account("former_password"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_password")),
    )
    op.create_index("ix_former_password_account_id", "former_password", ["account_id"])
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _time("created_at"),
        _time("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        _of_account("second_factor"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _time("used_at", nullable=True),
        _of_account("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("account_id", "code_hash", name="uq_recovery_code_account_id_code_hash"),
    )


def _known() -> None:
    op.create_table(
        "known_device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        _time("first_seen_at"),
        _time("seen_at"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        _time("trusted_until", nullable=True),
        _time("noticed_at", nullable=True),
        _of_account("known_device"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_device")),
        sa.UniqueConstraint("account_id", "token_hash", name="uq_known_device_account_id_token_hash"),
    )
    op.create_table(
        "known_address",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.Text(collation="C"), nullable=False),
        _time("seen_at"),
        _of_account("known_address"),
        sa.PrimaryKeyConstraint("account_id", "network", name=op.f("pk_known_address")),
    )
    op.create_index("ix_known_address_seen_at", "known_address", ["seen_at"])


def _codes_and_log() -> None:
    op.create_table(
        "reset_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        _time("withdrawn_at", nullable=True),
        _of_account("reset_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_reset_code_code_hash")),
    )
    op.create_index("ix_reset_code_account_id", "reset_code", ["account_id"])
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("at"),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(collation="C"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("new_device", sa.Boolean(), server_default=sa.false(), nullable=False),
        _of_account("sign_in"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
    )
    op.create_index("ix_sign_in_at_id", "sign_in", ["at", "id"])
    op.create_index("ix_sign_in_account_id_at", "sign_in", ["account_id", "at", "id"])
