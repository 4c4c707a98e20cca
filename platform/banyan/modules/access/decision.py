"""Deciding about rows and lists: the only doors to another organisation's data."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, not_, or_

from banyan.kernel import guidance
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.errors import Forbidden, NotFound
from banyan.kernel.guidance import PathColumn, Range
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import upper
from banyan.kernel.values import Decision, OrgRef
from banyan.modules.access import rules

Row = TypeVar("Row", bound=OrgPair)


def decide(ctx: Context, permission: str, org: OrgRef) -> Decision:
    """Whether the actor may do ``permission`` at ``org``, and what says so."""
    return rules.decide(ctx.actor.grants, ctx.actor.policy, permission, org.path)


def may(ctx: Context, permission: str, org: OrgRef | None = None) -> bool:
    """`decide` at ``org`` (by default that of the request), as a yes or no for buttons and menus."""
    place = org or ctx.org
    return place is not None and decide(ctx, permission, place).allowed


def require(ctx: Context, permission: str, org: OrgRef) -> Decision:
    """Decide, and raise what the boundary shows: `NotFound` out of reach, `Forbidden` within it."""
    decision = decide(ctx, permission, org)
    if decision.allowed:
        return decision
    if decision.reason == "no_grant":
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    raise Forbidden(lazy("Your role does not allow this here."))


def load(ctx: Context, permission: str, model: type[Row], identity: UUID) -> Row:
    """The row with ``identity``, after deciding at the row's own organisation.

    Raises `NotFound` alike for rows that do not exist, lie outside the organisation of the URL or out of reach;
    `Forbidden` within it.
    """
    row = ctx.session.get(model, identity)
    outside = ctx.org is not None and row is not None and not row.org_path.startswith(ctx.org.path)
    if row is None or outside:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    require(ctx, permission, row.org)
    return row


def visible(
    ctx: Context,
    permission: str,
    path: PathColumn,
    *,
    within: OrgRef | None = None,
) -> ColumnElement[bool]:
    """The predicate of rows the actor may see: every list, count, export and statistic carries it.

    :param path: the column with the row's path. :param within: narrows to this organisation and those below.
    """
    grants, policy = ctx.actor.grants, ctx.actor.policy
    allowed, denied = rules.ranges(grants, policy, permission)
    if within is not None:
        lo, hi = within.path, upper(within.path)
        allowed, denied = rules.clipped(allowed, lo, hi), rules.clipped(denied, lo, hi)
    if len(allowed) <= guidance.MANY:
        return _inside(path, tuple(allowed), tuple(denied))
    # Links of guidance have cut the reach into many pieces; an index finds the reach they were cut out of.
    hull, _denied = rules.reaches(grants, policy, permission)
    if within is not None:
        hull = rules.clipped(hull, within.path, upper(within.path))
    pieces = guidance.inside(path, allowed, hull=hull)
    return and_(pieces, not_(guidance.inside(path, denied))) if denied else pieces


@lru_cache(maxsize=10_000)
def _inside(path: PathColumn, allowed: tuple[Range, ...], denied: tuple[Range, ...]) -> ColumnElement[bool]:
    """The predicate of paths in ``allowed`` and not in ``denied``. Kept, as the same people ask for the same again."""
    if not allowed:
        return false()
    inside = or_(*(and_(path >= lo, path < hi) for lo, hi in allowed))
    if not denied:
        return inside
    return and_(inside, not_(or_(*(and_(path >= lo, path < hi) for lo, hi in denied))))
