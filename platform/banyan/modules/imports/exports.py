"""The record of imports as an Excel file."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.access.decision import visible
from banyan.modules.imports.lists import IMPORTS
from banyan.modules.imports.models import Import
from banyan.modules.imports.permissions import IMPORT_READ


def seen(ctx: Context) -> ColumnElement[bool]:
    """The predicate of imports one may see at the organisation of the request and below."""
    return visible(ctx, IMPORT_READ.name, Import.org_path, within=ctx.here)


EXPORTS = (Exportable(IMPORTS, IMPORT_READ.name, seen),)
