"""Notes as a list: one declaration for the console's table, the API and the Excel file.

Plan: newest first over a wide subtree walks ``(written_at, id)`` backwards; a narrow one reads ``org_path`` and sorts.
"""

from banyan.sdk import Column, Context, Exportable, Filter, Sort, TableDef, day_after, day_start, lazy, visible
from sqlalchemy import ColumnElement

from .models import Note
from .permissions import READ


def seen(ctx: Context) -> ColumnElement[bool]:
    """The predicate of the notes that may be read here."""
    return visible(ctx, READ.name, Note.org_path, within=ctx.here)


NOTES = TableDef(
    name="sample_notes",
    title=lazy("Notes"),
    source=Note.__table__,
    identity=Note.id,
    columns=(
        Column("text", lazy("Note"), Note.text, "link"),
        Column("written_at", lazy("Written at"), Note.written_at, "datetime"),
    ),
    sorts=(
        Sort("-written_at", (Note.written_at, Note.id), descending=True),
        Sort("written_at", (Note.written_at, Note.id)),
    ),
    filters=(
        Filter("from", lazy("Written from"), "date", lambda day: Note.written_at >= day_start(day)),
        Filter("until", lazy("Written until"), "date", lambda day: Note.written_at < day_after(day)),
    ),
)
EXPORTS = (Exportable(NOTES, READ.name, seen),)
