"""Console pages of members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.people import lists, permissions, schemas
from banyan.modules.people.models import Member
from banyan.modules.people.panels import actions_of, panels_of, tabs_of
from banyan.modules.people.rules import choices
from banyan.modules.people.services import members
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

pages = Blueprint("people_pages", __name__, template_folder="templates")
READ, CREATE, UPDATE = (
    one.name for one in (permissions.MEMBER_READ, permissions.MEMBER_CREATE, permissions.MEMBER_UPDATE)
)


@pages.get("/orgs/<code>/members/", endpoint="members")
@permission(READ)
def listing() -> ResponseReturnValue:
    """Members of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.MEMBERS,
        request.args,
        visible(ctx, READ, Member.org_path, within=ctx.here),
        lists.KEPT,
        url=url_for("people_pages.members"),
        columns=may_see(lists.MEMBERS, lambda name: may(ctx, name)),
        links={"name": lambda row: url_for("people_pages.member", member_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.MEMBER_EXPORT.name) else None,
        empty=lazy("No members yet. Admit them one by one, or bring them in from a spreadsheet."),
    )
    return render_template("people/members.html", view=view), view.status


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
    return render_template("people/member_form.html", form=BoundForm(schemas.MemberCreate()), member=None)


@pages.post("/orgs/<code>/members/new")
@permission(CREATE)
def create() -> ResponseReturnValue:
    """Admit a member."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = members.admit(ctx, ctx.here, data)
        return done(lazy("%(name)s has been admitted.", name=made.name), "people_pages.member", member_id=made.id)

    return submit(BoundForm(schemas.MemberCreate()), use, "people/member_form.html", member=None)


@pages.get("/orgs/<code>/members/<uuid:member_id>/edit")
@permission(UPDATE)
def edit(member_id: UUID) -> ResponseReturnValue:
    """The form of a member's record."""
    found = members.find(current(), member_id, permissions.MEMBER_UPDATE)
    return render_template("people/member_form.html", form=_edited(found), member=found, hidden=members.shown(found))


def _edited(found: Member) -> BoundForm:
    """Sensitive fields stay empty: what is left empty is kept."""
    held = {name: getattr(found, name, None) for name in schemas.MemberUpdate().fields}
    return BoundForm(schemas.MemberUpdate(), obj=held)


@pages.post("/orgs/<code>/members/<uuid:member_id>/edit")
@permission(UPDATE)
def update(member_id: UUID) -> ResponseReturnValue:
    """Edit a member's record."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.MEMBER_UPDATE)
    hidden = members.shown(found)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        members.edit(ctx, member_id, data, data["version"])
        return done(lazy("Saved."), "people_pages.member", member_id=member_id)

    return submit(_edited(found), use, "people/member_form.html", member=found, hidden=hidden)


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
