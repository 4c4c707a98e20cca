"""The first step: a file is taken, its kind is told from its bytes, and its first rows are looked at."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from banyan.kernel import sheets
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid
from banyan.kernel.files import XLSX, FileStore, Sniffed, StoredFile, Upload, keep, spooled
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable
from banyan.kernel.sheets import Book, Limits, Sheet
from banyan.modules.access.decision import require
from banyan.modules.audit.services import record
from banyan.modules.imports.models import Import
from banyan.modules.imports.permissions import IMPORT_CREATE
from banyan.modules.imports.services import declared, matching, secrets
from banyan.modules.imports.services.runs import subject

LOOKED_AT = 25
MANY_DIGITS, LONG = 7, 9
_TYPES = {"xlsx": (".xlsx", XLSX), "csv": (".csv", "text/csv")}


@contextmanager
def received(upload: Upload, max_bytes: int) -> Iterator[tuple[Sniffed, Book]]:
    """Check an upload, whatever it calls itself; the copy is gone in the end.

    :raises Invalid: on ``file``, with the reason.
    """
    books: list[Book] = []

    def told(path: Path) -> tuple[str, str]:
        books.append(sheets.inspect(path))
        return _TYPES[books[0].kind]

    sniffed = spooled(upload, "file", max_bytes=max_bytes, told=told)
    try:
        yield sniffed, books[0]
    finally:
        sniffed.path.unlink(missing_ok=True)


def upload(ctx: Context, store: FileStore, name: str, sniffed: Sniffed, book: Book) -> Import:
    """Keep a checked file as a new import of ``name``; nothing is read beyond its first rows.

    :raises Invalid: the file holds nothing. :raises NotFound: there is no such import.
    """
    require(ctx, IMPORT_CREATE.name, ctx.here)
    item = declared.called(ctx, name)
    sheet = next((place for place, found in enumerate(book.sheets) if not found.hidden), 0)
    head = first_rows(sniffed.path, book, sheet, item)
    stored = keep(ctx, store, ctx.here, sniffed)
    ctx.session.flush()
    run = Import(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        kind=item.name,
        file_id=stored.id,
        file_name=stored.name or item.name + stored.extension,
        sha256=stored.sha256,
        book=asdict(book),
        sheet=sheet,
        head=head,
        headings=[],
        mapping={},
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(run)
    matching.propose(ctx, item, run)
    _veil(item, run)
    ctx.session.flush()
    after = {"file": run.file_name, "sha256": run.sha256, "size": stored.size, "import": item.name}
    record(ctx, "imports.import.upload", subject(run), org=run.org, after=after)
    return run


def limits_of(item: Importable) -> Limits:
    """How much of a file is read for ``item``."""
    return Limits(rows=item.most_rows)


def first_rows(path: Path, book: Book, sheet: int, item: Importable) -> list[Any]:
    """The first rows of a sheet, by number.

    :raises Invalid: the sheet is empty.
    """
    found: list[Any] = []
    for row in sheets.rows(path, book, sheet, limits_of(item)):
        found.append([row.number, [sheets.shown(cell)[:80] for cell in row.cells]])
        if len(found) == LOOKED_AT:
            break
    if not found:
        raise Invalid({"file": [lazy("The sheet “%(name)s” is empty.", name=book.sheets[sheet].name)]})
    return found


def choose_sheet(ctx: Context, store: FileStore, run: Import, item: Importable, sheet: int) -> None:
    """Look at another sheet of the workbook.

    :raises Invalid: there is none, or it is empty.
    """
    book = book_of(run)
    if not 0 <= sheet < len(book.sheets):
        raise Invalid({"sheet": [lazy("There is no such sheet in the file.")]})
    with opened(ctx, store, run) as path:
        run.head = first_rows(path, book, sheet, item)
    run.sheet = sheet
    matching.propose(ctx, item, run)
    _veil(item, run)


def choose_headings(ctx: Context, store: FileStore, run: Import, item: Importable, number: int) -> None:
    """Take another row for the headings.

    :raises Invalid: it is none of the first rows.
    """
    if item.sensitive:
        with opened(ctx, store, run) as path:
            run.head = first_rows(path, book_of(run), run.sheet, item)
    matching.head_at(ctx, item, run, number)
    _veil(item, run)


def _veil(item: Importable, run: Import) -> None:
    """Mask what the first rows hold in sensitive columns, and long texts and numbers in columns that nobody knows."""
    if not item.sensitive:
        return
    kinds = {run.mapping[one.key]: one.sensitive for one in item.columns if one.key in run.mapping}
    run.head = [
        [number, [_veiled(kinds.get(place, "?"), cell) for place, cell in enumerate(cells)]]
        if number > run.heading_row
        else [number, cells]
        for number, cells in run.head
    ]


def _veiled(kind: str, cell: str) -> str:
    if kind != "?":
        return secrets.masked(kind, cell) if kind else cell
    told = "@" in cell or sum(char.isdigit() for char in cell) >= MANY_DIGITS
    return secrets.masked("generic", cell) if told else cell if len(cell) < LONG else cell[: LONG // 2] + "****"


def book_of(run: Import) -> Book:
    """What was found out about the file."""
    held = dict(run.book)
    return Book(**{**held, "sheets": tuple(Sheet(**sheet) for sheet in held["sheets"])})


@contextmanager
def opened(ctx: Context, store: FileStore, run: Import) -> Iterator[Path]:
    """The file of an import, as a copy that is gone afterwards.

    :raises Conflict: it has been deleted by rule.
    """
    stored = ctx.session.get(StoredFile, run.file_id) if run.file_id else None
    if stored is None:
        raise Conflict(lazy("The file of this import has been deleted. Upload it again."))
    with tempfile.TemporaryDirectory(prefix="banyan-import-") as folder:
        path = Path(folder) / f"file{stored.extension}"
        with store.open(stored.key) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield path
