"""The REST API: parse, call one service, present."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from banyan.sdk import ApiBlueprint, current, list_parameters, page_schema, permission, respond
from flask import Response
from flask.views import MethodView

from . import lists, services
from .models import Note
from .permissions import CREATE, DELETE, READ, UPDATE
from .schemas import NoteDetail, NoteInput, NoteUpdate

api = ApiBlueprint("sample_api", __name__, url_prefix="/api/v1/orgs/<code>/sample/notes", description="Sample")


@api.route("")
class Notes(MethodView):
    """Notes of the organisation and those below."""

    @api.doc(parameters=list_parameters(lists.NOTES))
    @api.response(200, page_schema(lists.NOTES))
    @permission(READ.name)
    def get(self) -> Response:
        """List notes"""
        ctx = current()
        return respond(ctx.session, lists.NOTES, lists.seen(ctx))

    @api.arguments(NoteInput)
    @api.response(201, NoteDetail)
    @permission(CREATE.name)
    def post(self, data: dict[str, Any]) -> Note:
        """Write a note"""
        return services.write(current(), data)


@api.route("/<uuid:note_id>")
class OneNote(MethodView):
    """One note."""

    @api.response(200, NoteDetail)
    @permission(READ.name)
    def get(self, note_id: UUID) -> Note:
        """Show a note"""
        return services.find(current(), note_id)

    @api.arguments(NoteUpdate)
    @api.response(200, NoteDetail)
    @permission(UPDATE.name)
    def put(self, data: dict[str, Any], note_id: UUID) -> Note:
        """Change a note"""
        return services.change(current(), note_id, data)

    @api.response(204)
    @permission(DELETE.name)
    def delete(self, note_id: UUID) -> None:
        """Throw a note away"""
        services.throw_away(current(), note_id)
