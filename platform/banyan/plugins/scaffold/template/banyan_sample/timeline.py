"""Notes in the timeline of a person's file: those about them that whoever reads the file may read here."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from banyan.sdk import SHANGHAI, Context, Message, TimelineEntry, lazy
from sqlalchemy import select

from . import lists, rules
from .models import Note

KIND = "sample.note"
FIELDS: Mapping[str, Message] = {f"kind={KIND}": lazy("Note")}


def entries(ctx: Context, person_id: str, most: int) -> list[TimelineEntry]:
    """Notes about a person, the latest first, at most ``most``."""
    notes = ctx.session.scalars(
        select(Note)
        .where(Note.person_id == UUID(person_id), lists.seen(ctx))
        .order_by(Note.written_at.desc(), Note.id.desc())
        .limit(most)
    )
    return [
        TimelineEntry(note.written_at.astimezone(SHANGHAI).date(), KIND, rules.title(note.text), note.text)
        for note in notes
    ]
