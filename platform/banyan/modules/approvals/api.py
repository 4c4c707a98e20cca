"""REST views of approvals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView
from sqlalchemy import or_

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.flows import Act
from banyan.kernel.runtime import current
from banyan.modules.approvals import lists
from banyan.modules.approvals.models import ApprovalDelegation, ApprovalDesk
from banyan.modules.approvals.permissions import INBOX_READ, REQUEST_READ
from banyan.modules.approvals.schemas import (
    DecisionMake,
    DecisionsMake,
    DelegationCreate,
    DelegationDetail,
    RequestDetail,
    RequestNote,
    ResultsDetail,
)
from banyan.modules.approvals.services import decisions, delegations, reading, requests, seats
from banyan.modules.approvals.services.panel import Panel, file_of, panel
from banyan.modules.tasks.downloads import BYTES, attachment

api = Blueprint("approvals_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Approvals")
USE, READ = INBOX_READ.name, REQUEST_READ.name


def shown(found: Panel) -> dict[str, Any]:
    """A request as `RequestDetail` shows it."""
    values = {key: getattr(found, key) for key in RequestDetail().fields if key != "details"}
    return {**values, "details": [{"label": label, "value": value} for label, value in found.details]}


@api.route("/approvals/waiting")
class Waiting(MethodView):
    """What waits for the account."""

    @api.doc(parameters=api_lists.parameters(lists.WAITING))
    @api.response(200, api_lists.page_schema(lists.WAITING))
    @permission(USE)
    def get(self) -> Response:
        """List what waits for me at all organisations where I decide, the most urgent first"""
        ctx = current()
        return api_lists.respond(ctx.session, lists.WAITING, seats.waiting(ctx))


@api.route("/approvals/overdue")
class Overdue(MethodView):
    """What is late."""

    @api.doc(parameters=api_lists.parameters(lists.OVERDUE))
    @api.response(200, api_lists.page_schema(lists.OVERDUE))
    @permission(USE)
    def get(self) -> Response:
        """List what waits for me or was asked by me and is overdue"""
        ctx = current()
        concerned = or_(seats.waiting(ctx), ApprovalDesk.asked_by == ctx.actor.account_id)
        return api_lists.respond(ctx.session, lists.OVERDUE, concerned, lists.OVERDUE_ONLY)


@api.route("/approvals/asked")
class Asked(MethodView):
    """What the account asked for."""

    @api.doc(parameters=api_lists.parameters(lists.ASKED))
    @api.response(200, api_lists.page_schema(lists.ASKED))
    @permission(USE)
    def get(self) -> Response:
        """List what I asked for, newest first"""
        ctx = current()
        return api_lists.respond(ctx.session, lists.ASKED, reading.mine(ctx))


@api.route("/approvals")
class Requests(MethodView):
    """Requests of the organisation and those below it."""

    @api.doc(parameters=api_lists.parameters(lists.REQUESTS))
    @api.response(200, api_lists.page_schema(lists.REQUESTS))
    @permission(READ)
    def get(self) -> Response:
        """List the requests of the organisation and those below it, newest first"""
        ctx = current()
        return api_lists.respond(ctx.session, lists.REQUESTS, reading.seen_below(ctx))


@api.route("/approvals/<uuid:request_id>")
class Request(MethodView):
    """One request."""

    @api.response(200, RequestDetail)
    @permission(USE)
    def get(self, request_id: UUID) -> dict[str, Any]:
        """Show a request: where it stands, who decides until when, its history and files"""
        return shown(panel(current(), request_id))


@api.route("/approvals/<uuid:request_id>/decision")
class Decision(MethodView):
    """Deciding."""

    @api.arguments(DecisionMake)
    @api.response(200, RequestDetail)
    @permission(USE)
    def post(self, data: dict[str, Any], request_id: UUID) -> dict[str, Any]:
        """Approve, return or reject the present step; 409 when somebody else was faster"""
        ctx = current()
        decisions.decide(ctx, request_id, Act(data.pop("act")), **data)
        return shown(panel(ctx, request_id))


@api.route("/approvals/decisions")
class Decisions(MethodView):
    """Deciding many."""

    @api.arguments(DecisionsMake)
    @api.response(200, ResultsDetail)
    @permission(USE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Decide several requests; each is decided or told why not"""
        return {"items": decisions.decide_many(current(), data["ids"], Act(data["act"]), data["opinion"])}


@api.route("/approvals/<uuid:request_id>/withdraw")
class Withdrawal(MethodView):
    """Taking back."""

    @api.arguments(RequestNote)
    @api.response(200, RequestDetail)
    @permission(USE)
    def post(self, data: dict[str, Any], request_id: UUID) -> dict[str, Any]:
        """Take back what one asked for"""
        ctx = current()
        requests.withdraw(ctx, request_id, **data)
        return shown(panel(ctx, request_id))


@api.route("/approvals/<uuid:request_id>/resubmit")
class Resubmission(MethodView):
    """Sending again."""

    @api.arguments(RequestNote)
    @api.response(200, RequestDetail)
    @permission(USE)
    def post(self, data: dict[str, Any], request_id: UUID) -> dict[str, Any]:
        """Send a returned request again"""
        ctx = current()
        requests.resubmit(ctx, request_id, **data)
        return shown(panel(ctx, request_id))


@api.route("/approvals/<uuid:request_id>/files/<uuid:file_id>")
class File(MethodView):
    """A file of a request."""

    @api.doc(responses={"200": BYTES})
    @permission(USE)
    def get(self, request_id: UUID, file_id: UUID) -> Response:
        """Fetch a file that was handed in with a request"""
        return attachment(file_of(current(), request_id, file_id))


@api.route("/delegations")
class Delegations(MethodView):
    """Deputies."""

    @api.doc(parameters=api_lists.parameters(lists.DELEGATIONS))
    @api.response(200, api_lists.page_schema(lists.DELEGATIONS))
    @permission(USE)
    def get(self) -> Response:
        """List my deputies, and those for whom I stand in"""
        ctx = current()
        return api_lists.respond(ctx.session, lists.DELEGATIONS, delegations.mine(ctx))

    @api.arguments(DelegationCreate)
    @api.response(201, DelegationDetail)
    @permission(USE)
    def post(self, data: dict[str, Any]) -> ApprovalDelegation:
        """Name a deputy at this organisation while I am away"""
        return delegations.delegate(current(), data)


@api.route("/delegations/<uuid:delegation_id>/end")
class DelegationEnd(MethodView):
    """Ending early."""

    @api.response(200, DelegationDetail)
    @permission(USE)
    def post(self, delegation_id: UUID) -> ApprovalDelegation:
        """End a delegation early, given or received"""
        return delegations.end(current(), delegation_id)
