"""The audit log is chained by the database, and searched by who, what and where without reading it all."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.kernel.db.rowsecurity import grant_table

revision = "core_0007"
down_revision = "core_0006"
branch_labels = None
depends_on = None

FIELDS = (
    *("at", "id", "org_id", "org_path", "account_id", "account_name", "via", "address", "request_id", "action"),
    *("outcome", "subject_type", "subject_id", "subject_label", "before", "after", "decision"),
)
CHAIN = ("lane", "position", "previous_hash", "hash")

# What a hash covers, as text that depends on no setting: JSON in the order of the columns, instants in UTC. The number
# in front is that of this form; another set of columns gets another number.
DIGEST = """
CREATE FUNCTION audit_hash(
    previous bytea, lane bigint, place bigint, at timestamptz, id uuid, org_id uuid, org_path text, account_id uuid,
    account_name text, via text, address text, request_id text, action text, outcome text, subject_type text,
    subject_id text, subject_label text, before jsonb, after jsonb, decision jsonb
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(previous || sha256(convert_to(jsonb_build_array(
        1, lane, place, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), id, org_id, org_path,
        account_id, account_name, via, address, request_id, action, outcome, subject_type, subject_id, subject_label,
        before, after, decision)::text, 'UTF8')))
$$
"""

# A transaction takes a lane that nobody holds (its own by the number of the connection, else any free one), keeps it
# to its end and so never waits for another as long as there are lanes; none can be held for ever, as none is waited
# for while holding one. Where it has its lane's row is remembered in a setting: it saves looking through the row's
# former versions when one transaction writes many entries, and somebody who forges it gains nothing, since the row
# says itself which lane it is and is locked before it is read. Transactions that look at a frozen state
# have lanes of their own: a lane that moved on since their beginning would make them fail.
TRIGGER = """
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    known text := current_setting('banyan.audit_lane', true);
    lanes CONSTANT bigint := 64;
    base bigint := 1;
    own bigint;
    place tid;
    head audit_lane;
BEGIN
    IF known <> '' THEN
        SELECT l.ctid, l.lane, l.position, l.hash INTO place, head.lane, head.position, head.hash
        FROM audit_lane AS l WHERE l.ctid = known::tid AND l.lane > 0 FOR UPDATE SKIP LOCKED;
    END IF;
    IF place IS NULL THEN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            base := 101;
        END IF;
        own := base + pg_backend_pid() % lanes;
        SELECT l.ctid, l.lane, l.position, l.hash INTO place, head.lane, head.position, head.hash
        FROM audit_lane AS l WHERE l.lane = own FOR UPDATE SKIP LOCKED;
        IF place IS NULL THEN
            SELECT l.ctid, l.lane, l.position, l.hash INTO place, head.lane, head.position, head.hash
            FROM audit_lane AS l WHERE l.lane >= base AND l.lane < base + lanes LIMIT 1 FOR UPDATE SKIP LOCKED;
        END IF;
        IF place IS NULL THEN
            INSERT INTO audit_lane (lane) VALUES (own) ON CONFLICT DO NOTHING;
            SELECT l.ctid, l.lane, l.position, l.hash INTO place, head.lane, head.position, head.hash
            FROM audit_lane AS l WHERE l.lane = own FOR UPDATE;
        END IF;
    END IF;
    NEW.lane := head.lane;
    NEW.position := head.position + 1;
    NEW.previous_hash := head.hash;
    NEW.hash := audit_hash(head.hash, head.lane, NEW.position, {values});
    UPDATE audit_lane AS l SET position = NEW.position, hash = NEW.hash WHERE l.ctid = place
    RETURNING l.ctid INTO place;
    PERFORM set_config('banyan.audit_lane', place::text, true);
    RETURN NEW;
END
$$
"""

# What was written before there was a chain: lane 0, in the order of time.
SEAL = """
DO $$
DECLARE
    e record;
    n bigint := 0;
    head bytea := decode(repeat('00', 32), 'hex');
    before bytea;
BEGIN
    FOR e IN SELECT * FROM audit_entry ORDER BY at, id LOOP
        n := n + 1;
        before := head;
        head := audit_hash(before, 0, n, {values});
        UPDATE audit_entry SET lane = 0, position = n, previous_hash = before, hash = head
        WHERE at = e.at AND id = e.id;
    END LOOP;
    IF n > 0 THEN
        INSERT INTO audit_lane (lane, position, hash) VALUES (0, n, head);
    END IF;
