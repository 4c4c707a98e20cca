"""Which kind of link a new or renamed organisation may have to its parent, looked at in the tree (ORG-12)."""

from __future__ import annotations

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.pinyin import sort_name
from banyan.kernel.treepath import lineage, upper
from banyan.modules.tenancy import links, territory
from banyan.modules.tenancy.models import Org, OrgType
from banyan.modules.tenancy.territory import Divisions


def link_problems(ctx: Context, link: str, kind: str, name: str, parent: Org | None) -> dict[str, list[Text]]:
    """Why a new organisation of this type and name may not have such a link to ``parent``."""
    allowed = ctx.session.scalar(select(OrgType.links).where(OrgType.key == kind)) or []
    found: dict[str, list[Text]] = {}
    if wrong := links.problems(link, allowed, parent.link if parent else None):
        found["link"] = wrong
    if parent is not None and (named := territorial(ctx, link, name, parent)):
        found["name"] = named
    return found


def territorial(ctx: Context, link: str, name: str, parent: Org) -> list[Text]:
    """Why a branch office of ``parent`` may not be called ``name``."""
    if link != "branch_office":
        return []
    return links.name_problems(link, name, [parent.name, parent.short_name], spoken_of(ctx, name, parent.path))


def spoken_of(ctx: Context, name: str, path: str) -> Divisions:
    """The divisions that a name in the tree of ``path`` could speak of: those of the country, and those on which its
    organisations stand, found by the index of names.
    """
    asked = set(territory.pieces(name))
    if not asked:
        return territory.known()
    root = lineage(path)[0]
    found = ctx.session.scalars(
        select(Org.name).where(
            Org.sort_name.in_({sort_name(piece) for piece in asked}),
            Org.name.in_(asked),
            Org.division_code != "",
            Org.path >= root,
            Org.path < upper(root),
        )
    )
    return territory.known().with_names(frozenset(found))
