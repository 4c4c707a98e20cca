"""Attendance in the console and through the API, for the organiser's side (ACT-05)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import segno
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from markupsafe import Markup
from marshmallow import fields, validate

from banyan.sdk import (
    SHANGHAI,
    ApiBlueprint,
    BoundForm,
    Schema,
    Text,
    current,
    done,
    lazy,
    permission,
    runtime,
    submit,
)

from . import codes
from .models import Activity, Incident, SignUp
from .permissions import ATTEND, READ
from .schemas import SignUpOut
from .services import attendance, reading

attendance_pages = Blueprint("activities_attendance_pages", __name__, template_folder="templates")
attendance_api = ApiBlueprint(
    "activities_attendance_api", __name__, url_prefix="/api/v1/orgs/<code>/activities", description="Attendance"
)
HERE = "/orgs/<code>/activities/<uuid:activity_id>"
LIST = "activities_attendance_pages.attendance"


class MarkInput(Schema):
    """Whether somebody came, and when."""

    came = fields.Boolean(required=True)
    at = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=SHANGHAI)
    left = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=SHANGHAI)


class IncidentInput(Schema):
    """Something that happened."""

    happened_at = fields.AwareDateTime(
        required=True, default_timezone=SHANGHAI, metadata={"label": lazy("When"), "widget": "datetime-local"}
    )
    what = Text(
        required=True,
        validate=validate.Length(2, 2000),
        metadata={"label": lazy("What happened"), "widget": "textarea", "multiline": True},
    )
    measures = Text(
        load_default="",
        validate=validate.Length(max=2000),
        metadata={"label": lazy("What was done"), "widget": "textarea", "multiline": True},
    )


class IncidentOut(IncidentInput):
    """An incident as the API shows it."""

    id = fields.UUID()
    recorded_at = fields.DateTime()


class CodeOut(Schema):
    """What the organiser's screen shows now."""

    code = fields.String(metadata={"description": "Good for this half minute and the next."})
    address = fields.String(metadata={"description": "What the QR code holds."})


