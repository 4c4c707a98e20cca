"""Values of an item of a record: what it says now, what a change holds, and how people read that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import translate
from banyan.kernel.sealing import CANNOT_BE_READ, Unreadable, seal, unseal
from banyan.modules.people.change_models import PURPOSE, MemberChange
from banyan.modules.people.models import Member
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.rules import records
from banyan.modules.people.services import change_fields, values
from banyan.modules.people.services.changing import apply_changes


@dataclass(frozen=True, slots=True)
class Told:
    """A change with its values as somebody reads them.

    :ivar item: and ``label``: what it is about. :ivar old: what the record said before. :ivar now: what it says now,
        where that is neither the one nor the other: somebody edited it in between.
    """

    row: MemberChange
    item: str
    label: str
    old: str
    new: str
    now: str = ""

    @property
    def sensitive(self) -> bool:
        """Whether values are masked for those who do not ask for them; of an own field it may be."""
        return self.item in values.COLUMNS or self.item.startswith(rules.CUSTOM)


def current(ctx: Context, member: Member, item: str) -> dict[str, Any]:
    """What the record says of an item."""
    if item.startswith(rules.CUSTOM):
        return change_fields.current(ctx, member, item)
    record = values.record_of(member)
    return {field: record.get(field) for field in rules.fields_of(item)}


def label(ctx: Context, item: str, org_path: str) -> str:
    """What an item is called."""
    if item.startswith(rules.CUSTOM):
        return change_fields.label(ctx, item, org_path)
    return translate(rules.LABELS[item])


def sealed(text: Mapping[str, Any], about: UUID) -> bytes:
    """Values as a change keeps them."""
    return seal(PURPOSE, rules.packed(text), about)


def old_of(row: MemberChange) -> dict[str, Any]:
    """What the record said before a change. :raises Unreadable: the key is gone."""
    return rules.unpacked(unseal(PURPOSE, row.old_sealed, row.id))


def new_of(row: MemberChange) -> dict[str, Any]:
    """What it is to say. :raises Unreadable: the key is gone."""
    return rules.unpacked(unseal(PURPOSE, row.new_sealed, row.id))


def readable(ctx: Context, org_path: str, item: str, found: Mapping[str, Any], *, clear: bool = False) -> str:
    """Values of an item as people read them, masked unless somebody may read them in clear."""
    if item.startswith(rules.CUSTOM):
        return change_fields.readable(ctx, item, org_path, found, clear=clear)
    return " ".join(part for field in rules.fields_of(item) if (part := _part(field, found.get(field), clear)))


def _part(field: str, value: Any, clear: bool) -> str:
    if value is None or value == "":
        return ""
    if field in values.COLUMNS:
        return str(value) if clear else values.masked(field, str(value))
    if field in records.CHOICES:
        known = records.CHOICES[field].get(value)
        return translate(known) if known is not None else str(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def told(ctx: Context, row: MemberChange, member: Member | None = None, *, clear: bool = False) -> Told:
    """A change as its reader sees it.

    :param member: its record, to say what it says now. :param clear: sensitive values are not masked.
    """
    try:
        old, new = old_of(row), new_of(row)
    except Unreadable:
        unread = translate(CANNOT_BE_READ)
        return Told(row, row.item, label(ctx, row.item, row.org_path), unread, unread)
    now = current(ctx, member, row.item) if member is not None and row.state == rules.WAITING else old
    before, after, then = (readable(ctx, row.org_path, row.item, one, clear=clear) for one in (old, new, now))
    between = then if not rules.same(now, old) else ""
    return Told(row, row.item, label(ctx, row.item, row.org_path), before, after, between)


def put(ctx: Context, member: Member, data: Mapping[str, Any], action: str) -> None:
    """Let values take effect; the caller holds the record.

    :param action: as the audit log calls it. :raises Invalid: with every reason, by field.
    """
    own = {key.removeprefix(rules.CUSTOM): value for key, value in data.items() if key.startswith(rules.CUSTOM)}
    plain = {key: value for key, value in data.items() if not key.startswith(rules.CUSTOM)}
    # The branch answers, checks or reviews all that goes through here: nothing waits for one more review by itself.
    apply_changes(ctx, member, {**plain, "fields": own} if own else plain, action=action, reviewed=True)


def rehearse(ctx: Context, member: Member, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    """Try whether values could take effect, and undo it: what is asked for is held to the rules of every edit.

    :param wanted: item → its new values. :raises Invalid: with every reason, by item.
    """
    data = {field: value for each in wanted.values() for field, value in each.items()}
    nested = ctx.session.begin_nested()
    try:
        put(ctx, member, data, "people.own.agreed")
    except Invalid as error:
        raise Invalid(by_item(error, wanted)) from error
    finally:
        nested.rollback()
        ctx.session.refresh(member)


def by_item(error: Invalid, items: Mapping[str, Any] | Sequence[str]) -> dict[str, list[Any]]:
    """Reasons by item instead of by field; what is wrong with a field that was not asked about stands at an item that
    was."""
    found: dict[str, list[Any]] = {}
    first = next(iter(items), "items")
    for field, reasons in error.fields.items():
        item = next((one for one in items if field in rules.fields_of(one)), None)
        if item is None:
            about = rules.LABELS.get(field)
            named = [f"{translate(about)}: {translate(reason)}" for reason in reasons] if about is not None else reasons
            found.setdefault(first, []).extend(named)
            continue
        found.setdefault(item, []).extend(reasons)
    return found
