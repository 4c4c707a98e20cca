"""Imports: what a module declares so that people can bring rows in by the thousand from a spreadsheet.

    class MemberRow(Schema):
        code = Text(required=True, metadata={"label": lazy("Code"), "example": "v-01", "kind": "code"})
        name = Text(required=True, metadata={"label": lazy("Name"), "example": lazy("First branch")})

    MEMBERS = Importable(
        name="members", title=lazy("Members"), permission="members.member:create", schema=MemberRow,
        key=("code",), check=check, write=write,
    )

    @hookimpl
    def banyan_imports() -> Sequence[Importable]:
        return (MEMBERS,)

``check(ctx, rows)`` says of each row what it is: it calls ``row.found(before, memo)`` where there is such a thing
already, and ``row.reject(column, reason)`` for every reason against it; a row it leaves alone is new. ``write(ctx,
rows)`` gets the new and the changed ones, after `check` was asked again in the same transaction. Template, upload,
matching of columns, preview, progress and the record of imports come from the module ``imports``.
"""

from banyan.kernel.imports.columns import ImportColumn, columns_of
from banyan.kernel.imports.declared import Handout, Importable, Written
from banyan.kernel.imports.reading import read_row
from banyan.kernel.imports.rows import KINDS, ImportRow, Reason

__all__ = [
    "KINDS",
    "Handout",
    "ImportColumn",
    "ImportRow",
    "Importable",
    "Reason",
    "Written",
    "columns_of",
    "read_row",
]
