"""The REST API of an organisation's settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.tenancy import permissions
from banyan.modules.tenancy.services import settings
from banyan.modules.tenancy.services.settings import SettingView
from banyan.modules.tenancy.setting_forms import SettingsDetail, SettingsLayDown

api = Blueprint("tenancy_settings_api", __name__, url_prefix="/api/v1/orgs/<code>/settings", description="Settings")


def shown(views: Sequence[SettingView]) -> dict[str, Any]:
    """Settings as `SettingsDetail` shows them."""
    return {"version": settings.version(views), "items": [_item(view) for view in views]}


def _item(view: SettingView) -> dict[str, Any]:
    one, standing = view.definition, view.standing
    return {
        "key": one.key,
        "module": one.module,
        "label": str(one.label),
        "help": str(one.help),
        "kind": one.kind,
        "choices": [{"value": value, "label": str(label)} for value, label in one.choices],
        "minimum": one.minimum,
        "maximum": one.maximum,
        "wins": one.wins,
        "default": one.default,
        "value": standing.value,
        "laid_down_by": view.setter.code if view.setter else None,
        "own": standing.own,
        "changeable": not standing.bound,
    }


@api.route("")
class Settings(MethodView):
    """All settings of the modules that are on here."""

    @api.response(200, SettingsDetail)
    @permission(permissions.SETTING_READ.name)
    def get(self) -> dict[str, Any]:
        """List the settings, their values and who laid them down"""
        return shown(settings.listing(current()))

    @api.arguments(SettingsLayDown)
    @api.response(200, SettingsDetail)
    @permission(permissions.SETTING_UPDATE.name)
    def put(self, data: dict[str, Any]) -> dict[str, Any]:
        """Lay down settings for this organisation and all below, or lift them"""
        return shown(settings.lay_down(current(), data["values"], data["version"]))
