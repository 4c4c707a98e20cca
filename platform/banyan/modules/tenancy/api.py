"""The REST API of the tree."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.tenancy import lists, permissions
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.schemas import OrgCreate, OrgDetail, OrgUpdate
from banyan.modules.tenancy.services import organisations

api = Blueprint("tenancy_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Organisations")
READ, CREATE, UPDATE = permissions.ORG_READ.name, permissions.ORG_CREATE.name, permissions.ORG_UPDATE.name


def shown(ctx: Context, org: Org) -> dict[str, Any]:
    """An organisation as `OrgDetail` shows it."""
    parent = organisations.parent_of(ctx, org)
    keys = [key for key in OrgDetail().fields if key != "parent"]
    return {**{key: getattr(org, key) for key in keys}, "parent": parent.code if parent else None}


@api.route("")
class Organisation(MethodView):
    """One organisation."""

    @api.response(200, OrgDetail)
    @permission(READ)
    def get(self) -> dict[str, Any]:
        """Show the organisation"""
        ctx = current()
        return shown(ctx, organisations.here(ctx))

    @api.arguments(OrgUpdate)
    @api.response(200, OrgDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any]) -> dict[str, Any]:
        """Edit the organisation"""
        ctx = current()
        return shown(ctx, organisations.update(ctx, organisations.here(ctx), data))


@api.route("/organisations")
class Organisations(MethodView):
    """The organisation and those below it."""

    @api.doc(parameters=api_lists.parameters(lists.ORGANISATIONS))
    @api.response(200, api_lists.page_schema(lists.ORGANISATIONS))
    @permission(READ)
    def get(self) -> Response:
        """List the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, READ, Org.path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.ORGANISATIONS, seen, may=lambda name: may(ctx, name))

    @api.arguments(OrgCreate)
    @api.response(201, OrgDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Create an organisation below, under any parent within reach"""
        ctx = current()
        return shown(ctx, organisations.create(ctx, data))
