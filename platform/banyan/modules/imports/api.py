"""The REST API of imports: one view for each step."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from flask import Response, request, send_file
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel import tables
from banyan.kernel.access_marks import permission
from banyan.kernel.errors import Invalid
from banyan.kernel.files import XLSX
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable, Reason
from banyan.kernel.runtime import current, runtime
from banyan.modules.imports.exports import seen
from banyan.modules.imports.lists import IMPORTS, ROWS
from banyan.modules.imports.models import Import, StagedRow
from banyan.modules.imports.permissions import IMPORT_CREATE, IMPORT_READ
from banyan.modules.imports.schemas import (
    FailedQuery,
    ImportableList,
    ImportDetail,
    ImportUpload,
    Matching,
    RowPage,
    SheetChoice,
)
from banyan.modules.imports.services import declared, matching, runs, uploading, workbooks, writing
from banyan.modules.imports.services.runs import Standing
from banyan.modules.tasks.downloads import BYTES

api = Blueprint("imports_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Imports")
CREATE = IMPORT_CREATE.name


def shown(standing: Standing) -> dict[str, Any]:
    """An import as `ImportDetail` shows it."""
    run, task = standing.run, standing.task
    special = {"state", "sheets", "message", "done"}
    keys = [key for key in ImportDetail().fields if key not in special]
    message = runs.said(run) or (task.message if task is not None and standing.state == "failed" else "")
    return {
        **{key: getattr(run, key) for key in keys},
        "state": standing.state,
        "sheets": run.book["sheets"],
        "message": message,
        "done": task.done if task is not None else 0,
    }


def described(item: Importable) -> dict[str, Any]:
    """An `Importable` as `ImportableDetail` shows it."""
    columns = [
        {
            "key": column.key,
            "label": str(column.label),
            "required": column.required,
            "kind": column.kind,
            "help": str(column.help),
            "example": str(column.example),
        }
        for column in item.columns
    ]
    return {
        "name": item.name,
        "title": str(item.title),
        "whole": item.whole,
        "most_rows": item.most_rows,
        "key": list(item.key),
        "columns": columns,
    }


def workbook(made: tuple[io.BytesIO, str]) -> Response:
    """A workbook that was made now, as an attachment."""
    stream, name = made
    response = send_file(stream, XLSX, as_attachment=True, download_name=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@api.route("/importables")
class Importables(MethodView):
    """What can be imported."""

    @api.response(200, ImportableList)
    @permission(CREATE)
    def get(self) -> dict[str, Any]:
        """List what you may import here, with its columns"""
        return {"items": [described(item) for item in declared.offered(current())]}


@api.route("/importables/<name>")
class Upload(MethodView):
    """One kind of import."""

    @api.arguments(ImportUpload, location="files")
    @api.response(201, ImportDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any], name: str) -> dict[str, Any]:
        """Upload a file (xlsx or csv); nothing is written"""
        ctx, held = current(), runtime()
        declared.called(ctx, name)
        with uploading.received(data["file"], held.settings.upload_limit) as (sniffed, book):
            run = uploading.upload(ctx, held.store, name, sniffed, book)
        return shown(runs.find(ctx, run.id))


@api.route("/importables/<name>/template")
class Template(MethodView):
    """The template of one kind of import."""

    @api.doc(responses={"200": BYTES})
    @permission(CREATE)
    def get(self, name: str) -> Response:
        """Fetch the template in your language"""
        return workbook(workbooks.template(current(), name))


@api.route("/imports")
class Imports(MethodView):
    """The record of imports."""

    @api.doc(parameters=api_lists.parameters(IMPORTS))
    @api.response(200, api_lists.page_schema(IMPORTS))
    @permission(IMPORT_READ.name)
    def get(self) -> Response:
        """List imports of the organisation and those below, newest first"""
        ctx = current()
        return api_lists.respond(ctx.session, IMPORTS, seen(ctx))


@api.route("/imports/<uuid:import_id>")
class OneImport(MethodView):
    """One import."""

    @api.response(200, ImportDetail)
    @permission(CREATE)
    def get(self, import_id: UUID) -> dict[str, Any]:
        """Show an import: its state, its figures, its progress"""
        return shown(runs.find(current(), import_id))


@api.route("/imports/<uuid:import_id>/sheet")
class ChooseSheet(MethodView):
    """Where the rows are."""

    @api.arguments(SheetChoice)
    @api.response(200, ImportDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any], import_id: UUID) -> dict[str, Any]:
        """Choose a sheet, and the row with the headings; the proposed mapping follows"""
        ctx = current()
        return shown(look_at(import_id, data["sheet"], data["heading_row"], ctx=ctx))


def look_at(import_id: UUID, sheet: int | None, heading_row: int | None, *, ctx: Any) -> Standing:
    """Choose where the rows are, before the check."""
    standing = runs.find(ctx, import_id, lock=True)
    runs.at_rest(standing, "uploaded", "checked", "stopped", "failed")
    if sheet is not None and sheet != standing.run.sheet:
        uploading.choose_sheet(ctx, runtime().store, standing.run, standing.item, sheet)
    if heading_row is not None and heading_row != standing.run.heading_row:
        uploading.choose_headings(ctx, runtime().store, standing.run, standing.item, heading_row)
    ctx.session.flush()
    return standing


@api.route("/imports/<uuid:import_id>/match")
class Match(MethodView):
    """Columns."""

    @api.arguments(Matching)
    @api.response(202, ImportDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any], import_id: UUID) -> dict[str, Any]:
        """Say which column is which, and start the check"""
        return shown(matching.decide(current(), import_id, data["mapping"], data["options"]))


@api.route("/imports/<uuid:import_id>/rows")
class Rows(MethodView):
    """The preview."""

    @api.doc(parameters=api_lists.parameters(ROWS))
    @api.response(200, RowPage)
    @permission(CREATE)
    def get(self, import_id: UUID) -> dict[str, Any]:
        """Show the checked rows with all reasons"""
        ctx = current()
        run = runs.find(ctx, import_id).run
        unknown = set(request.args) - {"sort", "size", "after", "before", "kind"}
        if unknown:
            raise Invalid({name: [lazy("Unknown field.")] for name in sorted(unknown)})
        page = tables.page(ctx.session, ROWS, tables.parse(ROWS, request.args), ROWS.columns, *of(run))
        return {"items": [_row(row) for row in page.rows], "next": page.next, "previous": page.previous}


def of(run: Import) -> tuple[Any, ...]:
    """The predicates of the rows of an import."""
    return StagedRow.org_id == run.org_id, StagedRow.import_id == run.id


def _row(row: dict[str, Any]) -> dict[str, Any]:
    reasons = [Reason(*one) for one in row["reasons"]]
    return {**row, "reasons": [{"column": one.column, "message": one.text} for one in reasons]}


@api.route("/imports/<uuid:import_id>/confirm")
class Confirm(MethodView):
    """Writing."""

    @api.response(202, ImportDetail)
    @permission(CREATE)
    def post(self, import_id: UUID) -> dict[str, Any]:
        """Write what the preview shows; a stopped import goes on"""
        return shown(writing.confirm(current(), import_id))


@api.route("/imports/<uuid:import_id>/cancel")
class Cancel(MethodView):
    """Stopping."""

    @api.response(200, ImportDetail)
    @permission(CREATE)
    def post(self, import_id: UUID) -> dict[str, Any]:
        """Stop what works on the import"""
        return shown(runs.cancel(current(), import_id))


@api.route("/imports/<uuid:import_id>/discard")
class Discard(MethodView):
    """Putting aside."""

    @api.response(200, ImportDetail)
    @permission(CREATE)
    def post(self, import_id: UUID) -> dict[str, Any]:
        """Discard an import that is not written, with its file and rows"""
        ctx = current()
        runs.discard(ctx, runtime().store, import_id)
        return shown(runs.find(ctx, import_id))


@api.route("/imports/<uuid:import_id>/failed")
class Failed(MethodView):
    """Rows to be corrected."""

    @api.arguments(FailedQuery, location="query")
    @api.doc(responses={"200": BYTES})
    @permission(CREATE)
    def get(self, data: dict[str, Any], import_id: UUID) -> Response:
        """Fetch the wrong rows as a workbook, with the reasons"""
        return workbook(workbooks.failed(current(), import_id, every=data["every"]))


@api.route("/imports/<uuid:import_id>/handout")
class HandOut(MethodView):
    """What is handed out once."""

    @api.doc(responses={"200": BYTES})
    @permission(CREATE)
    def post(self, import_id: UUID) -> Response:
        """Make and fetch what the import leaves for who made it, once"""
        return workbook(workbooks.hand_out(current(), import_id))
