"""Lists of the tree as Excel files."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.kernel.tables import TableDef
from banyan.modules.access.decision import visible
from banyan.modules.tenancy import lists
from banyan.modules.tenancy.life_lists import REVOCATIONS
from banyan.modules.tenancy.life_models import OrgRevocation
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_EXPORT, ORG_READ
from banyan.modules.tenancy.services.levels import levels, type_labels


def _rows(ctx: Context) -> ColumnElement[bool]:
    """Organisations that one may both see and export."""
    return and_(
        visible(ctx, ORG_READ.name, Org.path, within=ctx.here), visible(ctx, ORG_EXPORT.name, Org.path, within=ctx.here)
    )


def _labelled(ctx: Context) -> TableDef:
    known = levels(ctx.session)
    return lists.labelled({key: level.label for key, level in known.items()}, type_labels(ctx.session))


def _revocations(ctx: Context) -> ColumnElement[bool]:
    """The same of decisions to revoke."""
    path = OrgRevocation.org_path
    return and_(
        visible(ctx, ORG_READ.name, path, within=ctx.here), visible(ctx, ORG_EXPORT.name, path, within=ctx.here)
    )


EXPORTS = (
    Exportable(lists.ORGANISATIONS, ORG_EXPORT.name, _rows, _labelled),
    Exportable(REVOCATIONS, ORG_EXPORT.name, _revocations),
)
