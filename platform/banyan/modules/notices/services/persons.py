"""What notices hold about a person: out, away, and put together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from banyan.kernel.context import Context
from banyan.kernel.values import OrgRef
from banyan.modules.notices.models import Notice, NoticeRecipient, NoticeTally
from banyan.modules.notices.services import telling


def export(ctx: Context, person_id: UUID) -> list[dict[str, Any]]:
    """What a person was told, and when it was read and confirmed."""
    rows = ctx.session.execute(
        select(Notice, NoticeRecipient)
        .join(NoticeRecipient, NoticeRecipient.notice_id == Notice.id)
        .where(NoticeRecipient.person_id == person_id)
        .order_by(NoticeRecipient.at, NoticeRecipient.notice_id)
    )
    return [
        {
            "title": telling.said(notice)[0],
            "at": told.at.isoformat(),
            "read_at": told.read_at.isoformat() if told.read_at else None,
            "confirmed_at": told.confirmed_at.isoformat() if told.confirmed_at else None,
        }
        for notice, told in rows
    ]


def erase(ctx: Context, person_id: UUID) -> int:
    """Leave the count and forget whose it was; returns how many rows."""
    return _set(ctx, person_id, person_id=None, account_id=None)


def merge(ctx: Context, kept: UUID, gone: UUID) -> None:
    """What one was told is the other's."""
    _set(ctx, gone, person_id=kept)


def _set(ctx: Context, whose: UUID, **values: Any) -> int:
    done = ctx.session.execute(
        update(NoticeRecipient)
        .where(NoticeRecipient.person_id == whose)
        .values(**values)
        .returning(NoticeRecipient.reader_id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def merge_organisations(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """Readers go over first, and their figures with them; those of ``org``, all nought then, are taken away."""
    ctx.session.execute(
        update(NoticeRecipient)
        .where(NoticeRecipient.org_id == org.id)
        .values(org_id=into.id, org_path=into.path)
        .execution_options(synchronize_session=False)
    )
    for tally in ctx.session.scalars(select(NoticeTally).where(NoticeTally.org_id == org.id)):
        ctx.session.delete(tally)
    ctx.session.flush()
