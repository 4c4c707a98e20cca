"""Lists of grants as Excel files."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.access.decision import visible
from banyan.modules.access.lists import GRANTS
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.permissions import GRANT_EXPORT, GRANT_READ


def _rows(ctx: Context) -> ColumnElement[bool]:
    """Grants that one may both see and export."""
    return and_(*(visible(ctx, one.name, RoleGrant.org_path, within=ctx.here) for one in (GRANT_READ, GRANT_EXPORT)))


EXPORTS = (Exportable(GRANTS, GRANT_EXPORT.name, _rows),)
