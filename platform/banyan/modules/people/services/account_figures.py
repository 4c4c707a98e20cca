"""How many members have no account yet, in time and overdue, for each organisation directly below (ACC-02)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.modules.access.decision import visible
from banyan.modules.people.account_lists import MISSING, OVERDUE_UNTIL, SOON_UNTIL
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services.children import Child, counted, spans

MANY = 1_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Members without account. :ivar child: of which organisation with all below; None: of the one that asks itself."""

    child: Child | None
    missing: int
    soon: int
    overdue: int


def overview(ctx: Context) -> list[Figures]:
    """The organisation of the request itself, then each organisation directly below it with all below that one."""
    found = spans(ctx, ctx.here)
    counts = {
        "missing": func.count(),
        "soon": func.count().filter(Member.admitted_on > OVERDUE_UNTIL, Member.admitted_on <= SOON_UNTIL),
        "overdue": func.count().filter(Member.admitted_on <= OVERDUE_UNTIL),
    }
    seen = visible(ctx, MEMBER_READ.name, Member.org_path)
    rows = counted(ctx, found, Member.org_path, counts, MISSING, seen)
    return [Figures(one.child, **row) for one, row in zip(found, rows, strict=True)]


def overdue(ctx: Context) -> int:
    """How many are overdue here and below, `MANY` at most: for the dashboard and the badge."""
    within = visible(ctx, MEMBER_READ.name, Member.org_path, within=ctx.here)
    some = select(Member.id).where(MISSING, within, Member.admitted_on <= OVERDUE_UNTIL).limit(MANY).subquery()
    return ctx.session.scalar(select(func.count()).select_from(some)) or 0
