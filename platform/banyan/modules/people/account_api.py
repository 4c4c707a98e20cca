"""The REST API of accounts of members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.people import account_schemas as schemas
from banyan.modules.people.account_lists import MISSING, WITHOUT_ACCOUNT
from banyan.modules.people.account_views import figures_detail, opened_detail, slip_detail
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import ACCOUNT_CREATE, MEMBER_READ
from banyan.modules.people.services import account_figures, account_opening

api = Blueprint("people_account_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Accounts of members")
NO_STORE = {"Cache-Control": "no-store"}


@api.route("/member-accounts")
class WithoutAccount(MethodView):
    """Members without account."""

    @api.doc(parameters=api_lists.parameters(WITHOUT_ACCOUNT))
    @api.response(200, api_lists.page_schema(WITHOUT_ACCOUNT))
    @permission(MEMBER_READ.name)
    def get(self) -> Response:
        """List members without account here and below, the longest waiting first"""
        ctx = current()
        seen = visible(ctx, MEMBER_READ.name, Member.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, WITHOUT_ACCOUNT, seen, MISSING, may=lambda name: may(ctx, name))

    @api.arguments(schemas.AccountOpening)
    @api.response(201, schemas.OpenedDetail)
    @permission(ACCOUNT_CREATE.name)
    def post(self, data: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Open accounts for members; each set-up code is shown this once"""
        return opened_detail(account_opening.open_accounts(current(), data["ids"])), 201, NO_STORE


@api.route("/member-accounts/figures")
class Figures(MethodView):
    """How many are without account."""

    @api.response(200, schemas.MissingFiguresList)
    @permission(MEMBER_READ.name)
    def get(self) -> dict[str, Any]:
        """Count members without account, due and overdue, here and in each organisation directly below"""
        return {"items": figures_detail(account_figures.overview(current()))}


@api.route("/members/<uuid:member_id>/account")
class OneAccount(MethodView):
    """The account of one member."""

    @api.response(201, schemas.SlipDetail)
    @permission(ACCOUNT_CREATE.name)
    def post(self, member_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Open the account of a member, or draw a new code for it; the code is shown this once"""
        return slip_detail(account_opening.new_code(current(), member_id)), 201, NO_STORE
