"""The REST API of an organisation's modules."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.tenancy import permissions
from banyan.modules.tenancy.schemas import ModuleAbout, ModuleDetail, ModuleEffect, ModuleLayDown, ModuleSwitch
from banyan.modules.tenancy.services import catalogue, module_switching, modules
from banyan.modules.tenancy.services.modules import ModuleView

api = Blueprint("tenancy_modules_api", __name__, url_prefix="/api/v1/orgs/<code>/modules", description="Modules")
READ, UPDATE, DECIDE = (
    permissions.MODULE_READ.name,
    permissions.MODULE_UPDATE.name,
    permissions.MODULE_DECIDE.name,
)


def shown(view: ModuleView) -> dict[str, Any]:
    """A module as `ModuleDetail` shows it."""
    manifest = view.manifest
    return {
        "name": view.name,
        "label": str(manifest.label),
        "description": str(manifest.description),
        "version": manifest.version,
        "always_on": manifest.always_on,
        "on": view.on,
        "switched_on": view.standing.switched_on,
        "requires": list(manifest.requires),
        "off_for_all": view.standing.everywhere_off,
        "policy": view.standing.policy,
        "laid_down_by": view.setter.code if view.setter else None,
        "own_policy": view.own,
    }


def told(found: catalogue.About) -> dict[str, Any]:
    """A module as `ModuleAbout` shows it."""
    manifest = found.view.manifest
    return {
        **shown(found.view),
        "author": manifest.author,
        "holds": [str(one) for one in manifest.holds],
        "permissions": [
            {
                "name": one.permission.name,
                "label": str(one.permission.label),
                "roles": [str(role) for role in one.roles],
            }
            for one in found.permissions
        ],
        "needs": [view.name for view in found.needs],
        "missing": [view.name for view in found.missing],
        "needed_by": [view.name for view in found.needed_by],
        "off_reason": found.off_reason,
    }


def _permission(found: catalogue.Wanted) -> dict[str, Any]:
    roles = [str(role) for role in found.roles]
    return {"name": found.permission.name, "label": str(found.permission.label), "roles": roles}


@api.route("")
class Modules(MethodView):
    """All installed modules."""

    @api.response(200, ModuleDetail(many=True))
    @permission(READ)
    def get(self) -> list[dict[str, Any]]:
        """List the modules and how they stand here"""
        return [shown(view) for view in modules.listing(current())]


@api.route("/<name>")
class Module(MethodView):
    """One module."""

    @api.response(200, ModuleAbout)
    @permission(READ)
    def get(self, name: str) -> dict[str, Any]:
        """Show what a module is, what it wants and needs, and how it stands here"""
        return told(catalogue.about(current(), name))

    @api.arguments(ModuleSwitch)
    @api.response(200, ModuleDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], name: str) -> dict[str, Any]:
        """Switch a module on or off"""
        return shown(module_switching.switch(current(), name, on=data["on"], with_needed=data["with_needed"]))


@api.route("/<name>/policy")
class ModulePolicy(MethodView):
    """What is laid down for this organisation and all below."""

    @api.response(200, ModuleEffect(many=True))
    @permission(DECIDE)
    def get(self, name: str) -> list[dict[str, Any]]:
        """Show what each policy would do"""
        found = modules.preview(current(), name)
        return [{"policy": one, "goes_on": turned.on, "goes_off": turned.off} for one, turned in found.items()]

    @api.arguments(ModuleLayDown)
    @api.response(200, ModuleDetail)
    @permission(DECIDE)
    def put(self, data: dict[str, Any], name: str) -> dict[str, Any]:
        """Lay down a module for this organisation and all below, or lift that"""
        return shown(modules.lay_down(current(), name, data["policy"]))
