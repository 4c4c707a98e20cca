"""The REST API of an organisation's modules."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.tenancy import permissions
from banyan.modules.tenancy.schemas import ModuleDetail, ModuleEffect, ModuleLayDown, ModuleSwitch
from banyan.modules.tenancy.services import modules
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
        "policy": view.standing.policy,
        "laid_down_by": view.setter.code if view.setter else None,
        "own_policy": view.own,
    }


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
    """One module that can be switched."""

    @api.response(200, ModuleDetail)
    @permission(READ)
    def get(self, name: str) -> dict[str, Any]:
        """Show how a module stands here"""
        return shown(modules.view(current(), name))

    @api.arguments(ModuleSwitch)
    @api.response(200, ModuleDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], name: str) -> dict[str, Any]:
        """Switch a module on or off"""
        return shown(modules.switch(current(), name, on=data["on"]))


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
