"""Console pages of members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.people import bulk_views, lists, permissions, schemas
from banyan.modules.people.audience_views import add_audience_pages
from banyan.modules.people.field_forms import form_values, of_form, with_fields
from banyan.modules.people.field_lists import members_table
from banyan.modules.people.field_pages import add_field_pages
from banyan.modules.people.models import Member
from banyan.modules.people.panels import actions_of, panels_of, tabs_of
from banyan.modules.people.rules import choices
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services import field_values, filters, members, reviewing
from banyan.modules.people.services.field_reading import fields_of
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.shell import follow_tree
from banyan.web.tables import may_see, present

pages = Blueprint("people_pages", __name__, template_folder="templates")
add_field_pages(pages)
add_audience_pages(pages)
bulk_views.add_bulk_pages(pages)
follow_tree("people_pages.members")
READ, CREATE, UPDATE = (
    one.name for one in (permissions.MEMBER_READ, permissions.MEMBER_CREATE, permissions.MEMBER_UPDATE)
)


@pages.get("/orgs/<code>/members/", endpoint="members")
@permission(READ)
def listing() -> ResponseReturnValue:
    """Members of this organisation and those below."""
    ctx = current()
    table = members_table(ctx)
    args = MultiDict((name, value) for name, value in request.args.items(multi=True) if name != "filter")
    view = present(
        ctx.session,
        table,
        args,
        visible(ctx, READ, Member.org_path, within=ctx.here),
        lists.KEPT,
        url=url_for("people_pages.members"),
        columns=lists.columns_at(may_see(table, lambda name: may(ctx, name)), leaf=members.is_leaf(ctx)),
        links={"name": lambda row: url_for("people_pages.member", member_id=row["id"])},
        bulk=bulk_views.actions(ctx),
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.MEMBER_EXPORT.name) else None,
        empty=lazy("No members yet. Admit them one by one, or bring them in from a spreadsheet."),
    )
    kept = request.args.to_dict(flat=False)
    to_review = reviewing.waiting(ctx) if may(ctx, permissions.MEMBER_REVIEW.name) else 0
    offered = filters.offered(ctx)
    html = render_template("people/members.html", view=view, filters=offered, kept=kept, to_review=to_review)
    return html, view.status


def about(ctx: Context, member: Member, tab: str) -> dict[str, Any]:
    """What every page of a member's file shows in its head."""
    return {
        "member": member,
        "org": ctx.session.get_one(Org, member.org_id),
        "tabs": tabs_of(ctx, member),
        "tab": tab,
        "actions": actions_of(ctx, member),
        "statuses": choices.STATUSES,
    }


@pages.get("/orgs/<code>/members/<uuid:member_id>/")
@permission(READ)
def member(member_id: UUID) -> ResponseReturnValue:
    """A member's record."""
    ctx = current()
    found = members.find(ctx, member_id)
    return render_template("people/member.html", panels=panels_of(ctx, found), **about(ctx, found, "record"))


@pages.get("/orgs/<code>/members/new")
@permission(CREATE)
def new() -> ResponseReturnValue:
    """The form of a new member."""
    fields = fields_of(current(), current().here)
    form = BoundForm(with_fields(schemas.MemberCreate, fields))
    return render_template("people/member_form.html", form=form, member=None)


@pages.post("/orgs/<code>/members/new")
@permission(CREATE)
def create() -> ResponseReturnValue:
    """Admit a member."""
    ctx = current()
    fields = fields_of(ctx, ctx.here)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = members.admit(ctx, ctx.here, of_form(fields, data))
        return done(lazy("%(name)s has been admitted.", name=made.name), "people_pages.member", member_id=made.id)

    form = BoundForm(with_fields(schemas.MemberCreate, fields))
    return submit(form, use, "people/member_form.html", member=None)


@pages.get("/orgs/<code>/members/<uuid:member_id>/edit")
@permission(UPDATE)
def edit(member_id: UUID) -> ResponseReturnValue:
    """The form of a member's record."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.MEMBER_UPDATE)
    form = _edited(ctx, found, fields_of(ctx, found.org))
    return render_template("people/member_form.html", form=form, member=found, hidden=members.shown(found))


def _edited(ctx: Context, found: Member, fields: Sequence[Field]) -> BoundForm:
    """Sensitive fields stay empty: what is left empty is kept."""
    held = {name: getattr(found, name, None) for name in schemas.MemberUpdate().fields}
    own = field_values.stored(ctx, [found.id]).get(found.id, {}) if fields else {}
    schema = with_fields(schemas.MemberUpdate, fields, editing=True)
    return BoundForm(schema, obj={**held, "fields": form_values(fields, own)})


@pages.post("/orgs/<code>/members/<uuid:member_id>/edit")
@permission(UPDATE)
def update(member_id: UUID) -> ResponseReturnValue:
    """Edit a member's record."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.MEMBER_UPDATE)
    hidden, fields = members.shown(found), fields_of(ctx, found.org)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        members.edit(ctx, member_id, of_form(fields, data, editing=True), data["version"])
        return done(lazy("Saved."), "people_pages.member", member_id=member_id)

    return submit(_edited(ctx, found, fields), use, "people/member_form.html", member=found, hidden=hidden)


@pages.get("/orgs/<code>/members/<uuid:member_id>/leave")
@permission(UPDATE)
def leaving(member_id: UUID) -> ResponseReturnValue:
    """The form of the end of a membership."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.MEMBER_UPDATE)
    form = BoundForm(schemas.MemberLeave(), data={"version": found.version, "ended_on": today(ctx.clock)})
    return render_template("people/member_leave.html", form=form, member=found)


@pages.post("/orgs/<code>/members/<uuid:member_id>/leave")
@permission(UPDATE)
def leave(member_id: UUID) -> ResponseReturnValue:
    """Note that a member left."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.MEMBER_UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        members.leave(ctx, member_id, data)
        return done(lazy("Saved."), "people_pages.member", member_id=member_id)

    form = BoundForm(schemas.MemberLeave(), data={"version": found.version})
    return submit(form, use, "people/member_leave.html", member=found)


@pages.get("/orgs/<code>/members/<uuid:member_id>/restore")
@permission(UPDATE)
def restoring(member_id: UUID) -> ResponseReturnValue:
    """The form of a return."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.MEMBER_UPDATE)
    form = BoundForm(schemas.MemberRestore(), data={"version": found.version, "restored_on": today(ctx.clock)})
    return render_template("people/member_restore.html", form=form, member=found)


@pages.post("/orgs/<code>/members/<uuid:member_id>/restore")
@permission(UPDATE)
def restore(member_id: UUID) -> ResponseReturnValue:
    """Make somebody who left a member again."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.MEMBER_UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        members.restore(ctx, member_id, data)
        return done(lazy("Saved."), "people_pages.member", member_id=member_id)

    form = BoundForm(schemas.MemberRestore(), data={"version": found.version})
    return submit(form, use, "people/member_restore.html", member=found)
