"""What people do with notes. Each function checks, changes, and tells; the request commits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from banyan.sdk import (
    Conflict,
    Context,
    OrgRef,
    Subject,
    changes,
    count,
    lazy,
    load,
    # <events>
    publish,
    # </events>
    record,
    require,
)

from . import rules
# <events>
from .events import NoteWritten
# </events>
from .models import Note
from .permissions import CREATE, DELETE, READ, UPDATE

NOTES = "sample.notes"
EDITABLE = (
    "text",
    # <privacy>
    "person_id",
    # </privacy>
)


def write(ctx: Context, data: Mapping[str, Any]) -> Note:
    """Write a note at the organisation of the request.

    :param data: of `schemas.NoteInput`.
    """
    require(ctx, CREATE.name, ctx.here)
    about: dict[str, Any] = {}
    # <privacy>
    about["person_id"] = data.get("person_id")
    # </privacy>
    return add(ctx, ctx.here, data["text"], **about)


def add(ctx: Context, org: OrgRef, text: str, *, event_id: UUID | None = None, **about: Any) -> Note:
    """Put a note down at ``org``; the caller has decided that it may be."""
    note = Note(
        org_id=org.id,
        org_path=org.path,
        text=text,
        event_id=event_id,
        written_by=ctx.actor.account_id,
        written_at=ctx.clock.now(),
        **about,
    )
    ctx.session.add(note)
    ctx.session.flush()
    count(ctx.session, org, NOTES)
    record(ctx, "sample.note.create", subject(note), org=org, after={"text": text})
    # <events>
    publish(ctx, org, NoteWritten(str(note.id)))
    # </events>
    return note


def find(ctx: Context, note_id: UUID) -> Note:
    """A note within reach. :raises NotFound: alike for unknown ones and those out of reach."""
    return load(ctx, READ.name, Note, note_id)


def change(ctx: Context, note_id: UUID, data: Mapping[str, Any]) -> Note:
    """Change a note.

    :param data: of `schemas.NoteUpdate`. :raises Conflict: somebody else changed it since it was read.
    """
    note = load(ctx, UPDATE.name, Note, note_id)
    if note.version != data["version"]:
        raise Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    before = {key: getattr(note, key) for key in EDITABLE}
    for key in EDITABLE:
        setattr(note, key, data.get(key))
    old, new = changes(before, {key: getattr(note, key) for key in EDITABLE})
    if new:
        ctx.session.flush()
        record(ctx, "sample.note.update", subject(note), org=note.org, before=old, after=new)
    return note


def throw_away(ctx: Context, note_id: UUID) -> None:
    """Throw a note away."""
    note = load(ctx, DELETE.name, Note, note_id)
    record(ctx, "sample.note.delete", subject(note), org=note.org, before={"text": note.text})
    count(ctx.session, note.org, NOTES, -1)
    ctx.session.delete(note)
    ctx.session.flush()


def subject(note: Note) -> Subject:
    """A note as the audit log names it."""
    return Subject("sample_note", str(note.id), rules.title(note.text))
