"""What a member's file holds about a person, and how it forgets them (PPL-07)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.sealing import opened
from banyan.modules.people import privacy
from banyan.modules.people.file_models import NOTE, FileEntry, PersonMerge, Post, RecordReview

_POST = ("title", "kind", "began_on", "began_by", "term_ends", "basis", "ended_on", "ended_by", "ended_reason")
_ENTRY = ("kind", "title", "issued_by", "day", "until", "number", "note", "withdrawn_at", "withdrawn_reason")
_REVIEW = ("outcome", "remarks", "note", "reviewed_at")


def export(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """Posts, entries, reviews and merges of a person; what a measure was for in clear: it is theirs."""
    session = ctx.session
    entries = session.scalars(select(FileEntry).where(FileEntry.person_id == person_id).order_by(FileEntry.day)).all()
    posts = session.scalars(select(Post).where(Post.person_id == person_id).order_by(Post.began_on)).all()
    reviews = session.scalars(select(RecordReview).where(RecordReview.person_id == person_id)).all()
    merges = session.scalars(select(PersonMerge).where(PersonMerge.person_id == person_id)).all()
    return {
        "posts": [_plain(post, _POST) for post in posts],
        "file_entries": [{**_plain(entry, _ENTRY), "sealed_note": _opened(entry)} for entry in entries],
        "reviews": [_plain(review, _REVIEW) for review in reviews],
        "merges": [_plain(merge, ("merged_at", "reason")) for merge in merges],
    }


def _opened(entry: FileEntry) -> str | None:
    return opened(NOTE, entry.note_sealed, entry.id)


def _plain(row: object, keys: tuple[str, ...]) -> dict[str, Any]:
    found = {key: getattr(row, key) for key in keys}
    return {key: value.isoformat() if isinstance(value, date | datetime) else value for key, value in found.items()}


def erase(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Take the person out of posts and entries; that a post was held, and when, stays with the organisation.

    What law demands to keep names nobody: titles of entries and reasons are emptied, papers let go of.
    """
    session = ctx.session
    held = session.scalars(select(Post).where(Post.person_id == person_id)).all()
    for post in held:
        post.holder, post.ended_reason, post.basis, post.document = "—", "", "", None
    entries = session.scalars(select(FileEntry).where(FileEntry.person_id == person_id)).all()
    for entry in entries:
        entry.title, entry.issued_by, entry.number, entry.note = "—", "", "", ""
        entry.note_sealed, entry.document, entry.withdrawn_reason = None, None, ""
    reviews = session.scalars(select(RecordReview).where(RecordReview.person_id == person_id)).all()
    for review in reviews:
        review.remarks, review.note = {}, ""
    merges = session.scalars(select(PersonMerge).where(PersonMerge.person_id == person_id)).all()
    for merge in merges:
        merge.reason = "—"
    session.flush()
    return {"post": len(held), "file_entry": len(entries), "record_review": len(reviews), "person_merge": len(merges)}


privacy.EXPORTS.append(export)
privacy.ERASURES.append(erase)
