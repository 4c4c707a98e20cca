"""REST views of the audit log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.api.lists import page_schema, parameters, respond
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.audit import history, jobs, results, searching, verification
from banyan.modules.audit.history import Entry
from banyan.modules.audit.lists import ENTRIES
from banyan.modules.audit.permissions import CHAIN_VERIFY, ENTRY_READ
from banyan.modules.audit.schemas import AuditEntryDetail, VerificationList, VerificationStarted

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
        return respond(ctx.session, ENTRIES, searching.seen(ctx, ENTRY_READ.name))


@api.route("/audit-entries/<uuid:entry_id>")
class OneEntry(MethodView):
    """An entry."""

    @api.response(200, AuditEntryDetail)
    @permission(ENTRY_READ.name)
    def get(self, entry_id: UUID) -> dict[str, Any]:
        """Show an entry with what was before and after, what decided it, and its place in the chain."""
        ctx = current()
        found = history.entry(ctx, entry_id)
        proof, beside = verification.proof(ctx.session, entry_id), history.beside(ctx, found)
        return {"proof": proof, "beside": beside, **{name: getattr(found, name) for name in Entry.__slots__}}


@api.route("/audit-verifications")
class Verifications(MethodView):
    """Verifications of the chain, which is one for the whole installation."""

    @api.response(200, VerificationList)
    @permission(ENTRY_READ.name)
    def get(self) -> dict[str, Any]:
        """List the last verifications, newest first, and what the last one of the whole log found."""
        ctx = current()
        return {"last": results.last(ctx), "items": results.results(ctx)}

    @api.response(202, VerificationStarted)
    @permission(CHAIN_VERIFY.name)
    def post(self) -> dict[str, Any]:
        """Have the chain verified: a long task of the organisation at the top of the tree."""
        task = jobs.ask(current())
        return {"task": task.id, "state": task.state, "total": task.total}
