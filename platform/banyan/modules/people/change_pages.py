"""Console pages of the branch: what members changed and asked for, answered item by item, and counted by level."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy, translate
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may
from banyan.modules.approvals.permissions import INBOX_READ
from banyan.modules.approvals.views import PanelView, request_panel
from banyan.modules.people import change_lists, permissions
from banyan.modules.people.own_schemas import PutBack, answer_schema
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.rules.changes import Answer
from banyan.modules.people.services import change_answers, change_counts, change_reading
from banyan.modules.people.services.change_reading import Asked, Checked
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, Row, may_see, present

pages = Blueprint("people_change_pages", __name__, template_folder="templates")
READ, REVIEW = permissions.MEMBER_READ.name, permissions.MEMBER_REVIEW.name
REQUEST, CHANGE = "people/changes/request.html", "people/changes/change.html"


@pages.get("/orgs/<code>/member-changes")
@permission(READ)
def listing() -> ResponseReturnValue:
    """What members of this organisation and those below changed and asked for."""
    ctx = current()
    bulk = Action(lazy("Confirm"), url_for("people_change_pages.confirm_many"), "checks")
    view = present(
        ctx.session,
        change_lists.CHANGES,
        request.args,
        change_lists.seen(ctx),
        url=url_for("people_change_pages.listing"),
        columns=may_see(change_lists.CHANGES, lambda name: may(ctx, name)),
        links={"name": _address},
        bulk=(bulk,) if may(ctx, REVIEW) else (),
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.MEMBER_EXPORT.name) else None,
        empty=lazy("No member has changed or asked for anything."),
    )
    page = render_template("people/changes/list.html", view=view, counts=change_counts.here(ctx))
    return make_response(page, view.status)


def _address(row: Row) -> str:
    if row["request_id"]:
        return url_for("people_change_pages.asked", request_id=row["request_id"])
    return url_for("people_change_pages.change", change_id=row["id"])


@pages.get("/orgs/<code>/member-changes/levels")
@permission(READ)
def levels() -> ResponseReturnValue:
    """What is open and overdue, level by level."""
    return render_template("people/changes/levels.html", levels=change_counts.below(current()))


@pages.get("/orgs/<code>/member-changes/card")
@permission(READ)
def card() -> ResponseReturnValue:
    """The card on the dashboard."""
    return render_template("people/changes/card.html", counts=change_counts.here(current()))


@pages.get("/orgs/<code>/member-changes/requests/<uuid:request_id>")
@permission(INBOX_READ.name)
def asked(request_id: UUID) -> ResponseReturnValue:
    """A request: old value, new value and proof of each item, and its answers."""
    ctx = current()
    found = change_reading.asked(ctx, request_id)
    return _asked(ctx, found)


@pages.post("/orgs/<code>/member-changes/requests/<uuid:request_id>/show")
@permission(permissions.SENSITIVE_REVEAL.name)
def show(request_id: UUID) -> ResponseReturnValue:
    """The same with sensitive values in clear, to compare them with the proof; it is written down."""
    ctx = current()
    response = make_response(_asked(ctx, change_reading.show_asked(ctx, request_id)))
    response.headers["Cache-Control"] = "no-store"
    return response


def _asked(ctx: Context, found: Asked) -> str:
    view = request_panel(ctx, found.request_id)
    return render_template(REQUEST, form=_form(found, view), **_around(ctx, found, view))


def _form(found: Asked, view: PanelView) -> BoundForm | None:
    if not view.panel.acts:
        return None
    data = {"version": view.panel.version, "record_version": found.member.version}
    return BoundForm(answer_schema(found.waiting, late=view.panel.explain), data=data, prefix="answer")


def _around(ctx: Context, found: Asked, view: PanelView) -> dict[str, Any]:
    hidden = any(one.sensitive for one in found.items) and not found.clear
    return {
        "view": view,
        "asked": found,
        "states": rules.STATES,
        "tones": rules.STATE_TONES,
        "may_show": hidden and may(ctx, permissions.SENSITIVE_REVEAL.name, found.member.org),
        "may_read": may(ctx, READ, found.member.org),
    }


@pages.post("/orgs/<code>/member-changes/requests/<uuid:request_id>/decision")
@permission(INBOX_READ.name)
def decide(request_id: UUID) -> ResponseReturnValue:
    """Answer every item of a request."""
    ctx = current()
    found = change_reading.asked(ctx, request_id)
    view = request_panel(ctx, request_id)
    late = view.panel.explain

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        change_answers.answer(
            ctx,
            request_id,
            {item: Answer(data[item] == "yes", data[f"{item}_reason"]) for item in found.waiting},
            version=data["version"],
            record_version=data["record_version"],
            explanation=data.get("explanation", ""),
        )
        said = lazy("Your answers have been recorded; what you agreed to holds now.")
        return done(said, "people_change_pages.asked", request_id=request_id)

    form = BoundForm(answer_schema(found.waiting, late=late), prefix="answer")
    return submit(form, use, REQUEST, **_around(ctx, found, view))


@pages.get("/orgs/<code>/member-changes/<uuid:change_id>")
@permission(READ)
def change(change_id: UUID) -> ResponseReturnValue:
    """Something a member changed, to be checked."""
    ctx = current()
    return render_template(CHANGE, form=BoundForm(PutBack()), **_about(ctx, change_reading.checked(ctx, change_id)))


@pages.post("/orgs/<code>/member-changes/<uuid:change_id>/show")
@permission(permissions.SENSITIVE_REVEAL.name)
def show_change(change_id: UUID) -> ResponseReturnValue:
    """The same in clear; it is written down."""
    ctx = current()
    about = _about(ctx, change_reading.show_checked(ctx, change_id))
    response = make_response(render_template(CHANGE, form=BoundForm(PutBack()), **about))
    response.headers["Cache-Control"] = "no-store"
    return response


def _about(ctx: Context, found: Checked) -> dict[str, Any]:
    row = found.told.row
    open_to_me = row.state == rules.UNCHECKED and row.asked_by != ctx.actor.account_id
    return {
        "found": found,
        "states": rules.STATES,
        "tones": rules.STATE_TONES,
        "may_check": open_to_me and may(ctx, REVIEW, row.org),
        "may_show": found.told.sensitive and not found.clear and may(ctx, permissions.SENSITIVE_REVEAL.name, row.org),
    }


@pages.post("/orgs/<code>/member-changes/<uuid:change_id>/confirm")
@permission(REVIEW)
def confirm(change_id: UUID) -> ResponseReturnValue:
    """Note that a change is right."""
    change_answers.confirm(current(), change_id)
    return done(lazy("Noted as right."), "people_change_pages.listing")


@pages.post("/orgs/<code>/member-changes/<uuid:change_id>/put-back")
@permission(REVIEW)
def put_back(change_id: UUID) -> ResponseReturnValue:
    """Put the old value back."""
    ctx = current()
    found = change_reading.checked(ctx, change_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        change_answers.put_back(ctx, change_id, data["reason"])
        return done(lazy("The old value has been put back."), "people_change_pages.change", change_id=change_id)

    return submit(BoundForm(PutBack()), use, CHANGE, **_about(ctx, found))


@pages.post("/orgs/<code>/member-changes/confirm")
@permission(REVIEW)
def confirm_many() -> ResponseReturnValue:
    """Note that several changes are right; those that are not to be checked are told."""
    ids = []
    for text in request.form.getlist("ids")[:200]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    if not ids:
        flash(str(lazy("Choose at least one change.")), "warn")
        return redirect(url_for("people_change_pages.listing"), 303)
    number, reasons = change_answers.confirm_many(current(), ids)
    for reason in reasons:
        flash(translate(reason), "warn")
    return done(lazy("Noted as right: %(n)s.", n=number), "people_change_pages.listing")
