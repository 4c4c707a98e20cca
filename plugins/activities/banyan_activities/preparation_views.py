"""Console pages and API of preparations (ACT-04)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from marshmallow import fields, validate

from banyan.sdk import (
    ApiBlueprint,
    BoundForm,
    Context,
    Schema,
    Text,
    accounts_here,
    current,
    done,
    lazy,
    load,
    permission,
    submit,
)

from .models import Preparation
from .permissions import READ, UPDATE
from .rules import PREPARATIONS
from .schemas import Version
from .services import preparing, reading

preparation_pages = Blueprint("activities_preparation_pages", __name__, template_folder="templates")
preparation_api = ApiBlueprint(
    "activities_preparation_api", __name__, url_prefix="/api/v1/orgs/<code>/activities", description="Preparations"
)
FORM, BACK = "activities/preparation.html", "activities_pages.activity"


class PreparationInput(Schema):
    """Something to be done before an activity."""

    title = Text(
        required=True, validate=validate.Length(2, 200), metadata={"label": lazy("What is to be done"), "wide": True}
    )
    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(PREPARATIONS)),
        metadata={"label": lazy("Kind"), "widget": "select", "choices": list(PREPARATIONS.items())},
    )
    due_on = fields.Date(required=True, metadata={"label": lazy("Due on")})
    owner_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Who sees to it"), "widget": "select", "placeholder": lazy("Nobody yet")},
    )
    note = Text(
        load_default="", validate=validate.Length(max=1000), metadata={"label": lazy("Note"), "widget": "textarea"}
    )


class PreparationUpdate(PreparationInput):
    """A change; ``version`` is the one that was read."""

    version = fields.Integer(required=True, metadata={"widget": "hidden"})


class Ticked(Schema):
    """Whether it is done."""

    done = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class PreparationOut(PreparationUpdate):
    """A preparation as the API shows it."""

    id = fields.UUID()
    done_at = fields.DateTime(allow_none=True)


def _form(ctx: Context, schema: Schema, **values: Any) -> BoundForm:
    owners = [(str(one.id), one.name) for one in accounts_here(ctx)]
    return BoundForm(schema, choices={"owner_id": owners}, **values)


@preparation_pages.get("/orgs/<code>/activities/<uuid:activity_id>/preparations/new")
@permission(UPDATE.name)
def new(activity_id: UUID) -> ResponseReturnValue:
    """The form of something to be done."""
    ctx = current()
    found = reading.find(ctx, activity_id, UPDATE.name)
    return render_template(FORM, form=_form(ctx, PreparationInput()), activity=found, preparation=None)


@preparation_pages.post("/orgs/<code>/activities/<uuid:activity_id>/preparations/new")
@permission(UPDATE.name)
def add(activity_id: UUID) -> ResponseReturnValue:
    """Add something to be done."""
    ctx = current()
    found = reading.find(ctx, activity_id, UPDATE.name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        preparing.add(ctx, activity_id, data)
        return done(lazy("Saved."), BACK, activity_id=activity_id)

    return submit(_form(ctx, PreparationInput()), use, FORM, activity=found, preparation=None)


@preparation_pages.get("/orgs/<code>/activities/preparations/<uuid:preparation_id>")
@permission(UPDATE.name)
def edit(preparation_id: UUID) -> ResponseReturnValue:
    """The form of a preparation."""
    ctx = current()
    one = load(ctx, UPDATE.name, Preparation, preparation_id)
    found = reading.find(ctx, one.activity_id, UPDATE.name)
    return render_template(FORM, form=_form(ctx, PreparationUpdate(), obj=one), activity=found, preparation=one)


@preparation_pages.post("/orgs/<code>/activities/preparations/<uuid:preparation_id>")
@permission(UPDATE.name)
def change(preparation_id: UUID) -> ResponseReturnValue:
    """Change a preparation."""
    ctx = current()
    one = load(ctx, UPDATE.name, Preparation, preparation_id)
    found = reading.find(ctx, one.activity_id, UPDATE.name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        preparing.change(ctx, preparation_id, data)
        return done(lazy("Saved."), BACK, activity_id=found.id)

    return submit(_form(ctx, PreparationUpdate(), obj=one), use, FORM, activity=found, preparation=one)


@preparation_pages.post("/orgs/<code>/activities/preparations/<uuid:preparation_id>/tick")
@permission(UPDATE.name)
def tick(preparation_id: UUID) -> ResponseReturnValue:
    """Say that it is done, or not after all."""
    version = request.form.get("version", 0, type=int)
    found = preparing.tick(current(), preparation_id, done=request.form.get("done") == "1", version=version)
    return done(lazy("Saved."), BACK, activity_id=found.activity_id)


@preparation_pages.post("/orgs/<code>/activities/preparations/<uuid:preparation_id>/remove")
@permission(UPDATE.name)
def remove(preparation_id: UUID) -> ResponseReturnValue:
    """Take it off the list."""
    ctx = current()
    activity_id = load(ctx, UPDATE.name, Preparation, preparation_id).activity_id
    preparing.remove(ctx, preparation_id, request.form.get("version", 0, type=int))
    return done(lazy("Removed."), BACK, activity_id=activity_id)


@preparation_api.route("/<uuid:activity_id>/preparations")
class Preparations(MethodView):
    """What is to be done before an activity."""

    @preparation_api.response(200, PreparationOut(many=True))
    @permission(READ.name)
    def get(self, activity_id: UUID) -> list[Preparation]:
        """List what is to be done"""
        ctx = current()
        return list(preparing.of(ctx, reading.find(ctx, activity_id)))

    @preparation_api.arguments(PreparationInput)
    @preparation_api.response(201, PreparationOut)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], activity_id: UUID) -> Preparation:
        """Add something to be done"""
        return preparing.add(current(), activity_id, data)


@preparation_api.route("/preparations/<uuid:preparation_id>")
class OnePreparation(MethodView):
    """Something to be done."""

    @preparation_api.response(200, PreparationOut)
    @permission(READ.name)
    def get(self, preparation_id: UUID) -> Preparation:
        """Show what is to be done"""
        return load(current(), READ.name, Preparation, preparation_id)

    @preparation_api.arguments(PreparationUpdate)
    @preparation_api.response(200, PreparationOut)
    @permission(UPDATE.name)
    def put(self, data: dict[str, Any], preparation_id: UUID) -> Preparation:
        """Change it"""
        return preparing.change(current(), preparation_id, data)


@preparation_api.route("/preparations/<uuid:preparation_id>/state")
class Ticking(MethodView):
    """Whether it is done."""

    @preparation_api.arguments(Ticked)
    @preparation_api.response(200, PreparationOut)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], preparation_id: UUID) -> Preparation:
        """Say that it is done, or not after all"""
        return preparing.tick(current(), preparation_id, done=data["done"], version=data["version"])


@preparation_api.route("/preparations/<uuid:preparation_id>/removal")
class Removing(MethodView):
    """Taking it off the list."""

    @preparation_api.arguments(Version)
    @preparation_api.response(204)
    @permission(UPDATE.name)
    def post(self, data: dict[str, Any], preparation_id: UUID) -> None:
        """Take it off the list"""
        preparing.remove(current(), preparation_id, data["version"])
