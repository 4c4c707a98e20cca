"""REST views of long tasks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import participant, permission
from banyan.kernel.i18n import translate
from banyan.kernel.jobs import LongTask
from banyan.kernel.runtime import current
from banyan.modules.tasks import exports, services
from banyan.modules.tasks.downloads import BYTES, attachment
from banyan.modules.tasks.lists import TASKS
from banyan.modules.tasks.permissions import TASK_CREATE, TASK_READ
from banyan.modules.tasks.schemas import ExportStart, TaskDetail

api = Blueprint("tasks_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Long tasks")


def shown(task: LongTask) -> dict[str, Any]:
    """A task as `TaskDetail` shows it."""
    keys = [key for key in TaskDetail().fields if key not in ("title", "message", "has_result")]
    said = {"title": translate(task.title), "message": translate(task.message), "has_result": bool(task.result_id)}
    return {**{key: getattr(task, key) for key in keys}, **said}


@api.route("/tasks")
class Tasks(MethodView):
    """Long tasks of the organisation and those below it."""

    @api.doc(parameters=api_lists.parameters(TASKS))
    @api.response(200, api_lists.page_schema(TASKS))
    @permission(TASK_READ.name)
    def get(self) -> Response:
        """List long tasks, newest first"""
        ctx = current()
        return api_lists.respond(ctx.session, TASKS, services.seen(ctx))


@api.route("/tasks/<uuid:task_id>")
class Task(MethodView):
    """One task of the organisation."""

    @api.response(200, TaskDetail)
    @participant(services.reached)
    def get(self, task_id: UUID) -> dict[str, Any]:
        """Show a task: one's own, or that of another with the permission"""
        return shown(services.find(current(), task_id))


@api.route("/tasks/<uuid:task_id>/cancel")
class Cancel(MethodView):
    """Stopping."""

    @api.response(200, TaskDetail)
    @participant(services.reached)
    def post(self, task_id: UUID) -> dict[str, Any]:
        """Stop a task; what it has done already stays"""
        return shown(services.cancel(current(), task_id))


@api.route("/tasks/<uuid:task_id>/result")
class Result(MethodView):
    """What a task made."""

    @api.doc(responses={"200": BYTES})
    @participant(services.reached)
    def get(self, task_id: UUID) -> Response:
        """Fetch the file that one's own task made"""
        found = services.result(current(), task_id)
        return attachment(found, found.name)


@api.route("/exports")
class Exports(MethodView):
    """Lists as Excel files."""

    @api.arguments(ExportStart)
    @api.response(202, TaskDetail)
    @permission(TASK_CREATE.name)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Start the export of a list; each list asks for a permission of its own"""
        return shown(exports.export(current(), data["list"], data["filters"], data["sort"]))
