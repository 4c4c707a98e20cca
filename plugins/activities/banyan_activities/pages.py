"""Console pages for those who run activities: parse, call one service, present."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.sdk import (
    SURVEY_STATES,
    BoundForm,
    Context,
    account_names,
    audience_choices,
    audience_described,
    audience_from_json,
    audience_of,
    audience_to_input,
    current,
    done,
    history,
    lazy,
    may,
    may_see,
    permission,
    present,
    request_of_subject,
    request_panel,
    submit,
    surveys_of,
    today,
)

from . import feedback, lists, rules, schemas
from .models import Activity
from .permissions import CREATE, EXPORT, READ, UPDATE
from .services import approval, plans, preparing, publishing, reading

pages = Blueprint("activities_pages", __name__, template_folder="templates", static_folder=None)
FORM = "activities/form.html"


@pages.get("/orgs/<code>/activities", endpoint="activities")
@permission(READ.name)
def listing() -> ResponseReturnValue:
    """Plans and activities of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.ACTIVITIES,
        request.args,
        lists.seen(ctx),
        url=url_for("activities_pages.activities"),
        columns=may_see(lists.ACTIVITIES, lambda name: may(ctx, name)),
        links={"title": lambda row: url_for("activities_pages.activity", activity_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, EXPORT.name) else None,
        empty=lazy("No activities yet. Plan the first one."),
    )
    return render_template("activities/activities.html", view=view), view.status


@pages.get("/orgs/<code>/activities/<uuid:activity_id>")
@permission(READ.name)
def activity(activity_id: UUID) -> ResponseReturnValue:
    """An activity: what it is, where its approval stands, what is to be prepared, what may be done."""
    ctx = current()
    found = reading.find(ctx, activity_id)
    return render_template("activities/activity.html", **about(ctx, found))


def about(ctx: Context, found: Activity) -> dict[str, Any]:
    """What every page of an activity shows."""
    flow = approval.MAJOR if approval.is_major(ctx, found) else approval.PLAN
    asked, preparations = request_of_subject(ctx, flow, str(found.id)), preparing.of(ctx, found)
    return {
        "activity": found,
        "audience": audience_described(ctx, audience_from_json(ctx, found.audience)),
        "request_view": request_panel(ctx, asked.id) if asked is not None else None,
        "preparations": preparations,
        "owners": account_names(ctx, [one.owner_id for one in preparations if one.owner_id]),
        "preparation_kinds": rules.PREPARATIONS,
        "today": today(ctx.clock),
        "survey_states": SURVEY_STATES,
        "surveys": surveys_of(ctx, "activities.feedback", found.id),
        "history": history(ctx, "activities_activity", str(found.id)),
        "changeable": may(ctx, UPDATE.name, found.org),
        "publishable": publishing.may_publish(ctx, found),
        "free": approval.is_free(ctx, found),
        "major": approval.is_major(ctx, found),
        "kinds": rules.KINDS,
        "states": rules.STATES,
        "tones": rules.TONES,
        "summaries": rules.SUMMARIES,
        "questions": rules.to_lines(found.questions),
        "over": found.ends_at < ctx.clock.now(),
    }


def _form(ctx: Context, schema: type[schemas.PlanForm], found: Activity | None = None) -> BoundForm:
    data: dict[str, Any] = {"zone": "Asia/Shanghai", "kind": ""}
    if found is not None:
        held = {key: getattr(found, key) for key in plans.EDITABLE}
        audience = audience_to_input(ctx, audience_from_json(ctx, found.audience))
        data = {
            **held,
            **schemas.in_its_zone(held),
            "budget": f"{found.budget / 100:.2f}",
            "asked": rules.to_lines(found.questions),
            "version": found.version,
            **{f"audience.{key}": value for key, value in audience.items()},
        }
    choices = audience_choices(ctx)
    return BoundForm(schema(), data=data, choices=choices, urls={"audience.org": url_for("tenancy_pages.options")})


def _plan(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "questions": rules.from_lines(data["asked"])}


@pages.get("/orgs/<code>/activities/new")
@permission(CREATE.name)
def new() -> ResponseReturnValue:
    """The form of a new plan."""
    return render_template(FORM, form=_form(current(), schemas.PlanForm), activity=None)


