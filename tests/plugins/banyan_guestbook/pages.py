"""Console pages of the guestbook."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from banyan.sdk import current, permission, present, visible

from .lists import ENTRIES
from .models import Entry
from .permissions import READ

pages = Blueprint("guestbook_pages", __name__, template_folder="templates")


@pages.get("/orgs/<code>/guestbook")
@permission(READ.name)
def book() -> str:
    """The book."""
    ctx = current()
    view = present(
        ctx.session,
        ENTRIES,
        request.args,
        visible(ctx, READ.name, Entry.org_path, within=ctx.here),
        url=url_for("guestbook_pages.book"),
        export_url=url_for("tasks_pages.export"),
    )
    return render_template("guestbook/book.html", view=view)


@pages.get("/orgs/<code>/guestbook/card")
@permission(READ.name)
def card() -> str:
    """The card on the dashboard."""
    return render_template("guestbook/card.html")
