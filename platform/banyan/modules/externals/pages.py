"""Console pages of external bodies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import load, may, visible
from banyan.modules.audit.history import history
from banyan.modules.externals import lists, permissions, schemas
from banyan.modules.externals.filing_pages import add_filing_pages
from banyan.modules.externals.models import ExternalBody
from banyan.modules.externals.rules import KINDS, STATE_TONES, STATES
from banyan.modules.externals.services import bodies, filings
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

pages = Blueprint("externals_pages", __name__, template_folder="templates")
add_filing_pages(pages)
READ, UPDATE = permissions.BODY_READ.name, permissions.BODY_UPDATE.name


@pages.get("/orgs/<code>/external-bodies", endpoint="bodies")
@permission(READ)
def listing() -> ResponseReturnValue:
    """External bodies of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.EXTERNAL_BODIES,
        request.args,
        visible(ctx, READ, ExternalBody.org_path, within=ctx.here),
        url=url_for("externals_pages.bodies"),
        columns=may_see(lists.EXTERNAL_BODIES, lambda name: may(ctx, name)),
        links={"name": lambda row: url_for("externals_pages.body", body_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.BODY_EXPORT.name) else None,
        empty=lazy("No external bodies yet: enter the sponsor, the registration and the Party-building authority."),
    )
    return render_template("externals/bodies.html", view=view), view.status


@pages.get("/orgs/<code>/external-bodies/<uuid:body_id>")
@permission(READ)
def body(body_id: UUID) -> ResponseReturnValue:
    """An external body, what was filed with it, and its history."""
    ctx = current()
    found = bodies.find(ctx, body_id)
    return render_template("externals/body.html", **_about(ctx, found))


def _about(ctx: Context, found: ExternalBody) -> dict[str, Any]:
    return {
        "body": found,
        "org": ctx.session.get_one(Org, found.org_id),
        "filings": filings.of_body(ctx, found) if may(ctx, permissions.FILING_READ.name, found.org) else None,
        "history": history(ctx, "external_body", str(found.id)),
        "changeable": may(ctx, UPDATE, found.org),
        "own": found.org_id == ctx.here.id,
        "kinds": KINDS,
        "states": STATES,
        "tones": STATE_TONES,
    }


@pages.get("/orgs/<code>/external-bodies/new")
@permission(UPDATE)
def new() -> ResponseReturnValue:
    """The form of a new external body."""
    form = BoundForm(schemas.BodyCreate(), data={"kind": request.args.get("kind", "")})
    return render_template("externals/body_form.html", form=form, body=None)


@pages.post("/orgs/<code>/external-bodies/new")
@permission(UPDATE)
def create() -> ResponseReturnValue:
    """Enter an external body."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = bodies.create(ctx, data)
        return done(lazy("%(name)s has been entered.", name=made.name), "externals_pages.body", body_id=made.id)

    return submit(BoundForm(schemas.BodyCreate()), use, "externals/body_form.html", body=None)


@pages.get("/orgs/<code>/external-bodies/<uuid:body_id>/edit")
@permission(UPDATE)
def edit(body_id: UUID) -> ResponseReturnValue:
    """The form of an external body."""
    found = load(current(), UPDATE, ExternalBody, body_id)
    return render_template("externals/body_form.html", form=BoundForm(schemas.BodyUpdate(), obj=found), body=found)


@pages.post("/orgs/<code>/external-bodies/<uuid:body_id>/edit")
@permission(UPDATE)
def update(body_id: UUID) -> ResponseReturnValue:
    """Edit an external body."""
    ctx = current()
    found = load(ctx, UPDATE, ExternalBody, body_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        bodies.update(ctx, body_id, data)
        return done(lazy("Saved."), "externals_pages.body", body_id=body_id)

    return submit(BoundForm(schemas.BodyUpdate(), obj=found), use, "externals/body_form.html", body=found)


@pages.get("/orgs/<code>/external-bodies/<uuid:body_id>/end")
@permission(UPDATE)
def ending(body_id: UUID) -> ResponseReturnValue:
    """The form of an external body's last day."""
    found = load(current(), UPDATE, ExternalBody, body_id)
    form = BoundForm(schemas.BodyEnd(), data={"version": found.version})
    return render_template("externals/body_end.html", form=form, body=found, kinds=KINDS)


@pages.post("/orgs/<code>/external-bodies/<uuid:body_id>/end")
@permission(UPDATE)
def end(body_id: UUID) -> ResponseReturnValue:
    """Say which day was an external body's last."""
    ctx = current()
    found = load(ctx, UPDATE, ExternalBody, body_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        bodies.end(ctx, body_id, data)
        return done(lazy("Saved."), "externals_pages.body", body_id=body_id)

    form = BoundForm(schemas.BodyEnd(), data={"version": found.version})
    return submit(form, use, "externals/body_end.html", body=found, kinds=KINDS)
