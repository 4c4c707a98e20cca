"""What the module does for others, who require ``sample.notes@1`` in their manifest and never import it.

The README shows how they use it. What they rely on grows, and does not change: for that there is a version 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from banyan.sdk import Context, Service
from sqlalchemy import select

from . import lists, services
from .models import Note


@dataclass(frozen=True, slots=True)
class Written:
    """A note as others see it: values, never rows of the table."""

    id: UUID
    text: str


class Notes:
    """The service: whoever calls it acts for the person of the request, with their permissions."""

    def write(self, ctx: Context, text: str) -> Written:
        """Write a note at the organisation of the request."""
        note = services.write(ctx, {"text": text})
        return Written(note.id, note.text)

    def newest(self, ctx: Context, most: int) -> list[Written]:
        """The newest notes of the organisation of the request and those below it."""
        newest = select(Note.id, Note.text).where(lists.seen(ctx)).order_by(Note.written_at.desc(), Note.id.desc())
        return [Written(*row) for row in ctx.session.execute(newest.limit(most))]


SERVICES = (Service("sample.notes", 1, Notes()),)
