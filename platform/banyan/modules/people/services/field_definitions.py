"""Fields that an organisation adds to the records of its members and of those of all below it (PPL-01).

A definition holds downward as settings do: for the organisation itself and all that it leads. Its key stands once in
a line of the tree, so that a file, an address or a program means one field by it. Two who lay down one key at once wait
for each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage, upper
from banyan.modules.access.decision import require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.people.field_events import FieldChanged
from banyan.modules.people.field_models import MemberField
from banyan.modules.people.permissions import FIELD_UPDATE, MEMBER_READ
from banyan.modules.people.rules import fields as rules
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services import field_changes
from banyan.modules.people.services.field_reading import value_of
from banyan.plugins.governing import governs

_PREFIXED = frozenset({"kind", "label", "pattern", "help"})
STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")
MOST = 60
PLAIN = (
    *("label", "labels", "choices", "pattern", "help", "required", "is_unique", "sensitive", "searchable"),
    *("filled_by", "position"),
)


def subject(row: MemberField) -> Subject:
    """A definition as the audit log names it."""
    return Subject("member_field", str(row.id), row.label)


def snapshot(row: MemberField) -> dict[str, Any]:
    """What its history shows."""
    said = {key: getattr(row, key) for key in (*PLAIN, "kind") if key not in ("choices", "labels")}
    return {
        **{f"field_{key}" if key in _PREFIXED else key: value for key, value in said.items()},
        "field_labels": "、".join(row.labels.values()),
        "field_choices": "、".join(one["label"] for one in row.choices),
        "archived": row.archived_at is not None,
    }


def find(ctx: Context, field_id: UUID, permission: str = MEMBER_READ.name) -> MemberField:
    """A definition that holds at, or lies below, the organisation of the request.

    :raises NotFound: there is none. :raises Forbidden: one laid down above is not changed from below.
    """
    row = ctx.session.get(MemberField, field_id)
    above = row is not None and ctx.here.path.startswith(row.org_path) and row.org_path != ctx.here.path
    if row is None or not (above or row.org_path.startswith(ctx.here.path)):
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    if not above:
        require(ctx, permission, row.org)
    elif permission != MEMBER_READ.name:
        raise Forbidden(lazy("An organisation above has laid this down; it cannot be changed here."))
    return row


def create(ctx: Context, data: Mapping[str, Any]) -> MemberField:
    """Add a field to the records of the organisation of the request and of all below it.

    :param data: of `FieldCreate`. :raises Invalid: with every reason; the key is taken above or below among them.
    """
    require(ctx, FIELD_UPDATE.name, ctx.here)
    _one_at_a_time(ctx)
    key = data["key"] or _free_key(ctx, data["label"])
    _check(data["kind"], data, more=_against_key(ctx, key) | _against_number(ctx))
    row = MemberField(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        published=True,
        key=key,
        kind=data["kind"],
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **{key: data[key] for key in PLAIN if key != "choices"},
        choices=rules.numbered(data["choices"]),
    )
    ctx.session.add(row)
    ctx.session.flush()
    record(ctx, "people.field.create", subject(row), after={"field_key": row.key, **snapshot(row)})
    _tell(ctx, row)
    return row


def update(ctx: Context, field_id: UUID, data: Mapping[str, Any]) -> MemberField:
    """Change a definition. What it would do to the data below is asked with `field_changes.effects` first.

    :param data: of `FieldUpdate`. :raises Invalid: :raises Refused: with every reason that lies in the data below.
    :raises Conflict: somebody changed it since ``data["version"]`` was read.
    """
    row = changeable(ctx, field_id, data["version"])
    _check(row.kind, data)
    wanted = {**{key: data[key] for key in PLAIN}, "choices": rules.numbered(data["choices"], used(row))}
    before, old = snapshot(row), value_of(row)
    new = _as_changed(old, wanted)
    field_changes.admit(ctx, old, new)
    for key, value in wanted.items():
        setattr(row, key, value)
    earlier, later = changes(before, snapshot(row))
    if not later:
        return row
    ctx.session.flush()
    field_changes.carry_out(ctx, old, new)
    record(ctx, "people.field.update", subject(row), org=row.org, before=earlier, after=later)
    _tell(ctx, row)
    return row


def used(row: MemberField) -> list[str]:
    """The values that options of a definition have."""
    return [one["value"] for one in row.choices]


def _as_changed(old: Field, wanted: Mapping[str, Any]) -> Field:
    return replace(
        old,
        label=wanted["label"],
        choices=tuple((one["value"], one["label"]) for one in wanted["choices"]),
        pattern=wanted["pattern"],
        required=wanted["required"],
        unique=wanted["is_unique"],
        sensitive=wanted["sensitive"],
        searchable=wanted["searchable"],
        filled_by=wanted["filled_by"],
    )


def archive(ctx: Context, field_id: UUID, version: int) -> MemberField:
    """Put a field away: it is no longer asked for or shown; what records hold in it stays."""
    return _put_away(ctx, field_id, version, away=True)


def restore(ctx: Context, field_id: UUID, version: int) -> MemberField:
    """Bring a field back that was put away, with all that records hold in it."""
    return _put_away(ctx, field_id, version, away=False)


def _put_away(ctx: Context, field_id: UUID, version: int, *, away: bool) -> MemberField:
    row = changeable(ctx, field_id, version)
    if (row.archived_at is not None) == away:
        return row
    if not away:
        problems = _against_number(ctx)
        if problems:
            raise Refused(*(text for texts in problems.values() for text in texts))
    row.archived_at = ctx.clock.now() if away else None
    ctx.session.flush()
    action = "people.field.archive" if away else "people.field.restore"
    record(ctx, action, subject(row), org=row.org, before={"archived": not away}, after={"archived": away})
    _tell(ctx, row)
    return row


def changeable(ctx: Context, field_id: UUID, version: int) -> MemberField:
    """A definition, locked for a change.

    :raises Conflict: somebody changed it since ``version`` was read.
    """
    row = find(ctx, field_id, FIELD_UPDATE.name)
    ctx.session.refresh(row, with_for_update=True)
    if row.version != version:
        raise Conflict(STALE)
    return row


def _one_at_a_time(ctx: Context) -> None:
    """Until the end of the transaction nobody else lays down a field in this tree."""
    name = f"member_field {lineage(ctx.here.path)[0]}"
    ctx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _free_key(ctx: Context, label: str) -> str:
    """A key made of the label in pinyin that nobody in the line has."""
    base = rules.key_of(label)
    return next(key for n in range(1, 1000) if not _against_key(ctx, key := base if n == 1 else f"{base[:28]}_{n}"))


def _against_key(ctx: Context, key: str) -> dict[str, list[Text]]:
    line = MemberField.org_path.in_(lineage(ctx.here.path))
    below = (MemberField.org_path > ctx.here.path) & (MemberField.org_path < upper(ctx.here.path))
    rows = ctx.session.execute(
        select(MemberField.org_path, MemberField.label).where(MemberField.key == key, or_(line, below)).limit(1)
    ).first()
    if rows is None:
        return {}
    path, label = rows
    if path == ctx.here.path:
        return {"key": [lazy("There is a field of this key here already: “%(label)s”.", label=label)]}
    if len(path) < len(ctx.here.path):
        return {"key": [lazy("An organisation above has a field of this key: “%(label)s”.", label=label)]}
    return {"key": [lazy("An organisation below has a field of this key: “%(label)s”.", label=label)]}


def _against_number(ctx: Context) -> dict[str, list[Text]]:
    number = ctx.session.scalar(
        select(func.count()).where(governs(MemberField.org_path, ctx.here), MemberField.archived_at.is_(None))
    )
    if (number or 0) < MOST:
        return {}
    return {"key": [lazy("No more than %(most)s fields can be in use at an organisation.", most=MOST)]}


def _check(kind: str, data: Mapping[str, Any], more: Mapping[str, list[Text]] | None = None) -> None:
    problems: dict[str, list[Text]] = dict(more or {})
    for key, found in (
        ("choices", rules.choice_problems(kind, data["choices"])),
        ("pattern", rules.pattern_problems(data["pattern"])),
    ):
        if found:
            problems[key] = found
    if data["pattern"] and kind != "code":
        problems["pattern"] = [lazy("Only a number or code has a pattern.")]
    if data["is_unique"] and kind not in rules.UNIQUE_KINDS:
        problems["is_unique"] = [lazy("Values of this kind cannot be told apart by everybody; it cannot be unique.")]
    if problems:
        raise Invalid(problems)


def _tell(ctx: Context, row: MemberField) -> None:
    publish(ctx, row.org, FieldChanged(str(row.id), row.key))
