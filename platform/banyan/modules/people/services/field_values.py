"""What members' records hold in the fields that organisations added themselves (PPL-01).

A value of a sensitive field is kept sealed; what is readable beside it is its mask. Values follow their member by
foreign key; `settle` says anew which of them nobody else may have when the member went, left or came back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import blind_index, blind_indexes, opened, seal
from banyan.modules.people.field_inputs import ValidationError, clean
from banyan.modules.people.field_models import PURPOSE, MemberFieldValue
from banyan.modules.people.rules import fields as rules
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services.field_reading import fields_of

TAKEN = lazy("Another member has this value already.")
MISSING = lazy("Please fill this in.")
Values = dict[UUID, tuple[str, ...]]


class Holder(Protocol):
    """What has to be known of a member: the record itself has it, and so has a row of an import."""

    @property
    def id(self) -> UUID: ...
    @property
    def org_path(self) -> str: ...
    @property
    def status(self) -> str: ...


class Held(NamedTuple):
    """What a record holds in one field: in clear, to be compared, and as everybody may read it."""

    clear: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


def stored(ctx: Context, members: Iterable[UUID]) -> dict[UUID, Values]:
    """Member → field → what is kept, masks for what is sensitive. One statement."""
    found: dict[UUID, Values] = {}
    rows = ctx.session.execute(
        select(MemberFieldValue.member_id, MemberFieldValue.field_id, MemberFieldValue.value)
        .where(MemberFieldValue.member_id.in_(list(members)))
        .order_by(MemberFieldValue.member_id, MemberFieldValue.field_id, MemberFieldValue.item)
    )
    for member_id, field_id, value in rows:
        held = found.setdefault(member_id, {})
        held[field_id] = (*held.get(field_id, ()), value)
    return found


def said(field: Field, values: Sequence[str]) -> str:
    """Kept values as people read them."""
    labels = {} if field.sensitive else dict(field.choices)
    if field.kind == "boolean" and not field.sensitive:
        labels = {"true": str(lazy("Yes")), "false": str(lazy("No"))}
    return "、".join(labels.get(value, value) for value in values)


def given(field: Field, values: Sequence[str]) -> Any:
    """Kept values as the API gives them, and as a form takes them; of a sensitive field the mask."""
    if field.several:
        return list(values)
    if not values:
        return None
    return values[0] if field.sensitive else rules.from_text(field.kind, values[0])


def revealed(ctx: Context, member_id: UUID) -> dict[UUID, str | None]:
    """Field → sensitive value in clear, None where it cannot be read. Who may, and why, the caller has asked."""
    rows = ctx.session.scalars(
        select(MemberFieldValue).where(
            MemberFieldValue.member_id == member_id, MemberFieldValue.value_sealed.is_not(None)
        )
    )
    return {row.field_id: opened(PURPOSE, row.value_sealed, row.id) for row in rows}


def cleaned(fields: Sequence[Field], data: Mapping[str, Any], *, complete: bool, by: str = "branch") -> Values:
    """What would be kept of ``data``.

    :param data: value by key; what is not named stays as it is, None empties.
    :param complete: whether what must be filled in by ``by`` has to be there.
    :raises Invalid: with every reason, under ``fields.<key>``.
    """
    known = {one.key: one for one in fields if not one.archived}
    problems: dict[str, list[Text]] = {
        f"fields.{key}": [lazy("There is no such field here.")] for key in data.keys() - known
    }
    found: Values = {}
    for key, one in known.items():
        if key not in data:
            if complete and one.required and one.filled_by == by:
                problems[f"fields.{key}"] = [MISSING]
            continue
        try:
            found[one.id] = clean(one, data[key])
        except ValidationError as error:
            problems[f"fields.{key}"] = _messages(error.messages)
            continue
        if one.required and not found[one.id]:
            problems[f"fields.{key}"] = [MISSING]
    if problems:
        raise Invalid(problems)
    return found


def _messages(messages: Any) -> list[Text]:
    if isinstance(messages, dict):
        return [text for inner in messages.values() for text in _messages(inner)]
    return list(messages) if isinstance(messages, list) else [messages]


def write(
    ctx: Context,
    member: Holder,
    fields: Sequence[Field],
    data: Mapping[str, Any],
    *,
    complete: bool = False,
    by: str = "branch",
) -> dict[str, tuple[str, str]]:
    """Put values into a record.

    :return: label → (before, after) of what changed, as it may stand in the audit log.
    :raises Invalid: with every reason, that another member has the value among them.
    """
    known = {one.id: one for one in fields}
    wanted = cleaned(fields, data, complete=complete, by=by)
    before = held(ctx, member.id, known)
    wanted = {one: values for one, values in wanted.items() if values != before.get(one, Held()).clear}
    taken = _taken(ctx, known, [(member.id, wanted)])[0]
    if taken:
        raise Invalid({f"fields.{known[one].key}": [TAKEN] for one in taken})
    put(ctx, known, [(member, wanted)])
    return {
        known[one].label: (
            said(known[one], before.get(one, Held()).shown),
            said(known[one], [readable(known[one], value) for value in values]),
        )
        for one, values in wanted.items()
    }


def readable(field: Field, text: str) -> str:
    """A value as it may be read by everybody who sees the record."""
    return rules.masked(field.kind, text) if field.sensitive else text


def held(ctx: Context, member_id: UUID, known: Mapping[UUID, Field]) -> dict[UUID, Held]:
    """What a record holds in the fields ``known``, sensitive values opened."""
    return held_many(ctx, [member_id], known).get(member_id, {})


def held_many(ctx: Context, members: Sequence[UUID], known: Mapping[UUID, Field]) -> dict[UUID, dict[UUID, Held]]:
    """Member → what the record holds in the fields ``known``, sensitive values opened. One statement."""
    if not members or not known:
        return {}
    row = MemberFieldValue
    rows = ctx.session.execute(
        select(row.member_id, row.id, row.field_id, row.value, row.value_sealed)
        .where(row.member_id.in_(members), row.field_id.in_(list(known)))
        .order_by(row.item)
    )
    found: dict[UUID, dict[UUID, Held]] = {}
    for member_id, identity, field_id, value, sealed in rows:
        clear = value if sealed is None else opened(PURPOSE, sealed, identity) or ""
        own = found.setdefault(member_id, {})
        before = own.get(field_id, Held())
        own[field_id] = Held((*before.clear, clear), (*before.shown, value))
    return found


def put(ctx: Context, known: Mapping[UUID, Field], items: Sequence[tuple[Holder, Values]]) -> None:
    """Keep values that were checked: a statement for each field and one for all rows, whatever their number."""
    pairs: dict[UUID, list[UUID]] = {}
    rows: list[dict[str, Any]] = []
    for member, values in items:
        for field_id, texts in values.items():
            pairs.setdefault(field_id, []).append(member.id)
            rows += [_row(known[field_id], member, item, text) for item, text in enumerate(texts)]
    for field_id, members in pairs.items():
        ctx.session.execute(
            delete(MemberFieldValue)
            .where(MemberFieldValue.field_id == field_id, MemberFieldValue.member_id.in_(members))
            .execution_options(synchronize_session=False)
        )
    if rows:
        ctx.session.execute(insert(MemberFieldValue), rows)


def _row(field: Field, member: Holder, item: int, text: str) -> dict[str, Any]:
    identity = new_id()
    return {
        "id": identity,
        "org_path": member.org_path,
        "member_id": member.id,
        "field_id": field.id,
        "item": item,
        "single": single(field, member),
        **kept(field, text, identity),
    }


def kept(field: Field, text: str, identity: UUID) -> dict[str, Any]:
    """The columns of a value that its field decides about."""
    compared = field.sensitive and field.compared
    return {
        "value": readable(field, text),
        "key": "" if field.sensitive else rules.compare_key(field.kind, text),
        "value_sealed": seal(PURPOSE, text, identity) if field.sensitive else None,
        "value_index": blind_index(PURPOSE, rules.blind_form(text)) if compared else None,
    }


def single(field: Field, member: Holder) -> bool:
    """Whether nobody else may have the member's value."""
    return field.unique and member.status == "active" and member.org_path.startswith(field.org_path)


