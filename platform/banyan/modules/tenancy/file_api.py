"""The REST API of documents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.files import DOCUMENT_TYPES, StoredFile, sniff
from banyan.kernel.runtime import current, runtime
from banyan.modules.tasks.downloads import BYTES, attachment
from banyan.modules.tenancy import permissions
from banyan.modules.tenancy.schemas import FileDetail, FileUpload
from banyan.modules.tenancy.services import documents

api = Blueprint("tenancy_files_api", __name__, url_prefix="/api/v1/orgs/<code>/files", description="Documents")


@api.route("")
class Files(MethodView):
    """Documents of the organisation."""

    @api.arguments(FileUpload, location="files")
    @api.response(201, FileDetail)
    @permission(permissions.ORG_CREATE.name)
    def post(self, data: dict[str, Any]) -> StoredFile:
        """Upload a document, to be named in a later request"""
        held = runtime()
        sniffed = sniff(data["file"], "file", max_bytes=held.settings.upload_limit, allowed=DOCUMENT_TYPES)
        return documents.upload(current(), held.store, sniffed)


@api.route("/<uuid:file_id>")
class File(MethodView):
    """One document."""

    @api.doc(responses={"200": BYTES})
    @permission(permissions.ORG_READ.name)
    def get(self, file_id: UUID) -> Response:
        """Fetch a document of an organisation, as an attachment"""
        return attachment(documents.download(current(), file_id))
