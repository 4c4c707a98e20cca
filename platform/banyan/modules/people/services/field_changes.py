"""What a change of a definition does to the data below: told, refused where it cannot be, carried out (PPL-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import opened
from banyan.kernel.treepath import upper
from banyan.modules.people.field_models import PURPOSE, MemberField, MemberFieldValue
from banyan.modules.people.models import Member
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services.field_reading import value_of
from banyan.modules.people.services.field_values import compared, kept

SEALED_AT_ONCE = 20_000
NAMED = 10
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Effects:
    """The data below a definition, as somebody who is about to change it should know it.

    :ivar filled: records that hold a value. :ivar lacking: active ones that hold none.
    :ivar options: value of an option → records that hold it.
    """

    filled: int
    lacking: int
    options: dict[str, int]


def effects(ctx: Context, field: Field) -> Effects:
    """What lies below a definition. Three statements."""
    filled = ctx.session.scalar(select(func.count(MemberFieldValue.member_id.distinct())).where(_of(field)))
    members = ctx.session.scalar(select(func.count()).select_from(Member).where(*_below(field)))
    having = ctx.session.scalar(
        select(func.count(MemberFieldValue.member_id.distinct()))
        .join(Member, Member.id == MemberFieldValue.member_id)
        .where(_of(field), *_below(field))
    )
    return Effects(filled or 0, (members or 0) - (having or 0), _options(ctx, field) if field.choices else {})


def _of(field: Field) -> ColumnElement[bool]:
    return MemberFieldValue.field_id == field.id


def _below(field: Field) -> tuple[ColumnElement[bool], ...]:
    """Active members of the organisation that laid a field down, and of those below it."""
    return (
        Member.org_path >= field.org_path,
        Member.org_path < upper(field.org_path),
        Member.status == "active",
    )


def _options(ctx: Context, field: Field) -> dict[str, int]:
    rows = ctx.session.execute(
        select(MemberFieldValue.key, func.count()).where(_of(field)).group_by(MemberFieldValue.key)
    )
    return {key: number for key, number in rows}  # noqa: C416 - rows are no pairs to the type checker


def admit(ctx: Context, old: Field, new: Field) -> None:
    """Refuse a change that the data below does not allow, with every reason."""
    reasons = [*_against_options(ctx, old, new), *_against_size(ctx, old, new)]
    if new.unique and not old.unique and not reasons:
        reasons += _duplicates(ctx, new)
    if reasons:
        raise Refused(*reasons)


def _against_options(ctx: Context, old: Field, new: Field) -> list[Text]:
    gone = [(value, label) for value, label in old.choices if value not in dict(new.choices)]
    if not gone:
        return []
    if old.sensitive:
        return [lazy("Options of a sensitive field can be renamed, but not taken away.")]
    held = _options(ctx, old)
    return [
        lazy("%(n)s members have the option “%(label)s”; it cannot be taken away.", n=held[value], label=label)
        for value, label in gone
        if held.get(value)
    ]


def _kept_otherwise(old: Field, new: Field) -> bool:
    return old.sensitive != new.sensitive or (new.sensitive and old.compared != new.compared)


def _against_size(ctx: Context, old: Field, new: Field) -> list[Text]:
    if not _kept_otherwise(old, new):
        return []
    number = ctx.session.scalar(select(func.count()).select_from(MemberFieldValue).where(_of(old))) or 0
    if number <= SEALED_AT_ONCE:
        return []
    said = lazy(
        "%(n)s members have a value; how it is kept cannot be changed any more. Put it away and add another field.",
        n=number,
    )
    return [said]


def _duplicates(ctx: Context, field: Field) -> list[Text]:
    """The values that several active members below have, with their names, and without sensitive values."""
    rows = ctx.session.execute(
        select(
            Member.name,
            MemberFieldValue.id,
            MemberFieldValue.value,
            MemberFieldValue.key,
            MemberFieldValue.value_sealed,
        )
        .join(Member, Member.id == MemberFieldValue.member_id)
        .where(_of(field), *_below(field), *_repeated(field))
        .order_by(MemberFieldValue.key, Member.sort_name)
        .limit(None if field.sensitive else NAMED * 20)
    )
    found: dict[str, tuple[str, list[str]]] = {}
    for name, identity, value, key, sealed in rows:
        text = key if sealed is None else compared(field, opened(PURPOSE, sealed, identity) or str(identity))
        found.setdefault(text, (value, []))[1].append(name)
    twice = [(value, names) for value, names in found.values() if len(names) > 1]
    said: list[Text] = [
        lazy("“%(value)s” is the value of several members: %(names)s.", value=value, names="、".join(names[:5]))
        for value, names in twice[:NAMED]
    ]
    return said


def _repeated(field: Field) -> Sequence[ColumnElement[bool]]:
    if field.sensitive:
        return ()
    again = (
        select(MemberFieldValue.key)
        .join(Member, Member.id == MemberFieldValue.member_id)
        .where(_of(field), *_below(field))
        .group_by(MemberFieldValue.key)
        .having(func.count() > 1)
        .limit(NAMED)
    )
    return (MemberFieldValue.key.in_(again),)


def carry_out(ctx: Context, old: Field, new: Field) -> None:
    """Bring the values below into the state that a changed definition wants."""
    if _kept_otherwise(old, new):
        _keep_anew(ctx, old, new)
    if old.unique != new.unique:
        alone = MemberFieldValue.member_id.in_(select(Member.id).where(*_below(new)))
        ctx.session.execute(
            update(MemberFieldValue)
            .where(_of(new))
            .values(single=alone if new.unique else False)
            .execution_options(synchronize_session=False)
        )


def _keep_anew(ctx: Context, old: Field, new: Field) -> None:
    last: UUID | None = None
    while True:
        statement = select(MemberFieldValue.id, MemberFieldValue.value, MemberFieldValue.value_sealed).where(_of(old))
        if last is not None:
            statement = statement.where(MemberFieldValue.id > last)
        rows = ctx.session.execute(statement.order_by(MemberFieldValue.id).limit(_CHUNK)).all()
        if not rows:
            return
        changed = [_anew(new, *row) for row in rows]
        ctx.session.execute(update(MemberFieldValue), [one for one in changed if one is not None])
        last = rows[-1][0]


def _anew(new: Field, identity: UUID, value: str, sealed: bytes | None) -> dict[str, Any] | None:
    clear = value if sealed is None else opened(PURPOSE, sealed, identity)
    return None if clear is None else {"id": identity, **kept(new, clear, identity)}


def seal_left_behind(ctx: Context) -> int:
    """Seal what is still readable of fields that became sensitive: of members who had gone elsewhere by then.

    For the platform's own job, whose session sees everything. Returns how many it sealed.
    """
    rows = ctx.session.execute(
        select(MemberFieldValue.id, MemberFieldValue.value, MemberField)
        .join(MemberField, MemberField.id == MemberFieldValue.field_id)
        .where(MemberField.sensitive, MemberFieldValue.value_sealed.is_(None))
        .limit(_CHUNK)
    ).all()
    changed = [{"id": identity, **kept(value_of(row), value, identity)} for identity, value, row in rows]
    if changed:
        ctx.session.execute(update(MemberFieldValue), changed)
    return len(changed)
