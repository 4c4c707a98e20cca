"""Rows that belong to one organisation go to another one: of every module, on or off, without knowing their tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    PrimaryKeyConstraint,
    Select,
    Table,
    UniqueConstraint,
    func,
    intersect,
    literal,
    select,
    text,
    update,
)

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.plugins import manager

# What describes the organisation that ends, and stays with it: switches, what it laid down, decisions about itself.
# Roles of one name and figures are put together by those who know them.
STAYS = frozenset({"module_state", "module_policy", "org_revocation", "org_link_change", "stat"})
KNOWN = frozenset({"org_role"})


def tables(ctx: Context) -> list[Table]:
    """Tables whose rows go along: those that repeat an organisation and that the application may rewrite.

    What only grows, such as a log, keeps saying where it happened.
    """
    found = {
        mapper.local_table.name: mapper.local_table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, OrgPair) and isinstance(mapper.local_table, Table)
    }
    names = sorted(name for name in found if name not in STAYS)
    asked = text(
        "SELECT name FROM unnest(CAST(:names AS text[])) AS t (name) WHERE to_regclass(quote_ident(name)) IS NOT NULL"
        " AND has_column_privilege(to_regclass(quote_ident(name)), 'org_id', 'UPDATE')"
    )
    return [found[name] for name in ctx.session.scalars(asked, {"names": names})]


def carry(ctx: Context, org: OrgRef, into: OrgRef) -> dict[str, int]:
    """Give every row of ``org`` to ``into``; returns how many by table."""
    carried = {}
    for table in tables(ctx):
        statement = update(table).where(table.c.org_id == org.id).values(org_id=into.id, org_path=into.path)
        number = int(ctx.session.execute(statement).rowcount)  # type: ignore[attr-defined]
        if number:
            carried[table.name] = number
    ctx.session.expire_all()
    return carried


def against(ctx: Context, org: OrgRef, into: OrgRef) -> list[Text]:
    """Tables in which both have something of which an organisation has only one."""
    reasons: list[Text] = []
    owners = _owners()
    for table in tables(ctx):
        owner = owners.get(table.name, "")
        if table.name in KNOWN or _puts_together(owner):
            continue
        number = sum(_twice(ctx, table, columns, where, org, into) for columns, where in _unique(table))
        if number:
            label = manager.current().manifests[owner].label if owner else table.name
            reasons.append(lazy("“%(module)s”: things that both organisations have: %(n)s.", module=label, n=number))
    return reasons


def _owners() -> dict[str, str]:
    found = manager.current().start("banyan_models")
    return {model.__tablename__: name for name, models in found for model in models}


def _puts_together(module: str) -> bool:
    return module in manager.current().implementing("banyan_org_merging")


def _unique(table: Table) -> Iterator[tuple[list[ColumnElement[Any]], ColumnElement[bool] | None]]:
    """The columns, beside the organisation, of which it has each value only once, and the rows this holds for."""
    for constraint in (*table.constraints, *table.indexes):
        single = isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint)
        single = single or (isinstance(constraint, Index) and bool(constraint.unique))
        if not single:
            continue
        columns = list(constraint.columns)  # type: ignore[attr-defined]
        if table.c.org_id in columns:
            where = constraint.dialect_options["postgresql"].get("where") if isinstance(constraint, Index) else None
            yield [column for column in columns if column.name not in ("org_id", "org_path")], where


def _twice(
    ctx: Context,
    table: Table,
    columns: list[ColumnElement[Any]],
    where: ColumnElement[bool] | None,
    org: OrgRef,
    into: OrgRef,
) -> int:
    shown = columns or [literal(1)]

    def of(place: OrgRef) -> Select[Any]:
        statement = select(*shown).select_from(table).where(table.c.org_id == place.id)
        return statement.where(where) if where is not None else statement

    both = intersect(of(org), of(into)).subquery()
    return int(ctx.session.scalar(select(func.count()).select_from(both)) or 0)
