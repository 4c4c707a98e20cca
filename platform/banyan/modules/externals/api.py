"""The REST API of external bodies and filings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.files import DOCUMENT_TYPES, StoredFile, sniff
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.externals import lists, permissions, schemas
from banyan.modules.externals.models import ExternalBody, ExternalFiling
from banyan.modules.externals.services import bodies, documents, filings
from banyan.modules.tasks.downloads import BYTES, attachment
from banyan.modules.tenancy.schemas import FileDetail, FileUpload
from banyan.modules.tenancy.services import documents as uploads

api = Blueprint("externals_api", __name__, url_prefix="/api/v1/orgs/<code>", description="External bodies and filings")
BODY_READ, BODY_UPDATE = permissions.BODY_READ.name, permissions.BODY_UPDATE.name
READ, CREATE, DECIDE = permissions.FILING_READ.name, permissions.FILING_CREATE.name, permissions.FILING_DECIDE.name


def shown(ctx: Context, filing_id: UUID) -> dict[str, Any]:
    """A filing as `FilingDetail` shows it."""
    found = filings.view(ctx, filing_id)
    keys = (
        "id",
        "org_id",
        "subject",
        "sent_on",
        "reference",
        "due_on",
        "provisional",
        "document",
        "corrects",
        "version",
    )
    return {
        **{key: getattr(found.filing, key) for key in keys},
        "body": found.body,
        "state": found.state,
        "corrected_by": found.corrected.id if found.corrected else None,
        "late": found.late,
        "reply": found.reply,
    }


@api.route("/external-bodies")
class Bodies(MethodView):
    """External bodies of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.EXTERNAL_BODIES))
    @api.response(200, api_lists.page_schema(lists.EXTERNAL_BODIES))
    @permission(BODY_READ)
    def get(self) -> Response:
        """List the external bodies of the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, BODY_READ, ExternalBody.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.EXTERNAL_BODIES, seen, may=lambda name: may(ctx, name))

    @api.arguments(schemas.BodyCreate)
    @api.response(201, schemas.BodyDetail)
    @permission(BODY_UPDATE)
    def post(self, data: dict[str, Any]) -> ExternalBody:
        """Enter an external body of the organisation"""
        return bodies.create(current(), data)


@api.route("/external-bodies/<uuid:body_id>")
class Body(MethodView):
    """One external body."""

    @api.response(200, schemas.BodyDetail)
    @permission(BODY_READ)
    def get(self, body_id: UUID) -> ExternalBody:
        """Show an external body"""
        return bodies.find(current(), body_id)

    @api.arguments(schemas.BodyUpdate)
    @api.response(200, schemas.BodyDetail)
    @permission(BODY_UPDATE)
    def put(self, data: dict[str, Any], body_id: UUID) -> ExternalBody:
        """Edit an external body"""
        return bodies.update(current(), body_id, data)


@api.route("/external-bodies/<uuid:body_id>/end")
class BodyEnding(MethodView):
    """The end of an external body's responsibility."""

    @api.arguments(schemas.BodyEnd)
    @api.response(200, schemas.BodyDetail)
    @permission(BODY_UPDATE)
    def post(self, data: dict[str, Any], body_id: UUID) -> ExternalBody:
        """Say which day was an external body's last"""
        return bodies.end(current(), body_id, data)


@api.route("/filings")
class Filings(MethodView):
    """Filings of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.FILINGS))
    @api.response(200, api_lists.page_schema(lists.FILINGS))
    @permission(READ)
    def get(self) -> Response:
        """List the filings of the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, READ, ExternalFiling.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.FILINGS, seen, may=lambda name: may(ctx, name))

    @api.arguments(schemas.FilingCreate)
    @api.response(201, schemas.FilingDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Record a filing of the organisation"""
        ctx = current()
        return shown(ctx, filings.create(ctx, data).id)


@api.route("/filings/documents")
class Documents(MethodView):
    """Documents on their way in."""

    @api.arguments(FileUpload, location="files")
    @api.response(201, FileDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> StoredFile:
        """Upload a document, to be named in a filing or a reply"""
        held = runtime()
        sniffed = sniff(data["file"], "file", max_bytes=held.settings.upload_limit, allowed=DOCUMENT_TYPES)
        return uploads.upload(current(), held.store, sniffed)


@api.route("/filings/<uuid:filing_id>")
class Filing(MethodView):
    """One filing."""

    @api.response(200, schemas.FilingDetail)
    @permission(READ)
    def get(self, filing_id: UUID) -> dict[str, Any]:
        """Show a filing and its reply"""
        return shown(current(), filing_id)


@api.route("/filings/<uuid:filing_id>/reply")
class Reply(MethodView):
    """The reply to a filing."""

    @api.arguments(schemas.ReplyCreate)
    @api.response(201, schemas.FilingDetail)
    @permission(DECIDE)
    def post(self, data: dict[str, Any], filing_id: UUID) -> dict[str, Any]:
        """Record the reply to a filing"""
        ctx = current()
        filings.reply(ctx, filing_id, data)
        return shown(ctx, filing_id)


@api.route("/filings/<uuid:filing_id>/documents/<uuid:file_id>")
class Document(MethodView):
    """A document of a filing or of its reply."""

    @api.doc(responses={"200": BYTES})
    @permission(READ)
    def get(self, filing_id: UUID, file_id: UUID) -> Response:
        """Fetch a document of a filing or of its reply, as an attachment"""
        return attachment(documents.download(current(), filing_id, file_id))
