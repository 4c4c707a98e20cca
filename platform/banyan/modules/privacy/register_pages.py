"""Console pages of processors, assessments and breaches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.privacy import lists, permissions, rules, schemas
from banyan.modules.privacy.register_models import Breach, RegisterEntry
from banyan.modules.privacy.services import registers
from banyan.modules.tasks.downloads import attachment
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import present

READ, UPDATE, EXPORT = (
    permissions.REGISTER_READ.name, permissions.REGISTER_UPDATE.name, permissions.REGISTER_EXPORT.name,
)  # fmt: skip
ENTRY, BREACH = "privacy/entry_form.html", "privacy/breach_form.html"
BASE = "/orgs/<code>/privacy"
ONE, ONE_BREACH = "/register/<uuid:register_id>", "/breaches/<uuid:breach_id>"


def add_register_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    for rule, endpoint, view, method in (
        ("/register", "register", listing, "GET"),
        ("/register/new", "entry_new", new, "GET"),
        ("/register/new", "entry_create", create, "POST"),
        (ONE, "entry", edit, "GET"),
        (ONE, "entry_update", update, "POST"),
        (f"{ONE}/delete", "entry_delete", delete, "POST"),
        (f"{ONE}/document", "entry_document", document, "GET"),
        ("/breaches", "breaches", breaches, "GET"),
        ("/breaches/new", "breach_new", breach_new, "GET"),
        ("/breaches/new", "breach_create", breach_create, "POST"),
        (ONE_BREACH, "breach", breach, "GET"),
        (ONE_BREACH, "breach_update", breach_update, "POST"),
    ):
        pages.add_url_rule(f"{BASE}{rule}", endpoint, view, methods=[method])


@permission(READ)
def listing() -> ResponseReturnValue:
    """Processors and impact assessments, here and below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.REGISTER,
        request.args,
        visible(ctx, READ, RegisterEntry.org_path, within=ctx.here),
        url=url_for("privacy_pages.register"),
        links={"title": lambda row: url_for("privacy_pages.entry", register_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, EXPORT) else None,
        empty=lazy("Nobody handles data for us, and nothing was assessed yet."),
    )
    return render_template("privacy/register.html", view=view), view.status


@permission(UPDATE)
def new() -> ResponseReturnValue:
    """The form of a new entry."""
    return render_template(ENTRY, form=BoundForm(schemas.RegisterEntryForm()), entry=None)


@permission(UPDATE)
def create() -> ResponseReturnValue:
    """Enter a processor or an assessment."""
    held = runtime()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        upload, limit = data.pop("document"), held.settings.upload_limit
        with received(upload, "document", max_bytes=limit, allowed=DOCUMENT_TYPES) as kept:
            registers.enter(current(), data, kept, held.store)
        return done(lazy("Saved."), "privacy_pages.register")

    return submit(BoundForm(schemas.RegisterEntryForm()), use, ENTRY, entry=None)


@permission(READ)
def edit(register_id: UUID) -> ResponseReturnValue:
    """An entry, as a form for those who may edit it."""
    found = registers.entry(current(), register_id)
    return render_template(ENTRY, form=BoundForm(schemas.RegisterEntryUpdate(), obj=found), **_about(found))


def _about(found: RegisterEntry) -> dict[str, Any]:
    return {"entry": found, "registers": rules.REGISTERS, "changeable": may(current(), UPDATE, found.org)}


@permission(UPDATE)
def update(register_id: UUID) -> ResponseReturnValue:
    """Edit an entry."""
    found = registers.entry(current(), register_id, UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        registers.edit(current(), register_id, data)
        return done(lazy("Saved."), "privacy_pages.register")

    return submit(BoundForm(schemas.RegisterEntryUpdate(), obj=found), use, ENTRY, **_about(found))


@permission(UPDATE)
def delete(register_id: UUID) -> ResponseReturnValue:
    """Delete an entry that has been kept long enough."""
    found = registers.entry(current(), register_id, UPDATE)
    registers.remove(current(), register_id, found.version)
    return done(lazy("Deleted."), "privacy_pages.register")


@permission(READ)
def document(register_id: UUID) -> Response:
    """Fetch the document of an entry."""
    return attachment(registers.document(current(), register_id))


@permission(READ)
def breaches() -> ResponseReturnValue:
    """Data breaches, here and below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.BREACHES,
        request.args,
        visible(ctx, READ, Breach.org_path, within=ctx.here),
        url=url_for("privacy_pages.breaches"),
        links={"title": lambda row: url_for("privacy_pages.breach", breach_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, EXPORT) else None,
        empty=lazy("No breach has been entered."),
    )
    return render_template("privacy/breaches.html", view=view), view.status


@permission(UPDATE)
def breach_new() -> ResponseReturnValue:
    """The form of a breach."""
    form = BoundForm(schemas.BreachCreate(), data={"tell_people": True})
    return render_template(BREACH, form=form, breach=None)


@permission(UPDATE)
def breach_create() -> ResponseReturnValue:
    """Enter a breach."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = registers.report(current(), data)
        return done(lazy("Saved."), "privacy_pages.breach", breach_id=made.id)

    return submit(BoundForm(schemas.BreachCreate()), use, BREACH, breach=None)


@permission(READ)
def breach(breach_id: UUID) -> ResponseReturnValue:
    """A breach, and what was done about it."""
    found = registers.breach(current(), breach_id)
    form = BoundForm(schemas.BreachFollow(), obj=found)
    return render_template(BREACH, form=form, breach=found, changeable=may(current(), UPDATE, found.org))


@permission(UPDATE)
def breach_update(breach_id: UUID) -> ResponseReturnValue:
    """Note what was done about a breach."""
    found = registers.breach(current(), breach_id, UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        registers.follow(current(), breach_id, data)
        return done(lazy("Saved."), "privacy_pages.breach", breach_id=breach_id)

    return submit(BoundForm(schemas.BreachFollow(), obj=found), use, BREACH, breach=found, changeable=True)
