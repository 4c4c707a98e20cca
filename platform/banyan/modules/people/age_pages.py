"""Console pages of limits of age."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy, translate
from banyan.kernel.runtime import current
from banyan.modules.access.decision import load, may
from banyan.modules.people import campaign_schemas as schemas
from banyan.modules.people.account_pages import chosen_ids
from banyan.modules.people.age_lists import OVER_AGE
from banyan.modules.people.age_settings import MOST
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_EXPORT, MEMBER_READ, MEMBER_UPDATE
from banyan.modules.people.services import age_leaving, ages
from banyan.plugins.settings import setting
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, present

pages = Blueprint("people_age_pages", __name__, template_folder="templates")
UPDATE = MEMBER_UPDATE.name
LISTING = "people_age_pages.over_age"


@pages.get("/orgs/<code>/leaving-for-age", endpoint="over_age")
@permission(MEMBER_READ.name)
def over_age() -> ResponseReturnValue:
    """Members here and below who leave for age, now or within some months."""
    ctx = current()
    spans = [(months, age_leaving.born_until(ctx, months).isoformat()) for months in age_leaving.MONTHS]
    args = MultiDict(request.args)
    args.setdefault("born_until", spans[0][1])
    view = present(
        ctx.session,
        OVER_AGE,
        args,
        age_leaving.concerned(ctx),
        url=url_for(LISTING),
        links={"name": lambda row: url_for("people_pages.member", member_id=row["id"])},
        bulk=[Action(lazy("Leave for age"), url_for("people_age_pages.prepare"), "logout", "btn-outline-danger")]
        if may(ctx, UPDATE)
        else (),
        export_url=url_for("tasks_pages.export") if may(ctx, MEMBER_EXPORT.name) else None,
        empty=lazy("Nobody here and below has reached the limit of age."),
    )
    values = {"spans": spans, "chosen": args["born_until"], "most": setting(ctx, MOST.key)}
    return render_template("people/over_age.html", view=view, **values), view.status


@pages.post("/orgs/<code>/leaving-for-age/form", endpoint="prepare")
@permission(UPDATE)
def prepare() -> ResponseReturnValue:
    """The form for the selected members; writes nothing."""
    ids = chosen_ids()
    if not ids:
        raise Refused(lazy("Choose at least one member."))
    named = " ".join(map(str, ids))
    form = BoundForm(schemas.AgeLeavingForm(), data={"ended_on": today(current().clock), "ids": named})
    return render_template("people/age_leaving.html", form=form, number=len(ids))


@pages.post("/orgs/<code>/leaving-for-age", endpoint="leave")
@permission(UPDATE)
def leave() -> ResponseReturnValue:
    """Note that the selected members left for age."""
    ctx = current()
    ids = chosen_ids(request.form.get("ids", "").split())

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        out = age_leaving.leave(ctx, {**data, "ids": ids})
        for name, reason in out.left:
            flash(str(lazy("%(name)s stays: %(reason)s", name=name, reason=translate(reason))), "warn")
        return done(lazy("Members who left for age: %(n)s.", n=out.done), LISTING)

    return submit(BoundForm(schemas.AgeLeavingForm()), use, "people/age_leaving.html", number=len(ids))


@pages.get("/orgs/<code>/members/<uuid:member_id>/age-exception", endpoint="exception")
@permission(UPDATE)
def exception(member_id: UUID) -> ResponseReturnValue:
    """The form of an exception."""
    member = load(current(), UPDATE, Member, member_id)
    held = age_leaving.exception_of(current(), member_id)
    data = {"reason": held.reason, "until": held.until} if held else {}
    form = BoundForm(schemas.AgeExceptionCreate(), data=data)
    return render_template("people/age_exception.html", form=form, member=member, held=held)


@pages.post("/orgs/<code>/members/<uuid:member_id>/age-exception", endpoint="except_")
@permission(UPDATE)
def note_exception(member_id: UUID) -> ResponseReturnValue:
    """Let a member stay beyond the limit of age."""
    ctx = current()
    member = load(ctx, UPDATE, Member, member_id)
    held = age_leaving.exception_of(ctx, member_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        age_leaving.except_(ctx, member_id, data)
        return done(lazy("Saved."), "people_pages.member", member_id=member_id)

    return submit(BoundForm(schemas.AgeExceptionCreate()), use, "people/age_exception.html", member=member, held=held)


@pages.post("/orgs/<code>/members/<uuid:member_id>/age-exception/end", endpoint="end_exception")
@permission(UPDATE)
def end_exception(member_id: UUID) -> ResponseReturnValue:
    """End the exception of a member."""
    age_leaving.end_exception(current(), member_id)
    return done(lazy("Saved."), "people_pages.member", member_id=member_id)


def panel_data(ctx: Context, member: Member) -> dict[str, object] | None:
    """What the record page says of the limit of age; nothing where there is none, or nothing to say."""
    limits = ages.limits(ctx, member.org)
    if limits is None or member.status != "active" or member.birth_date is None:
        return None
    held = age_leaving.exception_of(ctx, member.id)
    until = ages.reached_on(limits, member.birth_date)
    soon = age_leaving.HORIZON
    if held is None and until > ages.in_months(ctx, soon):
        return None
    return {"until": until, "held": held, "most": limits.most, "may_except": may(ctx, UPDATE, member.org)}
