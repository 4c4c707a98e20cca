"""Moving an organisation with all below it under another parent (ORG-05)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import decide
from banyan.modules.access.services import endings
from banyan.modules.tenancy.events import OrgMoved
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_MOVE
from banyan.modules.tenancy.services.life import history, touching
from banyan.modules.tenancy.services.life.relocating import hold, relocate
from banyan.modules.tenancy.services.life.shown import (
    Difference,
    Loss,
    Preview,
    require_active,
    require_authority,
    require_confirmed,
)
from banyan.modules.tenancy.services.linking import link_problems
from banyan.modules.tenancy.services.organisations import REVOKED, parent_of, placing_problems

ROOT: Text = lazy("It stands at the top of its tree: no organisation above it could agree.")
OTHER_TREE: Text = lazy("It belongs to another tree. Trees exchange messages, they do not hand over organisations.")


def named(ctx: Context, permission: str, code: str, field: str) -> Org:
    """The organisation that a body or form names; out of reach is the same as unknown.

    :raises Invalid: on ``field``.
    """
    org = ctx.session.scalar(select(Org).where(Org.code == code))
    if org is None or decide(ctx, permission, org.ref).reason == "no_grant":
        raise Invalid({field: [lazy("There is no such organisation within your reach.")]})
    return org


def preview(ctx: Context, org: Org, data: Mapping[str, Any]) -> Preview:
    """What moving would touch, and every reason why it may not be.

    :param data: of `OrgMove`. :raises Invalid: a parent out of reach, a date. :raises Forbidden: authority over the old
        or the new parent is lacking.
    """
    parent = named(ctx, ORG_MOVE.name, data["parent"], "parent")
    above = parent_of(ctx, org)
    require_authority(ctx, ORG_MOVE.name, [org, above, parent])
    require_active(org)
    history.check_decision(ctx, org, data)
    if above is None:
        return Preview("move", [org, parent], reasons=[ROOT])
    reasons = against(ctx, org, parent)
    if reasons:
        return Preview("move", [org, above, parent], reasons=reasons)
    return Preview(
        "move",
        [org, above, parent],
        differences=[Difference(history.FIELDS["place"], history.spelled(ctx, org), history.below(ctx, parent))],
        numbers=touching.numbers(ctx, [touching.subtree(org)]),
        modules=touching.turns(ctx, [org], above.ref, parent.ref, keep_own=True),
        losses=roles_left(ctx, org, parent.ref),
    )


def against(ctx: Context, org: Org, parent: Org) -> list[Text]:
    """Every reason why ``org`` may not stand below ``parent``."""
    if parent.path.startswith(org.path):
        return [lazy("An organisation cannot stand below itself.")]
    reasons: list[Text] = []
    if parent.id == org.parent_id:
        reasons.append(lazy("It stands below %(name)s already.", name=parent.name))
    if lineage(parent.path)[0] != lineage(org.path)[0]:
        reasons.append(OTHER_TREE)
    if parent.status != "active":
        reasons.append(REVOKED)
    # Below itself nothing changes: whatever stands there is deeper than it, and of a type that may stand there.
    return [*reasons, *unfitting(ctx, org, parent)]


def unfitting(ctx: Context, org: Org, parent: Org) -> list[Text]:
    """Why level, type and link of ``org`` do not fit below ``parent``."""
    placing = placing_problems(ctx, org.level, org.type, parent)
    linked = link_problems(ctx, org.link, org.type, org.name, parent)
    return [reason for found in (*placing.values(), *linked.values()) for reason in found]


def roles_left(ctx: Context, org: Org, parent: OrgRef) -> list[Loss]:
    """Grants below that end, because those who defined their role are not above any more."""
    grants = endings.left_behind(ctx, org.ref, parent)
    text: Text = lazy("Grants that end, as their role was defined by an organisation above: %(n)s.", n=len(grants))
    return [Loss(f"grants:{len(grants)}", text)] if grants else []


def carry_out(ctx: Context, org: Org, data: Mapping[str, Any], plan: str) -> Org:
    """Move as was shown, in one transaction. Two moves that would make a circle cannot both be done.

    :raises Refused: with every reason. :raises Conflict: something changed since ``plan`` was shown.
    """
    parent = named(ctx, ORG_MOVE.name, data["parent"], "parent")
    held = hold(ctx, {org.id, parent.id, *([org.parent_id] if org.parent_id else [])})
    org, parent = held[org.id], held[parent.id]
    require_confirmed(preview(ctx, org, data), plan)
    move(ctx, org, parent, data)
    return org


def move(ctx: Context, org: Org, parent: Org, data: Mapping[str, Any]) -> None:
    """Move what is held and checked, with its history and its event."""
    places = {"before": {"place": history.spelled(ctx, org)}, "after": {"place": history.below(ctx, parent)}}
    old_path = org.path
    # Written before: the document is looked for where it was uploaded, and goes along from there.
    history.write_down(ctx, org, "move", data=data, other=parent, **places)
    endings.end_all(ctx, endings.left_behind(ctx, org.ref, parent.ref))
    relocate(ctx, org, parent)
    publish(ctx, org.ref, OrgMoved(str(org.id), old_path, org.path, str(parent.id)))
