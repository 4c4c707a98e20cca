"""The columns of an import, derived from the schema that says what a row may hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from marshmallow import Schema
from marshmallow import fields as ma

from banyan.kernel.errors import Text

ColumnKind = Literal["text", "code", "date", "choice", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column people fill in.

    :ivar kind: ``code`` is text made of digits and letters (numbers, phones): never a number, whatever Excel thinks.
    :ivar aliases: other headings it goes by. :ivar lengths: how many digits it may have, to notice zeros that Excel
        has dropped. :ivar brief: part of the preview's first columns.
    :ivar sensitive: which mask of `kernel.masks` hides what the cells hold; what is typed there is staged sealed.
    """

    key: str
    label: Text
    required: bool
    kind: ColumnKind = "text"
    help: Text = ""
    example: Text = ""
    aliases: tuple[Text, ...] = ()
    lengths: tuple[int, ...] = ()
    brief: bool = False
    sensitive: str = ""


def columns_of(schema: Schema) -> tuple[ImportColumn, ...]:
    """The columns a schema has, in its order.

    Field metadata: ``label``, ``help``, ``example``, ``aliases``, ``kind``, ``lengths``, ``brief``,
    ``sensitive``.
    """
    return tuple(_column(name, field) for name, field in schema.load_fields.items())


def _column(name: str, field: ma.Field[Any]) -> ImportColumn:
    said = field.metadata
    return ImportColumn(
        key=field.data_key or name,
        label=said.get("label", name),
        required=field.required,
        kind=said.get("kind") or _kind(field),
        help=said.get("help", ""),
        example=said.get("example", ""),
        aliases=tuple(said.get("aliases", ())),
        lengths=tuple(said.get("lengths", ())),
        brief=bool(said.get("brief", False)),
        sensitive=said.get("sensitive", ""),
    )


def _kind(field: ma.Field[Any]) -> ColumnKind:
    if isinstance(field, ma.Date):
        return "date"
    if isinstance(field, ma.Boolean):
        return "boolean"
    return "number" if isinstance(field, ma.Number) else "text"


def heading_form(text: str) -> str:
    """A heading as it is compared: without case, spaces, stars, brackets and what stands in them."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = folded.split("(")[0] or folded
    return "".join(char for char in bare if char.isalnum())


def match(headings: Iterable[str], names: Mapping[str, str]) -> dict[str, int]:
    """Which column of the file each heading names.

    :param names: heading, in its compared form → key of the column. :return: key → position; each at most once.
    """
    found: dict[str, int] = {}
    for position, heading in enumerate(headings):
        key = names.get(heading_form(heading)) if heading else None
        if key is not None and key not in found:
            found[key] = position
    return found
