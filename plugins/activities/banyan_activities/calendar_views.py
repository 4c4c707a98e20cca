"""The calendar: month, week and agenda, iCalendar files and feeds, recurring activities (ACT-01)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from marshmallow import fields, validate

from banyan.sdk import (
    ApiBlueprint,
    BoundForm,
    Schema,
    current,
    done,
    inside,
    lazy,
    participant,
    permission,
    public,
    runtime,
    signed_in,
    submit,
    today,
    translate,
)

from . import rules
from .member_pages import may_see
from .models import Activity
from .permissions import CREATE, READ
from .schemas import ActivityOut
from .services import calendar, plans, reading

calendar_pages = Blueprint("activities_calendar_pages", __name__, template_folder="templates")
calendar_api = ApiBlueprint(
    "activities_calendar_api", __name__, url_prefix="/api/v1", description="Calendar of activities"
)
ICS = "text/calendar; charset=utf-8"
EVERY = {"week": lazy("Every week"), "fortnight": lazy("Every two weeks"), "month": lazy("Every month")}


class Period(Schema):
    """From a day until before another, at most 60 days."""

    first = fields.Date(required=True)
    until = fields.Date(required=True)


class LineOut(Schema):
    """An activity in the calendar."""

    id = fields.UUID()
    org_id = fields.UUID()
    title = fields.String()
    kind = fields.String()
    state = fields.String()
    place = fields.String()
    starts_at = fields.DateTime()
    ends_at = fields.DateTime()


class PeriodOut(Schema):
    """Activities of a period."""

    items = fields.List(fields.Nested(LineOut))
    more = fields.Boolean(metadata={"description": "There are more than are told."})


class RepeatInput(Schema):
    """How often an activity is held again."""

    every = fields.String(
        required=True,
        validate=validate.OneOf(tuple(EVERY)),
        metadata={"label": lazy("How often"), "widget": "radio", "choices": list(EVERY.items())},
    )
    times = fields.Integer(
        required=True, validate=validate.Range(1, 52), metadata={"label": lazy("How many times more")}
    )


class FeedState(Schema):
    """Whether there is a secret address; the address itself is not kept."""

    made_at = fields.DateTime(allow_none=True)
    used_at = fields.DateTime(allow_none=True)


class FeedOut(Schema):
    """A secret address, told once."""

    address = fields.String()


def _day(value: str | None, default: date) -> date:
    try:
        return date.fromisoformat(value) if value else default
    except ValueError:
        return default


@calendar_pages.get("/orgs/<code>/activities/calendar", endpoint="calendar")
@permission(READ.name)
def month() -> ResponseReturnValue:
    """A month, or a week, of activities of this organisation and those below."""
    ctx = current()
    now = today(ctx.clock)
    day = _day(request.args.get("day"), now)
    if request.args.get("view") == "week":
        monday = day - timedelta(days=day.weekday())
        lines, more = calendar.between(ctx, monday, monday + timedelta(days=7))
        days = calendar.by_day(lines)
        week = [(one, days.get(one, [])) for one in (monday + timedelta(days=n) for n in range(7))]
        shown = {"week": week, "more": more, "monday": monday, "today": now, "one_week": timedelta(days=7)}
        return render_template("activities/week.html", **shown, kinds=rules.KINDS)
    found = calendar.month(ctx, day.replace(day=1))
    return render_template("activities/month.html", month=found, today=now, kinds=rules.KINDS)


@calendar_pages.get("/orgs/<code>/activities/<uuid:activity_id>/calendar.ics")
@participant(may_see)
def one_ics(activity_id: UUID) -> Response:
    """An activity for the calendar of a phone."""
    ctx = current()
    activity, _records = reading.for_member(ctx, activity_id)
    return _file([(activity, _link(reading.code_of(ctx, ctx.here.id), activity))], activity.title)


@calendar_pages.get("/orgs/<code>/activities/feed/<secret>/calendar.ics")
@public
def feed(secret: str) -> Response:
    """What is on for whoever made this secret address."""
    found = calendar.read_feed(inside(current().here), secret)
    return _file([(one.activity, _link(one.code, one.activity)) for one in found], translate("Activities"))


def _file(activities: list[tuple[Activity, str]], name: str) -> Response:
    body = calendar.ics(activities, runtime().clock.now(), name)
    return Response(body, content_type=ICS, headers={"Cache-Control": "private, max-age=300"})


def _link(code: str, activity: Activity) -> str:
    return runtime().settings.public_url + url_for("activities_member_pages.join", code=code, activity_id=activity.id)


@calendar_pages.get("/me/activities/calendar")
@signed_in
def own_feed() -> ResponseReturnValue:
    """The secret address of one's calendar: whether there is one, and the buttons."""
    return render_template("activities/feed.html", feed=calendar.feed_of(current()), address="")


