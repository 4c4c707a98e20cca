"""What happens elsewhere and concerns notices: members who come, move, change and leave; deadlines of requests.

All of it may be told twice: rows are added once, and set to what holds now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.policy import store
from banyan.modules.approvals.models import ApprovalDesk
from banyan.modules.notices import rules
from banyan.modules.notices.models import Notice, NoticeRecipient
from banyan.modules.notices.services import recipients, send
from banyan.modules.people.models import Member
from banyan.modules.people.services import audience
from banyan.modules.tenancy.models import Org

MOST = 200


def hear(ctx: Context, name: str, event_id: str, payload: Mapping[str, Any]) -> None:
    """Take an event, if it concerns notices."""
    heard = _HEARD.get(name)
    if heard is not None:
        heard(ctx, event_id, payload)


def _joined(ctx: Context, _event_id: str, payload: Mapping[str, Any]) -> None:
    """Who joins, comes back or moves in is told what is still valid there."""
    member = ctx.session.get(Member, UUID(payload["member_id"]))
    if member is None or member.status != "active":
        return
    now = ctx.clock.now()
    notices = ctx.session.scalars(
        select(Notice)
        .where(
            Notice.state == "published",
            Notice.origin == "written",
            Notice.org_path.in_(lineage(member.org_path)),
            or_(Notice.valid_until > now, Notice.published_at > now - rules.USUALLY_VALID),
        )
        .order_by(Notice.order_at.desc(), Notice.id.desc())
        .limit(MOST)
    )
    for notice in notices:
        if notice.published_at is None or not rules.valid(notice.published_at, notice.valid_until, now):
            continue
        held = [audience.from_json(ctx, one) for one in notice.audiences if not one.get(recipients.EVERYBODY)]
        if any(audience.includes(ctx, one, member) for one in held):
            recipients.add(ctx, notice, member)


def _changed(ctx: Context, _event_id: str, payload: Mapping[str, Any]) -> None:
    """Who gets an account finds there what was told before."""
    member = ctx.session.get(Member, UUID(payload["member_id"]))
    if member is not None:
        _set(
            ctx, member.id, NoticeRecipient.account_id.is_distinct_from(member.account_id), account_id=member.account_id
        )


def _left(ctx: Context, _event_id: str, payload: Mapping[str, Any]) -> None:
    """Nobody waits for those who left to read it."""
    unread = NoticeRecipient.read_at.is_(None) & NoticeRecipient.gone_at.is_(None)
    _set(ctx, UUID(payload["member_id"]), unread, gone_at=ctx.clock.now())


def _set(ctx: Context, member_id: UUID, where: Any, **values: Any) -> None:
    ctx.session.execute(
        update(NoticeRecipient)
        .where(NoticeRecipient.member_id == member_id, where)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _pressing(ctx: Context, event_id: str, payload: Mapping[str, Any]) -> None:
    """Those who decide are reminded of a deadline, and told when it is over."""
    desk = ctx.session.scalar(select(ApprovalDesk).where(ApprovalDesk.request_id == UUID(payload["request_id"])))
    if desk is None:
        return
    late = "above" in payload
    title = (
        lazy("Overdue: %(title)s", title=payload["title"])
        if late
        else lazy("Due soon: %(title)s", title=payload["title"])
    )
    body = lazy("A request waits for a decision. It is due on %(day)s.", day=desk.due_on.isoformat())
    told = {org.id for org in desk.places}
    to = _deciders(ctx, told, desk.permission)
    if to:
        code = ctx.session.scalar(select(Org.code).where(Org.id == desk.org_id))
        link = f"/orgs/{code}/approvals/{desk.request_id}"
        send.notify(ctx, to=to, title=title, body=body, link=link, once=event_id)


def _deciders(ctx: Context, orgs: set[UUID], permission: str) -> list[UUID]:
    """Accounts that hold a role with ``permission`` at one of ``orgs`` itself."""
    now = ctx.clock.now()
    rows = ctx.session.execute(
        select(RoleGrant.account_id, RoleGrant.role).where(
            RoleGrant.org_id.in_(orgs),
            RoleGrant.ended_at.is_(None),
            RoleGrant.not_before <= now,
            or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
        )
    ).all()
    meaning = store().snapshot.roles
    held = {role for _account, role in rows if role in meaning and permission in meaning[role].allowed}
    return list({account for account, role in rows if role in held})


def catch_up(ctx: Context) -> None:
    """Accounts that members were given without anybody being told: the inbox finds them all the same."""
    due = (
        select(NoticeRecipient.notice_id, NoticeRecipient.reader_id, Member.account_id)
        .join(Member, Member.id == NoticeRecipient.member_id)
        .where(NoticeRecipient.account_id.is_(None), Member.account_id.is_not(None))
        .limit(10_000)
        .subquery()
    )
    ctx.session.execute(
        update(NoticeRecipient)
        .where(NoticeRecipient.notice_id == due.c.notice_id, NoticeRecipient.reader_id == due.c.reader_id)
        .values(account_id=due.c.account_id)
        .execution_options(synchronize_session=False)
    )


_HEARD: Mapping[str, Callable[[Context, str, Mapping[str, Any]], None]] = {
    "people.member.admitted": _joined,
    "people.member.restored": _joined,
    "people.member.moved": _joined,
    "people.member.changed": _changed,
    "people.member.left": _left,
    "approvals.request.pressing": _pressing,
    "approvals.request.overdue": _pressing,
}
