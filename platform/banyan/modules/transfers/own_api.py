"""REST views of one's own transfers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import signed_in
from banyan.kernel.runtime import current
from banyan.modules.transfers import schemas
from banyan.modules.transfers.api import shown
from banyan.modules.transfers.services import applying, places, reading

own = Blueprint("my_transfers_api", __name__, url_prefix="/api/v1/me/transfers", description="One's own transfers")


@own.route("")
class Mine(MethodView):
    """One's own transfers."""

    @own.response(200, schemas.TransfersDetail)
    @signed_in
    def get(self) -> dict[str, Any]:
        """List my transfers, newest first"""
        ctx = current()
        return {"items": [shown(ctx, transfer) for transfer in reading.own(ctx)]}

    @own.arguments(schemas.OwnTransfer)
    @own.response(201, schemas.TransferDetail)
    @signed_in
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask for my transfer"""
        ctx = current()
        return shown(ctx, applying.apply_own(ctx, data))


@own.route("/destinations")
class Destinations(MethodView):
    """Where one can go."""

    @own.arguments(schemas.DestinationQuery, location="query")
    @own.response(200, schemas.DestinationsDetail)
    @signed_in
    def get(self, data: dict[str, Any]) -> dict[str, Any]:
        """Find organisations of my tree that take members, by code or a piece of their name"""
        ctx = current()
        return {"items": places.find_for_me(ctx, data["q"])}


@own.route("/<uuid:transfer_id>")
class OneOfMine(MethodView):
    """One of one's own transfers."""

    @own.response(200, schemas.TransferDetail)
    @signed_in
    def get(self, transfer_id: UUID) -> dict[str, Any]:
        """Show one of my transfers: where it stands and until when"""
        ctx = current()
        return shown(ctx, reading.of_account(ctx, transfer_id))


@own.route("/<uuid:transfer_id>/correct")
class MyCorrection(MethodView):
    """Correcting."""

    @own.arguments(schemas.TransferCorrection)
    @own.response(200, schemas.TransferDetail)
    @signed_in
    def post(self, data: dict[str, Any], transfer_id: UUID) -> dict[str, Any]:
        """Correct my transfer that was returned, and send it again"""
        ctx = current()
        transfer = applying.of_member(ctx, transfer_id)
        applying.correct(ctx, transfer, data)
        return shown(ctx, transfer)


@own.route("/<uuid:transfer_id>/withdraw")
class MyWithdrawal(MethodView):
    """Taking back."""

    @own.arguments(schemas.TransferNoteMake)
    @own.response(200, schemas.TransferDetail)
    @signed_in
    def post(self, data: dict[str, Any], transfer_id: UUID) -> dict[str, Any]:
        """Take my transfer back before it is decided"""
        ctx = current()
        transfer = applying.of_member(ctx, transfer_id)
        applying.withdraw(ctx, transfer, data["note"])
        return shown(ctx, transfer)
