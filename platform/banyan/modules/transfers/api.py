"""REST views of transfers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may
from banyan.modules.tasks.api import shown as shown_task
from banyan.modules.tasks.schemas import TaskDetail
from banyan.modules.transfers import permissions, schemas, stats
from banyan.modules.transfers.lists import OVERDUE, TRANSFERS
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import applying, batches, delays, following, places, reading

api = Blueprint("transfers_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Transfers")
READ, CREATE, DECIDE = permissions.READ.name, permissions.CREATE.name, permissions.DECIDE.name
ONE = "/transfers/<uuid:transfer_id>"
PAGE = api_lists.page_schema(TRANSFERS)


def shown(ctx: Context, transfer: Transfer) -> dict[str, Any]:
    """A transfer as `TransferDetail` shows it."""
    found = following.progress(ctx, transfer)
    beside = ("due_on", "overdue", "delays", "messages")
    values = {key: getattr(transfer, key) for key in schemas.TransferDetail().fields if key not in beside}
    return {
        **values,
        "due_on": found.due_on,
        "overdue": found.late,
        "delays": found.notes,
        "messages": found.messages,
    }


def _list(*sides: str) -> Response:
    ctx = current()
    seen = reading.seen(ctx, READ, sides or reading.SIDES)
    return api_lists.respond(ctx.session, TRANSFERS, seen, may=lambda name: may(ctx, name))


@api.route("/transfers")
class Transfers(MethodView):
    """Transfers of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(TRANSFERS))
    @api.response(200, PAGE)
    @permission(READ)
    def get(self) -> Response:
        """List transfers from or to the organisation and those below it, newest first"""
        return _list()

    @api.arguments(schemas.BranchTransfer)
    @api.response(201, schemas.TransferDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask for the transfer of a member, as the branch that sends"""
        ctx = current()
        return shown(ctx, applying.apply_for(ctx, data))


@api.route("/transfers/incoming")
class Incoming(MethodView):
    """Who comes."""

    @api.doc(parameters=api_lists.parameters(TRANSFERS))
    @api.response(200, PAGE)
    @permission(READ)
    def get(self) -> Response:
        """List transfers to the organisation and those below it"""
        return _list("to")


@api.route("/transfers/outgoing")
class Outgoing(MethodView):
    """Who goes."""

    @api.doc(parameters=api_lists.parameters(TRANSFERS))
    @api.response(200, PAGE)
    @permission(READ)
    def get(self) -> Response:
        """List transfers from the organisation and those below it"""
        return _list("from")


@api.route("/transfers/overdue")
class Overdue(MethodView):
    """What is late."""

    @api.doc(parameters=api_lists.parameters(TRANSFERS))
    @api.response(200, PAGE)
    @permission(READ)
    def get(self) -> Response:
        """List transfers that are overdue at either side, also where a branch below either is late"""
        ctx = current()
        seen = reading.seen(ctx, READ, (*reading.SIDES, "above"))
        return api_lists.respond(ctx.session, TRANSFERS, seen, OVERDUE)


@api.route("/transfers/destinations")
class Destinations(MethodView):
    """Where members can go."""

    @api.arguments(schemas.DestinationQuery, location="query")
    @api.response(200, schemas.DestinationsDetail)
    @permission(CREATE)
    def get(self, data: dict[str, Any]) -> dict[str, Any]:
        """Find organisations of the tree that take members, by code or a piece of their name"""
        ctx = current()
        return {"items": places.find(ctx, ctx.here, data["q"])}


@api.route("/transfers/months")
class Months(MethodView):
    """Figures by month."""

    @api.response(200, schemas.TransferMonthsDetail)
    @permission(READ)
    def get(self) -> dict[str, Any]:
        """Count who came to and went from the organisation and those below it, by month"""
        ctx = current()
        return {"items": stats.by_month(ctx, ctx.here)}


@api.route("/transfers/together")
class Together(MethodView):
    """Many at once."""

    @api.arguments(schemas.TransfersTogether)
    @api.response(202, TaskDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask for the transfer of several members as one batch, by a long task"""
        return shown_task(batches.begin(current(), data))


@api.route("/transfers/batches/<uuid:batch_id>")
class Batch(MethodView):
    """Transfers that belong together."""

    @api.response(200, schemas.TransferBatchDetail)
    @permission(READ)
    def get(self, batch_id: UUID) -> dict[str, Any]:
        """Show a batch: how many of its transfers are in each state; list them with the filter `batch`"""
        found = batches.standing(current(), batch_id)
        batch = found.batch
        kept = {key: getattr(batch, key) for key in ("id", "title", "created_at")}
        return {**kept, "org_name": found.org_name, "states": found.states}


@api.route(ONE)
class One(MethodView):
    """One transfer."""

    @api.response(200, schemas.TransferDetail)
    @permission(READ)
    def get(self, transfer_id: UUID) -> dict[str, Any]:
        """Show a transfer: where it stands and until when; its request shows the course of it"""
        ctx = current()
        return shown(ctx, reading.find(ctx, transfer_id))


@api.route(f"{ONE}/correct")
class Correction(MethodView):
    """Correcting."""

    @api.arguments(schemas.TransferCorrection)
    @api.response(200, schemas.TransferDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any], transfer_id: UUID) -> dict[str, Any]:
        """Correct a transfer that was returned, and send it again"""
        ctx = current()
        transfer = applying.of_branch(ctx, transfer_id)
        applying.correct(ctx, transfer, data)
        return shown(ctx, transfer)


@api.route(f"{ONE}/withdraw")
class Withdrawal(MethodView):
    """Taking back."""

    @api.arguments(schemas.TransferNoteMake)
    @api.response(200, schemas.TransferDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any], transfer_id: UUID) -> dict[str, Any]:
        """Take back a transfer that the branch asked for"""
        ctx = current()
        transfer = applying.of_branch(ctx, transfer_id)
        applying.withdraw(ctx, transfer, data["note"])
        return shown(ctx, transfer)


@api.route(f"{ONE}/delays")
class Delays(MethodView):
    """Explaining."""

    @api.arguments(schemas.DelayMake)
    @api.response(201, schemas.TransferDetail)
    @permission(DECIDE)
    def post(self, data: dict[str, Any], transfer_id: UUID) -> dict[str, Any]:
        """Say why it takes longer; the member and the other branch read it"""
        ctx = current()
        transfer = reading.find(ctx, transfer_id)
        delays.explain(ctx, transfer, data["text"])
        return shown(ctx, transfer)
