"""The organisations directly below, and figures that are drilled down through them, level by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import column

from banyan.kernel.context import Context
from banyan.kernel.treepath import upper
from banyan.kernel.values import OrgRef
from banyan.modules.tenancy.models import Org


@dataclass(frozen=True, slots=True)
class Child:
    """An organisation directly below."""

    org: OrgRef
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Span:
    """A range of places. :ivar child: whose; None: of the organisation that asks, itself."""

    child: Child | None
    lo: str
    hi: str


def spans(ctx: Context, ground: OrgRef) -> list[Span]:
    """The range of ``ground`` itself without what is below, then that of each active organisation directly below."""
    rows = ctx.session.execute(
        select(Org.id, Org.path, Org.code, Org.name)
        .where(Org.parent_id == ground.id, Org.status == "active")
        .order_by(Org.ordinal)
    )
    below = [Child(OrgRef(identity, path), code, name) for identity, path, code, name in rows]
    own = Span(None, ground.path, ground.path + "!")
    return [own, *(Span(child, child.org.path, upper(child.org.path)) for child in below)]


def counted(
    ctx: Context,
    found: Sequence[Span],
    path: InstrumentedAttribute[str],
    counts: Mapping[str, ColumnElement[int]],
    *where: ColumnElement[bool],
) -> list[dict[str, int]]:
    """``counts`` of the rows in each of the ranges, in one statement: each range is an index range of its own.

    The bounds are columns, not expressions: row security lets an index be used by nothing else.
    """
    bounds = (
        func.unnest(
            literal([one.lo for one in found], ARRAY(Text(collation="C"))),
            literal([one.hi for one in found], ARRAY(Text(collation="C"))),
        )
        .table_valued(column("lo", Text), column("hi", Text), with_ordinality="n", name="bounds")
        .render_derived()
    )
    inner = (
        select(*(expression.label(key) for key, expression in counts.items()))
        .where(*where, path >= bounds.c.lo, path < bounds.c.hi)
        .lateral("counted")
    )
    names: list[Any] = [inner.c[key] for key in counts]
    statement = select(*names).select_from(bounds.join(inner, true())).order_by(column("n", Integer))
    return [dict(zip(counts, row, strict=True)) for row in ctx.session.execute(statement)]
