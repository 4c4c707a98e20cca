"""The REST API of the guestbook."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from banyan.sdk import ApiBlueprint, Schema, Text, current, list_parameters, page_schema, permission, respond, visible

from . import services
from .lists import ENTRIES
from .models import Entry
from .permissions import CREATE, READ

api = ApiBlueprint("guestbook_api", __name__, url_prefix="/api/v1/orgs/<code>/guestbook", description="Guestbook")


class Line(Schema):
    """A line of the book."""

    id = ma.fields.UUID(dump_only=True)
    text = Text(required=True)


@api.route("")
class Book(MethodView):
    """The book."""

    @api.doc(parameters=list_parameters(ENTRIES))
    @api.response(200, page_schema(ENTRIES))
    @permission(READ.name)
    def get(self) -> Response:
        """Read the book"""
        ctx = current()
        return respond(ctx.session, ENTRIES, visible(ctx, READ.name, Entry.org_path, within=ctx.here))

    @api.arguments(Line)
    @api.response(201, Line)
    @permission(CREATE.name)
    def post(self, data: dict[str, Any]) -> Entry:
        """Write into the book"""
        return services.write(current(), data["text"])