def check_many(
    ctx: Context, fields: Sequence[Field], items: Sequence[tuple[UUID | None, Values]]
) -> list[dict[str, Text]]:
    """For each of ``items`` (member or None for a new one, values) what is wrong, by key: a value that is taken."""
    known = {one.id: one for one in fields}
    return [{known[one].key: TAKEN for one in taken} for taken in _taken(ctx, known, items)]


def _taken(ctx: Context, known: Mapping[UUID, Field], items: Sequence[tuple[UUID | None, Values]]) -> list[set[UUID]]:
    """For each item the unique fields whose value another member, or an item before it, has."""
    found: list[set[UUID]] = [set() for _item in items]
    for field in known.values():
        if not field.unique:
            continue
        wanted = [
            (n, who, compared(field, values[field.id][0]))
            for n, (who, values) in enumerate(items)
            if values.get(field.id)
        ]
        owners = owners_of(ctx, field, [text for _n, _who, text in wanted])
        seen: set[str] = set()
        for n, who, text in wanted:
            if text in seen or owners.get(text, set()) - {who}:
                found[n].add(field.id)
            seen.add(text)
    return found


def compared(field: Field, text: str) -> str:
    """What two values are compared by."""
    return rules.blind_form(text) if field.sensitive else rules.compare_key(field.kind, text)


def owners_of(ctx: Context, field: Field, texts: Sequence[str]) -> dict[str, set[UUID]]:
    """Compared text → members who have it for themselves.

    Those out of the scope of the session are not seen here; the unique index knows them.
    """
    if not texts:
        return {}
    column: Any = MemberFieldValue.value_index if field.sensitive else MemberFieldValue.key
    named: dict[Any, str] = {
        index: text for text in texts for index in (blind_indexes(PURPOSE, text) if field.sensitive else (text,))
    }
    rows = ctx.session.execute(
        select(column, MemberFieldValue.member_id).where(
            MemberFieldValue.field_id == field.id, MemberFieldValue.single, column.in_(list(named))
        )
    )
    found: dict[str, set[UUID]] = {}
    for key, member_id in rows:
        found.setdefault(named[key], set()).add(member_id)
    return found


def settle(ctx: Context, member: Holder) -> None:
    """Say anew which of a record's values nobody else may have: after it went elsewhere, left or came back.

    What somebody else has taken meanwhile stays in the record and is no longer the member's alone.
    """
    held_in = select(MemberFieldValue.id, MemberFieldValue.field_id, MemberFieldValue.single)
    rows = ctx.session.execute(held_in.where(MemberFieldValue.member_id == member.id)).all()
    if not rows:
        return
    alone = {one.id for one in fields_of(ctx, member.org_path) if single(one, member)}
    for identity, field_id, before in rows:
        if before != (field_id in alone):
            _settle(ctx, identity, field_id in alone)


def _settle(ctx: Context, identity: UUID, alone: bool) -> None:
    """Whoever has the same value may be out of sight here; the index knows."""
    row = update(MemberFieldValue).where(MemberFieldValue.id == identity).values(single=alone)
    try:
        with ctx.session.begin_nested():
            ctx.session.execute(row.execution_options(synchronize_session=False))
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
