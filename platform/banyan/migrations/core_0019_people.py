"""People: persons, records of members, periods of membership, and the pieces that names are found by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import APP_ROLE, grant_table, scope_table

revision = "core_0019"
down_revision = "core_0018"
branch_labels = None
depends_on = None

_INSIDE = "(org_path >= current_setting('app.lo', true) AND org_path < current_setting('app.hi', true))"
_OWN = "account_id = nullif(current_setting('app.me', true), '')::uuid"
# The planner knows neither range nor account when it plans, and thinks of a range that it takes one row in two hundred,
# so that it would read all of a county to sort it. Of this form it thinks that it takes every second one.
_SEEN = f"CASE WHEN {_INSIDE} THEN true WHEN {_OWN} THEN true ELSE false END"
# Row security of the record itself narrows this to those that are seen.
_OF_A_RECORD = "EXISTS (SELECT FROM member m WHERE m.id = membership.member_id)"

# As the owner of the tables, who sees every place: a member may be written where the writer sees one side alone.
_PLACE = """
CREATE FUNCTION member_has_its_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    record_id uuid;
    it record;
BEGIN
    IF TG_TABLE_NAME = 'member' THEN record_id := NEW.id; ELSE record_id := NEW.member_id; END IF;
    SELECT m.status, count(s.id) AS open, count(s.id) FILTER (WHERE s.org_id = m.org_id) AS here INTO it
    FROM member m LEFT JOIN membership s ON s.member_id = m.id AND s.ended_on IS NULL
    WHERE m.id = record_id GROUP BY m.id;
    IF NOT FOUND OR (it.status = 'active' AND it.open = 1 AND it.here = 1)
        OR (it.status <> 'active' AND it.open = 0) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'member % is % with % open memberships, % of them at its organisation',
        record_id, it.status, it.open, it.here
        USING ERRCODE = 'check_violation', CONSTRAINT = 'member_place';
END $$
"""
_APPEND_ONLY = """
CREATE FUNCTION membership_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.member_id, NEW.org_id, NEW.began_on, NEW.began_by, NEW.reason, NEW.request_id)
        IS DISTINCT FROM (OLD.id, OLD.member_id, OLD.org_id, OLD.began_on, OLD.began_by, OLD.reason, OLD.request_id)
    OR (OLD.ended_on IS NOT NULL AND (NEW.ended_on, NEW.ended_by, NEW.ended_reason, NEW.ended_request_id)
        IS DISTINCT FROM (OLD.ended_on, OLD.ended_by, OLD.ended_reason, OLD.ended_request_id))
    OR (NEW.person_id <> OLD.person_id AND NOT EXISTS
        (SELECT FROM person p WHERE p.id = OLD.person_id AND p.merged_into = NEW.person_id))
    THEN
        RAISE EXCEPTION 'a membership only ends, once' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'membership_append_only';
    END IF;
    RETURN NEW;
