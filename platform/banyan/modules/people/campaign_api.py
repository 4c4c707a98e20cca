"""The REST API of campaigns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.kernel.tables import TableDef
from banyan.modules.access.decision import may, visible
from banyan.modules.people import campaign_lists as lists
from banyan.modules.people import campaign_schemas as schemas
from banyan.modules.people.campaign_models import CampaignAnswer
from banyan.modules.people.campaign_views import detail, figures, progress_detail
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import CAMPAIGN_READ, CAMPAIGN_UPDATE, MEMBER_REVIEW
from banyan.modules.people.services import campaign_answers, campaigns

api = Blueprint("people_campaign_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Campaigns")
READ, UPDATE, REVIEW = CAMPAIGN_READ.name, CAMPAIGN_UPDATE.name, MEMBER_REVIEW.name


def _parameters(table: TableDef) -> list[dict[str, Any]]:
    return [one for one in api_lists.parameters(table) if one.get("name") != "campaign"]


@api.route("/campaigns")
class Campaigns(MethodView):
    """Campaigns."""

    @api.doc(parameters=api_lists.parameters(lists.CAMPAIGNS))
    @api.response(200, api_lists.page_schema(lists.CAMPAIGNS))
    @permission(READ)
    def get(self) -> Response:
        """List campaigns of the organisation, those below and those from above, the newest first"""
        ctx = current()
        return api_lists.respond(ctx.session, lists.CAMPAIGNS, campaigns.seen(ctx), may=lambda name: may(ctx, name))

    @api.arguments(schemas.CampaignCreate)
    @api.response(201, schemas.CampaignDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Open a campaign for the organisation and all below"""
        return detail(campaigns.open_campaign(current(), data))


@api.route("/campaigns/<uuid:campaign_id>")
class OneCampaign(MethodView):
    """One campaign."""

    @api.response(200, schemas.CampaignDetail)
    @permission(READ)
    def get(self, campaign_id: UUID) -> dict[str, Any]:
        """Show a campaign"""
        return detail(campaigns.find(current(), campaign_id))

    @api.arguments(schemas.CampaignEdit)
    @api.response(200, schemas.CampaignDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], campaign_id: UUID) -> dict[str, Any]:
        """Change what a campaign asks, and until when"""
        return detail(campaigns.edit(current(), campaign_id, data))


@api.route("/campaigns/<uuid:campaign_id>/progress")
class CampaignProgress(MethodView):
    """How far it is."""

    @api.response(200, schemas.ProgressList)
    @permission(READ)
    def get(self, campaign_id: UUID) -> dict[str, Any]:
        """Count what is done here and in each organisation directly below"""
        ctx = current()
        return {"items": progress_detail(figures(ctx, campaigns.find(ctx, campaign_id)))}


@api.route("/campaigns/<uuid:campaign_id>/close")
class CampaignEnd(MethodView):
    """The end."""

    @api.arguments(schemas.CampaignClose)
    @api.response(200, schemas.CampaignDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], campaign_id: UUID) -> dict[str, Any]:
        """Close a campaign with its figures"""
        return detail(campaigns.close(current(), campaign_id, data))


@api.route("/campaigns/<uuid:campaign_id>/unanswered")
class Unanswered(MethodView):
    """Members of whom nothing was said yet."""

    @api.doc(parameters=_parameters(lists.UNANSWERED))
    @api.response(200, api_lists.page_schema(lists.UNANSWERED))
    @permission(READ)
    def get(self, campaign_id: UUID) -> Response:
        """List members who are still to be confirmed, place by place"""
        ctx = current()
        found = campaigns.find(ctx, campaign_id)
        seen = visible(ctx, READ, Member.org_path, within=campaigns.ground(ctx, found))
        asked = lists.unanswered(found)
        return api_lists.respond(ctx.session, lists.UNANSWERED, seen, asked, may=lambda name: may(ctx, name))


@api.route("/campaigns/<uuid:campaign_id>/answers")
class Answers(MethodView):
    """What was said."""

    @api.doc(parameters=_parameters(lists.ANSWERS))
    @api.response(200, api_lists.page_schema(lists.ANSWERS))
    @permission(READ)
    def get(self, campaign_id: UUID) -> Response:
        """List what was said of members, place by place"""
        ctx = current()
        found = campaigns.find(ctx, campaign_id)
        seen = visible(ctx, READ, CampaignAnswer.org_path, within=campaigns.ground(ctx, found))
        asked = CampaignAnswer.campaign_id == found.id
        return api_lists.respond(ctx.session, lists.ANSWERS, seen, asked, may=lambda name: may(ctx, name))


@api.route("/campaigns/<uuid:campaign_id>/confirm")
class Confirm(MethodView):
    """Confirming many."""

    @api.arguments(schemas.SeveralMembers)
    @api.response(200, schemas.SeveralDone)
    @permission(REVIEW)
    def post(self, data: dict[str, Any], campaign_id: UUID) -> dict[str, int]:
        """Confirm several members; those answered already are left"""
        done, left = campaign_answers.confirm(current(), campaign_id, data["ids"])
        return {"done": done, "left": left}


@api.route("/campaigns/<uuid:campaign_id>/members/<uuid:member_id>")
class OneAnswer(MethodView):
    """What is said of one member."""

    @api.arguments(schemas.AnswerGiven)
    @api.response(200, schemas.AnswerDetail)
    @permission(REVIEW)
    def put(self, data: dict[str, Any], campaign_id: UUID, member_id: UUID) -> CampaignAnswer:
        """Say of a member what the check brought"""
        return campaign_answers.answer(current(), campaign_id, member_id, data)
