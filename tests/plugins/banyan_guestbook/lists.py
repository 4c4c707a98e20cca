"""The book as a list, and as an Excel file."""

from banyan.sdk import Column, Exportable, Sort, TableDef, lazy, visible

from .models import Entry
from .permissions import READ

ENTRIES = TableDef(
    name="guestbook_entries",
    title=lazy("Guestbook"),
    source=Entry.__table__,
    identity=Entry.id,
    columns=(
        Column("text", lazy("Entry"), Entry.text),
        Column("written_at", lazy("Written at"), Entry.written_at, "datetime"),
    ),
    sorts=(Sort("-written_at", (Entry.written_at, Entry.id), descending=True),),
)
EXPORTS = (Exportable(ENTRIES, READ.name, lambda ctx: visible(ctx, READ.name, Entry.org_path, within=ctx.here)),)
