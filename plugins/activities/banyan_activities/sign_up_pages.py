"""Console pages of those who take part: the list, signing somebody up, taking somebody off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate
from werkzeug.datastructures import MultiDict

from banyan.sdk import (
    BoundForm,
    Context,
    Invalid,
    Schema,
    Text,
    current,
    done,
    lazy,
    may,
    may_see,
    members_called,
    permission,
    present,
    submit,
    visible,
)

from . import lists
from .models import Activity, SignUp
from .permissions import EXPORT, READ, UPDATE
from .rules import MOST_COMPANIONS
from .services import reading, sign_ups

sign_up_pages = Blueprint("activities_sign_up_pages", __name__, template_folder="templates")


class PutDownForm(Schema):
    """A member to be signed up, found by name or member number."""

    member = Text(
        required=True,
        validate=validate.Length(1, 60),
        metadata={"label": lazy("Member"), "help": lazy("Name, or member number where two have one name.")},
    )
    companions = fields.Integer(
        load_default=0, validate=validate.Range(0, MOST_COMPANIONS), metadata={"label": lazy("Companions")}
    )


@sign_up_pages.get("/orgs/<code>/activities/<uuid:activity_id>/sign-ups", endpoint="sign_ups")
@permission(READ.name)
def listing(activity_id: UUID) -> ResponseReturnValue:
    """Who takes part, who waits, who has withdrawn."""
    ctx = current()
    activity = reading.find(ctx, activity_id)
    return _page(ctx, activity, BoundForm(PutDownForm()))


def _page(ctx: Context, activity: Activity, form: BoundForm) -> ResponseReturnValue:
    view = present(
        ctx.session,
        lists.SIGN_UP_LIST,
        MultiDict([*request.args.items(multi=True), ("activity", str(activity.id))]),
        visible(ctx, READ.name, SignUp.org_path, within=ctx.here),
        url=url_for("activities_sign_up_pages.sign_ups", activity_id=activity.id),
        columns=may_see(lists.SIGN_UP_LIST, lambda name: may(ctx, name)),
        export_url=url_for("tasks_pages.export") if may(ctx, EXPORT.name) else None,
        empty=lazy("Nobody has signed up yet."),
    )
    changeable = may(ctx, UPDATE.name, activity.org) and activity.state == "published"
    return render_template(
        "activities/sign_ups.html", view=view, activity=activity, form=form, changeable=changeable
    ), view.status


@sign_up_pages.post("/orgs/<code>/activities/<uuid:activity_id>/sign-ups")
@permission(UPDATE.name)
def put_down(activity_id: UUID) -> ResponseReturnValue:
    """Sign a member up."""
    ctx = current()
    activity = reading.find(ctx, activity_id, UPDATE.name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        found = members_called(ctx, data["member"], 2)
        if len(found) != 1:
            reason = (
                lazy("Several members are called so; type the member number.")
                if found
                else lazy("Nobody is called so.")
            )
            raise Invalid({"member": [reason]})
        made = sign_ups.put_down(ctx, activity_id, found[0].id, data)
        return done(
            lazy("%(name)s is signed up.", name=made.name), "activities_sign_up_pages.sign_ups", activity_id=activity_id
        )

    return submit(BoundForm(PutDownForm()), use, "activities/put_down.html", activity=activity)


@sign_up_pages.post("/orgs/<code>/activities/<uuid:activity_id>/sign-ups/<uuid:sign_up_id>/withdraw")
@permission(UPDATE.name)
def take_off(activity_id: UUID, sign_up_id: UUID) -> ResponseReturnValue:
    """Take somebody off the list."""
    found = sign_ups.take_off(current(), activity_id, sign_up_id)
    told = lazy("%(name)s has been taken off.", name=found.name)
    return done(told, "activities_sign_up_pages.sign_ups", activity_id=activity_id)
