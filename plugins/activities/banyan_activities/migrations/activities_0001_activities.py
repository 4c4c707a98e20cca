"""Activities, sign-ups, preparations, incidents, photos, and the addresses of calendars."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from banyan.sdk import scope_table

revision = "activities_0001"
down_revision = None
branch_labels = None
depends_on = None

C = sa.Text(collation="C")
TIME = postgresql.TIMESTAMP(timezone=True)
NOW_KINDS = "'study', 'meeting', 'volunteering', 'culture', 'sports', 'training', 'visit', 'other'"
PREPARATIONS = "'labour', 'publicity', 'purchase', 'venue', 'staff', 'other'"
TABLES = ("activity", "sign_up", "preparation", "incident", "photo", "feed")


def upgrade() -> None:
    _table(
        "activity",
        _c("series_id", sa.Uuid(), null=True), _c("title", sa.Text()), _c("kind", C), _c("content", sa.Text(), ""),
        _c("place", sa.Text()), _c("latitude", sa.Double(), null=True), _c("longitude", sa.Double(), null=True),
        _c("radius", sa.BigInteger(), "300"), _c("starts_at", TIME), _c("ends_at", TIME),
        _c("zone", C, "Asia/Shanghai"),
        _c("capacity", sa.BigInteger(), null=True), _c("taken", sa.BigInteger(), "0"),
        _c("waiting", sa.BigInteger(), "0"), _c("companions", sa.BigInteger(), "0"), _c("budget", sa.BigInteger(), "0"),
        _c("expected", sa.BigInteger(), "0"), _c("contact", sa.Text(), ""), _c("audience", postgresql.JSONB()),
        _c("open_to_all", sa.Boolean()), _c("sign_up_until", TIME, null=True), _c("withdraw_until", TIME, null=True),
        _c("questions", postgresql.JSONB(), "[]"), _c("state", C, "draft"), _c("reason", sa.Text(), ""),
        _c("moved_at", TIME, null=True), _c("secret", sa.LargeBinary()), _c("summary", sa.Text(), ""),
        _c("summary_state", C, "missing"), _c("summed_up_by", sa.Uuid(), null=True),
        _c("summed_up_at", TIME, null=True), _c("organiser_id", sa.Uuid(), null=True), _c("created_at", TIME),
        _c("published_at", TIME, null=True), _c("published", sa.Boolean()), _c("version", sa.BigInteger()),
        _check("activity", "state", "state IN ('draft', 'asked', 'approved', 'published', 'cancelled')"),
        _check("activity", "kind", f"kind IN ({NOW_KINDS})"),
        _check("activity", "summary", "summary_state IN ('missing', 'handed_in', 'filed')"),
        _check("activity", "time", "ends_at > starts_at"),
        _check("activity", "capacity", "capacity IS NULL OR taken <= capacity"),
        _check("activity", "places", "taken >= 0 AND waiting >= 0"),
    )  # fmt: skip
    _index("activity", "starts_at_id", "starts_at", "id")
    _index("activity", "path_starts_at", "org_path", "starts_at", "id")
    _index("activity", "series_id", "series_id", where="series_id IS NOT NULL")
    _index("activity", "open_summary", "ends_at", "id", where="state = 'published' AND summary_state = 'missing'")
    _table(
        "sign_up",
        _c("activity_id", sa.Uuid()), _c("member_id", sa.Uuid()), _c("person_id", sa.Uuid(), null=True),
        _c("account_id", sa.Uuid(), null=True), _c("name", sa.Text()), _c("member_org_id", sa.Uuid()), _c("state", C),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _c("places", sa.BigInteger()), _c("answers", postgresql.JSONB(), "{}"), _c("signed_up_at", TIME),
        _c("changed_at", TIME), _c("attended", C, ""),
        _c("attended_at", TIME, null=True), _c("left_at", TIME, null=True),
        _c("minutes", sa.BigInteger(), null=True), _of_activity("sign_up"),
        _check("sign_up", "state", "state IN ('going', 'waiting', 'withdrawn')"),
        _check("sign_up", "attended", "attended IN ('', 'code', 'list', 'place', 'paper')"),
        _check("sign_up", "places", "places >= 1"),
    )  # fmt: skip
    _index("sign_up", "activity_id_member_id", "activity_id", "member_id", unique=True)
    _index("sign_up", "line", "activity_id", "state", "position")
    _index("sign_up", "person_id", "person_id")
    _index("sign_up", "account_id", "account_id")
    _table(
        "preparation",
        _c("activity_id", sa.Uuid()), _c("kind", C), _c("title", sa.Text()), _c("owner_id", sa.Uuid(), null=True),
        _c("due_on", sa.Date()), _c("note", sa.Text(), ""), _c("done_at", TIME, null=True),
        _c("reminded_at", TIME, null=True), _c("version", sa.BigInteger()),
        _of_activity("preparation", ondelete="CASCADE"),
        _check("preparation", "kind", f"kind IN ({PREPARATIONS})"),
    )  # fmt: skip
    _index("preparation", "activity_id", "activity_id")
    _index("preparation", "owner_id", "owner_id")
    _index("preparation", "due", "due_on", "id", where="done_at IS NULL")
    _table(
        "incident",
        _c("activity_id", sa.Uuid()), _c("happened_at", TIME), _c("what", sa.Text()), _c("measures", sa.Text(), ""),
        _c("recorded_by", sa.Uuid(), null=True), _c("recorded_at", TIME), _of_activity("incident"),
    )  # fmt: skip
    _index("incident", "activity_id", "activity_id")
    _table(
        "photo",
        _c("activity_id", sa.Uuid()), _c("file_id", sa.Uuid()), _c("thumbnail_id", sa.Uuid()),
        _c("position", sa.BigInteger()), _c("caption", sa.Text(), ""), _c("added_by", sa.Uuid(), null=True),
        _of_activity("photo"),
    )  # fmt: skip
    _index("photo", "activity_id", "activity_id", "position")
    _table(
        "feed",
        _c("account_id", sa.Uuid()),
        _c("token_hash", sa.LargeBinary()),
        _c("made_at", TIME),
        _c("used_at", TIME, null=True),
        sa.UniqueConstraint("token_hash", name="uq_activities_feed_token_hash"),
    )
    _index("feed", "account_id", "account_id", unique=True)
    scope_table(op, "activities_activity", published=True)
    scope_table(op, "activities_sign_up", own="account_id")
    for name in TABLES[2:]:
        scope_table(op, f"activities_{name}")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(f"activities_{name}")


def _c(name: str, kind: Any, default: str | None = None, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, server_default=default, nullable=null)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_activities_{table}_{name}"))


def _of_activity(table: str, **options: Any) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_activities_{table}_activity_id")
    return sa.ForeignKeyConstraint(["activity_id"], ["activities_activity.id"], name=name, **options)


def _table(name: str, *parts: Any) -> None:
    full = f"activities_{name}"
    op.create_table(
        full,
        *parts,
        _c("id", sa.Uuid()),
        _c("org_id", sa.Uuid()),
        _c("org_path", C),
        sa.ForeignKeyConstraint(
            ["org_id", "org_path"], ["org.id", "org.path"], name=f"fk_{full}_org", onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{full}")),
    )
    op.create_index(f"ix_{full}_org_id", full, ["org_id"])
    op.create_index(f"ix_{full}_org_path", full, ["org_path"])


def _index(table: str, name: str, *columns: str, unique: bool = False, where: str | None = None) -> None:
    full = f"activities_{table}"
    op.create_index(
        f"ix_{full}_{name}", full, list(columns), unique=unique, postgresql_where=sa.text(where) if where else None
    )
