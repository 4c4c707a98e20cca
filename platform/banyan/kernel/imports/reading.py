"""From cells to values: what a spreadsheet does to data is undone where that is certain, and said where it is not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, missing
from marshmallow import fields as ma

from banyan.kernel.i18n import lazy
from banyan.kernel.imports.columns import ImportColumn
from banyan.kernel.imports.rows import ImportRow
from banyan.kernel.sheets import Cell, Flaw, Row, cleaned, shown
from banyan.kernel.sheets.values import EXACT

# 1.10105E+17: what Excel makes of a number of more than fifteen digits, as text too once it went through a csv.
_ROUNDED = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d{2}")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+0{1,2}:00(?::00)?)?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YES, _NO = frozenset(["true", "1", "yes", "y", "是", "有", "√"]), frozenset(["false", "0", "no", "n", "否", "无", "×"])


@dataclass(frozen=True, slots=True)
class Reader:
    """How the rows of one file are read.

    :ivar columns: key → column. :ivar mapping: key → position in the file. :ivar choices: key → what people write →
        what is kept. :ivar loaded: what fields made of values that came before: most columns repeat themselves.
    """

    schema: Schema
    columns: Mapping[str, ImportColumn]
    mapping: Mapping[str, int]
    choices: Mapping[str, Mapping[str, str]]
    loaded: dict[str, dict[Any, tuple[Any, list[Any]]]] = field(default_factory=dict)


REMEMBERED = 2_000
# 20260131 is read as a day; a smaller number is the count of days that Excel keeps.
FIRST_OF_EIGHT = 10_000_000


def read_row(reader: Reader, row: Row) -> ImportRow:
    """What a row of the file means, with every reason why it cannot be taken."""
    texts = [cell if isinstance(cell, str) else shown(cell) for cell in row.cells]
    found = ImportRow(row.number, texts, {})
    payload: dict[str, Any] = {}
    width = len(texts)
    for key, position in reader.mapping.items():
        cell = row.cells[position] if position < width else None
        if cell is None or cell == "":
            continue
        column = reader.columns[key]
        if isinstance(cell, Flaw):
            found.reject(key, cell.reason)
            continue
        value = _READERS[column.kind](reader, column, cell, found)
        if value is not None and value != "":
            payload[key] = value
    _load(reader, payload, found)
    return found


def _load(reader: Reader, payload: dict[str, Any], found: ImportRow) -> None:
    told = {reason.column for reason in found.reasons}
    found.data, errors = _loaded(reader, payload)
    for key, messages in errors:
        # A spoilt cell is not also a missing one.
        if key not in told:
            for message in messages:
                found.reject(key if key in reader.columns else "", message)
    for key in reader.columns.keys() - reader.mapping.keys():
        found.data.pop(key, None)


def _loaded(reader: Reader, payload: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, list[Any]]]]:
    """What the schema makes of a row: field by field, unless it looks at rows as a whole."""
    if any(getattr(reader.schema, "_hooks", {"unknown": True}).values()):
        try:
            return dict(reader.schema.load(payload, unknown=RAISE)), []
        except ValidationError as error:
            return dict(error.valid_data) if isinstance(error.valid_data, dict) else {}, _flat(error.messages)
    data: dict[str, Any] = {}
    errors: list[tuple[str, list[Any]]] = []
    for name, one in reader.schema.load_fields.items():
        key = one.data_key or name
        value, reasons = _field(reader, key, one, payload.get(key, missing))
        if reasons:
            errors.append((key, reasons))
        elif value is not missing:
            data[name] = value
    return data, errors


def _field(reader: Reader, key: str, one: ma.Field[Any], value: Any) -> tuple[Any, list[Any]]:
    known = reader.loaded.setdefault(key, {})
    made = known.get(value)
    if made is None:
        try:
            made = one.deserialize(value, key, {}), []
        except ValidationError as error:
            made = missing, list(error.messages) if isinstance(error.messages, list) else [str(error.messages)]
        if len(known) < REMEMBERED:
            known[value] = made
    return made


def _flat(messages: Any) -> list[tuple[str, list[Any]]]:
    if not isinstance(messages, dict):
        return [("", list(messages))]
    return [(key, said if isinstance(said, list) else [str(said)]) for key, said in messages.items()]


def _text(_reader: Reader, _column: ImportColumn, cell: Cell, found: ImportRow) -> str:
    return cleaned(shown(cell))


def _code(_reader: Reader, column: ImportColumn, cell: Cell, found: ImportRow) -> str | None:
    if isinstance(cell, (date, datetime)):
        found.reject(column.key, lazy("Excel has taken this for a date. Make the cell text and type it again."))
        return None
    text = unicodedata.normalize("NFKC", cleaned(shown(cell)))
    number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
    if (number and abs(float(shown_number(cell))) >= EXACT) or _ROUNDED.fullmatch(text):
        found.reject(
            column.key,
            lazy(
                "Excel has turned this number into %(shown)s; digits are lost. Make the cell text and type it again.",
                shown=text,
            ),
        )
        return None
    short = column.lengths and text.isdecimal() and len(text) not in column.lengths
    if number and short and len(text) + 1 in column.lengths:
        found.reject(column.key, lazy("Excel has dropped a zero at the front. Make the cell text and type it again."))
        return None
    return text


def shown_number(cell: Cell) -> float:
    """A cell that holds a number, as one."""
    return float(cell) if isinstance(cell, (int, float)) else 0.0


def _date(_reader: Reader, column: ImportColumn, cell: Cell, found: ImportRow) -> str | None:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and cell < FIRST_OF_EIGHT:
        found.reject(
            column.key,
            lazy("The cell holds the number %(shown)s, not a date. Give it a date format in Excel.", shown=shown(cell)),
        )
        return None
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    text = unicodedata.normalize("NFKC", cleaned(shown(cell)))
    parts = _DATE.fullmatch(text) or _DIGITS.fullmatch(text)
    return "{:0>4}-{:0>2}-{:0>2}".format(*parts.groups()) if parts else text


def _choice(reader: Reader, column: ImportColumn, cell: Cell, found: ImportRow) -> str | None:
    text = cleaned(shown(cell))
    known = reader.choices.get(column.key, {})
    value = known.get(text) or known.get(choice_form(text))
    if value is None:
        found.reject(column.key, lazy("“%(value)s” is none of the values to choose from.", value=text[:60]))
    return value


def choice_form(text: str) -> str:
    """A choice as it is compared."""
    return unicodedata.normalize("NFKC", text).casefold().replace(" ", "")


def _number(_reader: Reader, _column: ImportColumn, cell: Cell, _found: ImportRow) -> Any:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return int(cell) if cell == int(cell) else cell
    return unicodedata.normalize("NFKC", cleaned(shown(cell))).replace(",", "")


def _boolean(_reader: Reader, _column: ImportColumn, cell: Cell, _found: ImportRow) -> Any:
    text = choice_form(cleaned(shown(cell)))
    return True if text in _YES else False if text in _NO else text


_READERS: Mapping[str, Callable[[Reader, ImportColumn, Cell, ImportRow], Any]] = {
    "text": _text,
    "code": _code,
    "date": _date,
    "choice": _choice,
    "number": _number,
    "boolean": _boolean,
}


def reader_for(
    schema: Schema,
    columns: Sequence[ImportColumn],
    mapping: Mapping[str, int],
    choices: Mapping[str, Mapping[str, str]],
) -> Reader:
    """A reader of files whose columns are matched by ``mapping``."""
    return Reader(schema, {column.key: column for column in columns}, mapping, choices)
