"""The tree as the console shows it: only what is open, only what the reader may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.modules.access.decision import visible
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_READ
from banyan.modules.tenancy.services.place import Place

MOST_CHILDREN = 500


@dataclass(frozen=True, slots=True)
class Node:
    """An organisation in the tree; ``below`` counts its direct children, ``link`` is its kind of link to its parent."""

    place: Place
    below: int
    link: str


def children(ctx: Context, parents: Sequence[UUID]) -> dict[UUID, list[Node]]:
    """Children of each of ``parents`` in order, with how many they have in turn. Two statements."""
    rows = ctx.session.execute(
        select(Org.parent_id, Org.id, Org.path, Org.code, Org.name, Org.short_name, Org.level, Org.link)
        .where(Org.parent_id.in_(parents), Org.status == "active", visible(ctx, ORG_READ.name, Org.path))
        .order_by(Org.parent_id, Org.ordinal)
        .limit(MOST_CHILDREN * max(len(parents), 1))
    ).all()
    below = counts(ctx, [row.id for row in rows])
    found: dict[UUID, list[Node]] = defaultdict(list)
    for parent, identity, path, code, name, short_name, level, link in rows:
        place = Place(identity, path, code, name, short_name, level)
        if parent is not None:
            found[parent].append(Node(place, below.get(place.id, 0), link))
    return found


def counts(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many direct children each of ``ids`` has that the reader may see."""
    if not ids:
        return {}
    rows = ctx.session.execute(
        select(Org.parent_id, func.count())
        .where(Org.parent_id.in_(ids), Org.status == "active", visible(ctx, ORG_READ.name, Org.path))
        .group_by(Org.parent_id)
    )
    return {parent: number for parent, number in rows if parent is not None}
