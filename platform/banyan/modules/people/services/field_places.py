"""Definitions of fields when organisations are merged or move: a key stands once in a line of the tree."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, or_, select, update

from banyan.kernel.context import Context
from banyan.kernel.treepath import ancestors, upper
from banyan.kernel.values import OrgRef
from banyan.modules.audit.services import record
from banyan.modules.people.field_models import MemberField, MemberFieldValue
from banyan.modules.people.services.field_definitions import subject


def merging(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """What ``org`` laid down becomes that of the organisation it is merged into.

    A field of the same key and kind there, or above, takes over the values; any other one gets a new key.
    """
    line = _by_key(ctx, [*ancestors(into.path), into.path])
    for row in ctx.session.scalars(select(MemberField).where(MemberField.org_id == org.id)).all():
        other = line.get(row.key)
        if other is None or other.id == row.id:
            continue
        if other.kind == row.kind and not (row.choices or row.sensitive or other.sensitive or other.is_unique):
            _take_over(ctx, row, other)
        else:
            _rename(ctx, row, line.keys())
    ctx.session.flush()


def _take_over(ctx: Context, row: MemberField, other: MemberField) -> None:
    held = select(MemberFieldValue.member_id).where(MemberFieldValue.field_id == other.id)
    mine = MemberFieldValue.field_id == row.id
    ctx.session.execute(
        delete(MemberFieldValue)
        .where(mine, MemberFieldValue.member_id.in_(held))
        .execution_options(synchronize_session=False)
    )
    ctx.session.execute(
        update(MemberFieldValue)
        .where(mine)
        .values(field_id=other.id, single=False)
        .execution_options(synchronize_session=False)
    )
    record(
        ctx, "people.field.merge", subject(row), org=row.org, after={"field_key": row.key, "taken_over": other.label}
    )
    ctx.session.delete(row)


def moved(ctx: Context, org: OrgRef) -> None:
    """After ``org`` moved: fields of it and of those below get a new key where one above has theirs."""
    line = _by_key(ctx, ancestors(org.path))
    if not line:
        return
    inside = (MemberField.org_path >= org.path) & (MemberField.org_path < upper(org.path))
    for row in ctx.session.scalars(select(MemberField).where(inside, MemberField.key.in_(list(line)))).all():
        _rename(ctx, row, line.keys())
    ctx.session.flush()


def _by_key(ctx: Context, paths: Iterable[str]) -> dict[str, MemberField]:
    rows = ctx.session.scalars(select(MemberField).where(MemberField.org_path.in_(list(paths))))
    return {row.key: row for row in rows}


def _rename(ctx: Context, row: MemberField, taken: Iterable[str]) -> None:
    near = or_(
        MemberField.org_id == row.org_id,
        (MemberField.org_path >= row.org_path) & (MemberField.org_path < upper(row.org_path)),
    )
    used = {*taken, *ctx.session.scalars(select(MemberField.key).where(near))}
    before = row.key
    row.key = next(key for n in range(2, 10_000) if (key := f"{before[:27]}_{n}") not in used)
    record(
        ctx,
        "people.field.rename",
        subject(row),
        org=row.org,
        before={"field_key": before},
        after={"field_key": row.key},
    )
