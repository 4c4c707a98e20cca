"""Console pages of maintenance."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import operator
from banyan.kernel.clock import SHANGHAI
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.operators.labels import KINDS, WINDOWS
from banyan.modules.operators.models import ServiceWindow
from banyan.modules.operators.schemas import WindowCreate, WindowUpdate
from banyan.modules.operators.services import standing, windows
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

LIST, ONE = "operators/maintenance.html", "operators/window.html"
TONES = {"coming": "warn", "running": "seal", "over": ""}


def add_window_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/operator/maintenance"
    pages.add_url_rule(base, "maintenance", listing, methods=["GET"])
    pages.add_url_rule(base, "maintenance_announce", announce, methods=["POST"])
    pages.add_url_rule(f"{base}/<uuid:window_id>", "window", window, methods=["GET"])
    pages.add_url_rule(f"{base}/<uuid:window_id>", "window_change", change, methods=["POST"])
    pages.add_url_rule(f"{base}/<uuid:window_id>/begin", "window_begin", begin, methods=["POST"])
    pages.add_url_rule(f"{base}/<uuid:window_id>/end", "window_end", end, methods=["POST"])


@operator
def listing() -> str:
    """What was announced, and the form of what is to be."""
    return render_template(LIST, form=BoundForm(WindowCreate()), **_listed())


@operator
def announce() -> ResponseReturnValue:
    """Announce maintenance."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        windows.announce(current(), data)
        return done(lazy("Announced: everybody reads of it from now on."), "operators_pages.maintenance")

    return submit(BoundForm(WindowCreate()), use, LIST, **_listed())


@operator
def window(window_id: UUID) -> str:
    """A window, with the form that moves it as long as it is not over."""
    found = windows.find(current(), window_id)
    return render_template(ONE, form=_form(found), **_about(found))


@operator
def change(window_id: UUID) -> ResponseReturnValue:
    """Move, lengthen or reword it."""
    found = windows.find(current(), window_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        windows.change(current(), window_id, data)
        return done(lazy("Saved."), "operators_pages.window", window_id=window_id)

    return submit(_form(found), use, ONE, **_about(found))


@operator
def begin(window_id: UUID) -> ResponseReturnValue:
    """Begin now."""
    windows.begin(current(), window_id)
    return done(lazy("It has begun: only operators can change anything now."), "operators_pages.maintenance")


@operator
def end(window_id: UUID) -> ResponseReturnValue:
    """End it, or call it off."""
    windows.end(current(), window_id)
    return done(lazy("It is over: everything can be changed again."), "operators_pages.maintenance")


def _form(found: ServiceWindow) -> BoundForm:
    values = {f"effects.{name}": text for name, text in found.effects.items()}
    values |= {"begins_at": _typed(found.begins_at), "ends_at": _typed(found.ends_at), "version": found.version}
    return BoundForm(WindowUpdate(), data=values)


def _typed(moment: datetime) -> str:
    """An instant as a browser's field of date and time holds it."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"


def _listed() -> dict[str, Any]:
    return {"windows": windows.listing(current()), **_words()}


def _about(found: ServiceWindow) -> dict[str, Any]:
    return {"view": windows.view(current(), found), **_words()}


def _words() -> dict[str, Any]:
    return {"kinds": KINDS, "states": WINDOWS, "tones": TONES, "said": standing.said}
