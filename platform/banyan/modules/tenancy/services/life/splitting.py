"""Splitting an organisation: a new one beside it takes some of those below (ORG-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.modules.tenancy import life_rules
from banyan.modules.tenancy.events import OrgSplit
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_SPLIT
from banyan.modules.tenancy.services.life import history, moving, touching
from banyan.modules.tenancy.services.life.relocating import hold
from banyan.modules.tenancy.services.life.shown import (
    Difference,
    Loss,
    Preview,
    require_active,
    require_authority,
    require_confirmed,
)
from banyan.modules.tenancy.services.linking import territorial
from banyan.modules.tenancy.services.organisations import APPROVAL, parent_of, place_below, tell_created


def choices(ctx: Context, org: Org) -> list[Org]:
    """The active organisations right below, which can go along."""
    statement = select(Org).where(Org.parent_id == org.id, Org.status == "active").order_by(Org.path)
    return list(ctx.session.scalars(statement))


def preview(ctx: Context, org: Org, data: Mapping[str, Any]) -> Preview:
    """What splitting would touch, and every reason why it may not be.

    :param data: of `OrgSplit`. :raises Invalid: dates, code, organisations that do not stand right below.
    :raises Forbidden: authority over the organisation or the one above it is lacking.
    """
    above = parent_of(ctx, org)
    require_authority(ctx, ORG_SPLIT.name, [org, above])
    require_active(org)
    history.check_decision(ctx, org, data)
    children = _children(ctx, org, data)
    if above is None:
        return Preview("split", [org], reasons=[moving.ROOT])
    return Preview(
        "split",
        [org, above, *children],
        asked=[data["name"], data["code"]],
        differences=[Difference(lazy("New organisation"), "", data["name"])],
        numbers=touching.numbers(ctx, [touching.subtree(child) for child in children]),
        modules=touching.turns(ctx, children, org.ref, above.ref, keep_own=True),
        losses=[loss for child in children for loss in _losses(ctx, child, above)],
    )


def _children(ctx: Context, org: Org, data: Mapping[str, Any]) -> Sequence[Org]:
    problems: dict[str, list[Text]] = {}
    there = {child.code: child for child in choices(ctx, org)}
    wanted = list(dict.fromkeys(data["children"]))
    if not wanted:
        problems["children"] = [lazy("Choose the organisations that go along.")]
    elif unknown := [code for code in wanted if code not in there]:
        shown = ", ".join(unknown[:10])
        problems["children"] = [lazy("These do not stand right below it: %(codes)s.", codes=shown)]
    if ctx.session.scalar(select(Org.id).where(Org.code == data["code"])) is not None:
        problems["code"] = [lazy("This code is already taken.")]
    problems |= life_rules.date_problems(data["founded_on"], None, today(ctx.clock))
    above = parent_of(ctx, org)
    if above is not None and (named := territorial(ctx, org.link, data["name"], above)):
        problems["name"] = named
    if problems:
        raise Invalid(problems)
    return [there[code] for code in wanted]


def _losses(ctx: Context, child: Org, above: Org) -> list[Loss]:
    return [Loss(f"{child.id}:{loss.key}", loss.text) for loss in moving.roles_left(ctx, child, above.ref)]


def carry_out(ctx: Context, org: Org, data: Mapping[str, Any], plan: str) -> Org:
    """Split as was shown, in one transaction; returns the new organisation, of the level and type of the old one.

    :raises Refused: with every reason. :raises Conflict: something changed since ``plan`` was shown.
    """
    held = hold(ctx, {org.id, *([org.parent_id] if org.parent_id else [])})
    org = held[org.id]
    require_confirmed(preview(ctx, org, data), plan)
    children = _children(ctx, org, data)
    assert org.parent_id is not None
    placing = {**data, "level": org.level, "type": org.type, "link": org.link, "division_code": org.division_code}
    new = place_below(ctx, org.parent_id, placing)
    decided = dict(zip(APPROVAL, (data["decided_on"], data["number"]), strict=True))
    new.approved_on, new.approval_number = decided["approved_on"], decided["approval_number"]
    new.entry_days = life_rules.days_until_entry(data["decided_on"], today(ctx.clock))
    ctx.session.flush()
    tell_created(ctx, new)
    change = history.write_down(ctx, new, "split", data=data, after={"name": new.name}, other=org)
    new.approval_document = change.document
    ctx.session.flush()
    ids = tuple(str(child.id) for child in children)
    for child in children:
        moving.move(ctx, child, new, {**data, "document": None})
    publish(ctx, new.ref, OrgSplit(str(new.id), str(org.id), ids))
    return new
