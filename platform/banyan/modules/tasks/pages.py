"""Console pages of long tasks."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import participant, permission
from banyan.kernel.i18n import _, lazy, translate
from banyan.kernel.jobs import LongTask
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may
from banyan.modules.tasks import exports, services
from banyan.modules.tasks.downloads import attachment
from banyan.modules.tasks.lists import TASKS
from banyan.modules.tasks.permissions import TASK_CREATE, TASK_READ, TASK_UPDATE
from banyan.web.pages import done
from banyan.web.tables import Row, present
from banyan.web.tasks import RowError, TaskPanel, render_task

pages = Blueprint("tasks_pages", __name__, template_folder="templates")


@pages.get("/orgs/<code>/tasks")
@permission(TASK_READ.name)
def listing() -> ResponseReturnValue:
    """Long tasks of this organisation and those below."""
    ctx = current()
    address = url_for("tasks_pages.listing")
    view = present(ctx.session, TASKS, request.args, services.seen(ctx), url=address, links={"title": _address})
    return render_template("tasks/tasks.html", view=view), view.status


def _address(row: Row) -> str:
    return url_for("tasks_pages.task", task_id=row["id"], code=row["organisation_code"])


@pages.get("/orgs/<code>/tasks/<uuid:task_id>")
@participant(services.reached)
def task(task_id: UUID) -> str:
    """The panel of one task."""
    return render_task(panel(services.find(current(), task_id)))


def panel(task: LongTask) -> TaskPanel:
    """A task as its panel shows it."""
    ctx = current()
    own = services.own(ctx, task)
    stop = own or may(ctx, TASK_UPDATE.name, task.org)
    job = runtime().jobs.get(task.kind)
    title = translate(task.title)
    return TaskPanel(
        id=str(task.id),
        title=_("%(kind)s: %(title)s", kind=str(job.title), title=title) if job else title,
        state=task.state,  # type: ignore[arg-type]  # the table has a check on it
        url=url_for("tasks_pages.task", task_id=task.id),
        done=task.done,
        total=task.total or None,
        message=_said(task),
        cancel_url=url_for("tasks_pages.cancel", task_id=task.id) if stop and not task.cancel_asked else None,
        result_url=url_for("tasks_pages.result", task_id=task.id) if own and task.result_id else None,
        errors=[_problem(found) for found in task.problems],
        back_url=url_for("tasks_pages.listing") if may(ctx, TASK_READ.name) else None,
    )


def _said(task: LongTask) -> str:
    if task.cancel_asked and task.state == "running":
        return str(_("It stops after its present step."))
    if task.state == "failed" and not task.message:
        return str(_("It failed on our side. What happened has been written down."))
    return translate(task.message)


def _problem(found: dict[str, object]) -> RowError:
    row = found.get("row")
    said = [str(found.get(key, "")) for key in ("column", "value", "reason")]
    return RowError(row if isinstance(row, int) else 0, translate(said[0]), said[1], translate(said[2]))


@pages.post("/orgs/<code>/tasks/<uuid:task_id>/cancel")
@participant(services.reached)
def cancel(task_id: UUID) -> ResponseReturnValue:
    """Stop a task."""
    services.cancel(current(), task_id)
    return done(lazy("The task is being stopped."), "tasks_pages.task", task_id=task_id)


@pages.get("/orgs/<code>/tasks/<uuid:task_id>/result")
@participant(services.reached)
def result(task_id: UUID) -> Response:
    """Fetch what one's own task made."""
    found = services.result(current(), task_id)
    return attachment(found, found.name)


@pages.post("/orgs/<code>/exports")
@permission(TASK_CREATE.name)
def export() -> ResponseReturnValue:
    """Start the export of a list with its current filters; each list asks for a permission of its own."""
    ctx, name = current(), request.form.get("list", "")
    filters = exports.filters_of(ctx, name, request.form)
    started = exports.export(ctx, name, filters, request.form.get("sort", ""))
    return redirect(url_for("tasks_pages.task", task_id=started.id), 303)
