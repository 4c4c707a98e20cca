"""Where members can go: organisations that take them, found by name or code, and told no more of than that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage, upper
from banyan.kernel.values import OrgRef
from banyan.modules.people.services import own
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services import search
from banyan.modules.transfers.settings import ACCEPTS, PLACES
from banyan.plugins.settings import setting

MOST_HITS = 12
NAMED = 5
LONGEST_CHAIN = 20


@dataclass(frozen=True, slots=True)
class Destination:
    """An organisation as somebody reads it who is to choose one: its code, its name, and where it stands."""

    code: str
    name: str
    above: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name with the way to it."""
        return " / ".join((*self.above, self.name))


def root_of(path: str) -> str:
    """The path of the root of the tree that ``path`` is in."""
    return lineage(path)[0]


def code_of(ctx: Context, org_id: UUID) -> str:
    """The code of an organisation."""
    return ctx.session.get_one(Org, org_id).code


def named(ctx: Context, code: str) -> Org | None:
    """The organisation with this code, in any tree: codes are public. What became of it is for the caller to say."""
    return ctx.session.scalar(select(Org).where(Org.code == code.strip().lower()))


def meant(ctx: Context, tree: OrgRef, text: str) -> Org:
    """The organisation that somebody named by its code, or by a name that only one has.

    :raises Invalid: on ``to``: none or several.
    """
    found = named(ctx, text)
    if found is not None:
        return found
    hits = find(ctx, tree, text)
    exact = [hit for hit in hits if hit.name == text.strip()] or hits
    if len(exact) == 1:
        return ctx.session.scalars(select(Org).where(Org.code == exact[0].code)).one()
    if not hits:
        raise Invalid({"to": [lazy("No organisation that takes members is called so.")]})
    labels = "; ".join(f"{hit.label} ({hit.code})" for hit in exact[:NAMED])
    raise Invalid({"to": [lazy("Several fit. Give the code: %(names)s", names=labels)]})


def standing(ctx: Context, org: Org) -> Org:
    """What ``org`` is now: where it was merged into another one, that one."""
    for _step in range(LONGEST_CHAIN):
        if org.status != "merged" or org.successor_id is None:
            break
        org = ctx.session.get_one(Org, org.successor_id)
    return org


def hold(ctx: Context, ids: Iterable[UUID]) -> dict[UUID, Org]:
    """Hold organisations against being revoked, merged or moved until the transaction ends, and read them anew."""
    statement = select(Org).where(Org.id.in_(set(ids))).order_by(Org.path).with_for_update(read=True)
    rows = ctx.session.scalars(statement.execution_options(populate_existing=True)).all()
    return {row.id: row for row in rows}


def against(ctx: Context, org: Org) -> list[Text]:
    """Why nobody can be transferred to ``org``."""
    if org.status == "merged":
        into = standing(ctx, org)
        return [lazy("%(name)s has been merged into %(into)s. Choose that one.", name=org.name, into=into.name)]
    if org.status != "active":
        return [lazy("%(name)s has been revoked.", name=org.name)]
    if not setting(ctx, ACCEPTS.key, org.ref):
        return [lazy("%(name)s takes no members by transfer.", name=org.name)]
    if setting(ctx, PLACES.key, org.ref) == "basic" and _any_below(ctx, org.ref):
        return [lazy("%(name)s takes no members itself; choose a branch below it.", name=org.name)]
    return []


def _any_below(ctx: Context, org: OrgRef) -> bool:
    child = select(Org.id).where(Org.parent_id == org.id, Org.status == "active")
    return ctx.session.scalar(select(exists(child))) is True


def find(ctx: Context, tree: OrgRef, text: str) -> list[Destination]:
    """Organisations of the tree of ``tree`` that take members, by code, or by a piece of their name.

    Everybody with an account may ask: nothing but names and their place is told, and only of those that take members.
    """
    root = root_of(tree.path)
    other = aliased(Org, name="taking")

    def active(path: search.Paths) -> object:
        return exists().where(other.path == path, other.status == "active", other.id != tree.id)

    found = search.search(ctx.session, text, root, upper(root), active, MOST_HITS)  # type: ignore[arg-type]
    taking = [hit for hit in found.hits if _takes(ctx, hit.place.id)]
    return [
        Destination(hit.place.code, hit.place.name, tuple(place.shown_name for place in hit.above)) for hit in taking
    ]


def find_for_me(ctx: Context, text: str) -> list[Destination]:
    """`find` in the trees of the actor's own records; nothing for those who are no members."""
    trees = {root_of(record.org_path): record.org for record in own.records(ctx)}
    return [hit for org in trees.values() for hit in find(ctx, org, text)]


def _takes(ctx: Context, org_id: UUID) -> bool:
    return not against(ctx, ctx.session.get_one(Org, org_id))
