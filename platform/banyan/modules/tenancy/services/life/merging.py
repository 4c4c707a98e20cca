"""Merging an organisation into another one: all it has goes over, and it remains as a name (ORG-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage
from banyan.modules.access.services import endings
from banyan.modules.tenancy.events import OrgMerged
from banyan.modules.tenancy.life_models import OrgRevocation
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_MERGE
from banyan.modules.tenancy.services.life import carrying, history, moving, touching
from banyan.modules.tenancy.services.life.relocating import hold, tell
from banyan.modules.tenancy.services.life.shown import (
    Difference,
    Loss,
    Preview,
    require_active,
    require_authority,
    require_confirmed,
)
from banyan.modules.tenancy.services.organisations import REVOKED, count_org, parent_of
from banyan.plugins import enablement, manager

LONGEST_NAME = 60


def preview(ctx: Context, org: Org, data: Mapping[str, Any]) -> Preview:
    """What merging would touch, what does not go along, and every reason why it may not be.

    :param data: of `OrgMerge`. :raises Invalid: an organisation out of reach, a date. :raises Forbidden: authority over
        either of the two, or over what stands above the one that ends, is lacking.
    """
    into = moving.named(ctx, ORG_MERGE.name, data["into"], "into")
    above = parent_of(ctx, org)
    require_authority(ctx, ORG_MERGE.name, [org, above, into])
    require_active(org)
    history.check_decision(ctx, org, data)
    children = below(ctx, org)
    reasons = _against(ctx, org, above, into, children)
    if reasons:
        return Preview("merge", [org, into], reasons=reasons)
    return Preview(
        "merge",
        [org, into, *children],
        differences=[Difference(lazy("Name"), org.name, into.name)],
        numbers=touching.numbers(ctx, [touching.subtree(org)]),
        modules=touching.turns(ctx, children, org.ref, into.ref, keep_own=True),
        losses=[*_losses(ctx, org, into), *(loss for child in children for loss in _roles(ctx, child, into))],
    )


def below(ctx: Context, org: Org) -> list[Org]:
    """The organisations right below, also those that have ended: they go along as history."""
    return list(ctx.session.scalars(select(Org).where(Org.parent_id == org.id).order_by(Org.path)))


def _against(ctx: Context, org: Org, above: Org | None, into: Org, children: Sequence[Org]) -> list[Text]:
    if into.id == org.id:
        return [lazy("An organisation cannot be merged into itself.")]
    if into.path.startswith(org.path):
        return [lazy("An organisation cannot be merged into one below it.")]
    reasons: list[Text] = []
    if above is None:
        reasons.append(moving.ROOT)
    if lineage(into.path)[0] != lineage(org.path)[0]:
        reasons.append(moving.OTHER_TREE)
    if into.status != "active":
        reasons.append(REVOKED)
    for child in children:
        found = moving.unfitting(ctx, child, into)
        reasons.extend(lazy("%(name)s: %(reason)s", name=child.name, reason=reason) for reason in found)
    if _open_decision(ctx, org):
        reasons.append(lazy("It has been decided to revoke it. Withdraw that decision first."))
    reasons.extend(carrying.against(ctx, org.ref, into.ref))
    coming = endings.lasting(ctx, org.ref)
    reasons.extend(endings.against_taking_over(ctx, coming, into.ref))
    return reasons


def _open_decision(ctx: Context, org: Org) -> bool:
    waiting = (OrgRevocation.done_on.is_(None), OrgRevocation.withdrawn_at.is_(None))
    return ctx.session.scalar(select(OrgRevocation.id).where(OrgRevocation.org_id == org.id, *waiting)) is not None


def _losses(ctx: Context, org: Org, into: Org) -> list[Loss]:
    labels = {name: manifest.label for name, manifest in manager.current().manifests.items()}
    found = []
    there = enablement.enabled_modules(ctx.session, manager.current(), into.ref)
    for name in sorted(enablement.enabled_modules(ctx.session, manager.current(), org.ref) - there):
        text: Text = lazy("“%(module)s” is off there: what it holds goes along and is not shown.", module=labels[name])
        found.append(Loss(f"off:{name}", text))
    for name in sorted(enablement.own_policies(ctx.session, org.ref)):
        label = labels.get(name, name)
        text = lazy("What it has laid down for the module “%(module)s” ends.", module=label)
        found.append(Loss(f"policy:{name}", text))
    for role in endings.twice_named(ctx, org.ref, into.ref):
        text = lazy("The role “%(name)s” exists there and gets another name.", name=role.name)
        found.append(Loss(f"role:{role.id}", text))
    same = endings.same_grants(ctx, org.ref, into.ref)
    if same:
        text = lazy("Grants that are held there already and end here: %(n)s.", n=len(same))
        found.append(Loss(f"same:{len(same)}", text))
    return [*found, *_roles(ctx, org, into)]


def _roles(ctx: Context, org: Org, into: Org) -> list[Loss]:
    found = moving.roles_left(ctx, org, into.ref)
    return [Loss(f"{org.id}:{loss.key}", loss.text) for loss in found]


def carry_out(ctx: Context, org: Org, data: Mapping[str, Any], plan: str) -> Org:
    """Merge as was shown, in one transaction; returns the organisation that remains.

    :raises Refused: with every reason. :raises Conflict: something changed since ``plan`` was shown.
    """
    into = moving.named(ctx, ORG_MERGE.name, data["into"], "into")
    held = hold(ctx, {org.id, into.id, *([org.parent_id] if org.parent_id else [])})
    org, into = held[org.id], held[into.id]
    require_confirmed(preview(ctx, org, data), plan)
    before = {"place": history.spelled(ctx, org), "name": org.name}
    endings.end_all(ctx, endings.same_grants(ctx, org.ref, into.ref))
    endings.end_all(ctx, endings.left_behind(ctx, org.ref, into.ref))
    for child in below(ctx, org):
        moving.move(ctx, child, into, {**data, "document": None})
    _rename_roles(ctx, org, into)
    history.write_down(ctx, org, "merge", data=data, before=before, after={"name": into.name}, other=into)
    count_org(ctx, org, -1)
    org.status, org.successor_id, org.updated_at = "merged", into.id, ctx.clock.now()
    publish(ctx, into.ref, OrgMerged(str(org.id), str(into.id)))
    ctx.session.flush()
    tell(ctx, "banyan_org_merging", org=org.ref, into=into.ref)
    ctx.session.flush()
    carrying.carry(ctx, org.ref, into.ref)
    return into


def _rename_roles(ctx: Context, org: Org, into: Org) -> None:
    for role in endings.twice_named(ctx, org.ref, into.ref):
        role.name = f"{role.name[:LONGEST_NAME]} ({org.code})"
    ctx.session.flush()