@pages.post("/orgs/<code>/activities/new")
@permission(CREATE.name)
def create() -> ResponseReturnValue:
    """Write a plan."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = plans.create(ctx, _plan(data), audience_of(ctx, data["audience"], permission=CREATE.name))
        return done(lazy("The plan has been saved."), "activities_pages.activity", activity_id=made.id)

    return submit(_form(ctx, schemas.PlanForm), use, FORM, activity=None)


@pages.get("/orgs/<code>/activities/<uuid:activity_id>/edit")
@permission(UPDATE.name)
def edit(activity_id: UUID) -> ResponseReturnValue:
    """The form of an activity."""
    ctx = current()
    found = reading.find(ctx, activity_id, UPDATE.name)
    return render_template(FORM, form=_form(ctx, schemas.PlanFormUpdate, found), activity=found)


@pages.post("/orgs/<code>/activities/<uuid:activity_id>/edit")
@permission(UPDATE.name)
def change(activity_id: UUID) -> ResponseReturnValue:
    """Change an activity."""
    ctx = current()
    found = reading.find(ctx, activity_id, UPDATE.name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        plans.edit(ctx, activity_id, _plan(data), audience_of(ctx, data["audience"], permission=CREATE.name))
        return done(lazy("Saved."), "activities_pages.activity", activity_id=activity_id)

    return submit(_form(ctx, schemas.PlanFormUpdate, found), use, FORM, activity=found)


@pages.post("/orgs/<code>/activities/<uuid:activity_id>/feedback")
@permission(UPDATE.name)
def ask_feedback(activity_id: UUID) -> ResponseReturnValue:
    """Begin a questionnaire for those who took part."""
    made = feedback.begin(current(), activity_id)
    return done(lazy("Now write the questions."), "surveys_pages.survey", survey_id=made.id)


def version() -> int:
    """The version that a button was drawn for."""
    return request.form.get("version", 0, type=int)


@pages.post("/orgs/<code>/activities/<uuid:activity_id>/ask")
@permission(UPDATE.name)
def ask(activity_id: UUID) -> ResponseReturnValue:
    """Hand a plan in."""
    approval.ask(current(), activity_id, version())
    return done(lazy("The plan has been handed in."), "activities_pages.activity", activity_id=activity_id)


@pages.post("/orgs/<code>/activities/<uuid:activity_id>/publish")
@permission(UPDATE.name)
def publish(activity_id: UUID) -> ResponseReturnValue:
    """Publish an activity."""
    publishing.publish_it(current(), activity_id, version())
    return done(
        lazy("It is published; those it is for are told."), "activities_pages.activity", activity_id=activity_id
    )


@pages.post("/orgs/<code>/activities/<uuid:activity_id>/discard")
@permission(UPDATE.name)
def discard(activity_id: UUID) -> ResponseReturnValue:
    """Throw a plan away."""
    plans.discard(current(), activity_id, version())
    return done(lazy("The plan has been discarded."), "activities_pages.activities")


@pages.get("/orgs/<code>/activities/<uuid:activity_id>/cancel")
@permission(UPDATE.name)
def cancelling(activity_id: UUID) -> ResponseReturnValue:
    """The form in which an activity is called off."""
    found = reading.find(current(), activity_id, UPDATE.name)
    form = BoundForm(schemas.CancelInput(), data={"version": found.version})
    return render_template("activities/cancel.html", form=form, activity=found)


@pages.post("/orgs/<code>/activities/<uuid:activity_id>/cancel")
@permission(UPDATE.name)
def cancel(activity_id: UUID) -> ResponseReturnValue:
    """Call an activity off."""
    ctx = current()
    found = reading.find(ctx, activity_id, UPDATE.name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        publishing.cancel(ctx, activity_id, data["version"], data["reason"])
        return done(
            lazy("It is cancelled; those who signed up are told."), "activities_pages.activity", activity_id=found.id
        )

    return submit(BoundForm(schemas.CancelInput()), use, "activities/cancel.html", activity=found)


@pages.get("/orgs/<code>/activities/<uuid:activity_id>/copy")
@permission(CREATE.name)
def copying(activity_id: UUID) -> ResponseReturnValue:
    """The form in which an earlier activity becomes a new plan."""
    found = reading.find(current(), activity_id)
    return render_template("activities/copy.html", form=BoundForm(schemas.CopyInput()), activity=found)


@pages.post("/orgs/<code>/activities/<uuid:activity_id>/copy")
@permission(CREATE.name)
def copy(activity_id: UUID) -> ResponseReturnValue:
    """Plan another one like an earlier one."""
    ctx = current()
    found = reading.find(ctx, activity_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = plans.copy(ctx, activity_id, data)
        return done(lazy("The plan has been saved."), "activities_pages.activity", activity_id=made.id)

    return submit(BoundForm(schemas.CopyInput()), use, "activities/copy.html", activity=found)
