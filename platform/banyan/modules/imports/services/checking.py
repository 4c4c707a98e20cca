"""The third step, a long task: every row is read, checked, compared and staged for the preview. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask_babel import force_locale

from banyan.kernel import sheets
from banyan.kernel.context import Context
from banyan.kernel.i18n import LANGUAGES, lazy
from banyan.kernel.imports import Importable, ImportRow, read_row
from banyan.kernel.imports.reading import Reader, reader_for
from banyan.kernel.jobs import Progress, TaskRun
from banyan.kernel.runtime import runtime
from banyan.modules.access.decision import require
from banyan.modules.imports.models import Import
from banyan.modules.imports.services import declared, staging, uploading
from banyan.modules.imports.services.pace import Pace
from banyan.modules.imports.services.runs import say


def run(task: TaskRun) -> Iterator[Progress]:
    """The job. A killed worker's check begins anew: until all rows are staged nothing depends on it."""
    ctx = task.ctx
    found = ctx.session.get_one(Import, task.arguments["import"])
    item = declared.called(ctx, found.kind)
    require(ctx, item.permission, ctx.here)
    pace = Pace(task, runtime().db)
    staging.clear(ctx, found)
    with uploading.opened(ctx, task.files, found) as path:
        reader = reader_for(item.schema(), item.columns, found.mapping, declared.choices(ctx, item))
        read = _read(path, found, item, reader)
        checked = _whole(ctx, item, list(_noted(read, pace)), pace) if item.whole else _by_chunk(ctx, item, read)
        total = 0
        for rows in checked:
            total += len(rows)
            staging.put(ctx, found, item, rows)
            found.total = total
            if not item.whole:
                yield Progress(total, 0)
    _conclude(ctx, found, total)
    yield Progress(total, total)


def _read(path: Path, found: Import, item: Importable, reader: Reader) -> Iterator[ImportRow]:
    """The rows below the headings, without the template's example; each thing but once."""
    book = uploading.book_of(found)
    seen: dict[tuple[object, ...], int] = {}
    examples = [_example(item, code) for code in LANGUAGES]
    for row in sheets.rows(path, book, found.sheet, uploading.limits_of(item)):
        if row.number <= found.heading_row:
            continue
        first = row.number == found.heading_row + 1
        if first and any(is_example(row, found.mapping, example) for example in examples):
            continue
        read = read_row(reader, row)
        read.options = found.options
        key = item.key_of(read)
        if key is not None and seen.setdefault(key, row.number) != row.number:
            read.reject(item.key[0], lazy("Row %(row)s is about the same one already.", row=seen[key]))
        yield read


def _example(item: Importable, code: str) -> dict[str, str]:
    with force_locale(code):
        return {column.key: str(column.example) for column in item.columns if str(column.example)}


def is_example(row: sheets.Row, mapping: dict[str, int], example: dict[str, str]) -> bool:
    """Whether a row is the template's example, left standing."""
    mapped = {key: position for key, position in mapping.items() if key in example}
    return len(mapped) > 1 and all(
        position < len(row.cells) and sheets.shown(row.cells[position]) == example[key]
        for key, position in mapped.items()
    )


def _noted(rows: Iterator[ImportRow], pace: Pace) -> Iterator[ImportRow]:
    for number, row in enumerate(rows, 1):
        if number % staging.CHUNK == 0:
            pace.tell(number, 0)
        yield row


def _whole(ctx: Context, item: Importable, rows: list[ImportRow], pace: Pace) -> Iterator[list[ImportRow]]:
    item.check(ctx, rows)
    for start in range(0, len(rows), staging.CHUNK):
        if start:
            pace.tell(start, len(rows))
        yield rows[start : start + staging.CHUNK]


def _by_chunk(ctx: Context, item: Importable, rows: Iterator[ImportRow]) -> Iterator[list[ImportRow]]:
    for chunk in _pieces(rows):
        item.check(ctx, chunk)
        yield chunk


def _pieces(rows: Iterator[ImportRow]) -> Iterator[list[ImportRow]]:
    piece: list[ImportRow] = []
    for row in rows:
        piece.append(row)
        if len(piece) == staging.CHUNK:
            yield piece
            piece = []
    if piece:
        yield piece


def _conclude(ctx: Context, found: Import, total: int) -> None:
    count_kinds(ctx, found)
    found.state = "checked"
    if not total:
        say(found, lazy("There is no row below the headings."))


def count_kinds(ctx: Context, found: Import) -> None:
    """Count the rows of each kind anew."""
    kinds = staging.counted(ctx, found)
    found.total = sum(kinds.values())
    for kind in ("new", "changed", "same", "wrong"):
        setattr(found, kind, kinds.get(kind, 0))
