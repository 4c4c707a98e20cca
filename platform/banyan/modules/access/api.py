"""The REST API of roles and grants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.api.lists import page_schema, parameters, respond
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.access import lists, permissions, schemas
from banyan.modules.access.decision import load, visible
from banyan.modules.access.models import OrgRole, RoleGrant
from banyan.modules.access.services import explain, grants, matrix, roles
from banyan.modules.access.services.explain import Explanation

api = Blueprint("access_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Roles and grants")
ROLE_READ, ROLE_UPDATE = permissions.ROLE_READ.name, permissions.ROLE_UPDATE.name
GRANT_READ, GRANT_GRANT = permissions.GRANT_READ.name, permissions.GRANT_GRANT.name


def shown(role: OrgRole) -> dict[str, Any]:
    """An own role as `OwnRoleDetail` shows it."""
    keys = ("id", "org_id", "created_at", "withdrawn_at", "version")
    return {**roles.snapshot(role), **{key: getattr(role, key) for key in keys}}


@api.route("/roles")
class Roles(MethodView):
    """Roles that can be held at the organisation."""

    @api.response(200, schemas.MatrixSchema)
    @permission(ROLE_READ)
    def get(self) -> dict[str, Any]:
        """Show the matrix of roles and permissions"""
        found = matrix.matrix(current())
        return {
            "roles": [
                {
                    "key": role.key,
                    "label": role.label,
                    "description": role.description,
                    "own": role.own,
                    "defined_at": role.defined_at,
                    "allowed": sorted(role.rights.allowed),
                    "denied": sorted(role.rights.denied),
                }
                for role in found.roles
            ],
            "permissions": [item for group in found.groups for item in group.permissions],
        }


@api.route("/own-roles")
class OwnRoles(MethodView):
    """Roles that the organisation and those below defined themselves."""

    @api.doc(parameters=parameters(lists.OWN_ROLES))
    @api.response(200, page_schema(lists.OWN_ROLES))
    @permission(ROLE_READ)
    def get(self) -> Response:
        """List organisations' own roles"""
        ctx = current()
        return respond(ctx.session, lists.OWN_ROLES, visible(ctx, ROLE_READ, OrgRole.org_path, within=ctx.here))

    @api.arguments(schemas.OwnRoleCreate)
    @api.response(201, schemas.OwnRoleDetail)
    @permission(ROLE_UPDATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Define a role of the organisation"""
        return shown(roles.create_role(current(), data))


@api.route("/own-roles/<uuid:role_id>")
class OwnRole(MethodView):
    """One own role."""

    @api.response(200, schemas.OwnRoleDetail)
    @permission(ROLE_READ)
    def get(self, role_id: UUID) -> dict[str, Any]:
        """Show an own role"""
        return shown(load(current(), ROLE_READ, OrgRole, role_id))

    @api.arguments(schemas.OwnRoleUpdate)
    @api.response(200, schemas.OwnRoleDetail)
    @permission(ROLE_UPDATE)
    def put(self, data: dict[str, Any], role_id: UUID) -> dict[str, Any]:
        """Edit an own role"""
        ctx = current()
        return shown(roles.update_role(ctx, load(ctx, ROLE_UPDATE, OrgRole, role_id), data))

    @api.arguments(schemas.OwnRoleWithdraw, location="query")
    @api.response(200, schemas.OwnRoleDetail)
    @permission(ROLE_UPDATE)
    def delete(self, data: dict[str, Any], role_id: UUID) -> dict[str, Any]:
        """Withdraw an own role; whoever holds it has nothing by it from now on"""
        ctx = current()
        return shown(roles.withdraw_role(ctx, load(ctx, ROLE_UPDATE, OrgRole, role_id), data["version"]))


@api.route("/grants")
class Grants(MethodView):
    """Who holds which role at the organisation and below."""

    @api.doc(parameters=parameters(lists.GRANTS))
    @api.response(200, page_schema(lists.GRANTS))
    @permission(GRANT_READ)
    def get(self) -> Response:
        """List grants"""
        ctx = current()
        return respond(ctx.session, lists.GRANTS, visible(ctx, GRANT_READ, RoleGrant.org_path, within=ctx.here))

    @api.arguments(schemas.GrantCreate)
    @api.response(201, schemas.GrantDetail)
    @permission(GRANT_GRANT)
    def post(self, data: dict[str, Any]) -> RoleGrant:
        """Grant a role"""
        return grants.grant_by_names(current(), data)


@api.route("/grants/<uuid:grant_id>")
class Grant(MethodView):
    """One grant."""

    @api.response(200, schemas.GrantDetail)
    @permission(GRANT_READ)
    def get(self, grant_id: UUID) -> RoleGrant:
        """Show a grant"""
        return load(current(), GRANT_READ, RoleGrant, grant_id)

    @api.response(200, schemas.GrantDetail)
    @permission(GRANT_GRANT)
    def delete(self, grant_id: UUID) -> RoleGrant:
        """Take a role back, from now on"""
        ctx = current()
        return grants.end_grant(ctx, load(ctx, GRANT_GRANT, RoleGrant, grant_id))


@api.route("/explanation")
class Why(MethodView):
    """Why somebody may or may not do something."""

    @api.arguments(schemas.WhyQuery, location="query")
    @api.response(200, schemas.ExplanationSchema)
    @permission(permissions.EXPLAIN.name)
    def get(self, data: dict[str, Any]) -> Explanation:
        """Explain a decision with the grant, role and policy line behind it"""
        return explain.explain(current(), data)
