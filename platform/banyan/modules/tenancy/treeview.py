"""The tree as the shell draws it."""

from __future__ import annotations

from uuid import UUID

from flask import url_for

from banyan.kernel.context import Context
from banyan.modules.tenancy.links import MARKS
from banyan.modules.tenancy.services import place as places
from banyan.modules.tenancy.services import tree
from banyan.modules.tenancy.services.levels import LevelView
from banyan.web.shell import TreeNode, tree_at

DASHBOARD = "stats_pages.dashboard"


def tree_node(
    ctx: Context, node: tree.Node, known: dict[str, LevelView], below: dict[UUID, list[tree.Node]]
) -> TreeNode:
    """A node of the tree with what is open below it."""
    place, level = node.place, known.get(node.place.level)
    path = ctx.org.path if ctx.org else ""
    return TreeNode(
        code=place.code,
        name=place.shown_name,
        level_mark=level.mark if level else "",
        url=url_for(tree_at() or DASHBOARD, code=place.code),
        count=node.below or None,
        has_children=node.below > 0,
        open=place.id in below,
        children=tuple(tree_node(ctx, child, known, below) for child in below.get(place.id, ())),
        active=place.path == path,
        note=MARKS.get(node.link, ""),
    )


def outermost(held: list[places.Place]) -> list[places.Place]:
    """Places that do not lie below another one held."""
    found: list[places.Place] = []
    for place in sorted(held, key=lambda one: one.path):
        if not found or not place.path.startswith(found[-1].path):
            found.append(place)
    return found