END $$
"""
# Where a person has records, for deciding whether another one may be made: ids and places alone, nothing readable.
_RECORDS = """
CREATE FUNCTION person_records(who uuid)
RETURNS TABLE (member_id uuid, org_id uuid, org_path text, status text, exclusive boolean)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT m.id, m.org_id, m.org_path, m.status, m.exclusive FROM member m WHERE m.person_id = who ORDER BY m.id
$$
"""
_DEFERRED = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
_CHECKED = "EXECUTE FUNCTION member_has_its_place()"
# An organisation that moves takes its rows along by their path alone: that is no change here, and costs no check.
_PLACED = {"member": ("status", "org_id"), "membership": ("org_id", "ended_on")}
_KEPT = (
    *("id", "member_id", "person_id", "org_id", "began_on", "began_by", "reason", "request_id"),
    *("ended_on", "ended_by", "ended_reason", "ended_request_id"),
)


def _differs(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def upgrade() -> None:
    _tables()
    op.execute("ALTER TABLE member ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY member_scope ON member USING ({_SEEN}) WITH CHECK {_INSIDE}")
    grant_table(op, "member", "SELECT, INSERT, UPDATE")
    op.execute("ALTER TABLE membership ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY membership_scope ON membership USING ({_INSIDE} OR {_OF_A_RECORD}) WITH CHECK {_INSIDE}")
    grant_table(
        op, "membership", "SELECT, INSERT, UPDATE (ended_on, ended_by, ended_reason, ended_request_id, person_id)"
    )
    scope_table(op, "member_token")
    grant_table(op, "person", "SELECT, INSERT, UPDATE")
    op.execute(_PLACE)
    for table, columns in _PLACED.items():
        op.execute(f"CREATE CONSTRAINT TRIGGER {table}_place AFTER INSERT ON {table} {_DEFERRED} {_CHECKED}")
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_place_kept AFTER UPDATE ON {table} {_DEFERRED}"
            f" WHEN ({_differs(columns)}) {_CHECKED}"
        )
    op.execute(_APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER membership_append_only BEFORE UPDATE ON membership FOR EACH ROW"
        f" WHEN ({_differs(_KEPT)}) EXECUTE FUNCTION membership_append_only()"
    )
    op.execute(_RECORDS)
    op.execute("REVOKE ALL ON FUNCTION person_records(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION person_records(uuid) TO {APP_ROLE}")


def downgrade() -> None:
    for name in ("member_token", "membership", "member", "person"):
        op.drop_table(name)
    op.execute("DROP FUNCTION person_records(uuid)")
    op.execute("DROP FUNCTION membership_append_only()")
    op.execute("DROP FUNCTION member_has_its_place()")


def _tables() -> None:
    op.create_table(
        "person",
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("document_index", sa.LargeBinary(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["person.id"], name=op.f("fk_person_merged_into")),
        sa.ForeignKeyConstraint(["root_id"], ["org.id"], name=op.f("fk_person_root_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(
        "ix_person_merged_into",
        "person",
        ["merged_into"],
        unique=False,
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index(
        "uq_person_root_id_document_index",
        "person",
        ["root_id", "document_index"],
        unique=True,
        postgresql_where=sa.text("merged_into IS NULL"),
    )
    op.create_table(
        "member",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(collation="C"), nullable=False),
        sa.Column("gender", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("ethnicity", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column(
            "birth_order",
            sa.Date(),
            sa.Computed("COALESCE(birth_date, DATE '9999-12-31')", persisted=True),
            nullable=False,
        ),
        sa.Column("document_type", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("document_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("document_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("workplace", sa.Text(), server_default="", nullable=False),
        sa.Column("occupation", sa.Text(), server_default="", nullable=False),
        sa.Column("education", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("political_status", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("interests", sa.Text(), server_default="", nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column(
            "joined_order",
            sa.Date(),
            sa.Computed("COALESCE(joined_on, DATE '9999-12-31')", persisted=True),
            nullable=False,
        ),
        sa.Column("joining_place", sa.Text(), server_default="", nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), server_default="member", nullable=False),
        sa.Column("exclusive", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("status", sa.Text(collation="C"), server_default="active", nullable=False),
        sa.Column("review", sa.Text(collation="C"), server_default="pending", nullable=False),
        sa.Column("erased_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("gender IN ('male', 'female', '')", name=op.f("ck_member_gender")),
        sa.CheckConstraint("review IN ('pending', 'returned', 'accepted')", name=op.f("ck_member_review")),
        sa.CheckConstraint("status IN ('active', 'left', 'deceased', 'merged')", name=op.f("ck_member_status")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_account_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_member_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("id", "org_path", name=op.f("uq_member_id_org_path")),
    )
    op.create_index(
        "ix_member_account_id",
        "member",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index("ix_member_admitted_on_id", "member", ["admitted_on", "id"], unique=False)
    op.create_index("ix_member_birth_order_id", "member", ["birth_order", "id"], unique=False)
    op.create_index(
        "ix_member_document_index",
        "member",
        ["document_index"],
        unique=False,
        postgresql_where=sa.text("document_index IS NOT NULL"),
    )
    op.create_index(
        "ix_member_ethnicity_sort_name_id",
        "member",
        ["ethnicity", "sort_name", "id"],
        unique=False,
        postgresql_where=sa.text("ethnicity <> '01'"),
    )
    op.create_index(
        "ix_member_gone_sort_name_id",
        "member",
        ["status", "sort_name", "id"],
        unique=False,
        postgresql_where=sa.text("status <> 'active'"),
    )
    op.create_index("ix_member_joined_order_id", "member", ["joined_order", "id"], unique=False)
    op.create_index("ix_member_number", "member", ["number"], unique=False, postgresql_where=sa.text("number <> ''"))
    op.create_index("ix_member_org_id", "member", ["org_id"], unique=False)
    op.create_index("ix_member_org_path", "member", ["org_path"], unique=False)
    op.create_index("ix_member_org_path_sort_name_id", "member", ["org_path", "sort_name", "id"], unique=False)
    op.create_index("ix_member_person_id", "member", ["person_id"], unique=False)
    op.create_index(
        "ix_member_phone_index",
        "member",
        ["phone_index"],
        unique=False,
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )
    op.create_index(
        "ix_member_review_sort_name_id",
        "member",
        ["review", "sort_name", "id"],
        unique=False,
        postgresql_where=sa.text("review <> 'accepted'"),
    )
    op.create_index("ix_member_sort_name_id", "member", ["sort_name", "id"], unique=False)
    op.create_index(
        "uq_member_org_id_number", "member", ["org_id", "number"], unique=True, postgresql_where=sa.text("number <> ''")
    )
    op.create_index(
        "uq_member_org_id_person_id",
        "member",
        ["org_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index(
        "uq_member_person_id_exclusive",
        "member",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("exclusive AND status = 'active'"),
    )
    op.create_table(
        "membership",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("began_by", sa.Text(collation="C"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Text(collation="C"), nullable=True),
        sa.Column("ended_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_request_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("(ended_on IS NULL) = (ended_by IS NULL)", name=op.f("ck_membership_ended")),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= began_on", name=op.f("ck_membership_days")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_membership_member_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name="fk_membership_org", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_member_id_began_on", "membership", ["member_id", "began_on"], unique=False)
    op.create_index("ix_membership_org_id", "membership", ["org_id"], unique=False)
    op.create_index("ix_membership_org_path", "membership", ["org_path"], unique=False)
    op.create_index("ix_membership_person_id", "membership", ["person_id"], unique=False)
    op.create_index(
        "uq_membership_member_id_open",
        "membership",
        ["member_id"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "member_token",
        sa.Column("token", sa.Text(collation="C"), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id", "org_path"],
            ["member.id", "member.org_path"],
            name="fk_member_token_member",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token", "org_path", "member_id", name=op.f("pk_member_token")),
    )
    op.create_index("ix_member_token_member_id", "member_token", ["member_id"], unique=False)
