"""Tables of organisations: CSV in UTF-8 or GB18030, read as a stream, with the line of every row."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from banyan.kernel.i18n import lazy
from banyan.modules.tenancy.manifest.cells import unguarded
from banyan.modules.tenancy.manifest.values import COLUMNS, Problems, Table, Where

MAX_BYTES = 300_000_000
NEEDED = ("code", "parent", "name", "level", "type")
_BLOCK = 1 << 20
_MAGIC = {
    b"PK\x03\x04": lazy("This is an Excel or ZIP file. Save it as CSV."),
    b"\xd0\xcf\x11\xe0": lazy("This is an old Excel file. Save it as CSV."),
    b"%PDF": lazy("This is a PDF."),
}

Line = tuple[int, list[str | None]]


def rows(table: Table, problems: Problems) -> Iterator[Line]:
    """The rows of ``table`` in order: line, and cells in the order of `COLUMNS` (None: the table has no such column).

    What is wrong with the file goes to ``problems``.
    """
    name = table.where.file
    encoding = _encoding(table, problems)
    if encoding is None:
        return
    with table.path.open(encoding=encoding, newline="") as stream:
        reader = csv.reader(stream, strict=True)
        places = _header(reader, name, problems)
        if places is None:
            return
        yield from _body(reader, name, places, problems)


def _encoding(table: Table, problems: Problems) -> str | None:
    """The encoding that the whole file is in; None when it is not a table at all."""
    where = Where(table.where.file, 1)
    try:
        size, start = table.path.stat().st_size, _start(table.path)
    except OSError as error:
        reason = error.strerror or str(error)
        problems.add(
            table.where, lazy("The table %(file)s cannot be read: %(reason)s.", file=where.file, reason=reason)
        )
        return None
    if size > MAX_BYTES:
        problems.add(where, lazy("The file is larger than %(limit)s MB.", limit=MAX_BYTES // 1_000_000))
        return None
    wrong = next((reason for magic, reason in _MAGIC.items() if start.startswith(magic)), None)
    if wrong is None and b"\x00" in start:
        wrong = lazy("This is not a CSV file.")
    if wrong is not None:
        problems.add(where, wrong)
        return None
    choices = [table.encoding] if table.encoding else ["utf-8", "gb18030"]
    for encoding in choices:
        line = _undecodable(table.path, encoding)
        if line is None:
            return "utf-8-sig" if encoding == "utf-8" else encoding
    told = " / ".join(choices).upper()
    problems.add(Where(where.file, line or 1), lazy("This line is not %(encoding)s.", encoding=told))
    return None


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8192)


def _undecodable(path: Path, encoding: str) -> int | None:
    """The first line that is not in ``encoding``; None when all are."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with path.open("rb") as stream:
        while True:
            block = stream.read(_BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            line += text.count("\n")
            if not block:
                return None


def _header(reader: Any, name: str, problems: Problems) -> list[int | None] | None:
    """For each of `COLUMNS`, which cell of a row holds it, then how many cells a row has; None: it cannot be used."""
    try:
        header = [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        problems.add(Where(name, 1), lazy("This is not CSV: %(reason)s.", reason=str(error)))
        return None
    where = Where(name, 1)
    if not any(header):
        problems.add(where, lazy("The table has no header."))
        return None
    unknown = [column for column in header if column not in COLUMNS]
    twice = sorted({column for column in header if header.count(column) > 1 and column in COLUMNS})
    missing = [column for column in NEEDED if column not in header]
    for column in unknown:
        problems.add(where, lazy("There is no column “%(column)s”.", column=column[:60]))
    for column in twice:
        problems.add(where, lazy("The column “%(column)s” is here twice.", column=column))
    for column in missing:
        problems.add(where, lazy("The column “%(column)s” is missing.", column=column))
    if unknown or twice or missing:
        return None
    return [header.index(column) if column in header else None for column in COLUMNS] + [len(header)]


def _body(reader: Any, name: str, places: list[int | None], problems: Problems) -> Iterator[Line]:
    *order, width = places
    line = reader.line_num + 1
    while True:
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(Where(name, line), lazy("This is not CSV: %(reason)s.", reason=str(error)))
        start, line = line, reader.line_num + 1
        if not any(cells):
            continue
        if len(cells) != width:
            values = {"found": len(cells), "wanted": width}
            problems.add(Where(name, start), lazy("This row has %(found)s cells instead of %(wanted)s.", **values))
            continue
        if "'" in "".join(cells):
            cells = [unguarded(cell) for cell in cells]
        yield start, [None if place is None else cells[place] for place in order]
