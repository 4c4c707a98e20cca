"""Console pages of alarms: of an organisation, and of who runs the installation. Both ask for the password again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import operator, permission
from banyan.kernel.clock import SHANGHAI
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.accounts.services import confirmation
from banyan.modules.notices.operating import everywhere
from banyan.modules.notices.permissions import EMERGENCY
from banyan.modules.notices.schemas import EmergencyWrite, OperatorEmergency
from banyan.modules.notices.services import emergency
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

FORM, OPERATED = "notices/emergency.html", "notices/emergency_everywhere.html"
USUALLY = timedelta(hours=12)


def add_emergency_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/orgs/<code>/emergency", "emergency", ask, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/emergency", "emergency_sound", sound, methods=["POST"])
    pages.add_url_rule("/operator/emergency", "emergency_everywhere", ask_everywhere, methods=["GET"])
    pages.add_url_rule("/operator/emergency", "emergency_sound_everywhere", sound_everywhere, methods=["POST"])


@permission(EMERGENCY.name)
def ask() -> ResponseReturnValue:
    """The form of an alarm."""
    confirmation.require_recent(current())
    return render_template(FORM, form=BoundForm(EmergencyWrite(), data=_usual()))


@permission(EMERGENCY.name)
def sound() -> ResponseReturnValue:
    """Tell everybody of the organisation and below."""
    ctx = current()
    confirmation.require_recent(ctx)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        emergency.sound(ctx, data)
        return done(lazy("Everybody is being told: the banner stands on every page."), "notices_pages.notices")

    return submit(BoundForm(EmergencyWrite()), use, FORM)


@operator
def ask_everywhere() -> ResponseReturnValue:
    """The form of an alarm for the installation."""
    confirmation.require_recent(current())
    return render_template(OPERATED, form=BoundForm(OperatorEmergency(), data=_usual()))


@operator
def sound_everywhere() -> ResponseReturnValue:
    """Tell the whole installation, or one organisation and below."""
    confirmation.require_recent(current())

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with everywhere(current()) as ctx:
            emergency.sound_everywhere(ctx, data)
        return done(lazy("Everybody is being told: the banner stands on every page."), "operators_pages.maintenance")

    return submit(BoundForm(OperatorEmergency()), use, OPERATED)


def _usual() -> dict[str, Any]:
    until = (current().clock.now() + USUALLY).astimezone(SHANGHAI)
    return {"until": f"{until:%Y-%m-%dT%H:%M}", "confirm": True}
