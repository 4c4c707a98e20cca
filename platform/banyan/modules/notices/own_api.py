"""The REST API of one's own inbox, and public announcements."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import Response, request
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import signed_in
from banyan.kernel.runtime import current
from banyan.modules.notices import lists, schemas, views
from banyan.modules.notices.inbox import page
from banyan.modules.notices.models import NoticePreference
from banyan.modules.notices.services import reading, writing
from banyan.modules.tasks.downloads import BYTES, attachment

own_api = Blueprint("own_notices_api", __name__, url_prefix="/api/v1/me/notices", description="My notices")


@own_api.route("")
class Inbox(MethodView):
    """What one was told."""

    @own_api.doc(parameters=api_lists.parameters(lists.INBOX))
    @own_api.response(200, api_lists.page_schema(lists.INBOX))
    @signed_in
    def get(self) -> Response:
        """List my notices, newest first"""
        found = page(current(), request.args)
        body = orjson.dumps({"items": found.rows, "next": found.next, "previous": found.previous})
        return Response(body, mimetype="application/json")


@own_api.route("/unread")
class Unread(MethodView):
    """How many wait."""

    @own_api.response(200, schemas.UnreadCount)
    @signed_in
    def get(self) -> dict[str, int]:
        """Count my unread notices"""
        return {"unread": reading.unread(current())}

    @own_api.response(200, schemas.UnreadCount)
    @signed_in
    def delete(self) -> dict[str, int]:
        """Mark all my notices as read, but for those that have to be confirmed"""
        ctx = current()
        reading.read_all(ctx)
        return {"unread": reading.unread(ctx)}


@own_api.route("/<uuid:notice_id>")
class Received(MethodView):
    """One notice."""

    @own_api.response(200, schemas.ReceivedDetail)
    @signed_in
    def get(self, notice_id: UUID) -> dict[str, Any]:
        """Show one of my notices"""
        return views.own(reading.received(current(), notice_id))


@own_api.route("/<uuid:notice_id>/read")
class Reading(MethodView):
    """Reading."""

    @own_api.response(200, schemas.ReceivedDetail)
    @signed_in
    def post(self, notice_id: UUID) -> dict[str, Any]:
        """Note that I have read a notice"""
        ctx = current()
        reading.read(ctx, notice_id)
        return views.own(reading.received(ctx, notice_id))


@own_api.route("/<uuid:notice_id>/confirm")
class Confirmation(MethodView):
    """Confirmation."""

    @own_api.response(200, schemas.ReceivedDetail)
    @signed_in
    def post(self, notice_id: UUID) -> dict[str, Any]:
        """Confirm that I have taken note"""
        ctx = current()
        reading.confirm(ctx, notice_id)
        return views.own(reading.received(ctx, notice_id))


@own_api.route("/<uuid:notice_id>/files/<uuid:file_id>")
class ReceivedFile(MethodView):
    """A file of a notice."""

    @own_api.doc(responses={"200": BYTES})
    @signed_in
    def get(self, notice_id: UUID, file_id: UUID) -> Response:
        """Fetch a file of one of my notices, as an attachment"""
        ctx = current()
        return attachment(views.stored(writing.attachment_of(ctx, reading.holding(ctx, notice_id), file_id)))


@own_api.route("/preferences")
class Preferences(MethodView):
    """By which channels."""

    @own_api.response(200, schemas.PreferenceEdit)
    @signed_in
    def get(self) -> NoticePreference:
        """Show by which channels I hear of ordinary notices beside the inbox"""
        return reading.preference(current())

    @own_api.arguments(schemas.PreferenceEdit)
    @own_api.response(200, schemas.PreferenceEdit)
    @signed_in
    def put(self, data: dict[str, Any]) -> NoticePreference:
        """Choose by which channels I hear of ordinary notices"""
        return reading.prefer(current(), data)
