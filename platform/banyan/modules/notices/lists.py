"""Lists of notices, of their readers, and of what somebody was told.

Plans, as ``banyan_app`` with 100,000 notices and 10,000,000 readers: notices newest first walk
``ix_notice_order_at_id`` backwards, those of a small organisation come by ``ix_notice_org_path``; readers of a notice
by place walk ``ix_notice_recipient_notice_id_org_path`` from its beginning; an inbox walks
``ix_notice_recipient_account_id`` backwards, its unread part ``ix_notice_recipient_unread``.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, func
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.access.decision import visible
from banyan.modules.accounts.models import Account
from banyan.modules.notices import permissions, rules
from banyan.modules.notices.models import Notice, NoticeRecipient
from banyan.modules.people.models import Member
from banyan.modules.tenancy.models import Org

READING = {
    "confirmed": lazy("Confirmed by readers"),
    "read": lazy("Read"),
    "missing": lazy("Not yet read"),
    "without": lazy("Without account"),
    "gone": lazy("Left before reading"),
}
READING_TONES = {"confirmed": "ok", "read": "ok", "missing": "warn"}
READING_STATE: ColumnElement[str] = case(
    (NoticeRecipient.confirmed_at.is_not(None), "confirmed"),
    (NoticeRecipient.read_at.is_not(None), "read"),
    (NoticeRecipient.gone_at.is_not(None), "gone"),
    (NoticeRecipient.account_id.is_(None), "without"),
    else_="missing",
)
_UNREAD = NoticeRecipient.read_at.is_(None)
_STATE_IS: dict[str, ColumnElement[bool]] = {
    "confirmed": NoticeRecipient.confirmed_at.is_not(None),
    "read": and_(NoticeRecipient.read_at.is_not(None), NoticeRecipient.confirmed_at.is_(None)),
    "gone": and_(_UNREAD, NoticeRecipient.gone_at.is_not(None)),
    "without": and_(_UNREAD, NoticeRecipient.gone_at.is_(None), NoticeRecipient.account_id.is_(None)),
    "missing": and_(_UNREAD, NoticeRecipient.gone_at.is_(None), NoticeRecipient.account_id.is_not(None)),
}


def _kinds(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(rules.KINDS.items())


def _states(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(rules.STATES.items())


def _importance(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(rules.IMPORTANCE.items())


def _reading(_session: Session) -> Sequence[tuple[str, Text]]:
    return list(READING.items())


NOTICES = TableDef(
    name="notices",
    title=lazy("Notices"),
    source=Notice.__table__.join(Org, Org.id == Notice.org_id),
    identity=Notice.id,
    columns=(
        Column("title", lazy("Title"), Notice.title, "link"),
        Column("kind", lazy("Kind"), Notice.kind, "badge", rules.KINDS),
        Column("importance", lazy("Importance"), Notice.importance, "badge", rules.IMPORTANCE, rules.IMPORTANCE_TONES),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("state", lazy("State"), Notice.state, "badge", rules.STATES, rules.STATE_TONES),
        Column("order_at", lazy("Published or written at"), Notice.order_at, "datetime"),
        Column("publish_at", lazy("To be published at"), Notice.publish_at, "datetime", shown=False),
        Column("valid_until", lazy("Valid until"), Notice.valid_until, "datetime", shown=False),
        Column("confirm", lazy("To be taken note of"), Notice.confirm, "boolean", shown=False),
        Column("reason", lazy("Reason of withdrawal"), Notice.reason, shown=False),
    ),
    sorts=(
        Sort("-order_at", (Notice.order_at, Notice.id), descending=True),
        Sort("order_at", (Notice.order_at, Notice.id)),
    ),
    filters=(
        Filter("q", lazy("Title"), "text", lambda value: Notice.title.contains(value, autoescape=True)),
        Filter("kind", lazy("Kind"), "choice", lambda value: Notice.kind == value, _kinds),
        Filter("state", lazy("State"), "choice", lambda value: Notice.state == value, _states),
        Filter("importance", lazy("Importance"), "choice", lambda value: Notice.importance == value, _importance),
        Filter("from", lazy("From"), "date", lambda day: Notice.order_at >= day_start(day), rare=True),
        Filter("until", lazy("Until"), "date", lambda day: Notice.order_at < day_after(day), rare=True),
    ),
)

READERS = TableDef(
    name="notice_readers",
    title=lazy("Readers of a notice"),
    source=NoticeRecipient.__table__.join(Org, Org.id == NoticeRecipient.org_id)
    .outerjoin(Member, Member.id == NoticeRecipient.member_id)
    .outerjoin(Account, Account.id == NoticeRecipient.account_id),
    identity=NoticeRecipient.reader_id,
    columns=(
        Column("name", lazy("Name"), func.coalesce(Member.name, Account.display_name)),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("state", lazy("State"), READING_STATE, "badge", READING, READING_TONES),
        Column("read_at", lazy("Read at"), NoticeRecipient.read_at, "datetime"),
        Column("confirmed_at", lazy("Confirmed at"), NoticeRecipient.confirmed_at, "datetime"),
        Column("reminded_at", lazy("Reminded at"), NoticeRecipient.reminded_at, "datetime", shown=False),
    ),
    sorts=(Sort("tree", (NoticeRecipient.notice_id, NoticeRecipient.org_path, NoticeRecipient.reader_id)),),
    filters=(
        Filter(
            "notice", lazy("Number of the notice"), "uuid", lambda value: NoticeRecipient.notice_id == value, rare=True
        ),
        Filter("state", lazy("State"), "choice", lambda value: _STATE_IS.get(value, _UNREAD), _reading),
        Filter("org", lazy("Code of the organisation"), "text", lambda value: Org.code == value),
    ),
)

INBOX = TableDef(
    name="own_notices",
    title=lazy("My notices"),
    source=NoticeRecipient.__table__.join(Notice.__table__, Notice.id == NoticeRecipient.notice_id).join(
        Org, Org.id == Notice.org_id
    ),
    identity=NoticeRecipient.notice_id,
    columns=(
        Column("title", lazy("Title"), Notice.title, "link"),
        Column("words", lazy("Text of the notice"), Notice.words),
        Column("body", lazy("Text of the notice"), Notice.body),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("kind", lazy("Kind"), Notice.kind, "badge", rules.KINDS),
        Column("importance", lazy("Importance"), Notice.importance, "badge", rules.IMPORTANCE, rules.IMPORTANCE_TONES),
        Column("state", lazy("State"), Notice.state, "badge", rules.STATES, rules.STATE_TONES),
        Column("confirm", lazy("To be taken note of"), Notice.confirm, "boolean"),
        Column("at", lazy("Published at"), NoticeRecipient.at, "datetime"),
        Column("read_at", lazy("Read at"), NoticeRecipient.read_at, "datetime"),
        Column("confirmed_at", lazy("Confirmed at"), NoticeRecipient.confirmed_at, "datetime"),
    ),
    sorts=(Sort("-at", (NoticeRecipient.at, NoticeRecipient.notice_id), descending=True),),
    filters=(
        Filter(
            "unread",
            lazy("Unread"),
            "boolean",
            lambda value: and_(_UNREAD, Notice.state == "published") if value else NoticeRecipient.read_at.is_not(None),
        ),
        Filter(
            "confirm",
            lazy("To be taken note of"),
            "boolean",
            lambda value: and_(Notice.confirm, NoticeRecipient.confirmed_at.is_(None)) == value,
        ),
    ),
)
# What the platform tells is no notice of an organisation.
WRITTEN = Notice.origin != "system"


def seen(ctx: Context) -> ColumnElement[bool]:
    """Notices of the organisation of the request and those below, and what was published to it from above."""
    inside = visible(ctx, permissions.READ.name, Notice.org_path, within=ctx.here)
    return and_(WRITTEN, inside)


def _notices(ctx: Context) -> ColumnElement[bool]:
    """Notices that one may both see and export."""
    return and_(seen(ctx), visible(ctx, permissions.EXPORT.name, Notice.org_path, within=ctx.here))


def readers(ctx: Context) -> ColumnElement[bool]:
    """Readers at the organisation of the request and below."""
    return visible(ctx, permissions.READ.name, NoticeRecipient.org_path, within=ctx.here)


def _readers(ctx: Context) -> ColumnElement[bool]:
    """Readers whom one may both see and export."""
    return and_(readers(ctx), visible(ctx, permissions.EXPORT.name, NoticeRecipient.org_path, within=ctx.here))


EXPORTS = (
    Exportable(NOTICES, permissions.EXPORT.name, _notices),
    Exportable(READERS, permissions.EXPORT.name, _readers),
)
