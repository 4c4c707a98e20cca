"""Console pages of the inbox and of one request."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.errors import NotFound
from banyan.kernel.flows import Act
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.approvals.inbox_pages import add_inbox_pages
from banyan.modules.approvals.permissions import INBOX_READ
from banyan.modules.approvals.services import decisions, elsewhere, requests
from banyan.modules.approvals.services.panel import file_of, panel
from banyan.modules.approvals.views import PanelView, decision_form, note_form, request_panel
from banyan.modules.tasks.downloads import attachment
from banyan.web.pages import done, submit

pages = Blueprint("approvals_pages", __name__, template_folder="templates")
add_inbox_pages(pages)
USE = INBOX_READ.name
ONE = "approvals_pages.one"
PAGE = "approvals/request.html"


@pages.get("/orgs/<code>/approvals/<uuid:request_id>")
@permission(USE)
def one(request_id: UUID) -> ResponseReturnValue:
    """One request; where it waits for the reader at another organisation, the way there."""
    ctx = current()
    try:
        view = request_panel(ctx, request_id)
    except NotFound:
        place = elsewhere.where_i_sit(ctx, request_id)
        if place is None:
            raise
        return redirect(url_for(ONE, code=place, request_id=request_id), 303)
    return render_template(PAGE, view=view)


@pages.post("/orgs/<code>/approvals/<uuid:request_id>/decision")
@permission(USE)
def decide(request_id: UUID) -> ResponseReturnValue:
    """Decide the present step."""
    ctx = current()
    found = panel(ctx, request_id)
    form = decision_form(found)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        decisions.decide(ctx, request_id, Act(data.pop("act")), **data)
        return done(lazy("Your decision has been recorded."), ONE, request_id=request_id)

    return submit(form, use, PAGE, view=PanelView(found, form, None, None))


@pages.post("/orgs/<code>/approvals/<uuid:request_id>/withdraw")
@permission(USE)
def withdraw(request_id: UUID) -> ResponseReturnValue:
    """Take a request back."""
    ctx = current()
    found = panel(ctx, request_id)
    form = note_form(found, "back")

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        requests.withdraw(ctx, request_id, **data)
        return done(lazy("The request has been withdrawn."), ONE, request_id=request_id)

    return submit(form, use, PAGE, view=PanelView(found, None, None, form))


@pages.post("/orgs/<code>/approvals/<uuid:request_id>/resubmit")
@permission(USE)
def resubmit(request_id: UUID) -> ResponseReturnValue:
    """Send a returned request again."""
    ctx = current()
    found = panel(ctx, request_id)
    form = note_form(found, "again")

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        requests.resubmit(ctx, request_id, **data)
        return done(lazy("The request has been sent again."), ONE, request_id=request_id)

    return submit(form, use, PAGE, view=PanelView(found, None, form, None))


@pages.get("/orgs/<code>/approvals/<uuid:request_id>/files/<uuid:file_id>")
@permission(USE)
def file(request_id: UUID, file_id: UUID) -> Response:
    """Fetch a file that was handed in."""
    found = file_of(current(), request_id, file_id)
    return attachment(found, found.name)
