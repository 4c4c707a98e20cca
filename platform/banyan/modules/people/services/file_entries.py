"""Awards, disciplinary measures and certificates in a member's file (PPL-06).

Measures are known only to those who keep files there (``people.post:update``) and to the member. What a measure was for
is sealed; opening it needs ``people.sensitive:reveal`` and a reason, and is written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Conflict, Forbidden, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import opened, seal
from banyan.modules.access.decision import load, may, require, visible
from banyan.modules.audit.services import Subject, record
from banyan.modules.people.file_events import EntryRecorded, EntryWithdrawn
from banyan.modules.people.file_models import NOTE, FileEntry, PersonMerge, RecordReview
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ, POST_UPDATE, SENSITIVE_REVEAL
from banyan.modules.people.services import members, papers
from banyan.modules.people.services.moving import follows
from banyan.modules.people.services.papers import Upload

STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")
GIVEN = ("kind", "title", "issued_by", "day", "until", "number")


def subject(entry: FileEntry) -> Subject:
    """An entry as the audit log names it: of a measure only that it is one."""
    return Subject("file_entry", str(entry.id), entry.kind if entry.kind == "measure" else entry.title)


def known(ctx: Context, permission: str = MEMBER_READ.name) -> ColumnElement[bool]:
    """The predicate of the entries that the reader may know of, at the organisation of the request and below.

    :param permission: with which entries other than measures are read.
    """
    seen = visible(ctx, permission, FileEntry.org_path, within=ctx.org)
    kept = visible(ctx, POST_UPDATE.name, FileEntry.org_path, within=ctx.org)
    return seen & or_(FileEntry.kind != "measure", kept)


def find(ctx: Context, entry_id: UUID) -> FileEntry:
    """An entry within reach. :raises NotFound: also for measures that are none of the reader's business."""
    entry = load(ctx, MEMBER_READ.name, FileEntry, entry_id)
    if entry.kind == "measure":
        require(ctx, POST_UPDATE.name, entry.org)
    return entry


def of_member(ctx: Context, member: Member) -> Sequence[FileEntry]:
    """The entries of a member that the reader found, the latest first; measures only for those who keep files."""
    entries = select(FileEntry).where(FileEntry.member_id == member.id)
    if not may(ctx, POST_UPDATE.name, member.org):
        entries = entries.where(FileEntry.kind != "measure")
    return ctx.session.scalars(entries.order_by(FileEntry.day.desc(), FileEntry.id.desc())).all()


def create(ctx: Context, member_id: UUID, data: Mapping[str, Any], upload: Upload | None = None) -> FileEntry:
    """Put an entry into a member's file.

    :param data: of `EntryCreate`. :raises Invalid: with every reason. :raises Refused: nothing may be kept about them.
    """
    member = members.find(ctx, member_id, POST_UPDATE)
    if member.status == "merged" or member.erased_at is not None:
        raise Refused(lazy("This record is kept as history only."))
    _check(ctx, member, data)
    entry = FileEntry(
        id=new_id(),
        org_id=member.org_id,
        org_path=member.org_path,
        person_id=member.person_id,
        member_id=member.id,
        document=papers.kept(ctx, member.org, data, upload),
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **{key: data[key] for key in GIVEN},
    )
    if entry.kind == "measure":
        entry.note_sealed = seal(NOTE, data["note"], entry.id) if data["note"] else None
    else:
        entry.note = data["note"]
    ctx.session.add(entry)
    ctx.session.flush()
    record(ctx, "people.entry.create", subject(entry), org=entry.org, after=snapshot(entry))
    publish(ctx, entry.org, EntryRecorded(str(entry.id), str(entry.member_id), str(entry.person_id), entry.kind))
    return entry


def snapshot(entry: FileEntry) -> dict[str, Any]:
    """What its history shows: of a measure neither what for nor by whom."""
    shown = {"entry_kind": entry.kind, "entry_day": entry.day, "entry_until": entry.until}
    if entry.kind != "measure":
        shown |= {"entry_title": entry.title, "issued_by": entry.issued_by}
    return shown


def withdraw(ctx: Context, entry_id: UUID, data: Mapping[str, Any]) -> FileEntry:
    """Note that an entry does not hold any more; it stays in the file with the reason.

    :param data: of `EntryWithdraw`. :raises Conflict: it changed since ``data["version"]`` was read.
    :raises Refused: it was withdrawn already.
    """
    entry = load(ctx, POST_UPDATE.name, FileEntry, entry_id)
    ctx.session.refresh(entry, with_for_update=True)
    if entry.version != data["version"]:
        raise Conflict(STALE)
    if entry.withdrawn_at is not None:
        raise Refused(lazy("This entry was withdrawn already."))
    entry.withdrawn_at, entry.withdrawn_by = ctx.clock.now(), ctx.actor.account_id
    entry.withdrawn_reason = data["reason"]
    ctx.session.flush()
    after = {"reason": data["reason"]} if entry.kind != "measure" else None
    record(ctx, "people.entry.withdraw", subject(entry), org=entry.org, after=after)
    publish(ctx, entry.org, EntryWithdrawn(str(entry.id), str(entry.member_id), str(entry.person_id)))
    return entry


def reveal(ctx: Context, entry_id: UUID, reason: str) -> str | None:
    """What a measure was for, opened for a reason that is written down; None where it cannot be read."""
    entry = find(ctx, entry_id)
    if entry.kind != "measure" or entry.note_sealed is None:
        raise Refused(lazy("Nothing in this entry is sealed."))
    if not may(ctx, SENSITIVE_REVEAL.name, entry.org):
        raise Forbidden(lazy("Your role does not allow this here."))
    record(ctx, "people.entry.reveal", subject(entry), org=entry.org, after={"reason": reason})
    return opened(NOTE, entry.note_sealed, entry.id)


def _check(ctx: Context, member: Member, data: Mapping[str, Any]) -> None:
    problems: dict[str, list[Text]] = {}
    if data["day"] > today(ctx.clock):
        problems["day"] = [lazy("This date lies in the future.")]
    if member.birth_date is not None and data["day"] <= member.birth_date:
        problems["day"] = [lazy("This lies before the date of birth.")]
    if data["until"] is not None and data["until"] < data["day"]:
        problems["until"] = [lazy("This lies before its first day.")]
    if problems:
        raise Invalid(problems)


for _model in (FileEntry, RecordReview, PersonMerge):
    follows(_model)
