"""The audit log as an Excel file."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.audit.lists import ENTRIES
from banyan.modules.audit.neighbours import ORG
from banyan.modules.audit.permissions import ENTRY_EXPORT, ENTRY_READ
from banyan.modules.audit.reading import reading


def _rows(ctx: Context) -> ColumnElement[bool]:
    """Entries that one may both see and export."""
    visible = reading().visible
    return and_(*(visible(ctx, one.name, ORG.c.path, within=ctx.here) for one in (ENTRY_READ, ENTRY_EXPORT)))


EXPORTS = (Exportable(ENTRIES, ENTRY_EXPORT.name, _rows),)
