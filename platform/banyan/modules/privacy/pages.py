"""Console pages of looks, of requests about personal data, and of those kept long enough."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import lazy, translate
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.approvals.views import request_panel
from banyan.modules.people import lists as people_lists
from banyan.modules.people import permissions as people
from banyan.modules.people.models import Member
from banyan.modules.people.services import members
from banyan.modules.privacy import lists, permissions, rules, schemas
from banyan.modules.privacy.models import DataRequest, Look
from banyan.modules.privacy.notice_pages import add_notice_pages
from banyan.modules.privacy.register_pages import add_register_pages
from banyan.modules.privacy.services import clear_exports, consents, erasure, guardians, looks, requests, retention
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import Action, present

pages = Blueprint("privacy_pages", __name__, template_folder="templates")
add_notice_pages(pages)
add_register_pages(pages)
READ, REVEAL = people.MEMBER_READ.name, people.SENSITIVE_REVEAL.name
LOOK_READ, REQUEST_READ = permissions.LOOK_READ.name, permissions.REQUEST_READ.name
CREATE, DECIDE = permissions.REQUEST_CREATE.name, permissions.REQUEST_DECIDE.name
MEMBER = "/orgs/<code>/members/<uuid:member_id>"


def _to_member(row: Any) -> str:
    return url_for("people_pages.member", member_id=row["id"])


@pages.get("/orgs/<code>/privacy/looks", endpoint="looks")
@permission(LOOK_READ)
def listing() -> ResponseReturnValue:
    """Who looked at sensitive data here and below, and why."""
    ctx = current()
    view = present(
        ctx.session,
        lists.LOOKS,
        request.args,
        visible(ctx, LOOK_READ, Look.org_path, within=ctx.here),
        url=url_for("privacy_pages.looks"),
        links={"member": lambda row: url_for("people_pages.member", member_id=row["member_id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.LOOK_EXPORT.name) else None,
        empty=lazy("Nobody has looked at sensitive data yet."),
    )
    return render_template("privacy/looks.html", view=view, warnings=looks.warnings(ctx)), view.status


@pages.get(f"{MEMBER}/reveal")
@permission(REVEAL)
def reveal(member_id: UUID) -> ResponseReturnValue:
    """The form in which somebody says what has to be seen, and why."""
    found = members.find(current(), member_id, people.SENSITIVE_REVEAL)
    form = BoundForm(schemas.RevealAsk())
    return render_template("privacy/reveal.html", form=form, member=found, hidden=members.shown(found))


@pages.post(f"{MEMBER}/reveal")
@permission(REVEAL)
def revealed(member_id: UUID) -> ResponseReturnValue:
    """Sensitive data in clear, on this one answer: nothing keeps it, and loading it again asks again."""
    ctx = current()
    found = members.find(ctx, member_id, people.SENSITIVE_REVEAL)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        seen = looks.reveal(ctx, member_id, data, how="page")
        page = render_template("privacy/revealed.html", seen=seen, member=found, labels=looks.FIELD_LABELS, said=data)
        answer = make_response(page)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    form = BoundForm(schemas.RevealAsk())
    return submit(form, use, "privacy/reveal.html", member=found, hidden=members.shown(found))


@pages.get(f"{MEMBER}/privacy")
@permission(READ)
def panel(member_id: UUID) -> ResponseReturnValue:
    """What the member's page tells of consents, guardians and looks, and the ways to do something about them."""
    ctx = current()
    found = members.find(ctx, member_id)
    may_here = {one.name: may(ctx, one.name, found.org) for one in permissions.PERMISSIONS}
    page = {
        "member": found,
        "may_here": may_here,
        "may_reveal": may(ctx, REVEAL, found.org),
        "consents": consents.standing(ctx, found) if may_here[permissions.NOTICE_READ.name] else None,
        "withdrawn": consents.withdrawn(ctx, found.id),
        "guardians": [(one, guardians.phone(one)) for one in guardians.of_member(ctx, found.id)]
        if may_here[permissions.NOTICE_READ.name]
        else [],
        "relations": rules.RELATIONS,
        "child": guardians.is_child(ctx, found),
    }
    if request.headers.get("HX-Request") == "true":
        return render_template("privacy/_member.html", **page)
    return render_template("privacy/member.html", **page)


@pages.get("/orgs/<code>/privacy/export")
@permission(REVEAL)
def export() -> ResponseReturnValue:
    """The list of members with its filters, and the form to have it in clear."""
    filters = urlencode([(key, value) for key, value in request.args.items() if value.strip()])
    form = BoundForm(schemas.RevealForm(), data={"filters": filters})
    return _export_page(current(), form, 200)


@pages.post("/orgs/<code>/privacy/export")
@permission(REVEAL)
def export_begin() -> ResponseReturnValue:
    """Begin the export in clear."""
    ctx = current()
    form = BoundForm(schemas.RevealForm())
    data = form.load(request.form, request.files)
    if data is not None:
        try:
            filters = dict(parse_qsl(data["filters"]))
            task = clear_exports.begin(ctx, data, filters, filters.get("sort", ""))
            return done(lazy("The export has begun."), "tasks_pages.task", task_id=task.id)
        except Invalid as error:
            form.refuse(error)
    return _export_page(ctx, form, 422)


