"""The audit log as an Excel file."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.audit.lists import ENTRIES
from banyan.modules.audit.permissions import ENTRY_EXPORT, ENTRY_READ
from banyan.modules.audit.searching import seen


def _rows(ctx: Context) -> ColumnElement[bool]:
    """Entries that one may both see and export."""
    return seen(ctx, ENTRY_READ.name, ENTRY_EXPORT.name)


EXPORTS = (Exportable(ENTRIES, ENTRY_EXPORT.name, _rows),)