def qr(address: str, scale: int = 8) -> Markup:
    """A QR code as inline SVG."""
    drawn = segno.make(address, error="m").svg_inline(scale=scale, border=2, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704 - our own drawing, no text of anybody


def _address(endpoint: str, **values: Any) -> str:
    return runtime().settings.public_url + url_for(endpoint, **values)


@attendance_pages.get(f"{HERE}/screen")
@permission(ATTEND.name)
def screen(activity_id: UUID) -> ResponseReturnValue:
    """The code on the organiser's screen; it is fetched anew every ten seconds and changes every thirty."""
    activity, code = attendance.screen_code(current(), activity_id)
    address = _address("activities_member_pages.come", activity_id=activity.id, come_code=code)
    return render_template("activities/screen.html", activity=activity, drawn=qr(address, 10), address=address)


@attendance_pages.get(f"{HERE}/attendance", endpoint="attendance")
@permission(ATTEND.name)
def listing(activity_id: UUID) -> ResponseReturnValue:
    """The list by which attendance is taken, and what happened."""
    return render_template("activities/attendance.html", form=BoundForm(IncidentInput()), **_shown(activity_id))


def _shown(activity_id: UUID) -> dict[str, Any]:
    ctx = current()
    activity, going = attendance.printed(ctx, activity_id)
    return {
        "activity": activity,
        "going": going,
        "came": sum(1 for one in going if one.attended),
        "incidents": attendance.incidents(ctx, activity),
        "on": attendance.is_on(ctx, activity),
    }


@attendance_pages.post(f"{HERE}/attendance/<uuid:sign_up_id>")
@permission(ATTEND.name)
def mark(activity_id: UUID, sign_up_id: UUID) -> ResponseReturnValue:
    """Take attendance by list, or take it back."""
    ctx = current()
    left = ctx.clock.now() if request.form.get("left") == "1" else None
    found = attendance.mark(ctx, activity_id, sign_up_id, {"came": request.form.get("came") == "1", "left": left})
    return done(lazy("%(name)s: saved.", name=found.name), LIST, activity_id=activity_id)


@attendance_pages.get(f"{HERE}/attendance/<uuid:sign_up_id>/<paper_code>")
@permission(ATTEND.name)
def from_paper(activity_id: UUID, sign_up_id: UUID, paper_code: str) -> ResponseReturnValue:
    """Where the code beside a name on the printed list leads: who it is, and the button."""
    ctx = current()
    activity = reading.find(ctx, activity_id, ATTEND.name)
    found = reading.of_activity(ctx, activity, sign_up_id)
    return render_template("activities/from_paper.html", activity=activity, found=found, paper_code=paper_code)


@attendance_pages.post(f"{HERE}/attendance/<uuid:sign_up_id>/<paper_code>")
@permission(ATTEND.name)
def mark_paper(activity_id: UUID, sign_up_id: UUID, paper_code: str) -> ResponseReturnValue:
    """Take attendance from the printed list."""
    found = attendance.mark_paper(current(), activity_id, sign_up_id, paper_code)
    return done(lazy("%(name)s: saved.", name=found.name), LIST, activity_id=activity_id)


@attendance_pages.get(f"{HERE}/printed-list")
@permission(ATTEND.name)
def printed(activity_id: UUID) -> ResponseReturnValue:
    """The list to be printed, with a code beside each name."""
    activity, going = attendance.printed(current(), activity_id)
    lines = [(one, qr(_paper_address(activity, one), 2)) for one in going]
    return render_template("activities/printed.html", activity=activity, lines=lines)


def _paper_address(activity: Activity, one: SignUp) -> str:
    code = codes.of_paper(activity.secret, one.id)
    values = {"activity_id": activity.id, "sign_up_id": one.id, "paper_code": code}
    return _address("activities_attendance_pages.from_paper", **values)


@attendance_pages.post(f"{HERE}/incidents")
@permission(ATTEND.name)
def log_incident(activity_id: UUID) -> ResponseReturnValue:
    """Write down what happened."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        attendance.log_incident(current(), activity_id, data)
        return done(lazy("Written down."), LIST, activity_id=activity_id)

    return submit(BoundForm(IncidentInput()), use, "activities/attendance.html", **_shown(activity_id))


@attendance_api.route("/<uuid:activity_id>/code")
class Code(MethodView):
    """The code of the screen."""

    @attendance_api.response(200, CodeOut)
    @permission(ATTEND.name)
    def get(self, activity_id: UUID) -> dict[str, str]:
        """Show the code of attendance for this half minute"""
        activity, code = attendance.screen_code(current(), activity_id)
        address = _address("activities_member_pages.come", activity_id=activity.id, come_code=code)
        return {"code": code, "address": address}


@attendance_api.route("/<uuid:activity_id>/sign-ups/<uuid:sign_up_id>/attendance")
class Marking(MethodView):
    """Attendance by list."""

    @attendance_api.arguments(MarkInput)
    @attendance_api.response(200, SignUpOut)
    @permission(ATTEND.name)
    def post(self, data: dict[str, Any], activity_id: UUID, sign_up_id: UUID) -> SignUp:
        """Take somebody's attendance by list, or take it back"""
        return attendance.mark(current(), activity_id, sign_up_id, data)


@attendance_api.route("/<uuid:activity_id>/sign-ups/<uuid:sign_up_id>/attendance/<paper_code>")
class PaperMarking(MethodView):
    """Attendance from the printed list."""

    @attendance_api.response(200, SignUpOut)
    @permission(ATTEND.name)
    def post(self, activity_id: UUID, sign_up_id: UUID, paper_code: str) -> SignUp:
        """Take somebody's attendance with the code on the printed list"""
        return attendance.mark_paper(current(), activity_id, sign_up_id, paper_code)


@attendance_api.route("/<uuid:activity_id>/incidents")
class Incidents(MethodView):
    """What happened."""

    @attendance_api.response(200, IncidentOut(many=True))
    @permission(READ.name)
    def get(self, activity_id: UUID) -> list[Incident]:
        """List what happened during an activity"""
        ctx = current()
        return list(attendance.incidents(ctx, reading.find(ctx, activity_id)))

    @attendance_api.arguments(IncidentInput)
    @attendance_api.response(201, IncidentOut)
    @permission(ATTEND.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Incident:
        """Write down what happened"""
        return attendance.log_incident(current(), activity_id, data)
