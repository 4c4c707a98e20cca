"""How many changes wait, and how many are late: of an organisation and, level by level, of those below it (PPL-02)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.modules.access.decision import visible
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.tenancy.models import Org


@dataclass(frozen=True, slots=True)
class Counts:
    """:ivar asked: requests that wait for an answer. :ivar unchecked: what took effect and is to be checked.
    :ivar overdue: of both, those whose working days are over. :ivar code: and ``name`` of the organisation.
    """

    code: str
    name: str
    asked: int
    unchecked: int
    overdue: int

    @property
    def open(self) -> int:
        """Both together."""
        return self.asked + self.unchecked


def here(ctx: Context) -> Counts:
    """Of the organisation of the request and all below it that the reader may see."""
    seen = visible(ctx, MEMBER_READ.name, MemberChange.org_path, within=ctx.here)
    asked, unchecked, overdue = ctx.session.execute(select(*_numbers(ctx)).where(MemberChange.is_open, seen)).one()
    code, name = ctx.session.execute(select(Org.code, Org.name).where(Org.id == ctx.here.id)).one()
    return Counts(code, name, asked, unchecked, overdue)


def below(ctx: Context) -> list[Counts]:
    """Of the organisation itself, then of each directly below it with all that is further down; none without any.

    One statement: the open ones are few, whatever the size of the tree.
    """
    seen = visible(ctx, MEMBER_READ.name, MemberChange.org_path, within=ctx.here)
    statement = (
        select(Org.code, Org.name, *_numbers(ctx))
        .select_from(MemberChange)
        .join(Org, Org.path == _child_path(ctx))
        .where(MemberChange.is_open, seen)
        .group_by(Org.id, Org.code, Org.name, Org.path)
        .order_by(Org.path)
    )
    rows = ctx.session.execute(statement).all()
    return [Counts(code, name, asked, unchecked, late) for code, name, asked, unchecked, late in rows]


def _child_path(ctx: Context) -> ColumnElement[str]:
    """The path of the organisation directly below this one that a change lies in; of this one for its own."""
    rest = func.split_part(func.substr(MemberChange.org_path, len(ctx.here.path) + 1), ".", 1)
    # concat() leaves out NULL: what lies at the organisation itself has nothing behind its path.
    return func.concat(ctx.here.path, func.nullif(rest, "") + ".")


def _numbers(ctx: Context) -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[int]]:
    late = MemberChange.due_on < today(ctx.clock)
    return (
        func.count().filter(MemberChange.kind == "ask"),
        func.count().filter(MemberChange.kind == "check"),
        func.count().filter(late),
    )
