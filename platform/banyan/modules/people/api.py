"""The REST API of members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.people import lists, permissions, schemas
from banyan.modules.people.field_lists import members_table
from banyan.modules.people.models import Member
from banyan.modules.people.rules import records
from banyan.modules.people.services import field_records, members, periods

api = Blueprint("people_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Members")
READ, CREATE, UPDATE = (
    one.name for one in (permissions.MEMBER_READ, permissions.MEMBER_CREATE, permissions.MEMBER_UPDATE)
)
_OWN = ("id", "person_id", "org_id", "kind", "status", "review", "version")


def detail(ctx: Context, member: Member) -> dict[str, Any]:
    """A member as `MemberDetail` shows it."""
    hidden = members.shown(member)
    return {
        **{key: getattr(member, key) for key in (*_OWN, *records.PLAIN)},
        **{key: getattr(hidden, key) for key in records.SEALED},
        "account": member.account_id is not None,
        "fields": field_records.api_values(ctx, member),
        "periods": [_period(period, name) for period, name in periods.periods(ctx, member.id)],
    }


def _period(period: Any, name: str) -> dict[str, Any]:
    keys = ("id", "org_id", "began_on", "began_by", "ended_on", "ended_by", "reason", "ended_reason")
    return {**{key: getattr(period, key) for key in keys}, "org_name": name}


@api.route("/members")
class Members(MethodView):
    """Members of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.MEMBERS))
    @api.response(200, api_lists.page_schema(lists.MEMBERS))
    @permission(READ)
    def get(self) -> Response:
        """List the members of the organisation and those below it; own fields are columns and filters `f_<key>`"""
        ctx = current()
        seen = visible(ctx, READ, Member.org_path, within=ctx.here)
        table = members_table(ctx)
        return api_lists.respond(ctx.session, table, seen, lists.KEPT, may=lambda name: may(ctx, name))

    @api.arguments(schemas.MemberCreateInput)
    @api.response(201, schemas.MemberDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Admit a member of the organisation"""
        ctx = current()
        return detail(ctx, members.admit(ctx, ctx.here, data))


@api.route("/members/<uuid:member_id>")
class OneMember(MethodView):
    """One member."""

    @api.response(200, schemas.MemberDetail)
    @permission(READ)
    def get(self, member_id: UUID) -> dict[str, Any]:
        """Show a member's record, sensitive values masked"""
        ctx = current()
        return detail(ctx, members.find(ctx, member_id))

    @api.arguments(schemas.MemberUpdateInput)
    @api.response(200, schemas.MemberDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Edit a member's record; sensitive values that are missing stay"""
        ctx = current()
        return detail(ctx, members.edit(ctx, member_id, data, data["version"]))


@api.route("/members/<uuid:member_id>/leave")
class Leaving(MethodView):
    """The end of a membership."""

    @api.arguments(schemas.MemberLeave)
    @api.response(200, schemas.MemberDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Note that a member left"""
        ctx = current()
        return detail(ctx, members.leave(ctx, member_id, data))


@api.route("/members/<uuid:member_id>/restore")
class Return(MethodView):
    """The return of somebody who left."""

    @api.arguments(schemas.MemberRestore)
    @api.response(200, schemas.MemberDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Make somebody who left a member again"""
        ctx = current()
        return detail(ctx, members.restore(ctx, member_id, data))
