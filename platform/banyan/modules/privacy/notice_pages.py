"""Console pages of privacy notices, of guardians, and of children without one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import members
from banyan.modules.privacy import lists, permissions, schemas
from banyan.modules.privacy.services import guardians, notices
from banyan.modules.tasks.downloads import attachment
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import present

READ, UPDATE = permissions.NOTICE_READ.name, permissions.NOTICE_UPDATE.name
FORM, GUARDIAN = "privacy/notice_form.html", "privacy/guardian_form.html"
BASE, MEMBER = "/orgs/<code>/privacy", "/orgs/<code>/members/<uuid:member_id>/guardian"


def add_notice_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    for rule, endpoint, view, method in (
        ("/notices", "notices", listing, "GET"),
        ("/notices/new", "notice_new", new, "GET"),
        ("/notices/new", "notice_create", create, "POST"),
        ("/notices/<uuid:privacy_notice_id>", "notice", show, "GET"),
        ("/notices/<uuid:privacy_notice_id>/edit", "notice_edit", edit, "GET"),
        ("/notices/<uuid:privacy_notice_id>/edit", "notice_update", update, "POST"),
        ("/notices/<uuid:privacy_notice_id>/publish", "notice_publish", announce, "POST"),
        ("/children", "children", children, "GET"),
    ):
        pages.add_url_rule(f"{BASE}{rule}", endpoint, view, methods=[method])
    pages.add_url_rule(MEMBER, "guardian", guardian, methods=["GET"])
    pages.add_url_rule(MEMBER, "guardian_enter", guardian_enter, methods=["POST"])
    pages.add_url_rule(f"{MEMBER}/withdraw", "guardian_withdraw", guardian_withdraw, methods=["POST"])
    pages.add_url_rule(f"{MEMBER}/<uuid:guardian_id>/paper", "guardian_paper", guardian_paper, methods=["GET"])


@permission(READ)
def listing() -> ResponseReturnValue:
    """The notice that holds here, and the versions of this organisation."""
    ctx = current()
    return render_template(
        "privacy/notices.html", holding=notices.holding(ctx, ctx.here), versions=notices.versions(ctx), here=ctx.here
    )


@permission(UPDATE)
def new() -> ResponseReturnValue:
    """The form of the next version; it begins with what holds now."""
    ctx = current()
    form = BoundForm(schemas.PrivacyNoticeWrite(), obj=notices.holding(ctx, ctx.here))
    return render_template(FORM, form=form, notice=None)


@permission(UPDATE)
def create() -> ResponseReturnValue:
    """Write the next version."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = notices.write(current(), data)
        said = lazy("The draft has been kept. Publish it when it is right.")
        return done(said, "privacy_pages.notice", privacy_notice_id=made.id)

    return submit(BoundForm(schemas.PrivacyNoticeWrite()), use, FORM, notice=None)


@permission(READ)
def show(privacy_notice_id: UUID) -> ResponseReturnValue:
    """A version as members read it."""
    return render_template("privacy/notice.html", notice=notices.find(current(), privacy_notice_id))


@permission(UPDATE)
def edit(privacy_notice_id: UUID) -> ResponseReturnValue:
    """The form of a draft."""
    found = notices.find(current(), privacy_notice_id)
    return render_template(FORM, form=BoundForm(schemas.PrivacyNoticeEdit(), obj=found), notice=found)


@permission(UPDATE)
def update(privacy_notice_id: UUID) -> ResponseReturnValue:
    """Edit a draft."""
    found = notices.find(current(), privacy_notice_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        notices.edit(current(), privacy_notice_id, data)
        return done(lazy("Saved."), "privacy_pages.notice", privacy_notice_id=privacy_notice_id)

    return submit(BoundForm(schemas.PrivacyNoticeEdit(), obj=found), use, FORM, notice=found)


@permission(UPDATE)
def announce(privacy_notice_id: UUID) -> ResponseReturnValue:
    """Publish a draft."""
    version = request.form.get("version", "")
    notices.announce(current(), privacy_notice_id, int(version) if version.isascii() and version.isdigit() else 0)
    return done(lazy("The notice holds from now on. Members are asked to take note of it."), "privacy_pages.notices")


@permission(READ)
def children() -> ResponseReturnValue:
    """Members under fourteen without a guardian's consent."""
    ctx = current()
    view = present(
        ctx.session,
        lists.CHILDREN,
        request.args,
        visible(ctx, READ, Member.org_path, within=ctx.here),
        guardians.missing(today(ctx.clock)),
        url=url_for("privacy_pages.children"),
        links={"name": lambda row: url_for("privacy_pages.guardian", member_id=row["id"])} if may(ctx, UPDATE) else {},
        empty=lazy("Every member under fourteen has a guardian’s consent."),
    )
    return render_template("privacy/children.html", view=view), view.status


@permission(UPDATE)
def guardian(member_id: UUID) -> ResponseReturnValue:
    """The form of a guardian's consent."""
    found = members.find(current(), member_id, MEMBER_READ)
    return render_template(GUARDIAN, form=BoundForm(schemas.GuardianForm()), member=found)


@permission(UPDATE)
def guardian_enter(member_id: UUID) -> ResponseReturnValue:
    """Record a guardian's consent."""
    ctx, held = current(), runtime()
    found = members.find(ctx, member_id, MEMBER_READ)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        upload, limit = data.pop("document"), held.settings.upload_limit
        with received(upload, "document", max_bytes=limit, allowed=DOCUMENT_TYPES) as document:
            guardians.enter(ctx, member_id, data, document, held.store)
        return done(lazy("Saved."), "people_pages.member", member_id=member_id)

    return submit(BoundForm(schemas.GuardianForm()), use, GUARDIAN, member=found)


@permission(UPDATE)
def guardian_withdraw(member_id: UUID) -> ResponseReturnValue:
    """Record that a guardian's consent was withdrawn."""
    guardians.withdraw(current(), member_id)
    return done(lazy("Saved."), "people_pages.member", member_id=member_id)


@permission(READ)
def guardian_paper(member_id: UUID, guardian_id: UUID) -> Response:
    """Fetch the signed paper."""
    return attachment(guardians.paper(current(), member_id, guardian_id))
