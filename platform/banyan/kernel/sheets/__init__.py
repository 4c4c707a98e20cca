"""Tables that people upload: xlsx and csv, read safely and as people see them, cell by cell.

    book = sheets.inspect(path)                   # raises Unreadable with a reason that says what to do
    for row in sheets.rows(path, book, 0): ...    # Row(number, cells)

Nothing is unpacked before the archive has been measured (`archive`), and what a spreadsheet has spoilt is not guessed:
merged cells, errors and formulas without a value come as a `Flaw` that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import lazy
from banyan.kernel.sheets import delimited, excel
from banyan.kernel.sheets.values import (
    DEFAULT_LIMITS,
    Book,
    Cell,
    Flaw,
    Limits,
    Row,
    Sheet,
    Unreadable,
    cleaned,
    column_name,
    shown,
)

__all__ = [
    "DEFAULT_LIMITS",
    "EXTENSIONS",
    "Book",
    "Cell",
    "Flaw",
    "Limits",
    "Row",
    "Sheet",
    "Unreadable",
    "cleaned",
    "column_name",
    "inspect",
    "rows",
    "shown",
]

EXTENSIONS = (".xlsx", ".csv", ".txt")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_TRAILER = 1 << 20


def inspect(path: Path, limits: Limits = DEFAULT_LIMITS) -> Book:
    """What kind of table ``path`` is, whatever it calls itself, and which sheets it has.

    :raises Unreadable: it is none, or too big, or damaged, or protected; the reason says what to do.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
        if head == _OLE:
            raise Unreadable(_old(stream.read(_TRAILER)))
    if not head:
        raise Unreadable(lazy("The file is empty."))
    if head.startswith(_ZIP):
        return excel.inspect(path, limits)
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"PK", b"{\\rtf")):
        raise Unreadable(lazy("This is neither an Excel workbook (.xlsx) nor a CSV file."))
    return delimited.inspect(path, limits)


def rows(path: Path, book: Book, sheet: int = 0, limits: Limits = DEFAULT_LIMITS) -> Iterator[Row]:
    """The rows of a sheet that hold anything, each with the number it has in the file.

    :raises Unreadable: it has too many rows or columns, or is damaged further on.
    :raises Invalid: there is no such sheet.
    """
    if not 0 <= sheet < len(book.sheets):
        raise Invalid({"sheet": [lazy("There is no such sheet in the file.")]})
    found = delimited.rows(path, book, limits) if book.kind == "csv" else excel.rows(path, sheet, limits)
    return (row for row in found if any(cell not in (None, "") for cell in row.cells))


def _old(data: bytes) -> object:
    if _ENCRYPTED in data:
        return lazy("This workbook is protected by a password. Remove the password in Excel, save it and try again.")
    return lazy("This is a workbook of an old kind (.xls). Open it in Excel or WPS, save it as .xlsx and try again.")
