"""Console pages: parse, call one service, present."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from banyan.sdk import BoundForm, Row, current, done, lazy, permission, present, submit
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from . import lists, services
from .permissions import CREATE, DELETE, READ, UPDATE
from .schemas import NoteInput, NoteUpdate

pages = Blueprint("sample_pages", __name__, template_folder="templates")
NEW, EDIT = "sample/new.html", "sample/edit.html"


@pages.get("/orgs/<code>/sample")
@permission(READ.name)
def notes() -> ResponseReturnValue:
    """The notes of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.NOTES,
        request.args,
        lists.seen(ctx),
        url=url_for("sample_pages.notes"),
        links={"text": _address},
        export_url=url_for("tasks_pages.export"),
    )
    return render_template("sample/notes.html", view=view), view.status


def _address(row: Row) -> str:
    return url_for("sample_pages.edit", note_id=row["id"])


@pages.get("/orgs/<code>/sample/new")
@permission(CREATE.name)
def new() -> str:
    """The form of a new note."""
    return render_template(NEW, form=BoundForm(NoteInput()))


@pages.post("/orgs/<code>/sample/new")
@permission(CREATE.name)
def create() -> ResponseReturnValue:
    """Write a note."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        services.write(current(), data)
        return done(lazy("Saved."), "sample_pages.notes")

    return submit(BoundForm(NoteInput()), use, NEW)


@pages.get("/orgs/<code>/sample/<uuid:note_id>")
@permission(UPDATE.name)
def edit(note_id: UUID) -> str:
    """The form of a note."""
    note = services.find(current(), note_id)
    return render_template(EDIT, form=BoundForm(NoteUpdate(), obj=note), note=note)


@pages.post("/orgs/<code>/sample/<uuid:note_id>")
@permission(UPDATE.name)
def change(note_id: UUID) -> ResponseReturnValue:
    """Change a note."""
    ctx = current()
    note = services.find(ctx, note_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        services.change(ctx, note_id, data)
        return done(lazy("Saved."), "sample_pages.notes")

    return submit(BoundForm(NoteUpdate(), obj=note), use, EDIT, note=note)


@pages.post("/orgs/<code>/sample/<uuid:note_id>/delete")
@permission(DELETE.name)
def delete(note_id: UUID) -> ResponseReturnValue:
    """Throw a note away."""
    services.throw_away(current(), note_id)
    return done(lazy("The note is gone."), "sample_pages.notes")
