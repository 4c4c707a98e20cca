"""The card on the dashboard: fetched by the page once it is shown, so a slow card holds nobody up."""

from __future__ import annotations

from banyan.sdk import current, permission
from flask import Blueprint, render_template
from sqlalchemy import select

from . import lists, rules
from .models import Note
from .permissions import READ

MOST = 5
card_pages = Blueprint("sample_card", __name__, template_folder="templates")


@card_pages.get("/orgs/<code>/sample/card")
@permission(READ.name)
def card() -> str:
    """The newest notes."""
    ctx = current()
    newest = select(Note).where(lists.seen(ctx)).order_by(Note.written_at.desc(), Note.id.desc()).limit(MOST)
    return render_template("sample/card.html", notes=ctx.session.scalars(newest).all(), title=rules.title)
