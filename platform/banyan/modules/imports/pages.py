"""Console pages of imports: the wizard and the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may
from banyan.modules.imports.api import look_at, workbook
from banyan.modules.imports.exports import seen
from banyan.modules.imports.lists import IMPORTS
from banyan.modules.imports.permissions import IMPORT_CREATE, IMPORT_READ
from banyan.modules.imports.services import declared, matching, runs, uploading, workbooks, writing
from banyan.modules.imports.views import UploadForm, asked_for, match_form, matched, panel, shown
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Row, present
from banyan.web.tasks import asked_by_htmx

pages = Blueprint("imports_pages", __name__, template_folder="templates")
CREATE = IMPORT_CREATE.name
PAGE = "imports_pages.one"


@pages.get("/orgs/<code>/imports")
@permission(IMPORT_READ.name)
def listing() -> ResponseReturnValue:
    """The record of imports, and what can be imported."""
    ctx = current()
    offered = declared.offered(ctx) if may(ctx, CREATE) else []
    view = present(
        ctx.session,
        IMPORTS,
        request.args,
        seen(ctx),
        url=url_for("imports_pages.listing"),
        links={"file_name": _address if offered else lambda _row: None},
        export_url=url_for("tasks_pages.export"),
        empty=lazy("Nothing has been imported yet."),
    )
    return render_template("imports/imports.html", view=view, offered=offered), view.status


def _address(row: Row) -> str:
    return url_for(PAGE, import_id=row["id"], code=row["organisation_code"])


@pages.get("/orgs/<code>/imports/new/<name>")
@permission(CREATE)
def new(name: str) -> ResponseReturnValue:
    """The first step: template and upload."""
    item = declared.called(current(), name)
    return render_template("imports/upload.html", form=BoundForm(UploadForm()), item=item)


@pages.post("/orgs/<code>/imports/new/<name>")
@permission(CREATE)
def upload(name: str) -> ResponseReturnValue:
    """Take a file."""
    ctx, held = current(), runtime()
    item = declared.called(ctx, name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with uploading.received(data["file"], held.settings.upload_limit) as (sniffed, book):
            run = uploading.upload(ctx, held.store, name, sniffed, book)
        return redirect(url_for(PAGE, import_id=run.id), 303)

    return submit(BoundForm(UploadForm()), use, "imports/upload.html", item=item)


@pages.get("/orgs/<code>/imports/templates/<name>")
@permission(CREATE)
def template(name: str) -> Response:
    """The template of an import."""
    return workbook(workbooks.template(current(), name))


@pages.get("/orgs/<code>/imports/<uuid:import_id>", endpoint="one")
@permission(CREATE)
def one_import(import_id: UUID) -> ResponseReturnValue:
    """An import at the step where it is."""
    ctx = current()
    standing = runs.find(ctx, import_id)
    if standing.busy:
        return render_template("imports/busy.html", task=panel(ctx, standing), standing=standing)
    again = request.args.get("match") is not None and not standing.run.written and standing.run.purged_at is None
    unread = standing.state in ("stopped", "failed") and not standing.began_writing
    if standing.state == "uploaded" or again or unread:
        return _match_page(standing, match_form(standing))
    return render_template("imports/import.html", **shown(ctx, standing, request.args))


def _match_page(standing: runs.Standing, form: BoundForm, status: int = 200) -> ResponseReturnValue:
    values = {"form": form, "standing": standing, "columns": matching.file_columns(standing.run)}
    return make_response(render_template("imports/match.html", **values), status)


@pages.get("/orgs/<code>/imports/<uuid:import_id>/progress")
@permission(CREATE)
def progress(import_id: UUID) -> ResponseReturnValue:
    """How far it is; once it has ended, on to what came of it."""
    ctx = current()
    standing = runs.find(ctx, import_id)
    address = url_for(PAGE, import_id=import_id)
    if not asked_by_htmx():
        return redirect(address, 303)
    if standing.busy:
        return render_template("_task.html", task=panel(ctx, standing))
    response = make_response("")
    response.headers["HX-Redirect"] = address
    return response


@pages.post("/orgs/<code>/imports/<uuid:import_id>/sheet")
@permission(CREATE)
def sheet(import_id: UUID) -> ResponseReturnValue:
    """Look at another sheet, or take another row for the headings."""
    numbers = {name: request.form.get(name, "") for name in ("sheet", "heading_row")}
    read = {name: int(text) if text.isdecimal() and len(text) < 8 else None for name, text in numbers.items()}
    look_at(import_id, read["sheet"], read["heading_row"], ctx=current())
    return redirect(url_for(PAGE, import_id=import_id, match=""), 303)


@pages.post("/orgs/<code>/imports/<uuid:import_id>/match")
@permission(CREATE)
def match(import_id: UUID) -> ResponseReturnValue:
    """Take the matched columns and start the check."""
    ctx = current()
    standing = runs.find(ctx, import_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        matching.decide(ctx, import_id, matched(data), asked_for(data))
        return redirect(url_for(PAGE, import_id=import_id), 303)

    columns = matching.file_columns(standing.run)
    return submit(match_form(standing), use, "imports/match.html", standing=standing, columns=columns)


@pages.post("/orgs/<code>/imports/<uuid:import_id>/confirm")
@permission(CREATE)
def confirm(import_id: UUID) -> ResponseReturnValue:
    """Write what the preview shows."""
    writing.confirm(current(), import_id)
    return redirect(url_for(PAGE, import_id=import_id), 303)


@pages.post("/orgs/<code>/imports/<uuid:import_id>/cancel")
@permission(CREATE)
def cancel(import_id: UUID) -> ResponseReturnValue:
    """Stop what works on it."""
    runs.cancel(current(), import_id)
    return done(lazy("The import is being stopped."), PAGE, import_id=import_id)


@pages.post("/orgs/<code>/imports/<uuid:import_id>/discard")
@permission(CREATE)
def discard(import_id: UUID) -> ResponseReturnValue:
    """Put it aside with its file and rows."""
    runs.discard(current(), runtime().store, import_id)
    return done(lazy("The import has been discarded; its file and rows are deleted."), "imports_pages.listing")


@pages.get("/orgs/<code>/imports/<uuid:import_id>/failed")
@permission(CREATE)
def failed(import_id: UUID) -> Response:
    """The rows to be corrected."""
    return workbook(workbooks.failed(current(), import_id, every=request.args.get("every") == "1"))


@pages.post("/orgs/<code>/imports/<uuid:import_id>/handout")
@permission(CREATE)
def handout(import_id: UUID) -> Response:
    """What is handed out once."""
    return workbook(workbooks.hand_out(current(), import_id))
