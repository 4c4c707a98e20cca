"""Own fields as a part of a record: what is wrong with them, what changes, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import language
from banyan.modules.people.models import Member
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services import field_values
from banyan.modules.people.services.field_reading import fields_of

Data = Mapping[str, Any]
Changed = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a record as it is read.

    :ivar text: the value as people read it, of a sensitive one the mask. :ivar value: as the API gives it.
    """

    field: Field
    label: str
    text: str
    value: Any


def wrong(ctx: Context, org_path: str, data: Data | None, *, complete: bool = False) -> dict[str, list[Text]]:
    """All that is wrong with the own fields of a record at ``org_path``, by ``fields.<key>``.

    :param complete: whether everything that has to be filled in by the organisation must be there.
    """
    if data is None and not complete:
        return {}
    fields = fields_of(ctx, org_path)
    if not fields and not data:
        return {}
    try:
        field_values.cleaned(fields, data or {}, complete=complete)
    except Invalid as error:
        return {key: list(reasons) for key, reasons in error.fields.items()}
    return {}


def write(ctx: Context, member: Member, data: Data | None) -> Changed:
    """Put own fields into a record; see `field_values.write`."""
    return field_values.write(ctx, member, fields_of(ctx, member.org_path), data) if data else {}


def take_over(ctx: Context, kept: Member, gone: Member) -> list[str]:
    """Fill own fields of ``kept`` that are empty with what ``gone``, which goes into it, holds; labels of those filled.

    What ``kept`` holds stays. What ``gone`` held stays in its record, and is nobody's alone any more.
    """
    known = {one.id: one for one in fields_of(ctx, kept.org_path)}
    field_values.settle(ctx, gone)
    held = field_values.held_many(ctx, [kept.id, gone.id], known)
    ours, theirs = held.get(kept.id, {}), held.get(gone.id, {})
    wanted = {one: values.clear for one, values in theirs.items() if one not in ours}
    taken = field_values.check_many(ctx, list(known.values()), [(kept.id, wanted)])[0]
    wanted = {one: values for one, values in wanted.items() if known[one].key not in taken}
    field_values.put(ctx, known, [(kept, wanted)])
    return [known[one].label for one in wanted]


def shown(ctx: Context, member: Member) -> list[Shown]:
    """The own fields that hold at a record's organisation, empty ones too."""
    fields = fields_of(ctx, member.org_path)
    held = field_values.stored(ctx, [member.id]).get(member.id, {}) if fields else {}
    return [
        Shown(
            one,
            one.said(language()),
            field_values.said(one, held.get(one.id, ())),
            field_values.given(one, held.get(one.id, ())),
        )
        for one in fields
    ]


def api_values(ctx: Context, member: Member) -> dict[str, Any]:
    """The own fields of a record by key, sensitive ones masked."""
    return {one.field.key: one.value for one in shown(ctx, member)}
