"""What one does with a guestbook."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from banyan.sdk import Context, LongTask, Message, OrgRef, Subject, count, lazy, record

from .models import Entry

KEPT = timedelta(days=365)
ENTRIES = "guestbook.entries"


def write(ctx: Context, text: str) -> Entry:
    """Write a line."""
    entry = Entry(org_id=ctx.here.id, org_path=ctx.here.path, text=text, written_at=ctx.clock.now())
    ctx.session.add(entry)
    ctx.session.flush()
    count(ctx.session, ctx.here, ENTRIES)
    record(ctx, "guestbook.entry.write", Subject("guestbook_entry", str(entry.id), text[:40]))
    return entry


def hear(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    """Write down what happened, once, however often it is told."""
    event = UUID(event_id)
    if ctx.session.scalar(select(Entry.id).where(Entry.event_id == event)) is None:
        text = f"{name} {sorted(payload)}"
        now = ctx.clock.now()
        ctx.session.add(Entry(org_id=ctx.here.id, org_path=ctx.here.path, text=text, event_id=event, written_at=now))
        count(ctx.session, ctx.here, ENTRIES)
        ctx.session.flush()


def against(ctx: Context, org: OrgRef) -> list[Message]:
    """Reasons against a guestbook: long work that still waits."""
    waiting = ctx.session.scalar(
        select(func.count()).select_from(LongTask).where(LongTask.org_id == org.id, LongTask.state == "queued")
    )
    return [lazy("There is long work waiting.")] if waiting else []


def counted(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    """Lines by path of organisation."""
    rows = ctx.session.execute(
        select(Entry.org_path, func.count()).where(Entry.org_path >= lo, Entry.org_path < hi).group_by(Entry.org_path)
    ).all()
    return {ENTRIES: {row[0]: row[1] for row in rows}}


def tidy(ctx: Context) -> None:
    """Tear out old pages."""
    ctx.session.execute(delete(Entry).where(Entry.written_at < ctx.clock.now() - KEPT))
