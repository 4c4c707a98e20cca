"""Summaries and their pictures, in the console and through the API (ACT-06)."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from marshmallow import fields, validate

from banyan.sdk import (
    ApiBlueprint,
    BoundForm,
    Schema,
    Text,
    attachment,
    current,
    done,
    lazy,
    may,
    permission,
    received,
    runtime,
    submit,
)

from . import pictures
from .models import Activity, Photo
from .permissions import FILE, READ, UPDATE
from .rules import SUMMARIES
from .schemas import ActivityOut, Version
from .services import reading, summing_up

summary_pages = Blueprint("activities_summary_pages", __name__, template_folder="templates")
summary_api = ApiBlueprint(
    "activities_summary_api", __name__, url_prefix="/api/v1/orgs/<code>/activities", description="Summaries"
)
HERE, FORM = "/orgs/<code>/activities/<uuid:activity_id>/summary", "activities/summary.html"
BACK = "activities_summary_pages.summary"


class SummaryInput(Version):
    """What came of an activity."""

    summary = Text(
        required=True,
        validate=validate.Length(5, 20_000),
        metadata={"label": lazy("Summary"), "widget": "textarea", "multiline": True, "wide": True},
    )


class ReturnInput(Version):
    """Why a summary is returned."""

    reason = Text(required=True, validate=validate.Length(2, 500), metadata={"label": lazy("Reason")})


class PhotoInput(Schema):
    """A picture."""

    photo = fields.Raw(
        required=True, metadata={"label": lazy("Picture"), "widget": "file", "help": lazy("JPG, PNG or WEBP.")}
    )
    caption = Text(load_default="", validate=validate.Length(max=200), metadata={"label": lazy("Caption")})


class PhotoUpdate(Schema):
    """A caption, and a step in the order."""

    caption = Text(load_default="", validate=validate.Length(max=200), metadata={"label": lazy("Caption")})
    move = fields.Integer(load_default=0, validate=validate.OneOf((-1, 0, 1)))


class PhotoOut(Schema):
    """A picture as the API shows it."""

    id = fields.UUID()
    caption = fields.String()
    position = fields.Integer()


def _add(activity_id: UUID, data: dict[str, Any]) -> Photo:
    limit = runtime().settings.upload_limit
    upload = data["photo"]
    with closing(upload), received(upload, "photo", max_bytes=limit, allowed=pictures.TYPES) as sniffed:
        assert sniffed is not None
        return summing_up.add_photo(current(), activity_id, sniffed, data["caption"])


def _shown(activity: Activity) -> dict[str, Any]:
    ctx = current()
    return {
        "activity": activity,
        "photos": summing_up.photos(ctx, activity),
        "changeable": may(ctx, UPDATE.name, activity.org) and activity.summary_state != "filed",
        "filing": may(ctx, FILE.name, activity.org) and activity.summary_state == "handed_in",
        "over": activity.ends_at < ctx.clock.now(),
        "summaries": SUMMARIES,
    }


def _form(activity: Activity) -> BoundForm:
    return BoundForm(SummaryInput(), data={"summary": activity.summary, "version": activity.version})


def _page(activity: Activity, status: int = 200, **forms: BoundForm) -> ResponseReturnValue:
    held = {"form": _form(activity), "photo_form": BoundForm(PhotoInput(), prefix="p"), **forms}
    return render_template(FORM, **held, **_shown(activity)), status


@summary_pages.get(HERE)
@permission(READ.name)
def summary(activity_id: UUID) -> ResponseReturnValue:
    """The summary of an activity with its pictures, and its form."""
    return _page(reading.find(current(), activity_id))


@summary_pages.post(HERE)
@permission(UPDATE.name)
def hand_in(activity_id: UUID) -> ResponseReturnValue:
    """Hand the summary in."""
    ctx = current()
    found = reading.find(ctx, activity_id, UPDATE.name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        summing_up.hand_in(ctx, activity_id, data)
        return done(lazy("The summary has been handed in."), BACK, activity_id=activity_id)

    photo_form = BoundForm(PhotoInput(), prefix="p")
    return submit(_form(found), use, FORM, photo_form=photo_form, **_shown(found))


@summary_pages.post(f"{HERE}/photos")
@permission(UPDATE.name)
def add_photo(activity_id: UUID) -> ResponseReturnValue:
    """Add a picture."""
    found = reading.find(current(), activity_id, UPDATE.name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        _add(activity_id, data)
        return done(lazy("The picture has been added."), BACK, activity_id=activity_id)

    return submit(BoundForm(PhotoInput(), prefix="p"), use, "activities/photo.html", activity=found)


@summary_pages.post("/orgs/<code>/activities/photos/<uuid:photo_id>")
@permission(UPDATE.name)
def change_photo(photo_id: UUID) -> ResponseReturnValue:
    """Another caption, or another place in the order."""
    data = {"caption": request.form.get("caption", "")[:200], "move": request.form.get("move", 0, type=int)}
    photo = summing_up.change_photo(current(), photo_id, PhotoUpdate().load(data))
    return done(lazy("Saved."), BACK, activity_id=photo.activity_id)


@summary_pages.post("/orgs/<code>/activities/photos/<uuid:photo_id>/remove")
@permission(UPDATE.name)
def remove_photo(photo_id: UUID) -> ResponseReturnValue:
    """Take a picture out."""
    activity_id = summing_up.remove_photo(current(), photo_id)
    return done(lazy("Removed."), BACK, activity_id=activity_id)


@summary_pages.get("/orgs/<code>/activities/photos/<uuid:photo_id>")
@permission(READ.name)
def photo(photo_id: UUID) -> Response:
    """A picture."""
    return attachment(summing_up.picture(current(), photo_id, small=request.args.get("small") == "1"))


@summary_pages.post(f"{HERE}/file")
@permission(FILE.name)
def file_it(activity_id: UUID) -> ResponseReturnValue:
    """File the summary."""
    summing_up.file_it(current(), activity_id, request.form.get("version", 0, type=int))
    return done(lazy("The summary has been filed."), BACK, activity_id=activity_id)


@summary_pages.post(f"{HERE}/return")
@permission(FILE.name)
def give_back(activity_id: UUID) -> ResponseReturnValue:
    """Return the summary."""
    ctx = current()
    found = reading.find(ctx, activity_id, FILE.name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        summing_up.give_back(ctx, activity_id, data["version"], data["reason"])
        return done(lazy("The summary has been returned."), BACK, activity_id=activity_id)

    return submit(BoundForm(ReturnInput()), use, "activities/summary_return.html", activity=found)


@summary_pages.get(f"{HERE}/return")
@permission(FILE.name)
def giving_back(activity_id: UUID) -> ResponseReturnValue:
    """The form in which a summary is returned."""
    found = reading.find(current(), activity_id, FILE.name)
    form = BoundForm(ReturnInput(), data={"version": found.version})
    return render_template("activities/summary_return.html", form=form, activity=found)


@summary_api.route("/<uuid:activity_id>/summary")
class Summary(MethodView):
    """The summary."""

    @summary_api.arguments(SummaryInput)
    @summary_api.response(200, ActivityOut)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Activity:
        """Hand the summary in"""
        return summing_up.hand_in(current(), activity_id, data)


@summary_api.route("/<uuid:activity_id>/summary/filing")
class Filing(MethodView):
    """Filing."""

    @summary_api.arguments(Version)
    @summary_api.response(200, ActivityOut)
    @permission(FILE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Activity:
        """File the summary"""
        return summing_up.file_it(current(), activity_id, data["version"])


@summary_api.route("/<uuid:activity_id>/summary/return")
class Returning(MethodView):
    """Returning."""

    @summary_api.arguments(ReturnInput)
    @summary_api.response(200, ActivityOut)
    @permission(FILE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Activity:
        """Return the summary for correction"""
        return summing_up.give_back(current(), activity_id, data["version"], data["reason"])


@summary_api.route("/<uuid:activity_id>/photos")
class Photos(MethodView):
    """Pictures of a summary."""

    @summary_api.response(200, PhotoOut(many=True))
    @permission(READ.name)
    def get(self, activity_id: UUID) -> list[Photo]:
        """List the pictures of a summary"""
        ctx = current()
        return list(summing_up.photos(ctx, reading.find(ctx, activity_id)))

    @summary_api.arguments(PhotoInput, location="files")
    @summary_api.response(201, PhotoOut)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Photo:
        """Add a picture; the caption is set afterwards"""
        return _add(activity_id, data)


@summary_api.route("/photos/<uuid:photo_id>")
class OnePhoto(MethodView):
    """A picture."""

    @summary_api.response(200, PhotoOut)
    @permission(READ.name)
    def get(self, photo_id: UUID) -> Photo:
        """Show what is known of a picture"""
        return reading.photo(current(), photo_id)

    @summary_api.arguments(PhotoUpdate)
    @summary_api.response(200, PhotoOut)
    @permission(UPDATE.name)
    def put(self, data: dict[str, Any], photo_id: UUID) -> Photo:
        """Another caption, or a step in the order"""
        return summing_up.change_photo(current(), photo_id, data)

    @summary_api.response(204)
    @permission(UPDATE.name)
    def delete(self, photo_id: UUID) -> None:
        """Take a picture out"""
        summing_up.remove_photo(current(), photo_id)
