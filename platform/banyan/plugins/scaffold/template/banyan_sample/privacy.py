"""What the module holds about a person, how it forgets them, and what becomes of it when two are one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from banyan.sdk import Context
from sqlalchemy import select, update

from .models import Note


def export(ctx: Context, person_id: str) -> dict[str, Any]:
    """Everything about a person, by heading."""
    notes = ctx.session.scalars(select(Note).where(Note.person_id == UUID(person_id)).order_by(Note.written_at)).all()
    return {"notes": [{"text": note.text, "written_at": note.written_at.isoformat()} for note in notes]}


def erase(ctx: Context, person_id: str) -> dict[str, int]:
    """Take the person out of the notes; what was noted stays with the organisation, without them."""
    found = ctx.session.scalars(
        update(Note)
        .where(Note.person_id == UUID(person_id))
        .values(person_id=None, text="—", version=Note.version + 1)
        .returning(Note.id)
        .execution_options(synchronize_session=False)
    ).all()
    return {"sample_note": len(found)}


def merge(ctx: Context, kept: str, gone: str) -> None:
    """What was noted about the person who is gone was noted about the one who is kept."""
    ctx.session.execute(
        update(Note)
        .where(Note.person_id == UUID(gone))
        .values(person_id=UUID(kept), version=Note.version + 1)
        .execution_options(synchronize_session=False)
    )
