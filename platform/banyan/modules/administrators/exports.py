"""The list of applications as an Excel file."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.access.decision import visible
from banyan.modules.administrators.lists import APPLICATIONS
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.administrators.permissions import EXPORT, READ


def _rows(ctx: Context) -> ColumnElement[bool]:
    """Applications that one may both see and export."""
    path = AdministratorApplication.org_path
    return and_(*(visible(ctx, one.name, path, within=ctx.here) for one in (READ, EXPORT)))


EXPORTS = (Exportable(APPLICATIONS, EXPORT.name, _rows),)
