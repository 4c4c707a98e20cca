"""Console pages of applications for administrator accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy, translate
from banyan.kernel.runtime import current, leave, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.administrators import lists, permissions
from banyan.modules.administrators.events import ORIGINS, STATES
from banyan.modules.administrators.forms import edit_form, form_of, keep_scan
from banyan.modules.administrators.invitation_pages import add_invitation_pages
from banyan.modules.administrators.lists import TONES
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.administrators.public_pages import add_public_pages
from banyan.modules.administrators.schemas import ScanForm
from banyan.modules.administrators.services import applications, following, opening, standing
from banyan.modules.approvals.views import request_panel
from banyan.modules.audit.history import history
from banyan.modules.tasks.downloads import attachment
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

pages = Blueprint("administrators_pages", __name__, template_folder="templates")
add_public_pages(pages)
add_invitation_pages(pages)
READ, CREATE, DECIDE = permissions.READ.name, permissions.CREATE.name, permissions.DECIDE.name
BASE = "/orgs/<code>/administrator-applications"
ONE = f"{BASE}/<uuid:application_id>"
NEW, SHOW, SHOWN_ONCE = "administrators/new.html", "administrators/show.html", "administrators/receipt.html"


@pages.get(BASE)
@permission(READ)
def listing() -> ResponseReturnValue:
    """Applications of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.APPLICATIONS,
        request.args,
        visible(ctx, READ, AdministratorApplication.org_path, within=ctx.here),
        url=url_for("administrators_pages.listing"),
        columns=may_see(lists.APPLICATIONS, lambda name: may(ctx, name)),
        links={"administrator": lambda row: url_for("administrators_pages.show", application_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.EXPORT.name) else None,
        empty=lazy("No applications yet. An organisation below fills one in by invitation, or you enter its paper."),
    )
    return render_template("administrators/applications.html", view=view, **_around(ctx)), view.status


@pages.get(f"{BASE}/new")
@permission(CREATE)
def new() -> ResponseReturnValue:
    """The form of an application of this organisation."""
    ctx = current()
    return render_template(NEW, form=form_of(ctx), reasons=standing.against(ctx, ctx.here), **_around(ctx))


@pages.post(f"{BASE}/new")
@permission(CREATE)
def create() -> ResponseReturnValue:
    """Fill in an application; the receipt code is shown this once."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        application, receipt = applications.create(ctx, data)
        return receipt_page(application, receipt)

    return submit(form_of(ctx), use, NEW, reasons=[], **_around(ctx))


@pages.get(ONE)
@permission(READ)
def show(application_id: UUID) -> ResponseReturnValue:
    """An application: what it says, where it stands, what comes next."""
    return _shown(current(), application_id, BoundForm(ScanForm()))


@pages.get(f"{ONE}/edit")
@permission(CREATE)
def edit(application_id: UUID) -> ResponseReturnValue:
    """The form of a correction."""
    ctx = current()
    application = applications.own(ctx, application_id)
    return render_template("administrators/edit.html", form=edit_form(ctx, application), application=application)


@pages.post(f"{ONE}/edit")
@permission(CREATE)
def update(application_id: UUID) -> ResponseReturnValue:
    """Correct an application."""
    ctx = current()
    application = applications.own(ctx, application_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        applications.edit(ctx, application, data)
        return done(lazy("Saved."), "administrators_pages.show", application_id=application_id)

    return submit(edit_form(ctx, application), use, "administrators/edit.html", application=application)


@pages.get(f"{ONE}/print", endpoint="print")
@permission(READ)
def print_form(application_id: UUID) -> ResponseReturnValue:
    """The form to be printed and sealed."""
    ctx = current()
    found = following.progress(ctx, applications.find(ctx, application_id))
    back = url_for("administrators_pages.show", application_id=application_id)
    return render_template("administrators/sheet.html", p=found, back=back)


@pages.get(f"{ONE}/scan")
@permission(READ)
def scan(application_id: UUID) -> Response:
    """Fetch the sealed form."""
    ctx = current()
    return attachment(applications.scan_of(ctx, applications.find(ctx, application_id)))


@pages.post(f"{ONE}/scan")
@permission(CREATE)
def attach(application_id: UUID) -> ResponseReturnValue:
    """Add the sealed form."""
    ctx = current()
    application = applications.own(ctx, application_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        keep_scan(ctx, application, data["scan"])
        return done(lazy("The sealed form is there."), "administrators_pages.show", application_id=application_id)

    form = BoundForm(ScanForm())
    return submit(form, use, SHOW, **_about(ctx, application))


@pages.post(f"{ONE}/send")
@permission(CREATE)
def send(application_id: UUID) -> ResponseReturnValue:
    """Send it to the organisation above."""
    ctx = current()
    application = applications.own(ctx, application_id)
    try:
        applications.send(ctx, application)
    except Refused as error:
        return _refused(ctx, application_id, error)
    return done(lazy("The application has been sent."), "administrators_pages.show", application_id=application_id)


@pages.post(f"{ONE}/withdraw")
@permission(CREATE)
def withdraw(application_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    ctx = current()
    try:
        applications.withdraw(ctx, applications.own(ctx, application_id))
    except Refused as error:
        return _refused(ctx, application_id, error)
    return done(lazy("The application has been withdrawn."), "administrators_pages.show", application_id=application_id)


@pages.post(f"{ONE}/receipt")
@permission(CREATE)
def receipt(application_id: UUID) -> ResponseReturnValue:
    """A new receipt code, shown this once."""
    ctx = current()
    application = applications.own(ctx, application_id)
    return receipt_page(application, applications.new_receipt(ctx, application))


@pages.post(f"{ONE}/renew")
@permission(CREATE)
def renew(application_id: UUID) -> ResponseReturnValue:
    """Make the set-up code valid again."""
    ctx = current()
    try:
        opening.renew(ctx, applications.own(ctx, application_id))
    except Refused as error:
        return _refused(ctx, application_id, error)
    message = lazy("The set-up code is valid for another 20 days.")
    return done(message, "administrators_pages.show", application_id=application_id)


def receipt_page(application: AdministratorApplication, code: str) -> ResponseReturnValue:
    """The receipt code, shown this once."""
    address = runtime().settings.public_url + url_for("administrators_pages.door")
    return render_template(SHOWN_ONCE, application=application, receipt=code, address=address)


def _around(ctx: Context) -> dict[str, Any]:
    return {"upper": standing.upper_of(ctx, ctx.here)}


def _shown(
    ctx: Context, application_id: UUID, form: BoundForm, reasons: list[str] | None = None
) -> ResponseReturnValue:
    application = applications.find(ctx, application_id)
    html = render_template(SHOW, form=form, reasons=reasons or [], **_about(ctx, application))
    return html, 409 if reasons else 200


def _refused(ctx: Context, application_id: UUID, error: Refused) -> ResponseReturnValue:
    leave(commit=False)
    ctx.session.expire_all()
    return _shown(ctx, application_id, BoundForm(ScanForm()), [translate(reason) for reason in error.reasons])


def _about(ctx: Context, application: AdministratorApplication) -> dict[str, Any]:
    upper = standing.upper_of(ctx, application.org)
    return {
        "p": following.progress(ctx, application),
        "states": STATES,
        "tones": TONES,
        "origins": ORIGINS,
        "changeable": may(ctx, CREATE, application.org),
        "decides": upper is not None and may(ctx, DECIDE, upper.ref),
        "asked": request_panel(ctx, application.request_id) if application.request_id else None,
        "history": history(ctx, "administrator_application", str(application.id)),
    }
