"""Lists of external bodies and filings as Excel files."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.access.decision import visible
from banyan.modules.externals import lists, permissions
from banyan.modules.externals.models import ExternalBody, ExternalFiling


def _bodies(ctx: Context) -> ColumnElement[bool]:
    """External bodies that one may both see and export."""
    both = (permissions.BODY_READ, permissions.BODY_EXPORT)
    return and_(*(visible(ctx, one.name, ExternalBody.org_path, within=ctx.here) for one in both))


def _filings(ctx: Context) -> ColumnElement[bool]:
    """Filings that one may both see and export."""
    both = (permissions.FILING_READ, permissions.FILING_EXPORT)
    return and_(*(visible(ctx, one.name, ExternalFiling.org_path, within=ctx.here) for one in both))


EXPORTS = (
    Exportable(lists.EXTERNAL_BODIES, permissions.BODY_EXPORT.name, _bodies),
    Exportable(lists.FILINGS, permissions.FILING_EXPORT.name, _filings),
)