def _export_page(ctx: Context, form: BoundForm, status: int) -> ResponseReturnValue:
    view = present(
        ctx.session,
        people_lists.MEMBERS,
        request.args,
        visible(ctx, people.MEMBER_EXPORT.name, Member.org_path, within=ctx.here),
        people_lists.KEPT,
        url=url_for("privacy_pages.export"),
        links={"name": _to_member},
        size=20,
    )
    return render_template("privacy/export.html", form=form, view=view), status if status != 200 else view.status


@pages.get("/orgs/<code>/privacy/requests", endpoint="requests")
@permission(REQUEST_READ)
def list_requests() -> ResponseReturnValue:
    """Copies and erasures that were asked for, here and below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.REQUESTS,
        request.args,
        visible(ctx, REQUEST_READ, DataRequest.org_path, within=ctx.here),
        url=url_for("privacy_pages.requests"),
        links={"kind": lambda row: url_for("privacy_pages.request", data_request_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.REQUEST_EXPORT.name) else None,
        empty=lazy("Nobody has asked for a copy or an erasure yet."),
    )
    return render_template("privacy/requests.html", view=view), view.status


@pages.get("/orgs/<code>/privacy/requests/<uuid:data_request_id>", endpoint="request")
@permission(REQUEST_READ)
def one_request(data_request_id: UUID) -> ResponseReturnValue:
    """A request: where it stands, what was erased, what stays and why."""
    ctx = current()
    found = requests.find(ctx, data_request_id)
    view = request_panel(ctx, found.request_id) if found.request_id is not None else None
    return render_template(
        "privacy/request.html",
        request_=found,
        number=erasure.number(found),
        member=ctx.session.get_one(Member, found.member_id),
        kinds=rules.KINDS,
        askers=rules.ASKERS,
        states=rules.STATES,
        tones=rules.STATE_TONES,
        kept=[translate(one) for one in found.kept],
        against=erasure.against(ctx, found.person_id) if found.kind == "erasure" and not found.ended_at else [],
        view=view,
        restartable=requests.restartable(ctx, found),
    )


@pages.post("/orgs/<code>/privacy/requests/<uuid:data_request_id>/retry")
@permission(CREATE)
def retry(data_request_id: UUID) -> ResponseReturnValue:
    """Start an erasure again that failed."""
    requests.retry(current(), data_request_id)
    return done(lazy("It has been started again."), "privacy_pages.request", data_request_id=data_request_id)


@pages.get(f"{MEMBER}/erasure")
@permission(CREATE)
def erasure_form(member_id: UUID) -> ResponseReturnValue:
    """The form in which the organisation asks for the erasure of somebody who left."""
    return render_template("privacy/erasure.html", form=BoundForm(schemas.ErasureAsk()), **_erased(member_id))


@pages.post(f"{MEMBER}/erasure")
@permission(CREATE)
def erasure_ask(member_id: UUID) -> ResponseReturnValue:
    """Ask for the erasure of somebody who left."""
    ctx, about = current(), _erased(member_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = requests.ask_for(ctx, member_id, data["reason"])
        return done(lazy("The request has been handed in."), "privacy_pages.request", data_request_id=made.id)

    return submit(BoundForm(schemas.ErasureAsk()), use, "privacy/erasure.html", **about)


def _erased(member_id: UUID) -> dict[str, Any]:
    ctx = current()
    found = members.find(ctx, member_id)
    return {
        "member": found,
        "against": erasure.against(ctx, found.person_id),
        "kept": erasure.kept(ctx, found.person_id),
    }


@pages.get("/orgs/<code>/privacy/retention", endpoint="retention")
@permission(REQUEST_READ)
def list_retention() -> ResponseReturnValue:
    """Those who left so long ago that nothing is to be kept of them."""
    return _retention(current(), [])


@pages.post("/orgs/<code>/privacy/retention", endpoint="retention_confirm")
@permission(DECIDE)
def confirm_retention() -> ResponseReturnValue:
    """Have the chosen records erased."""
    ids = []
    for text in request.form.getlist("ids")[:200]:
        try:
            ids.append(UUID(text))
        except ValueError as error:
            raise Invalid({"ids": [lazy("Not a valid UUID.")]}) from error
    told = retention.confirm(current(), ids)
    left = [one for one in told if one.refused]
    if not left:
        return done(lazy("Records that are being erased: %(n)s.", n=len(told)), "privacy_pages.retention")
    return _retention(current(), told)


def _retention(ctx: Context, told: list[retention.Told]) -> ResponseReturnValue:
    erase = Action(lazy("Erase the chosen"), url_for("privacy_pages.retention_confirm"), "trash", "btn-outline-danger")
    view = present(
        ctx.session,
        lists.LEFT,
        request.args,
        visible(ctx, READ, Member.org_path, within=ctx.here),
        retention.over(ctx),
        url=url_for("privacy_pages.retention"),
        links={"name": _to_member},
        bulk=(erase,) if may(ctx, DECIDE) else (),
        empty=lazy("Nobody who left has been kept longer than the rule says."),
        count=False,
    )
    page = render_template("privacy/retention.html", view=view, outcomes=told, last_day=retention.last_day(ctx))
    return page, view.status
