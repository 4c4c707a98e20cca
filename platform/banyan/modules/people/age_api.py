"""The REST API of limits of age: who leaves, who stays, and the act of leaving."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.i18n import translate
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may
from banyan.modules.people import campaign_schemas as schemas
from banyan.modules.people.age_lists import OVER_AGE
from banyan.modules.people.campaign_models import AgeException
from banyan.modules.people.permissions import MEMBER_READ, MEMBER_UPDATE
from banyan.modules.people.services import age_leaving

api = Blueprint("people_age_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Leaving for age")


@api.route("/leaving-for-age")
class Leaving(MethodView):
    """Members who reach the limit of age within twelve months."""

    @api.doc(parameters=api_lists.parameters(OVER_AGE))
    @api.response(200, api_lists.page_schema(OVER_AGE))
    @permission(MEMBER_READ.name)
    def get(self) -> Response:
        """List members who have reached the limit of age or will within twelve months, the eldest first"""
        ctx = current()
        return api_lists.respond(ctx.session, OVER_AGE, age_leaving.concerned(ctx), may=lambda name: may(ctx, name))

    @api.arguments(schemas.AgeLeaving)
    @api.response(200, schemas.LeftOutList)
    @permission(MEMBER_UPDATE.name)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Note that members left for age; those with an exception or a post are left out"""
        out = age_leaving.leave(current(), data)
        return {"done": out.done, "left": [{"name": name, "reason": translate(reason)} for name, reason in out.left]}


@api.route("/members/<uuid:member_id>/age-exception")
class Exceptions(MethodView):
    """The exception of one member."""

    @api.arguments(schemas.AgeExceptionCreate)
    @api.response(201, schemas.AgeExceptionDetail)
    @permission(MEMBER_UPDATE.name)
    def post(self, data: dict[str, Any], member_id: UUID) -> AgeException:
        """Let a member stay beyond the limit of age, until a day"""
        return age_leaving.except_(current(), member_id, data)

    @api.response(204)
    @permission(MEMBER_UPDATE.name)
    def delete(self, member_id: UUID) -> None:
        """End the exception of a member"""
        age_leaving.end_exception(current(), member_id)
