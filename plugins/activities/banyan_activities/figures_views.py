"""Activities in figures at every level, with drill-down: read from rolled-up numbers, whatever their count (ACT-06)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from marshmallow import fields

from banyan.sdk import (
    ApiBlueprint,
    Context,
    Schema,
    charts,
    current,
    figures_below,
    figures_here,
    permission,
    today,
)

from . import stats
from .permissions import READ
from .rules import KINDS

figures_pages = Blueprint("activities_figures_pages", __name__, template_folder="templates")
figures_api = ApiBlueprint(
    "activities_figures_api", __name__, url_prefix="/api/v1/orgs/<code>/activities", description="Figures"
)
MONTHS = 12
WHAT = {"held": stats.HELD, "participants": stats.CAME, "minutes": stats.MINUTES}


class FiguresOut(Schema):
    """Figures of the last twelve months over the organisation and all below it."""

    months = fields.List(fields.String())
    held = fields.List(fields.Integer())
    participants = fields.List(fields.Integer())
    minutes = fields.List(fields.Integer())
    kinds = fields.Dict(keys=fields.String(), values=fields.Dict())


def months_until(day: date) -> list[str]:
    """The last twelve months, that of ``day`` last."""
    number = day.year * 12 + day.month - 1
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(number - MONTHS + 1, number + 1)]


def told(ctx: Context) -> dict[str, Any]:
    """The figures: one statement."""
    months = months_until(today(ctx.clock))
    names = [name for what in WHAT.values() for name in stats.every(what, months)]
    found = figures_here(ctx, names)
    shown: dict[str, Any] = {"months": months, "kinds": {}}
    for key, what in WHAT.items():
        shown[key] = [sum(found[stats.metric(what, kind, month)] for kind in KINDS) for month in months]
    for kind in KINDS:
        shown["kinds"][kind] = {
            key: sum(found[stats.metric(what, kind, month)] for month in months) for key, what in WHAT.items()
        }
    return shown


@figures_pages.get("/orgs/<code>/activities/figures")
@permission(READ.name)
def figures() -> ResponseReturnValue:
    """Held, participants and hours of the last twelve months, by kind, month and organisation below."""
    ctx = current()
    shown = told(ctx)
    months = shown["months"]
    below = figures_below(ctx, [name for what in (stats.HELD, stats.CAME) for name in stats.every(what, months)])
    rows = [
        charts.Bar(one.name, _sum(one.values, stats.HELD), url_for("activities_figures_pages.figures", code=one.code))
        for one in below
    ]
    return render_template(
        "activities/figures.html", shown=shown, short=[month[5:] for month in months], below=rows, kinds=KINDS
    )


def _sum(values: dict[str, int], what: str) -> int:
    return sum(number for name, number in values.items() if name.startswith(f"{what}:"))


@figures_api.route("/figures")
class Figures(MethodView):
    """Figures."""

    @figures_api.response(200, FiguresOut)
    @permission(READ.name)
    def get(self) -> dict[str, Any]:
        """Show the figures of the last twelve months"""
        return told(current())
