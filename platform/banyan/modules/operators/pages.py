"""Console pages of operators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import operator
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.operators.labels import STATES, TONES
from banyan.modules.operators.schemas import SwitchOff
from banyan.modules.operators.services import plugins
from banyan.modules.operators.window_pages import add_window_pages
from banyan.plugins.failures import OFFER_FROM
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

pages = Blueprint("operators_pages", __name__, template_folder="templates")
add_window_pages(pages)
PLUGIN = "operators/plugin.html"


@pages.get("/operator/plugins")
@operator
def listing() -> str:
    """All plugins and how they are."""
    return render_template(
        "operators/plugins.html", plugins=plugins.listing(current()), states=STATES, tones=TONES, offer_from=OFFER_FROM
    )


@pages.get("/operator/plugins/<name>")
@operator
def plugin(name: str) -> str:
    """One plugin, its failures, and the switch for all."""
    return render_template(PLUGIN, form=BoundForm(SwitchOff()), **_about(name))


@pages.post("/operator/plugins/<name>/off")
@operator
def switch_off(name: str) -> ResponseReturnValue:
    """Switch a plugin off for all organisations."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        plugins.switch_off(current(), name, data["reason"])
        return done(lazy("It is off for all organisations."), "operators_pages.plugin", name=name)

    return submit(BoundForm(SwitchOff()), use, PLUGIN, **_about(name))


@pages.post("/operator/plugins/<name>/on")
@operator
def switch_on(name: str) -> ResponseReturnValue:
    """Leave a plugin to the organisations again."""
    plugins.switch_on(current(), name)
    said = lazy("It is on again wherever it was on before.")
    return done(said, "operators_pages.plugin", name=name)


@pages.post("/operator/plugins/<name>/forget-failures")
@operator
def forget_failures(name: str) -> ResponseReturnValue:
    """Count a plugin's failures anew."""
    plugins.forget_failures(current(), name)
    return done(lazy("Failures are counted anew."), "operators_pages.plugin", name=name)


def _about(name: str) -> dict[str, Any]:
    ctx = current()
    view = plugins.one(ctx, name)
    return {
        "plugin": view,
        "failures": plugins.failed(ctx, name),
        "states": STATES,
        "tones": TONES,
        "offer_from": OFFER_FROM,
    }
