"""One's own inbox: what an account was told, read and confirmed by it (NOT-01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update

from banyan.kernel.context import Context
from banyan.kernel.db.prepared import Prepared
from banyan.kernel.db.session import reading
from banyan.kernel.errors import NotFound, Refused, Unauthenticated
from banyan.kernel.i18n import lazy
from banyan.modules.audit.services import record
from banyan.modules.notices.models import Notice, NoticePreference, NoticeRecipient
from banyan.modules.notices.services.telling import subject
from banyan.modules.operators.services import standing
from banyan.modules.tenancy.models import Org

COUNTED_UP_TO = 100
NOTHING = lazy("There is nothing here, or it is not within your reach.")
_HOLDS = and_(Notice.state == "published", or_(Notice.valid_until.is_(None), Notice.valid_until > bindparam("now")))
_UNREAD = Prepared(
    select(NoticeRecipient.notice_id)
    .select_from(NoticeRecipient.__table__.join(Notice.__table__, Notice.id == NoticeRecipient.notice_id))
    .where(NoticeRecipient.account_id == bindparam("me"), NoticeRecipient.read_at.is_(None), _HOLDS)
    .distinct()
    .limit(COUNTED_UP_TO)
)


@dataclass(frozen=True, slots=True)
class Received:
    """A notice as its reader has it. :ivar by: who tells it. :ivar newer: a version that replaced it."""

    notice: Notice
    by: str
    read_at: datetime | None
    confirmed_at: datetime | None
    newer: UUID | None


def unread(ctx: Context) -> int:
    """How many notices wait to be read, counted up to `COUNTED_UP_TO`: one statement, cheap enough for every page."""
    if ctx.actor.account_id is None or ctx.actor.via == "service":
        return 0
    values = {"me": ctx.actor.account_id, "now": ctx.clock.now()}
    return len(_UNREAD.rows(reading(ctx.session), values))


def mine(ctx: Context) -> ColumnElement[bool]:
    """The predicate of one's own rows."""
    return NoticeRecipient.account_id == _me(ctx)


def received(ctx: Context, notice_id: UUID) -> Received:
    """A notice that the actor was told.

    :raises NotFound: it does not exist, or was not told to this account.
    """
    row = ctx.session.execute(
        select(Notice, Org.name, NoticeRecipient.read_at, NoticeRecipient.confirmed_at)
        .join(NoticeRecipient, NoticeRecipient.notice_id == Notice.id)
        .join(Org, Org.id == Notice.org_id)
        .where(Notice.id == notice_id, NoticeRecipient.account_id == _me(ctx))
        .order_by(NoticeRecipient.read_at)
        .limit(1)
    ).first()
    if row is None:
        raise NotFound(NOTHING)
    newer = select(Notice.id).where(Notice.replaces == notice_id, Notice.state == "published")
    return Received(row[0], row[1], row[2], row[3], ctx.session.scalar(newer))


def holding(ctx: Context, notice_id: UUID) -> Notice:
    """A notice that the actor was told and that still holds. :raises NotFound: else."""
    found = received(ctx, notice_id).notice
    if found.state != "published":
        raise NotFound(NOTHING)
    return found


def read(ctx: Context, notice_id: UUID) -> Received:
    """Show a notice and note that it was read; during maintenance it is shown all the same, and counted later."""
    found = received(ctx, notice_id)
    if found.read_at is None and standing.maintenance() is None:
        _note(ctx, notice_id, read_at=ctx.clock.now())
    return found


def confirm(ctx: Context, notice_id: UUID) -> Received:
    """Say that one has taken note, once.

    :raises Refused: nothing is to be confirmed, or it was taken back.
    """
    found = received(ctx, notice_id)
    if not found.notice.confirm or found.notice.state != "published":
        raise Refused(lazy("There is nothing to confirm here."))
    if found.confirmed_at is None:
        now = ctx.clock.now()
        _note(ctx, notice_id, read_at=found.read_at or now, confirmed_at=now)
        ctx.session.expire_all()
    return found


def read_all(ctx: Context) -> int:
    """Mark everything as read, but for what has to be confirmed; returns how many."""
    open_ones = select(Notice.id).where(
        Notice.id == NoticeRecipient.notice_id, or_(~Notice.confirm, Notice.state != "published")
    )
    done = ctx.session.execute(
        update(NoticeRecipient)
        .where(mine(ctx), NoticeRecipient.read_at.is_(None), open_ones.exists())
        .values(read_at=ctx.clock.now())
        .returning(NoticeRecipient.notice_id)
        .execution_options(synchronize_session=False)
    )
    return len(set(done.scalars()))


def preference(ctx: Context) -> NoticePreference:
    """By which channels the actor hears of ordinary notices; everything unless it was said otherwise."""
    found = ctx.session.get(NoticePreference, _me(ctx))
    return found or NoticePreference(account_id=_me(ctx), email=True, sms=True)


def prefer(ctx: Context, data: Mapping[str, Any]) -> NoticePreference:
    """Choose the channels of ordinary notices."""
    found = preference(ctx)
    found.email, found.sms = data["email"], data["sms"]
    ctx.session.add(found)
    ctx.session.flush()
    return found


def fetched(ctx: Context, notice: Notice, name: str) -> None:
    """Note in the log that somebody fetched a file of a notice."""
    record(ctx, "notices.file.download", subject(notice), org=notice.org, after={"file": name})


def _note(ctx: Context, notice_id: UUID, **values: Any) -> None:
    ctx.session.execute(
        update(NoticeRecipient)
        .where(NoticeRecipient.notice_id == notice_id, mine(ctx))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _me(ctx: Context) -> UUID:
    if ctx.actor.account_id is None:
        raise Unauthenticated(lazy("Please sign in."))
    return ctx.actor.account_id
