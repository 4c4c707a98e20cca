"""The Excel face of a list: a `TableDef` with its filters, read by keyset and written row by row in bounded memory.

What people typed is written as text and never as a formula; dates are dates; values read as in the console, in the
language of whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from banyan.kernel.clock import SHANGHAI
from banyan.kernel.context import Context
from banyan.kernel.i18n import _
from banyan.kernel.tables import Column, Query, TableDef, decode_cursor, looked_up, narrowed
from banyan.kernel.tables import page as page_of

CHUNK = 2_000
ROWS_PER_SHEET = 1_000_000
MOST_CHARACTERS = 16_000
_EXACT = 10**15
_FIRST_DAY = date(1900, 3, 1)
_FORMATS = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm", "money": "#,##0.00", "integer": "#,##0"}
_WIDTHS = {"date": 12, "datetime": 17, "integer": 12, "money": 14, "code": 16, "badge": 12, "boolean": 8}
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
}


@dataclass(frozen=True, slots=True)
class Exportable:
    """A list that can be had as an Excel file; modules declare theirs through the hook ``banyan_exports``.

    :ivar permission: who has it at the organisation of the request may export.
    :ivar where: the predicate of the rows one may export, asked when the file is written, with the grants valid then.
    :ivar labelled: the list with labels, columns and filters that only the database knows, where there are any.
    """

    table: TableDef
    permission: str
    where: Callable[[Context], ColumnElement[bool]]
    labelled: Callable[[Context], TableDef] | None = None

    @property
    def name(self) -> str:
        """The name of the list."""
        return self.table.name

    def table_for(self, ctx: Context) -> TableDef:
        """The list as the reader of ``ctx`` reads it."""
        return self.labelled(ctx) if self.labelled is not None else self.table


def total(session: Session, table: TableDef, query: Query, *visible: ColumnElement[bool]) -> int:
    """How many rows an export has, exactly."""
    counted = narrowed(table, select(func.count()), looked_up(session, table, query), *visible)
    return int(session.connection().execute(counted).scalar_one())


def write(
    session: Session,
    table: TableDef,
    query: Query,
    columns: Sequence[Column],
    target: Path,
    *visible: ColumnElement[bool],
) -> Iterator[int]:
    """Write all rows to ``target``; yields after every `CHUNK` rows how many there are so far, and once at the end.

    The caller may commit between chunks. The file is whole when the iterator ends.
    """
    book = xlsxwriter.Workbook(str(target), {**_OPTIONS, "tmpdir": str(target.parent)})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
    bold = book.add_format({"bold": True})
    done, query = 0, replace(query, size=CHUNK, after=None, before=None)
    sheet = _sheet(book, columns, bold)
    while True:
        page = page_of(session, table, query, columns, *visible)
        for row in page.rows:
            if done and done % ROWS_PER_SHEET == 0:
                sheet = _sheet(book, columns, bold)
            for position, column in enumerate(columns):
                put(sheet, done % ROWS_PER_SHEET + 1, position, column, row[column.key], formats)
            done += 1
        if page.next is None:
            break
        yield done
        query = replace(query, after=decode_cursor(page.next, query.sort))
    book.close()
    yield done


def _sheet(book: Any, columns: Sequence[Column], bold: Format) -> Worksheet:
    sheet: Worksheet = book.add_worksheet()
    for position, column in enumerate(columns):
        sheet.set_column(position, position, _WIDTHS.get(column.kind, 24))
    for position, column in enumerate(columns):
        sheet.write_string(0, position, str(column.label), bold)
    sheet.freeze_panes(1, 0)
    return sheet


def put(sheet: Worksheet, row: int, position: int, column: Column, value: Any, formats: dict[str, Format]) -> None:
    """Write one value of ``column`` as what it is; nothing for none."""
    if value is None or value in ("", []):
        return
    if isinstance(value, list):
        value = "、".join(str(column.labels.get(one, one)) for one in value)
    label = column.labels.get(str(value).lower() if isinstance(value, bool) else str(value))
    if label is not None:
        sheet.write_string(row, position, str(label))
    elif isinstance(value, bool):
        sheet.write_string(row, position, _("Yes") if value else _("No"))
    elif isinstance(value, int) and abs(value) < _EXACT:
        money = column.kind == "money"
        sheet.write_number(row, position, value / 100 if money else value, formats["money" if money else "integer"])
    elif isinstance(value, date):
        _put_date(sheet, row, position, column, value, formats)
    else:
        sheet.write_string(row, position, _bounded(str(value)))


def _put_date(
    sheet: Worksheet, row: int, position: int, column: Column, value: date, formats: dict[str, Format]
) -> None:
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).replace(tzinfo=None)
        if column.kind == "date":
            value = value.date()
    if (value.year, value.month) < (_FIRST_DAY.year, _FIRST_DAY.month):
        # Excel knows no days before 1900, and takes that year for a leap year.
        sheet.write_string(row, position, value.isoformat()[:10])
        return
    kind = "datetime" if isinstance(value, datetime) else "date"
    sheet.write_datetime(row, position, value, formats[kind])


def _bounded(text: str) -> str:
    """A cell holds 32,767 UTF-16 units; what is longer ends with an ellipsis."""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
