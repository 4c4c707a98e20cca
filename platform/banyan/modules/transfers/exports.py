"""The list of transfers as an Excel file."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.transfers.lists import TRANSFERS
from banyan.modules.transfers.permissions import EXPORT, READ
from banyan.modules.transfers.services.reading import seen


def _rows(ctx: Context) -> ColumnElement[bool]:
    """Transfers that one may both see and export."""
    return and_(seen(ctx, READ.name), seen(ctx, EXPORT.name))


EXPORTS = (Exportable(TRANSFERS, EXPORT.name, _rows),)
