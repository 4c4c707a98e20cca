"""Fields that organisations added themselves, where members fill them in: as items of a change (ACC-03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.kernel import masks
from banyan.kernel.context import Context
from banyan.kernel.i18n import language
from banyan.modules.people.models import Member
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services import field_values
from banyan.modules.people.services.field_reading import fields_of

BY_MEMBER = "member"


def own(ctx: Context, org_path: str) -> list[Field]:
    """The fields that members of the organisation at ``org_path`` fill in themselves."""
    return [one for one in fields_of(ctx, org_path) if one.filled_by == BY_MEMBER]


def field_of(ctx: Context, item: str, org_path: str) -> Field | None:
    """The field behind an item, also one that was put away; None where it does not hold (any more)."""
    key = item.removeprefix(rules.CUSTOM)
    return next((one for one in fields_of(ctx, org_path, archived=True) if one.key == key), None)


def label(ctx: Context, item: str, org_path: str) -> str:
    """What the field is called; its key where it does not hold any more."""
    field = field_of(ctx, item, org_path)
    return field.said(language()) if field is not None else item.removeprefix(rules.CUSTOM)


def current(ctx: Context, member: Member, item: str) -> dict[str, Any]:
    """What the record holds in the field, in clear: as `field_values.write` takes it."""
    field = field_of(ctx, item, member.org_path)
    if field is None:
        return {item: None}
    held = field_values.held(ctx, member.id, {field.id: field}).get(field.id, field_values.Held())
    return {item: _raw(field, held.clear)}


def _raw(field: Field, texts: Sequence[str]) -> Any:
    if field.several:
        return list(texts)
    return texts[0] if texts else None


def readable(ctx: Context, item: str, org_path: str, found: Mapping[str, Any], *, clear: bool) -> str:
    """A value as people read it; hidden whole where nobody knows any more whether it is sensitive."""
    raw = found.get(item)
    texts = [] if raw in (None, "") else [str(one) for one in raw] if isinstance(raw, list) else [str(raw)]
    field = field_of(ctx, item, org_path)
    if field is None:
        return " ".join(masks.generic(text) for text in texts)
    return field_values.said(field, texts if clear else [field_values.readable(field, text) for text in texts])
