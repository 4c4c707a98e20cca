"""The panel of own fields on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.kernel.context import Context
from banyan.modules.people.field_forms import GROUP
from banyan.modules.people.models import Member
from banyan.modules.people.panels import PANELS, Panel
from banyan.modules.people.services import field_records


def _fields(ctx: Context, member: Member) -> Mapping[str, Any] | None:
    found = field_records.shown(ctx, member)
    return {"facts": [(one.label, one.text) for one in found]} if found else None


PANELS.append(Panel("fields", GROUP, 15, None, "people/_panels/fields.html", _fields))
