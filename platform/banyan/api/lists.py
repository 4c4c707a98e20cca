"""The API's face of a list: a page of a `TableDef` as JSON, straight from the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
import orjson
from flask import Response, request
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from banyan.kernel import tables
from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import TableDef

_OWN = frozenset({"sort", "size", "after", "before"})


def respond(
    session: Session, table: TableDef, *visible: ColumnElement[bool], may: Callable[[str], bool] = lambda _name: True
) -> Response:
    """One page of ``table`` as the request asks for it.

    :param visible: predicates of what the reader may see. :param may: whether the reader has a permission by name.
    :raises Invalid: for parameters that this list does not have or cannot read.
    """
    unknown = set(request.args) - _OWN - {item.name for item in table.filters}
    if unknown:
        raise Invalid({name: [lazy("Unknown field.")] for name in sorted(unknown)})
    query = tables.parse(table, request.args)
    columns = [column for column in table.columns if column.permission is None or may(column.permission)]
    page = tables.page(session, table, query, columns, *visible)
    body = orjson.dumps({"items": page.rows, "next": page.next, "previous": page.previous})
    return Response(body, mimetype="application/json")


def parameters(table: TableDef) -> list[dict[str, Any]]:
    """The parameters of a list, for the OpenAPI document."""
    described: dict[str, tuple[dict[str, Any], str]] = {
        item.name: (_filter(item), f"Filter: {item.name}") for item in table.filters
    }
    described["sort"] = ({"type": "string", "enum": [sort.name for sort in table.sorts]}, "Order")
    described["size"] = ({"type": "integer", "minimum": 1, "maximum": tables.MAX_PAGE, "default": 50}, "Rows a page")
    described["after"] = ({"type": "string"}, "Cursor `next` of another page: the rows after it")
    described["before"] = ({"type": "string"}, "Cursor `previous` of another page: the rows before it")
    return [
        {"in": "query", "name": name, "required": False, "schema": schema, "description": text}
        for name, (schema, text) in described.items()
    ]


def _filter(item: tables.Filter) -> dict[str, Any]:
    return {**_FILTERS[item.kind], **({"default": item.default} if item.default else {})}


_FILTERS: dict[str, dict[str, Any]] = {
    "text": {"type": "string", "maxLength": 200},
    "choice": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "boolean": {"type": "boolean"},
    "uuid": {"type": "string", "format": "uuid"},
    "integer": {"type": "integer"},
}
_KINDS: dict[str, Callable[[], ma.fields.Field[Any]]] = {
    "integer": ma.fields.Integer,
    "money": ma.fields.Integer,
    "date": ma.fields.Date,
    "datetime": ma.fields.DateTime,
    "boolean": ma.fields.Boolean,
}


def page_schema(table: TableDef) -> type[ma.Schema]:
    """The answer of a list, for the OpenAPI document; made from the same columns that are selected."""
    rows: dict[str, ma.fields.Field[Any]] = {"id": ma.fields.UUID()}
    for column in table.columns:
        field = _KINDS.get(column.kind, ma.fields.String)()
        field.allow_none = True
        rows[column.key] = field
    item = ma.Schema.from_dict(rows, name=f"{_camel(table.name)}Row")
    page: dict[str, ma.fields.Field[Any]] = {
        "items": ma.fields.List(ma.fields.Nested(item)),
        "next": ma.fields.String(allow_none=True, metadata={"description": "Cursor for `after`."}),
        "previous": ma.fields.String(allow_none=True, metadata={"description": "Cursor for `before`."}),
    }
    return ma.Schema.from_dict(page, name=f"{_camel(table.name)}Page")


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace(".", "_").split("_"))
