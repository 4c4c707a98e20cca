"""Pages of members, phone first: what is on for me, one activity, signing up and withdrawing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields

from banyan.sdk import (
    BoundForm,
    Context,
    Schema,
    current,
    done,
    is_member,
    lazy,
    participant,
    public,
    signed_in,
    submit,
    survey_answer_form,
    surveys_of,
)

from . import rules
from .models import Activity, SignUp
from .schemas import PlaceInput, SignUpInput
from .services import attendance, mine, reading, sign_ups

member_pages = Blueprint("activities_member_pages", __name__, template_folder="templates")
JOIN = "activities/join.html"


def may_see(ctx: Context) -> bool:
    """Members of the organisation's subtree, and those who signed up while they were."""
    activity_id = (request.view_args or {}).get("activity_id")
    return is_member(ctx) or (activity_id is not None and mine.signed_up(ctx, activity_id))


@member_pages.get("/me/activities")
@signed_in
def own() -> ResponseReturnValue:
    """What is on for the actor, and what they signed up for."""
    ctx = current()
    return render_template(
        "activities/own.html", coming=mine.coming(ctx), signed_up=mine.sign_ups(ctx), kinds=rules.KINDS,
        sign_up_states=rules.SIGN_UPS, now=ctx.clock.now(),
    )  # fmt: skip


def _form(activity: Activity, found: SignUp | None) -> BoundForm:
    parts: dict[str, Any] = {}
    if activity.companions:
        parts["companions"] = SignUpInput().fields["companions"]
    if activity.questions:
        asked = survey_answer_form(activity.questions)
        parts["answers"] = fields.Nested(asked, metadata={"label": lazy("Questions")})
    held = {"companions": found.places - 1, "answers": found.answers} if found is not None else None
    return BoundForm(type("Joining", (Schema,), parts)(), obj=held)


def _shown(ctx: Context, activity: Activity) -> dict[str, Any]:
    found = reading.own(ctx, activity)
    return {
        "activity": activity,
        "sign_up": found,
        "open": sign_ups.is_open(ctx, activity),
        "too_late": sign_ups.too_late_to_withdraw(ctx, activity),
        "surveys": [one for one in surveys_of(ctx, "activities.feedback", activity.id) if one.state == "open"],
        "kinds": rules.KINDS,
        "over": activity.ends_at < ctx.clock.now(),
        "on": attendance.is_on(ctx, activity) and not (found is not None and found.attended),
        "place_form_": BoundForm(PlaceInput(), prefix="p"),
    }


@member_pages.get("/orgs/<code>/activities/<uuid:activity_id>/join")
@participant(may_see)
def join(activity_id: UUID) -> ResponseReturnValue:
    """An activity as members see it, with the form to sign up."""
    ctx = current()
    activity, _records = reading.for_member(ctx, activity_id)
    shown = _shown(ctx, activity)
    return render_template(JOIN, form=_form(activity, shown["sign_up"]), **shown)


@member_pages.post("/orgs/<code>/activities/<uuid:activity_id>/join")
@participant(may_see)
def sign_up(activity_id: UUID) -> ResponseReturnValue:
    """Sign up, or change companions and answers."""
    ctx = current()
    activity, _records = reading.for_member(ctx, activity_id)
    shown = _shown(ctx, activity)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        found = sign_ups.sign_up(ctx, activity_id, data)
        told = (
            lazy("You have a place.")
            if found.state == "going"
            else lazy("All places are taken. You are on the waiting list and move up by itself.")
        )
        return done(told, "activities_member_pages.join", activity_id=activity_id)

    return submit(_form(activity, shown["sign_up"]), use, JOIN, **shown)


@member_pages.post("/orgs/<code>/activities/<uuid:activity_id>/withdraw")
@participant(may_see)
def withdraw(activity_id: UUID) -> ResponseReturnValue:
    """Give one's place back."""
    sign_ups.withdraw(current(), activity_id)
    return done(lazy("You have withdrawn."), "activities_member_pages.own")


@member_pages.get("/orgs/<code>/activities/<uuid:activity_id>/come/<come_code>")
@participant(may_see)
def come(activity_id: UUID, come_code: str) -> ResponseReturnValue:
    """Where the code on the organiser's screen leads: a ticket for this phone, and the button."""
    activity, ticket = attendance.arrive(current(), activity_id, come_code)
    return render_template("activities/come.html", activity=activity, ticket=ticket)


@member_pages.post("/orgs/<code>/activities/<uuid:activity_id>/come")
@participant(may_see)
def came(activity_id: UUID) -> ResponseReturnValue:
    """Say that one is there."""
    attendance.come(current(), activity_id, request.form.get("ticket", ""))
    return done(lazy("Your attendance has been taken."), "activities_member_pages.join", activity_id=activity_id)


@member_pages.post("/orgs/<code>/activities/<uuid:activity_id>/come-by-place")
@participant(may_see)
def came_by_place(activity_id: UUID) -> ResponseReturnValue:
    """Say that one is there, by where the phone is."""
    ctx = current()
    activity, _records = reading.for_member(ctx, activity_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        attendance.come_by_place(ctx, activity_id, data)
        return done(lazy("Your attendance has been taken."), "activities_member_pages.join", activity_id=activity_id)

    return submit(BoundForm(PlaceInput(), prefix="p"), use, "activities/come_by_place.html", activity=activity)


@member_pages.get("/orgs/<code>/activities/<uuid:activity_id>/public")
@public
def public_page(activity_id: UUID) -> ResponseReturnValue:
    """An activity as everybody may read it."""
    activity = mine.for_everybody(current(), activity_id)
    return render_template("activities/public.html", activity=activity, kinds=rules.KINDS)
