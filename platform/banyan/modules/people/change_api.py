"""REST views of the branch: what members changed and asked for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import translate
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may
from banyan.modules.approvals.api import shown
from banyan.modules.approvals.permissions import INBOX_READ
from banyan.modules.approvals.services import panel
from banyan.modules.people import change_lists, permissions
from banyan.modules.people import own_schemas as schemas
from banyan.modules.people.rules.changes import Answer
from banyan.modules.people.services import change_answers, change_counts, change_reading
from banyan.modules.people.services.change_reading import Asked
from banyan.modules.people.services.change_values import Told

api = Blueprint("people_changes_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Changes by members")
READ, REVIEW, REVEAL = (
    one.name for one in (permissions.MEMBER_READ, permissions.MEMBER_REVIEW, permissions.SENSITIVE_REVEAL)
)
_ROW = ("id", "item", "kind", "state", "reason", "answer", "asked_at", "due_on", "decided_at", "request_id", "proof_id")


def of(told: Told) -> dict[str, Any]:
    """A change as `ChangeDetail` shows it."""
    values = {key: getattr(told.row, key) for key in _ROW}
    return {**values, "label": told.label, "old": told.old, "new": told.new, "now": told.now}


def request_detail(ctx: Context, found: Asked) -> dict[str, Any]:
    """A request as `ChangeRequestDetail` shows it."""
    return {
        "member_id": found.member.id,
        "record_version": found.member.version,
        "items": [of(one) for one in found.items],
        "request": shown(panel(ctx, found.request_id)),
    }


@api.route("/member-changes")
class Changes(MethodView):
    """Changes of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(change_lists.CHANGES))
    @api.response(200, api_lists.page_schema(change_lists.CHANGES))
    @permission(READ)
    def get(self) -> Response:
        """List what members changed and asked for, what is due first"""
        ctx = current()
        return api_lists.respond(
            ctx.session, change_lists.CHANGES, change_lists.seen(ctx), may=lambda name: may(ctx, name)
        )


@api.route("/member-changes/levels")
class Levels(MethodView):
    """Counts by level."""

    @api.response(200, schemas.Levels)
    @permission(READ)
    def get(self) -> dict[str, Any]:
        """Count what is open and overdue, level by level"""
        return {"items": change_counts.below(current())}


@api.route("/member-changes/confirm")
class Confirmations(MethodView):
    """Checking many."""

    @api.arguments(schemas.Confirmations)
    @api.response(200, schemas.Confirmed)
    @permission(REVIEW)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Note that several changes are right; each is confirmed or told why not"""
        number, reasons = change_answers.confirm_many(current(), data["ids"])
        return {"confirmed": number, "reasons": [translate(reason) for reason in reasons]}


@api.route("/member-changes/<uuid:change_id>")
class Change(MethodView):
    """One change."""

    @api.response(200, schemas.ChangeDetail)
    @permission(READ)
    def get(self, change_id: UUID) -> dict[str, Any]:
        """Show a change, sensitive values masked"""
        return of(change_reading.checked(current(), change_id).told)


@api.route("/member-changes/<uuid:change_id>/show")
class ChangeShow(MethodView):
    """A change in clear."""

    @api.response(200, schemas.ChangeDetail, headers={"Cache-Control": {"schema": {"type": "string"}}})
    @permission(REVEAL)
    def post(self, change_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Show a change with sensitive values in clear; it is written to the audit log"""
        return of(change_reading.show_checked(current(), change_id).told), 200, {"Cache-Control": "no-store"}


@api.route("/member-changes/<uuid:change_id>/confirm")
class Confirmation(MethodView):
    """Checking."""

    @api.response(200, schemas.ChangeDetail)
    @permission(REVIEW)
    def post(self, change_id: UUID) -> dict[str, Any]:
        """Note that a change is right"""
        ctx = current()
        change_answers.confirm(ctx, change_id)
        return of(change_reading.checked(ctx, change_id).told)


@api.route("/member-changes/<uuid:change_id>/put-back")
class PutBack(MethodView):
    """Putting back."""

    @api.arguments(schemas.PutBack)
    @api.response(200, schemas.ChangeDetail)
    @permission(REVIEW)
    def post(self, data: dict[str, Any], change_id: UUID) -> dict[str, Any]:
        """Put the old value back, with the reason"""
        ctx = current()
        change_answers.put_back(ctx, change_id, data["reason"])
        return of(change_reading.checked(ctx, change_id).told)


@api.route("/member-changes/requests/<uuid:request_id>")
class Request(MethodView):
    """One request."""

    @api.response(200, schemas.ChangeRequestDetail)
    @permission(INBOX_READ.name)
    def get(self, request_id: UUID) -> dict[str, Any]:
        """Show a request: old and new value of each item, masked where sensitive, and its course"""
        ctx = current()
        return request_detail(ctx, change_reading.asked(ctx, request_id))


@api.route("/member-changes/requests/<uuid:request_id>/show")
class RequestShow(MethodView):
    """A request in clear."""

    @api.response(200, schemas.ChangeRequestDetail, headers={"Cache-Control": {"schema": {"type": "string"}}})
    @permission(REVEAL)
    def post(self, request_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Show a request with sensitive values in clear; it is written to the audit log"""
        ctx = current()
        found = change_reading.show_asked(ctx, request_id)
        return request_detail(ctx, found), 200, {"Cache-Control": "no-store"}


@api.route("/member-changes/requests/<uuid:request_id>/decision")
class Decision(MethodView):
    """Answering."""

    @api.arguments(schemas.ChangesAnswer)
    @api.response(200, schemas.ChangeRequestDetail)
    @permission(INBOX_READ.name)
    def post(self, data: dict[str, Any], request_id: UUID) -> dict[str, Any]:
        """Answer every item of a request; what is agreed to takes effect at once"""
        ctx = current()
        answers = {one["item"]: Answer(one["agreed"], one["reason"]) for one in data.pop("answers")}
        change_answers.answer(ctx, request_id, answers, **data)
        return request_detail(ctx, change_reading.asked(ctx, request_id))
