"""Between a saved filter and the address of the list: what is asked, and how people read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from banyan.kernel.context import Context
from banyan.kernel.i18n import _
from banyan.kernel.tables import TableDef
from banyan.modules.people.field_lists import members_table
from banyan.modules.people.field_models import MemberFilter


def arguments(row: MemberFilter) -> Sequence[tuple[str, str]]:
    """A filter as the parameters of the list's address."""
    pairs = [*row.filters.items(), *(("cols", key) for key in row.columns)]
    return [*pairs, *([("sort", row.sort)] if row.sort else ())]


def held(row: MemberFilter) -> dict[str, Any]:
    """What a filter asks, as `FilterSave` has it."""
    return {key: getattr(row, key) for key in ("name", "shared", "filters", "columns", "sort")}


def asked(ctx: Context, args: MultiDict[str, str]) -> dict[str, Any]:
    """What the address of the list asks, as `FilterSave` has it."""
    table = members_table(ctx)
    given = {item.name: args[item.name].strip() for item in table.filters if args.get(item.name, "").strip()}
    columns = {key for text in args.getlist("cols") for key in text.split(",")}
    return {
        "filters": given,
        "columns": [column.key for column in table.columns if column.key in columns],
        "sort": args.get("sort", ""),
    }


def read_as(ctx: Context, table: TableDef, name: str, value: str) -> str:
    """The value of a filter as people read it."""
    item = next((one for one in table.filters if one.name == name), None)
    if item is None:
        return value
    if item.kind == "boolean":
        return str(_("Yes") if value.lower() in ("1", "true") else _("No"))
    choices = dict(item.choices(ctx.session)) if item.choices is not None else {}
    return str(choices.get(value, value))
