"""A record that the branch returned: its member reads why, field by field, corrects it and hands it in (PPL-03)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.models import Member
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.services import change_values, reviewing
from banyan.modules.people.services.changes import STALE, mine

NOT_HELD: Text = lazy("This was not objected to: ask your branch for a change of it.")


def objections(ctx: Context, member: Member) -> dict[str, str]:
    """Item → why the branch returned the record; nothing where it was not returned."""
    if member.review != "returned":
        return {}
    found: dict[str, str] = {}
    for field, reason in reviewing.remarks(ctx, member).items():
        item = next((one for one, fields in rules.ASKED.items() if field in fields), field)
        if item in rules.ASKED or item in rules.AT_ONCE:
            found[item] = reason
    return found


def correct(ctx: Context, member_id: UUID, data: Mapping[str, Any], version: int | None = None) -> Member:
    """Correct what was objected to, and hand the record in again; the branch then reviews it once more.

    :param data: fields of the items that were objected to; what is not named stays. :param version: as it was read.
    :raises Refused: it was not returned. :raises Conflict: it was changed since. :raises Invalid: with every reason.
    """
    member = mine(ctx, member_id, hold=True)
    if version is not None and member.version != version:
        raise Conflict(STALE)
    if member.review != "returned":
        raise Refused(lazy("This record was not returned."))
    open_to_me = {field for item in objections(ctx, member) for field in rules.fields_of(item)}
    strange: dict[str, list[Text]] = {field: [NOT_HELD] for field in data.keys() - open_to_me}
    if strange:
        raise Invalid(strange)
    change_values.put(ctx, member, data, "people.own.correct")
    return reviewing.hand_in(ctx, member)
