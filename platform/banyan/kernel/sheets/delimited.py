"""CSV files: as Excel, WPS and programs write them in mainland China."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from banyan.kernel.i18n import lazy
from banyan.kernel.sheets.values import ABOVE, Book, Limits, Row, Sheet, Unreadable

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = ",;\t"
_CHUNK = 1 << 20
_LOOKED_AT = 20


def inspect(path: Path, limits: Limits) -> Book:
    """Encoding, delimiter and what to skip of a csv file.

    :raises Unreadable: it is no text in any encoding we know.
    """
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as stream:
        lines = [stream.readline(limits.cell * 4) for _line in range(_LOOKED_AT)]
    told = lines[0].strip().lower()
    if told.startswith("sep=") and len(told) == 5:
        return Book("csv", (Sheet(path.name),), encoding, lines[0].strip()[4], 1)
    return Book("csv", (Sheet(path.name),), encoding, _delimiter(lines))


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(4)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if not _decodes(path, encoding):
                raise Unreadable(lazy("The file is damaged: its text cannot be decoded."))
            return encoding
    for encoding in ("utf-8", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise Unreadable(lazy("This is neither an Excel workbook (.xlsx) nor a CSV file in UTF-8, UTF-16 or GB 18030."))


def _decodes(path: Path, encoding: str) -> bool:
    """Whether the whole file is text in ``encoding``: binary files hold NUL, which text does not."""
    try:
        with path.open(encoding=encoding, newline="") as stream:
            while chunk := stream.read(_CHUNK):
                if "\x00" in chunk:
                    return False
    except UnicodeError:
        return False
    return True


def _delimiter(lines: list[str]) -> str:
    """The one of the usual delimiters that most lines have, and most often, outside of quotes."""
    bare = ["".join(line.split('"')[::2]) for line in lines if line.strip()]
    weight = {
        mark: (sum(mark in line for line in bare), sum(line.count(mark) for line in bare)) for mark in _DELIMITERS
    }
    return max(_DELIMITERS, key=lambda mark: weight[mark])


def rows(path: Path, book: Book, limits: Limits) -> Iterator[Row]:
    """Every record; its number is the row that Excel shows, also where a cell holds line breaks."""
    with path.open(encoding=book.encoding, newline="") as stream:
        for _line in range(book.skipped):
            stream.readline()
        yield from _records(stream, book, limits)


def _records(stream: io.TextIOBase, book: Book, limits: Limits) -> Iterator[Row]:
    reader = csv.reader(stream, delimiter=book.delimiter, strict=True)
    number = 0
    try:
        for number, record in enumerate(reader, 1):
            if number > limits.rows + ABOVE:
                raise Unreadable(lazy("The file has more than %(most)s rows. Split it.", most=limits.rows))
            if len(record) > limits.columns:
                raise Unreadable(lazy("Row %(row)s has more than %(most)s columns.", row=number, most=limits.columns))
            yield Row(number, list(record))
    except csv.Error as error:
        raise Unreadable(
            lazy("Row %(row)s cannot be read: a quotation mark is open, or a cell is too long.", row=number + 1)
        ) from error