@calendar_pages.post("/me/activities/calendar")
@signed_in
def make_feed() -> ResponseReturnValue:
    """Make a new secret address; it is shown once."""
    ctx = current()
    address = _feed_address(calendar.make_feed(ctx))
    return render_template("activities/feed.html", feed=calendar.feed_of(ctx), address=address)


@calendar_pages.post("/me/activities/calendar/revoke")
@signed_in
def revoke_feed() -> ResponseReturnValue:
    """End the secret address."""
    calendar.revoke_feed(current())
    return done(lazy("The address has been revoked."), "activities_calendar_pages.own_feed")


def _feed_address(secret: str) -> str:
    ctx = current()
    assert ctx.actor.home is not None
    home = reading.code_of(ctx, ctx.actor.home.id)
    return runtime().settings.public_url + url_for("activities_calendar_pages.feed", code=home, secret=secret)


@calendar_pages.get("/orgs/<code>/activities/<uuid:activity_id>/repeat")
@permission(CREATE.name)
def repeating(activity_id: UUID) -> ResponseReturnValue:
    """The form in which an activity becomes a series."""
    found = reading.find(current(), activity_id)
    return render_template("activities/repeat.html", form=BoundForm(RepeatInput()), activity=found)


@calendar_pages.post("/orgs/<code>/activities/<uuid:activity_id>/repeat")
@permission(CREATE.name)
def repeat(activity_id: UUID) -> ResponseReturnValue:
    """Plan an activity again and again."""
    ctx = current()
    found = reading.find(ctx, activity_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = plans.repeat(ctx, activity_id, data)
        flash(str(lazy("%(n)s plans have been saved.", n=len(made))), "ok")
        return done(lazy("Each can be changed, handed in and published by itself."), "activities_pages.activities")

    return submit(BoundForm(RepeatInput()), use, "activities/repeat.html", activity=found)


@calendar_api.route("/orgs/<code>/activities/calendar")
class Calendar(MethodView):
    """The calendar."""

    @calendar_api.arguments(Period, location="query")
    @calendar_api.response(200, PeriodOut)
    @permission(READ.name)
    def get(self, data: dict[str, Any]) -> Response:
        """List activities of the organisation and those below by the day on which they begin"""
        lines, more = calendar.between(current(), data["first"], data["until"])
        # A thousand rows do not go through a schema: they are what the columns are.
        body = {"items": [line._asdict() for line in lines], "more": more}
        return Response(orjson.dumps(body), content_type="application/json")


@calendar_api.route("/orgs/<code>/activities/<uuid:activity_id>/repetitions")
class Repetitions(MethodView):
    """Series."""

    @calendar_api.arguments(RepeatInput)
    @calendar_api.response(201, ActivityOut(many=True))
    @permission(CREATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> list[Activity]:
        """Plan an activity again and again"""
        return plans.repeat(current(), activity_id, data)


@calendar_api.route("/me/activities/calendar")
class OwnFeed(MethodView):
    """The secret address of one's calendar."""

    @calendar_api.response(200, FeedState)
    @signed_in
    def get(self) -> dict[str, Any]:
        """Say whether I have an address, and since when"""
        found = calendar.feed_of(current())
        return {"made_at": found.made_at if found else None, "used_at": found.used_at if found else None}

    @calendar_api.response(201, FeedOut)
    @signed_in
    def post(self) -> dict[str, str]:
        """Make a new secret address; the one before ends"""
        return {"address": _feed_address(calendar.make_feed(current()))}


@calendar_api.route("/me/activities/calendar/revocation")
class FeedRevocation(MethodView):
    """The end of the secret address."""

    @calendar_api.response(204)
    @signed_in
    def post(self) -> None:
        """End the secret address"""
        calendar.revoke_feed(current())
