"""The REST API of looks, exports in clear and requests about personal data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.i18n import translate
from banyan.kernel.jobs import LongTask
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.people import permissions as people
from banyan.modules.people.models import Member
from banyan.modules.privacy import lists, permissions, schemas
from banyan.modules.privacy.models import DataRequest, Look
from banyan.modules.privacy.services import clear_exports, looks, requests, retention

api = Blueprint("privacy_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Personal data")
READ, REVEAL = people.MEMBER_READ.name, people.SENSITIVE_REVEAL.name
LOOK_READ, REQUEST_READ = permissions.LOOK_READ.name, permissions.REQUEST_READ.name
CREATE, DECIDE = permissions.REQUEST_CREATE.name, permissions.REQUEST_DECIDE.name


@api.route("/members/<uuid:member_id>/reveal")
class Reveal(MethodView):
    """Sensitive data in clear."""

    @api.arguments(schemas.RevealAsk)
    @api.response(200, schemas.RevealAnswer)
    @permission(REVEAL)
    def post(self, data: dict[str, Any], member_id: UUID) -> Response:
        """See sensitive fields of a member in clear, with a reason that is written down"""
        seen = looks.reveal(current(), member_id, data, how="api")
        body = {"member_id": str(seen.member.id), "values": dict(seen.values)}
        answer = make_response(body)
        answer.headers["Cache-Control"] = "no-store"
        return answer


@api.route("/privacy/looks")
class Looks(MethodView):
    """Who looked at sensitive data."""

    @api.doc(parameters=api_lists.parameters(lists.LOOKS))
    @api.response(200, api_lists.page_schema(lists.LOOKS))
    @permission(LOOK_READ)
    def get(self) -> Response:
        """List who looked at sensitive data of the organisation and those below it, and why"""
        ctx = current()
        seen = visible(ctx, LOOK_READ, Look.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.LOOKS, seen, may=lambda name: may(ctx, name))


@api.route("/privacy/exports")
class Exports(MethodView):
    """Exports with sensitive data in clear."""

    @api.arguments(schemas.ClearExport)
    @api.response(202, schemas.ClearExportStarted)
    @permission(REVEAL)
    def post(self, data: dict[str, Any]) -> LongTask:
        """Export members with sensitive data in clear, with a reason that is written down"""
        return clear_exports.begin(current(), data, data["filters"], data["sort"])


@api.route("/privacy/requests")
class Requests(MethodView):
    """Copies and erasures that were asked for."""

    @api.doc(parameters=api_lists.parameters(lists.REQUESTS))
    @api.response(200, api_lists.page_schema(lists.REQUESTS))
    @permission(REQUEST_READ)
    def get(self) -> Response:
        """List the requests about personal data of the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, REQUEST_READ, DataRequest.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.REQUESTS, seen, may=lambda name: may(ctx, name))


@api.route("/privacy/requests/<uuid:data_request_id>")
class OneRequest(MethodView):
    """One request."""

    @api.response(200, schemas.DataRequestDetail)
    @permission(REQUEST_READ)
    def get(self, data_request_id: UUID) -> dict[str, Any]:
        """Show a request: where it stands, what was erased, what stays and why"""
        return detail(requests.find(current(), data_request_id))


@api.route("/privacy/requests/<uuid:data_request_id>/retry")
class Retry(MethodView):
    """An erasure that failed."""

    @api.response(200, schemas.DataRequestDetail)
    @permission(CREATE)
    def post(self, data_request_id: UUID) -> dict[str, Any]:
        """Start an erasure again that failed"""
        ctx = current()
        requests.retry(ctx, data_request_id)
        return detail(requests.find(ctx, data_request_id))


def detail(found: DataRequest) -> dict[str, Any]:
    """A request as `DataRequestDetail` shows it."""
    names = [name for name in schemas.DataRequestDetail().fields if name != "kept"]
    return {**{name: getattr(found, name) for name in names}, "kept": [translate(one) for one in found.kept]}


@api.route("/members/<uuid:member_id>/erasure")
class Erasure(MethodView):
    """The erasure of somebody who left."""

    @api.arguments(schemas.ErasureAsk)
    @api.response(201, schemas.DataRequestDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Ask for the erasure of somebody who left"""
        return detail(requests.ask_for(current(), member_id, data["reason"]))


@api.route("/privacy/retention")
class Retention(MethodView):
    """Those who left so long ago that nothing is to be kept of them."""

    @api.doc(parameters=api_lists.parameters(lists.LEFT))
    @api.response(200, api_lists.page_schema(lists.LEFT))
    @permission(REQUEST_READ)
    def get(self) -> Response:
        """List records of people who left that have been kept long enough"""
        ctx = current()
        seen = visible(ctx, READ, Member.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.LEFT, seen, retention.over(ctx), may=lambda name: may(ctx, name))

    @api.arguments(schemas.RecordIds)
    @api.response(200, schemas.RetentionResult)
    @permission(DECIDE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Have records erased that have been kept long enough"""
        return {"results": retention.confirm(current(), data["ids"])}
