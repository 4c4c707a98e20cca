"""What people itself tells of a person's life: its part of the timeline (PPL-06)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import has_request_context, request, url_for
from sqlalchemy import select

from banyan.kernel.clock import SHANGHAI
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import TimelineEntry
from banyan.modules.access.decision import may
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people.events import FIELDS as LABELS
from banyan.modules.people.file_models import FileEntry, PersonMerge, Post
from banyan.modules.people.models import Member, Membership
from banyan.modules.people.permissions import POST_UPDATE
from banyan.modules.people.rules import choices, posts
from banyan.modules.people.rules.records import CHOICES
from banyan.modules.people.rules.review import UNREVIEWED
from banyan.modules.people.services.comparing import label
from banyan.modules.tenancy.models import Org

_CHANGES = ("people.member.update", "people.own.agreed", "people.own.correct")


def told(ctx: Context, person_id: UUID, most: int) -> Iterator[TimelineEntry]:
    """Memberships, posts, entries, merges and changes of key fields, each the latest first."""
    yield from _memberships(ctx, person_id, most)
    yield from _posts(ctx, person_id, most)
    yield from _file(ctx, person_id, most)
    yield from _merges(ctx, person_id, most)
    yield from _changes(ctx, person_id, most)


def _memberships(ctx: Context, person_id: UUID, most: int) -> Iterator[TimelineEntry]:
    rows = ctx.session.execute(
        select(Membership, Org.name)
        .join(Org, Org.id == Membership.org_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.began_on.desc())
        .limit(most)
    )
    for period, place in rows:
        how = choices.BEGINNINGS.get(period.began_by, period.began_by)
        title = lazy("%(how)s: member of %(place)s", how=how, place=place)
        yield TimelineEntry(period.began_on, "people.membership", title, period.reason)
        if period.ended_on is not None:
            how = choices.CHANGES.get(period.ended_by or "", period.ended_by or "")
            title = lazy("%(how)s: membership of %(place)s ended", how=how, place=place)
            yield TimelineEntry(period.ended_on, "people.membership", title, period.ended_reason)


def _posts(ctx: Context, person_id: UUID, most: int) -> Iterator[TimelineEntry]:
    rows = ctx.session.execute(
        select(Post, Org.name)
        .join(Org, Org.id == Post.org_id)
        .where(Post.person_id == person_id)
        .order_by(Post.began_on.desc())
        .limit(most)
    )
    for post, place in rows:
        title = lazy(
            "%(title)s at %(place)s: %(how)s", title=post.title, place=place, how=posts.BEGINNINGS[post.began_by]
        )
        until = lazy("Term until %(day)s", day=post.term_ends.isoformat()) if post.term_ends else ""
        yield TimelineEntry(
            post.began_on, "people.post", title, until, _address("people_file_pages.post", post_id=post.id)
        )
        if post.ended_on is not None:
            how = posts.ENDINGS.get(post.ended_by or "", post.ended_by or "")
            title = lazy("%(title)s at %(place)s ended: %(how)s", title=post.title, place=place, how=how)
            yield TimelineEntry(post.ended_on, "people.post", title, post.ended_reason)


def _file(ctx: Context, person_id: UUID, most: int) -> Iterator[TimelineEntry]:
    statement = select(FileEntry).where(FileEntry.person_id == person_id).order_by(FileEntry.day.desc()).limit(most)
    own = ctx.actor.account_id is not None and _is_own(ctx, person_id)
    for entry in ctx.session.scalars(statement):
        if entry.kind == "measure" and not own and not may(ctx, POST_UPDATE.name, entry.org):
            continue
        by = lazy("Issued by %(name)s", name=entry.issued_by) if entry.issued_by else ""
        address = _address("people_file_pages.file_entry", file_entry_id=entry.id)
        yield TimelineEntry(entry.day, f"people.{entry.kind}", entry.title, by, address)
        if entry.withdrawn_at is not None:
            day = entry.withdrawn_at.astimezone(SHANGHAI).date()
            title = lazy("%(title)s: withdrawn", title=entry.title)
            yield TimelineEntry(day, f"people.{entry.kind}", title, entry.withdrawn_reason, address)


def _is_own(ctx: Context, person_id: UUID) -> bool:
    """Whether the timeline is that of the reader: one knows what is in one's own file."""
    records = select(Member.id).where(Member.person_id == person_id, Member.account_id == ctx.actor.account_id)
    return ctx.session.scalar(records.limit(1)) is not None


def _merges(ctx: Context, person_id: UUID, most: int) -> Iterator[TimelineEntry]:
    statement = select(PersonMerge).where(PersonMerge.person_id == person_id)
    for merge in ctx.session.scalars(statement.order_by(PersonMerge.merged_at.desc()).limit(most)):
        day = merge.merged_at.astimezone(SHANGHAI).date()
        yield TimelineEntry(day, "people.merge", lazy("Two records of one person were put together"), merge.reason)


def _changes(ctx: Context, person_id: UUID, most: int) -> Iterator[TimelineEntry]:
    """Changes of key fields, as the audit log holds them: masked."""
    records = [str(one) for one in ctx.session.scalars(select(Member.id).where(Member.person_id == person_id))]
    rows = ctx.session.execute(
        select(AuditEntry.at, AuditEntry.before, AuditEntry.after)
        .where(AuditEntry.subject_id.in_(records), AuditEntry.subject_type == "member", AuditEntry.action.in_(_CHANGES))
        .order_by(AuditEntry.at.desc())
        .limit(most)
    )
    for at, before, after in rows:
        for key, value in (after or {}).items():
            if key in UNREVIEWED or (key not in LABELS and key != "name"):
                continue
            detail = lazy("%(before)s → %(after)s", before=_said(key, (before or {}).get(key)), after=_said(key, value))
            title = lazy("Changed: %(field)s", field=label(key))
            yield TimelineEntry(at.astimezone(SHANGHAI).date(), "people.change", title, detail)


def _said(key: str, value: Any) -> Any:
    if value in (None, ""):
        return "—"
    return CHOICES[key].get(str(value), value) if key in CHOICES else value


def _address(endpoint: str, **values: Any) -> str:
    """The address of a page; nothing where there is no organisation in the request's own address."""
    there = has_request_context() and "code" in (request.view_args or {})
    return url_for(endpoint, **values) if there else ""
