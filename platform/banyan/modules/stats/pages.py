"""The dashboard."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from banyan.kernel.access_marks import permission, signed_in
from banyan.kernel.clock import today
from banyan.kernel.errors import NotFound
from banyan.kernel.runtime import current, state
from banyan.kernel.values import Card
from banyan.modules.access.decision import may
from banyan.modules.stats.dashboard import Child, dashboard
from banyan.modules.stats.permissions import FIGURE_READ
from banyan.modules.tenancy.services import organisations, place
from banyan.modules.tenancy.treeview import outermost
from banyan.plugins import manager
from banyan.web.charts import Bar

MOST_BARS = 12
pages = Blueprint("stats_pages", __name__, template_folder="templates")


@pages.get("/")
@signed_in
def home() -> ResponseReturnValue:
    """The front page leads to where one works: the outermost organisation one holds a grant at."""
    ctx = current()
    held = outermost(place.by_ids(ctx.session, list({grant.org_id for grant in ctx.actor.grants})))
    if not held:
        return redirect(url_for("people_own_pages.me"), 303)
    return redirect(url_for("stats_pages.dashboard", code=held[0].code), 303)


@pages.get("/orgs/<code>/", endpoint="dashboard")
@permission(FIGURE_READ.name)
def show() -> ResponseReturnValue:
    """The subtree at a glance."""
    ctx, known = current(), state()
    if known is None:
        raise NotFound

    def reading(found: Iterable[Card]) -> list[tuple[Card, str]]:
        # An address that does not exist is the module's failure, not the page's.
        allowed = (card for card in found if card.permission is None or may(ctx, card.permission))
        return [(card, url_for(card.endpoint)) for card in allowed]

    asked = manager.current().ask("banyan_dashboard_cards", known.modules, ctx=ctx, reading=reading)
    cards = [card for _name, found in asked for card in found]
    cards.sort(key=lambda pair: pair[0].order)
    board = dashboard(ctx)
    optional = {manifest.name for manifest in manager.current().optional}
    return render_template(
        "stats/dashboard.html",
        board=board,
        bars=[_bar(child) for child in board.children[:MOST_BARS]],
        months=[format_date(month, "LLL", rebase=False) for month in board.months],
        today=today(ctx.clock),
        cards=cards,
        org=organisations.here(ctx),
        modules_on=len(optional & known.modules),
        modules_all=len(optional),
        modules_always=len(manager.current().always_on),
    )


def _bar(child: Child) -> Bar:
    return Bar(child.name, child.organisations, url_for("stats_pages.dashboard", code=child.code))
