"""The changes that a member made or asked for, on the member's page: old and new value beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.modules.people.models import Member
from banyan.modules.people.panels import PANELS, Panel
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.services import change_values, changes

MOST = 10


def _changes(ctx: Context, member: Member) -> Mapping[str, Any] | None:
    rows = changes.of_member(ctx, member, MOST)
    if not rows:
        return None
    told = [change_values.told(ctx, row, member) for row in rows]
    return {"told": told, "states": rules.STATES, "tones": rules.STATE_TONES}


PANELS.append(
    Panel("changes", lazy("Changes by the member"), 60, None, "people/_panels/changes.html", _changes, side=True)
)
