"""The list of members as an Excel file, own fields among its columns: sensitive values masked, as in the console."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.modules.access.decision import visible
from banyan.modules.people import lists, permissions
from banyan.modules.people.field_lists import members_table
from banyan.modules.people.models import Member


def _members(ctx: Context) -> ColumnElement[bool]:
    """Members that one may both see and export."""
    both = (permissions.MEMBER_READ, permissions.MEMBER_EXPORT)
    return and_(lists.KEPT, *(visible(ctx, one.name, Member.org_path, within=ctx.here) for one in both))


EXPORTS = (Exportable(lists.MEMBERS, permissions.MEMBER_EXPORT.name, _members, labelled=members_table),)
