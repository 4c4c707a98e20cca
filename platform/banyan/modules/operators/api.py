"""The REST API of operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import operator
from banyan.kernel.runtime import current
from banyan.modules.operators.schemas import FailureDetail, PluginDetail, SwitchOff
from banyan.modules.operators.services import plugins
from banyan.modules.operators.services.plugins import PluginView
from banyan.plugins.failures import PluginFailure

api = Blueprint("operators_api", __name__, url_prefix="/api/v1/operator/plugins", description="Plugins")


def shown(view: PluginView) -> dict[str, Any]:
    """A plugin as `PluginDetail` shows it."""
    return {
        "name": view.name,
        "state": view.state,
        "version": view.manifest.version if view.manifest else None,
        "source": view.source,
        "reason": view.off.reason if view.off else view.reason,
        "organisations": view.organisations,
        "laid_down": view.laid_down,
        "failures_lately": view.lately,
        "warnings": list(view.warnings),
        "migration": view.migration,
        "health": view.health,
    }


@api.route("")
class Plugins(MethodView):
    """Everything that was found to be a plugin."""

    @api.response(200, PluginDetail(many=True))
    @operator
    def get(self) -> list[dict[str, Any]]:
        """List the plugins and how they are"""
        return [shown(view) for view in plugins.listing(current())]


@api.route("/<name>")
class Plugin(MethodView):
    """One plugin."""

    @api.response(200, PluginDetail)
    @operator
    def get(self, name: str) -> dict[str, Any]:
        """Show how a plugin is"""
        return shown(plugins.one(current(), name))


@api.route("/<name>/off")
class Off(MethodView):
    """A plugin that is off for all organisations."""

    @api.arguments(SwitchOff)
    @api.response(200, PluginDetail)
    @operator
    def put(self, data: dict[str, Any], name: str) -> dict[str, Any]:
        """Switch a plugin off for all organisations"""
        return shown(plugins.switch_off(current(), name, data["reason"]))

    @api.response(200, PluginDetail)
    @operator
    def delete(self, name: str) -> dict[str, Any]:
        """Leave a plugin to the organisations again"""
        return shown(plugins.switch_on(current(), name))


@api.route("/<name>/failures")
class Failures(MethodView):
    """What went wrong in a plugin."""

    @api.response(200, FailureDetail(many=True))
    @operator
    def get(self, name: str) -> Sequence[PluginFailure]:
        """List what went wrong in a plugin"""
        ctx = current()
        return plugins.failed(ctx, plugins.one(ctx, name).name)

    @api.response(200, PluginDetail)
    @operator
    def delete(self, name: str) -> dict[str, Any]:
        """Count a plugin's failures anew"""
        return shown(plugins.forget_failures(current(), name))
