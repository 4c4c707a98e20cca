"""REST views of the audit log."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.api.lists import page_schema, parameters, respond
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.audit import history
from banyan.modules.audit.history import Entry
from banyan.modules.audit.lists import ENTRIES
from banyan.modules.audit.neighbours import ORG
from banyan.modules.audit.permissions import ENTRY_READ
from banyan.modules.audit.reading import reading
from banyan.modules.audit.schemas import AuditEntryDetail

api = Blueprint("audit_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Who did what, where and when.")


@api.route("/audit-entries")
class Entries(MethodView):
    """The log of an organisation and those below."""

    @api.doc(parameters=parameters(ENTRIES))
    @api.response(200, page_schema(ENTRIES))
    @permission(ENTRY_READ.name)
    def get(self) -> Response:
        """List entries, newest first."""
        ctx = current()
        visible = reading().visible(ctx, ENTRY_READ.name, ORG.c.path, within=ctx.here)
        return respond(ctx.session, ENTRIES, visible)


@api.route("/audit-entries/<uuid:entry_id>")
class OneEntry(MethodView):
    """An entry."""

    @api.response(200, AuditEntryDetail)
    @permission(ENTRY_READ.name)
    def get(self, entry_id: UUID) -> Entry:
        """Show an entry with what was before and after, and what decided it."""
        return history.entry(current(), entry_id)
