"""The REST API of maintenance: what everybody is told, and what operators do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import operator, public
from banyan.kernel.runtime import current, runtime
from banyan.modules.operators.schemas import WindowCreate, WindowDetail, WindowTold, WindowUpdate
from banyan.modules.operators.services import standing, windows
from banyan.modules.operators.services.windows import WindowView

api = Blueprint("maintenance_api", __name__, url_prefix="/api/v1", description="Maintenance")
KEYS = ("id", "kind", "effects", "begins_at", "ends_at", "announced_at", "ended_at", "version")


def shown(view: WindowView) -> dict[str, Any]:
    """A window as `WindowDetail` shows it."""
    return {**{key: getattr(view.window, key) for key in KEYS}, "state": view.state}


@api.route("/maintenance")
class Told(MethodView):
    """What everybody is told."""

    @api.response(200, WindowTold(many=True))
    @public
    def get(self) -> list[dict[str, Any]]:
        """Tell of maintenance that is announced or runs, and of emergencies, to whoever asks"""
        now = runtime().clock.now()
        return [
            {
                "kind": one.kind,
                "state": "running" if one.runs(now) else "coming",
                "effects": one.words,
                "begins_at": one.begins_at,
                "ends_at": one.ends_at,
            }
            for one in standing.shown(())
        ]


@api.route("/operator/maintenance")
class Windows(MethodView):
    """Maintenance of the installation."""

    @api.response(200, WindowDetail(many=True))
    @operator
    def get(self) -> list[dict[str, Any]]:
        """List the latest maintenance and emergencies"""
        return [shown(view) for view in windows.listing(current())]

    @api.arguments(WindowCreate)
    @api.response(201, WindowDetail)
    @operator
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Announce maintenance"""
        ctx = current()
        return shown(windows.view(ctx, windows.announce(ctx, data)))


@api.route("/operator/maintenance/<uuid:window_id>")
class Window(MethodView):
    """One window."""

    @api.response(200, WindowDetail)
    @operator
    def get(self, window_id: UUID) -> dict[str, Any]:
        """Show maintenance and how it stands"""
        ctx = current()
        return shown(windows.view(ctx, windows.find(ctx, window_id)))

    @api.arguments(WindowUpdate)
    @api.response(200, WindowDetail)
    @operator
    def put(self, data: dict[str, Any], window_id: UUID) -> dict[str, Any]:
        """Move, lengthen or reword what is not over"""
        ctx = current()
        return shown(windows.view(ctx, windows.change(ctx, window_id, data)))


@api.route("/operator/maintenance/<uuid:window_id>/begin")
class Beginning(MethodView):
    """An early beginning."""

    @api.response(200, WindowDetail)
    @operator
    def post(self, window_id: UUID) -> dict[str, Any]:
        """Begin announced maintenance now"""
        ctx = current()
        return shown(windows.view(ctx, windows.begin(ctx, window_id)))


@api.route("/operator/maintenance/<uuid:window_id>/end")
class Ending(MethodView):
    """An early end."""

    @api.response(200, WindowDetail)
    @operator
    def post(self, window_id: UUID) -> dict[str, Any]:
        """End what runs, or call off what was announced"""
        ctx = current()
        return shown(windows.view(ctx, windows.end(ctx, window_id)))