END
$$
"""


# Where an organisation stood before: entries keep the path as it was written, and are looked for there, too.
MOVED = """
CREATE FUNCTION audit_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
BEGIN
    INSERT INTO audit_path (org_id, org_path) VALUES (NEW.id, OLD.path) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
"""
BYTEWISE = ("account_name", "address", "request_id", "subject_type", "subject_label")
INDEXES = (
    ("ix_audit_entry_org_path_at", ("org_path", "at")),
    ("ix_audit_entry_account_name_at", ("account_name", "at")),
    ("ix_audit_entry_action_at", ("action", "at")),
    ("ix_audit_entry_subject_type_at", ("subject_type", "at")),
    ("ix_audit_entry_subject_label_at", ("subject_label", "at")),
    ("ix_audit_entry_address_at", ("address", "at")),
    ("ix_audit_entry_request_id_at", ("request_id", "at")),
)


def upgrade() -> None:
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    _tables()
    op.execute(DIGEST)
    op.execute(TRIGGER.format(schema=schema, values=", ".join(f"NEW.{name}" for name in FIELDS)))
    _paths(schema)
    for name in BYTEWISE:
        op.alter_column("audit_entry", name, type_=sa.Text(collation="C"))
    for name in ("lane", "position"):
        op.add_column("audit_entry", sa.Column(name, sa.BigInteger(), nullable=True))
    op.execute(SEAL.format(values=", ".join(f"e.{name}" for name in FIELDS)))
    for name in CHAIN:
        op.alter_column("audit_entry", name, nullable=False)
    for name, columns in INDEXES:
        op.create_index(name, "audit_entry", list(columns))
    op.create_index(
        "ix_audit_entry_outcome_at", "audit_entry", ["outcome", "at"], postgresql_where=sa.text("outcome <> 'done'")
    )
    op.execute("CREATE TRIGGER audit_chain BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_chain()")


def _paths(schema: str) -> None:
    op.create_table(
        "audit_path",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("org_path", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("org_path", "org_id", name=op.f("pk_audit_path")),
    )
    op.create_index("ix_audit_path_org_id", "audit_path", ["org_id"])
    grant_table(op, "audit_path", "SELECT")
    op.execute(MOVED.format(schema=schema))
    op.execute(
        "CREATE TRIGGER audit_moved AFTER UPDATE OF path ON org FOR EACH ROW"
        " WHEN (OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION audit_moved()"
    )


def _tables() -> None:
    op.create_table(
        "audit_lane",
        sa.Column("lane", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hash", sa.LargeBinary(), server_default=sa.text("decode(repeat('00', 32), 'hex')"), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_audit_lane")),
    )
    # Room for new versions of a row beside the old ones: the index need not hear of them.
    op.execute("ALTER TABLE audit_lane SET (fillfactor = 10, autovacuum_vacuum_threshold = 1000)")
    op.execute("INSERT INTO audit_lane (lane) SELECT generate_series(1, 64)")
    grant_table(op, "audit_lane", "SELECT")
    op.create_table(
        "audit_archive",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partition", sa.Text(collation="C"), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("lane", "first", "last")),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("previous_hash", "hash")),
        *(sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=False) for name in ("first_at", "last_at")),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("first_id", "last_id")),
        sa.Column("archived_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_archive")),
    )
    grant_table(op, "audit_archive", "SELECT")
    op.create_table(
        "audit_verification",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(
            sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=False)
            for name in ("started_at", "finished_at")
        ),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("entries", "old", "found")),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        *(sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False) for name in ("findings", "heads")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("started_by", "via")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_verification")),
    )
    op.create_index("ix_audit_verification_finished_at", "audit_verification", ["finished_at"])
    grant_table(op, "audit_verification", "SELECT, INSERT")


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_moved ON org")
    op.execute("DROP TRIGGER audit_chain ON audit_entry")
    op.drop_index("ix_audit_entry_outcome_at", "audit_entry")
    for name, _columns in INDEXES:
        op.drop_index(name, "audit_entry")
    for name in BYTEWISE:
        op.alter_column("audit_entry", name, type_=sa.Text())
    for name in CHAIN[2:]:
        op.alter_column("audit_entry", name, nullable=True)
    op.execute("UPDATE audit_entry SET previous_hash = NULL, hash = NULL")
    for name in CHAIN[:2]:
        op.drop_column("audit_entry", name)
    op.execute("DROP FUNCTION audit_chain()")
    op.execute("DROP FUNCTION audit_moved()")
    op.execute("DROP FUNCTION audit_hash")
    for name in ("audit_path", "audit_verification", "audit_archive", "audit_lane"):
        op.drop_table(name)
