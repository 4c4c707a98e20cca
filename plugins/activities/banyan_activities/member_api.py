"""The REST API of members: what is on for them, signing up and withdrawing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from banyan.sdk import ApiBlueprint, Context, current, participant, signed_in

from . import schemas
from .member_pages import may_see
from .models import Activity, SignUp
from .services import attendance, mine, reading, sign_ups

member_api = ApiBlueprint("activities_member_api", __name__, url_prefix="/api/v1", description="Activities of a member")


def shown(ctx: Context, activity: Activity, found: SignUp | None) -> dict[str, Any]:
    """An activity as `OwnActivity` shows it."""
    names = [name for name in schemas.OwnActivity().fields if name not in ("open", "sign_up")]
    told = {name: getattr(activity, name) for name in names}
    return {**told, "open": sign_ups.is_open(ctx, activity), "sign_up": found}


@member_api.route("/me/activities")
class Own(MethodView):
    """What is on for the actor."""

    @member_api.response(200, schemas.OwnActivity(many=True))
    @signed_in
    def get(self) -> list[dict[str, Any]]:
        """List activities that are for me and not over"""
        ctx = current()
        mine_already = {one.activity.id: one.sign_up for one in mine.sign_ups(ctx)}
        return [shown(ctx, one.activity, mine_already.get(one.activity.id)) for one in mine.coming(ctx)]


@member_api.route("/orgs/<code>/activities/<uuid:activity_id>/own")
class Joining(MethodView):
    """One activity, for a member."""

    @member_api.response(200, schemas.OwnActivity)
    @participant(may_see)
    def get(self, activity_id: UUID) -> dict[str, Any]:
        """Show an activity that is for me"""
        ctx = current()
        activity, _records = reading.for_member(ctx, activity_id)
        return shown(ctx, activity, reading.own(ctx, activity))

    @member_api.arguments(schemas.SignUpInput)
    @member_api.response(200, schemas.SignUpOut)
    @participant(may_see)
    def post(self, data: dict[str, Any], activity_id: UUID) -> SignUp:
        """Sign up, or change companions and answers"""
        return sign_ups.sign_up(current(), activity_id, data)


@member_api.route("/orgs/<code>/activities/<uuid:activity_id>/own/attendance")
class Coming(MethodView):
    """Saying that one is there, by code."""

    @member_api.arguments(schemas.CodeInput)
    @member_api.response(200, schemas.SignUpOut)
    @participant(may_see)
    def post(self, data: dict[str, Any], activity_id: UUID) -> SignUp:
        """Say that I am there, with the code of the screen"""
        ctx = current()
        _activity, ticket = attendance.arrive(ctx, activity_id, data["code"])
        return attendance.come(ctx, activity_id, ticket)


@member_api.route("/orgs/<code>/activities/<uuid:activity_id>/own/attendance-by-place")
class ComingByPlace(MethodView):
    """Saying that one is there, by location."""

    @member_api.arguments(schemas.PlaceInput)
    @member_api.response(200, schemas.SignUpOut)
    @participant(may_see)
    def post(self, data: dict[str, Any], activity_id: UUID) -> SignUp:
        """Say that I am there, by where I am"""
        return attendance.come_by_place(current(), activity_id, data)


@member_api.route("/orgs/<code>/activities/<uuid:activity_id>/own/withdrawal")
class Withdrawing(MethodView):
    """Giving a place back."""

    @member_api.response(200, schemas.SignUpOut)
    @participant(may_see)
    def post(self, activity_id: UUID) -> SignUp:
        """Give my place back"""
        return sign_ups.withdraw(current(), activity_id)
