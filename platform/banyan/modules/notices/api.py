"""The REST API of an organisation's notices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import operator, permission
from banyan.kernel.files import DOCUMENT_TYPES, StoredFile, sniff
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may
from banyan.modules.notices import lists, permissions, rules, schemas, views
from banyan.modules.notices.operating import everywhere
from banyan.modules.notices.services import counting, emergency, publishing, reading, writing
from banyan.modules.operators.models import ServiceWindow
from banyan.modules.tasks.downloads import BYTES, attachment
from banyan.modules.tenancy.schemas import FileDetail, FileUpload
from banyan.modules.tenancy.services import documents as uploads

api = Blueprint("notices_api", __name__, url_prefix="/api/v1", description="Notices")
READ, CREATE, PUBLISH = permissions.READ.name, permissions.CREATE.name, permissions.PUBLISH.name
BASE = "/orgs/<code>/notices"


@api.route(BASE)
class Notices(MethodView):
    """Notices of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.NOTICES))
    @api.response(200, api_lists.page_schema(lists.NOTICES))
    @permission(READ)
    def get(self) -> Response:
        """List the notices of the organisation and those below it"""
        ctx = current()
        return api_lists.respond(ctx.session, lists.NOTICES, lists.seen(ctx), may=lambda name: may(ctx, name))

    @api.arguments(schemas.NoticeWrite)
    @api.response(201, schemas.NoticeDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Write a notice, as a draft"""
        ctx = current()
        return views.shown(ctx, writing.create(ctx, data, views.audiences_of(ctx, data["audiences"])))


@api.route(f"{BASE}/preview")
class Preview(MethodView):
    """A notice before it is written."""

    @api.arguments(schemas.NoticeWrite)
    @api.response(200, schemas.NoticePreview)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Show how a notice would read and how many it would reach; nothing is kept"""
        ctx = current()
        reached, able = views.previewed(ctx, views.audiences_of(ctx, data["audiences"]))
        html = rules.rendered(data["body"])
        return {"reached": reached, "with_account": able, "without": reached - able, "html": html}


@api.route(f"{BASE}/files")
class Files(MethodView):
    """Files on their way in."""

    @api.arguments(FileUpload, location="files")
    @api.response(201, FileDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> StoredFile:
        """Upload a file, to be named in a notice"""
        held = runtime()
        sniffed = sniff(data["file"], "file", max_bytes=held.settings.upload_limit, allowed=DOCUMENT_TYPES)
        return uploads.upload(current(), held.store, sniffed)


@api.route(f"{BASE}/<uuid:notice_id>")
class OneNotice(MethodView):
    """One notice."""

    @api.response(200, schemas.NoticeDetail)
    @permission(READ)
    def get(self, notice_id: UUID) -> dict[str, Any]:
        """Show a notice, and how many have read it here and below"""
        ctx = current()
        return views.shown(ctx, writing.find(ctx, notice_id))

    @api.arguments(schemas.NoticeUpdate)
    @api.response(200, schemas.NoticeDetail)
    @permission(CREATE)
    def put(self, data: dict[str, Any], notice_id: UUID) -> dict[str, Any]:
        """Change a draft"""
        ctx = current()
        return views.shown(ctx, writing.update(ctx, notice_id, data, views.audiences_of(ctx, data["audiences"])))

    @api.arguments(schemas.NoticeVersion, location="query")
    @api.response(204)
    @permission(CREATE)
    def delete(self, data: dict[str, Any], notice_id: UUID) -> None:
        """Throw a draft away"""
        writing.discard(current(), notice_id, data["version"])


@api.route(f"{BASE}/<uuid:notice_id>/publish")
class Publication(MethodView):
    """Publication."""

    @api.arguments(schemas.NoticeVersion)
    @api.response(200, schemas.NoticeDetail)
    @permission(PUBLISH)
    def post(self, data: dict[str, Any], notice_id: UUID) -> dict[str, Any]:
        """Publish a draft: at once, at its time, or after approval where that has been laid down"""
        ctx = current()
        return views.shown(ctx, publishing.publish(ctx, notice_id, data["version"]))


@api.route(f"{BASE}/<uuid:notice_id>/withdraw")
class WithdrawalOfNotice(MethodView):
    """Withdrawal."""

    @api.arguments(schemas.NoticeWithdrawal)
    @api.response(200, schemas.NoticeDetail)
    @permission(PUBLISH)
    def post(self, data: dict[str, Any], notice_id: UUID) -> dict[str, Any]:
        """Take a notice back, with a reason that readers see, or call off what is scheduled"""
        ctx = current()
        return views.shown(ctx, writing.withdraw(ctx, notice_id, data))


@api.route(f"{BASE}/<uuid:notice_id>/correct")
class Correction(MethodView):
    """A new version."""

    @api.arguments(schemas.NoticeVersion)
    @api.response(201, schemas.NoticeDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any], notice_id: UUID) -> dict[str, Any]:
        """Begin a new version of a published notice, as a draft that replaces it once it is published"""
        ctx = current()
        return views.shown(ctx, writing.correct(ctx, notice_id, data["version"]))


@api.route(f"{BASE}/<uuid:notice_id>/remind")
class Reminder(MethodView):
    """A reminder."""

    @api.response(200, schemas.Reminded)
    @permission(PUBLISH)
    def post(self, notice_id: UUID) -> dict[str, int]:
        """Remind those here and below who have not read a notice, by e-mail and SMS"""
        ctx = current()
        return {"readers": counting.remind(ctx, writing.find(ctx, notice_id).id)}


@api.route(f"{BASE}/<uuid:notice_id>/files/<uuid:file_id>")
class NoticeFile(MethodView):
    """A file of a notice."""

    @api.doc(responses={"200": BYTES})
    @permission(READ)
    def get(self, notice_id: UUID, file_id: UUID) -> Response:
        """Fetch a file of a notice, as an attachment"""
        ctx = current()
        notice = writing.find(ctx, notice_id)
        found = views.stored(writing.attachment_of(ctx, notice, file_id))
        reading.fetched(ctx, notice, found.name)
        return attachment(found)


@api.route("/orgs/<code>/notice-readers")
class Readers(MethodView):
    """Readers of notices."""

    @api.doc(parameters=api_lists.parameters(lists.READERS))
    @api.response(200, api_lists.page_schema(lists.READERS))
    @permission(READ)
    def get(self) -> Response:
        """List whom notices are for, here and below, and who has read them; `notice` names one"""
        ctx = current()
        return api_lists.respond(ctx.session, lists.READERS, lists.readers(ctx), may=lambda name: may(ctx, name))


@api.route("/orgs/<code>/emergencies")
class Emergencies(MethodView):
    """Alarms of an organisation."""

    @api.arguments(schemas.EmergencyWrite)
    @api.response(201, schemas.EmergencyDetail)
    @permission(permissions.EMERGENCY.name)
    def post(self, data: dict[str, Any]) -> ServiceWindow:
        """Tell everybody of the organisation and below at once: a banner, the inbox, e-mail, SMS and webhooks"""
        return emergency.sound(current(), data)


@api.route("/operator/emergencies")
class OperatorEmergencies(MethodView):
    """Alarms of the installation."""

    @api.arguments(schemas.OperatorEmergency)
    @api.response(201, schemas.EmergencyDetail)
    @operator
    def post(self, data: dict[str, Any]) -> ServiceWindow:
        """Tell everybody of the installation, or of one organisation and below, at once and by every channel"""
        with everywhere(current()) as ctx:
            return emergency.sound_everywhere(ctx, data)
