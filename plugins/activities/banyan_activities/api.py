"""The REST API for those who run activities: parse, call one service, present."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.sdk import (
    ApiBlueprint,
    Survey,
    audience_of,
    current,
    list_parameters,
    may,
    page_schema,
    permission,
    respond,
    visible,
)

from . import feedback, lists, schemas
from .models import Activity, SignUp
from .permissions import CREATE, READ, UPDATE
from .services import approval, plans, publishing, reading, sign_ups

api = ApiBlueprint("activities_api", __name__, url_prefix="/api/v1/orgs/<code>/activities", description="Activities")


@api.route("")
class Activities(MethodView):
    """Plans and activities of the organisation and those below."""

    @api.doc(parameters=list_parameters(lists.ACTIVITIES))
    @api.response(200, page_schema(lists.ACTIVITIES))
    @permission(READ.name)
    def get(self) -> Response:
        """List plans and activities"""
        ctx = current()
        return respond(ctx.session, lists.ACTIVITIES, lists.seen(ctx), may=lambda name: may(ctx, name))

    @api.arguments(schemas.PlanInput)
    @api.response(201, schemas.ActivityOut)
    @permission(CREATE.name)
    def post(self, data: dict[str, Any]) -> Activity:
        """Plan an activity"""
        ctx = current()
        return plans.create(ctx, data, audience_of(ctx, data["audience"], permission=CREATE.name))


@api.route("/<uuid:activity_id>")
class OneActivity(MethodView):
    """One activity."""

    @api.response(200, schemas.ActivityOut)
    @permission(READ.name)
    def get(self, activity_id: UUID) -> Activity:
        """Show a plan or activity"""
        return reading.find(current(), activity_id)

    @api.arguments(schemas.PlanUpdate)
    @api.response(200, schemas.ActivityOut)
    @permission(UPDATE.name)
    def put(self, data: dict[str, Any], activity_id: UUID) -> Activity:
        """Change a plan or activity"""
        ctx = current()
        return plans.edit(ctx, activity_id, data, audience_of(ctx, data["audience"], permission=CREATE.name))


@api.route("/<uuid:activity_id>/request")
class Asking(MethodView):
    """Asking for approval."""

    @api.arguments(schemas.Version)
    @api.response(200, schemas.ActivityOut)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Activity:
        """Hand a plan in for approval"""
        return approval.ask(current(), activity_id, data["version"])


@api.route("/<uuid:activity_id>/publication")
class Publishing(MethodView):
    """Publishing."""

    @api.arguments(schemas.Version)
    @api.response(200, schemas.ActivityOut)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Activity:
        """Publish an activity to those it is for"""
        return publishing.publish_it(current(), activity_id, data["version"])


@api.route("/<uuid:activity_id>/cancellation")
class Cancelling(MethodView):
    """Calling off."""

    @api.arguments(schemas.CancelInput)
    @api.response(200, schemas.ActivityOut)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Activity:
        """Call a published activity off"""
        return publishing.cancel(current(), activity_id, data["version"], data["reason"])


@api.route("/<uuid:activity_id>/discarding")
class Discarding(MethodView):
    """Throwing a plan away."""

    @api.arguments(schemas.Version)
    @api.response(204)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> None:
        """Throw away a plan that was never published"""
        plans.discard(current(), activity_id, data["version"])


@api.route("/<uuid:activity_id>/surveys")
class Surveys(MethodView):
    """What participants are asked."""

    @api.response(201, schemas.SurveyOut)
    @permission(UPDATE.name)
    def post(self, activity_id: UUID) -> Survey:
        """Begin a questionnaire for those who took part; its questions are written under its own address"""
        return feedback.begin(current(), activity_id)


@api.route("/<uuid:activity_id>/copies")
class Copies(MethodView):
    """Plans like an earlier one."""

    @api.arguments(schemas.CopyInput)
    @api.response(201, schemas.ActivityOut)
    @permission(CREATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Activity:
        """Plan another activity like an earlier one"""
        return plans.copy(current(), activity_id, data)


@api.route("/<uuid:activity_id>/sign-ups")
class SignUps(MethodView):
    """Who takes part."""

    @api.doc(parameters=list_parameters(lists.SIGN_UP_LIST))
    @api.response(200, page_schema(lists.SIGN_UP_LIST))
    @permission(READ.name)
    def get(self, activity_id: UUID) -> Response:
        """List who takes part, waits or has withdrawn"""
        ctx = current()
        found = reading.find(ctx, activity_id)
        seen = visible(ctx, READ.name, SignUp.org_path, within=ctx.here) & (SignUp.activity_id == found.id)
        return respond(ctx.session, lists.SIGN_UP_LIST, seen)

    @api.arguments(schemas.PutDownInput)
    @api.response(201, schemas.SignUpOut)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> SignUp:
        """Sign a member up"""
        return sign_ups.put_down(current(), activity_id, data["member"], data)


@api.route("/<uuid:activity_id>/sign-ups/<uuid:sign_up_id>/withdrawal")
class TakingOff(MethodView):
    """Taking somebody off."""

    @api.response(200, schemas.SignUpOut)
    @permission(UPDATE.name)
    def post(self, activity_id: UUID, sign_up_id: UUID) -> SignUp:
        """Take somebody off the list"""
        return sign_ups.take_off(current(), activity_id, sign_up_id)
