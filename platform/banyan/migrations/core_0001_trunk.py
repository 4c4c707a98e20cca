"""The trunk: tree, accounts, access, audit, statistics, outbox, long tasks, files, queue."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table, scope_table

revision = "core_0001"
down_revision = None
branch_labels = None
depends_on = None

SCOPED = ("outbox_event", "stat", "stat_delta", "stored_file", "long_task")
DIRECTORY = (
    "org_level",
    "org_type",
    "org",
    "org_token",
    "account",
    "account_session",
    "api_token",
    "registration_code",
    "throttle",
    "org_role",
    "org_role_permission",
    "role_grant",
    "policy_stamp",
    "module_state",
    "module_policy",
)
TABLES = (
    "role_grant",
    "org_role_permission",
    "long_task",
    "api_token",
    "account_session",
    "stored_file",
    "stat_delta",
    "stat",
    "registration_code",
    "outbox_event",
    "org_role",
    "module_state",
    "module_policy",
    "account",
    "org",
    "throttle",
    "policy_stamp",
    "org_type",
    "org_token",
    "org_level",
    "audit_entry",
)
QUEUE = ("procrastinate_jobs", "procrastinate_events", "procrastinate_workers", "procrastinate_periodic_defers")


def upgrade() -> None:
    _tables()
    op.create_foreign_key("fk_org_approval_document", "org", "stored_file", ["approval_document"], ["id"])
    op.execute("INSERT INTO policy_stamp (id, version) VALUES (1, 1)")
    op.execute("CREATE TABLE audit_entry_rest PARTITION OF audit_entry DEFAULT")
    for name in SCOPED:
        scope_table(op, name)
    for name in DIRECTORY:
        grant_table(op, name)
    grant_table(op, "audit_entry", "SELECT, INSERT")
    _queue()


def _queue() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    for name in QUEUE:
        grant_table(op, name)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO banyan_app")


def downgrade() -> None:
    for name in QUEUE:
        op.execute(f"DROP TABLE IF EXISTS {name} CASCADE")
    op.execute(
        """
        DO $$ DECLARE found record; BEGIN
            FOR found IN SELECT oid::regprocedure AS signature FROM pg_proc WHERE proname LIKE 'procrastinate\\_%'
            LOOP EXECUTE 'DROP ROUTINE ' || found.signature || ' CASCADE'; END LOOP;
            FOR found IN SELECT typname FROM pg_type WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c')
            LOOP EXECUTE 'DROP TYPE IF EXISTS ' || quote_ident(found.typname) || ' CASCADE'; END LOOP;
        END $$
        """
    )
    op.drop_constraint("fk_org_approval_document", "org")
    for name in TABLES:
        op.drop_table(name)


def _tables() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("org_path", sa.Text(collation="C"), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(collation="C"), nullable=False),
        sa.Column("outcome", sa.Text(collation="C"), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(collation="C"), nullable=False),
        sa.Column("subject_label", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("at", "id", name=op.f("pk_audit_entry")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_audit_entry_id", "audit_entry", ["id"], unique=False)
    op.create_index("ix_audit_entry_org_id_at", "audit_entry", ["org_id", "at"], unique=False)
    op.create_index("ix_audit_entry_subject_id_at", "audit_entry", ["subject_id", "at"], unique=False)
    op.create_table(
        "org_level",
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_org_level")),
        sa.UniqueConstraint("rank", name=op.f("uq_org_level_rank")),
    )
    op.create_table(
        "org_token",
        sa.Column("token", sa.Text(collation="C"), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("token", "org_path", "org_id", name=op.f("pk_org_token")),
    )
    op.create_table(
        "org_type",
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("root", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_org_type")),
    )
    op.create_table(
        "policy_stamp",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_policy_stamp_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_stamp")),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("locked_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )
    op.create_table(
        "org",
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("depth", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("last_ordinal", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("division_code", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), server_default="", nullable=False),
        sa.Column("sort_name", sa.Text(collation="C"), nullable=False),
        sa.Column("level", sa.Text(collation="C"), nullable=False),
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.Column("person_in_charge", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("approval_document", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(collation="C"), server_default="active", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'revoked')", name=op.f("ck_org_status")),
        sa.ForeignKeyConstraint(["level"], ["org_level.key"], name=op.f("fk_org_level")),
        sa.ForeignKeyConstraint(["parent_id"], ["org.id"], name=op.f("fk_org_parent_id")),
        sa.ForeignKeyConstraint(["type"], ["org_type.key"], name=op.f("fk_org_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org")),
        sa.UniqueConstraint("code", name="uq_org_code"),
        sa.UniqueConstraint("id", "path", name=op.f("uq_org_id_path")),
        sa.UniqueConstraint("path", name="uq_org_path"),
    )
    op.create_index("ix_org_created_at_path", "org", ["created_at", "path"], unique=False)
    op.create_index(
        "ix_org_division_code", "org", ["division_code"], unique=False, postgresql_where=sa.text("division_code <> ''")
    )
    op.create_index("ix_org_level_path", "org", ["level", "path"], unique=False)
    op.create_index("ix_org_parent_id_ordinal", "org", ["parent_id", "ordinal"], unique=False)
    op.create_index("ix_org_sort_name_id", "org", ["sort_name", "id"], unique=False)
    op.create_index("ix_org_type_path", "org", ["type", "path"], unique=False)
    op.create_table(
        "account",
        sa.Column("sign_in_name", sa.Text(collation="C"), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_changed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(collation="C"), server_default="active", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("last_sign_in_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("status IN ('active', 'suspended')", name=op.f("ck_account_status")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_account_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("sign_in_name", name="uq_account_sign_in_name"),
    )
    op.create_index("ix_account_org_id", "account", ["org_id"], unique=False)
    op.create_index("ix_account_org_path", "account", ["org_path"], unique=False)
    op.create_table(
        "module_policy",
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("set_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_module_policy_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module_policy")),
        sa.UniqueConstraint("org_id", "module", name=op.f("uq_module_policy_org_id_module")),
    )
    op.create_index("ix_module_policy_org_path", "module_policy", ["org_path"], unique=False)
    op.create_table(
        "module_state",
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_module_state_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module_state")),
        sa.UniqueConstraint("org_id", "module", name=op.f("uq_module_state_org_id_module")),
    )
    op.create_index("ix_module_state_org_path", "module_state", ["org_path"], unique=False)
    op.create_table(
        "org_role",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_org_role_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_role")),
    )
    op.create_index("ix_org_role_org_id", "org_role", ["org_id"], unique=False)
    op.create_index("ix_org_role_org_path", "org_role", ["org_path"], unique=False)
    op.create_index(
        "uq_org_role_org_id_name",
        "org_role",
        ["org_id", "name"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "outbox_event",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("delivered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("set_aside_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_outbox_event_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    op.create_index("ix_outbox_event_org_id", "outbox_event", ["org_id"], unique=False)
    op.create_index("ix_outbox_event_org_path", "outbox_event", ["org_path"], unique=False)
    op.create_index(
        "ix_outbox_event_waiting",
        "outbox_event",
        ["org_path", "position"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL AND set_aside_at IS NULL"),
    )
    op.create_table(
        "registration_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(collation="C"), nullable=False),
        sa.Column("reach", sa.Text(collation="C"), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_registration_code_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_registration_code_code_hash")),
    )
    op.create_index("ix_registration_code_org_id", "registration_code", ["org_id"], unique=False)
    op.create_index("ix_registration_code_org_path", "registration_code", ["org_path"], unique=False)
    op.create_table(
        "stat",
        sa.Column("metric", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("own", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("folded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["org_id", "org_path"], ["org.id", "org.path"], name="fk_stat_org", onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stat")),
        sa.UniqueConstraint("org_id", "metric", name=op.f("uq_stat_org_id_metric")),
    )
    op.create_index("ix_stat_org_path", "stat", ["org_path"], unique=False)
    op.create_table(
        "stat_delta",
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_stat_delta_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stat_delta")),
    )
    op.create_index("ix_stat_delta_org_id", "stat_delta", ["org_id"], unique=False)
    op.create_index("ix_stat_delta_org_path", "stat_delta", ["org_path"], unique=False)
    op.create_table(
        "stored_file",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_stored_file_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("key", name=op.f("uq_stored_file_key")),
    )
    op.create_index("ix_stored_file_org_id", "stored_file", ["org_id"], unique=False)
    op.create_index("ix_stored_file_org_path", "stored_file", ["org_path"], unique=False)
    op.create_table(
        "account_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_session_token_hash")),
    )
    op.create_index("ix_account_session_account_id", "account_session", ["account_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_token_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"], unique=False)
    op.create_table(
        "long_task",
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("memory", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("beat_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_long_task_state")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_long_task_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["result_id"], ["stored_file.id"], name=op.f("fk_long_task_result_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_long_task")),
    )
    op.create_index("ix_long_task_created_at_id", "long_task", ["created_at", "id"], unique=False)
    op.create_index("ix_long_task_org_id", "long_task", ["org_id"], unique=False)
    op.create_index("ix_long_task_org_path", "long_task", ["org_path"], unique=False)
    op.create_index("ix_long_task_state", "long_task", ["state", "beat_at"], unique=False)
    op.create_table(
        "org_role_permission",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["org_role.id"], name=op.f("fk_org_role_permission_role_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("role_id", "permission", name=op.f("pk_org_role_permission")),
    )
    op.create_table(
        "role_grant",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(collation="C"), nullable=False),
        sa.Column("reach", sa.Text(collation="C"), nullable=False),
        sa.Column("not_before", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("not_after", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("granted_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("reach IN ('self', 'subtree')", name=op.f("ck_role_grant_reach")),
        sa.CheckConstraint("not_after IS NULL OR not_after > not_before", name=op.f("ck_role_grant_dates")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_role_grant_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(
        "ix_role_grant_account_id",
        "role_grant",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_role_grant_granted_at_id", "role_grant", ["granted_at", "id"], unique=False)
    op.create_index(
        "ix_role_grant_role", "role_grant", ["role"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_role_grant_org_id", "role_grant", ["org_id"], unique=False)
    op.create_index("ix_role_grant_org_path", "role_grant", ["org_path"], unique=False)
