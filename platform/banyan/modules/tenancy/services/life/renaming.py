"""Giving an organisation another name (ORG-05)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.modules.tenancy.events import OrgRenamed
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_RENAME
from banyan.modules.tenancy.services.life import history
from banyan.modules.tenancy.services.life.relocating import hold
from banyan.modules.tenancy.services.life.shown import (
    Difference,
    Preview,
    require_active,
    require_authority,
    require_confirmed,
)
from banyan.modules.tenancy.services.linking import territorial
from banyan.modules.tenancy.services.organisations import give_name, parent_of


def preview(ctx: Context, org: Org, data: Mapping[str, Any]) -> Preview:
    """What renaming would change.

    :param data: of `OrgRename`. :raises Invalid: dates, a name it has already. :raises Refused: it has ended.
    """
    require_authority(ctx, ORG_RENAME.name, [org])
    require_active(org)
    history.check_decision(ctx, org, data)
    names = {"name": data["name"], "short_name": data["short_name"]}
    if all(getattr(org, key) == value for key, value in names.items()):
        raise Invalid({"name": [lazy("It is called this already.")]})
    above = parent_of(ctx, org)
    if above is not None and (named := territorial(ctx, org.link, data["name"], above)):
        raise Invalid({"name": named})
    changed = [
        Difference(history.FIELDS[key], getattr(org, key), value)
        for key, value in names.items()
        if getattr(org, key) != value
    ]
    return Preview("rename", [org], list(names.values()), changed)


def carry_out(ctx: Context, org: Org, data: Mapping[str, Any], plan: str) -> Org:
    """Rename as was shown; the old name stays in the organisation's history.

    :raises Conflict: something changed since ``plan`` was shown.
    """
    org = hold(ctx, [org.id])[org.id]
    require_confirmed(preview(ctx, org, data), plan)
    before = {"name": org.name, "short_name": org.short_name}
    give_name(ctx, org, data["name"], data["short_name"])
    ctx.session.flush()
    after = {"name": org.name, "short_name": org.short_name}
    history.write_down(ctx, org, "rename", data=data, before=before, after=after)
    publish(ctx, org.ref, OrgRenamed(str(org.id), before["name"], org.name))
    return org
