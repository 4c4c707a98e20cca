"""Staged rows: many at once into the table and out of it again.

COPY is refused under row security, so the rows of a chunk travel as one JSON value. What sensitive columns hold is kept
apart and sealed (`secrets`): the rows themselves show masked cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import delete, func, select, text

from banyan.kernel.context import Context
from banyan.kernel.imports import Importable, ImportRow, Reason
from banyan.modules.imports.models import Import, StagedRow
from banyan.modules.imports.services import secrets

CHUNK = 2_000
_PUT = text("""
INSERT INTO import_row (import_id, number, org_id, org_path, kind, cells, data, reasons, before, memo)
SELECT :import_id, r.number, :org_id, :org_path, r.kind, r.cells, r.data, r.reasons, r.before, r.memo
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    number bigint, kind text, cells jsonb, data jsonb, reasons jsonb, before jsonb, memo jsonb
)
""")
_SETTLE = text("""
UPDATE import_row s SET kind = r.kind, reasons = r.reasons, before = r.before, memo = r.memo
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(number bigint, kind text, reasons jsonb, before jsonb, memo jsonb)
WHERE s.import_id = :import_id AND s.number = r.number
""")


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()


def put(ctx: Context, run: Import, item: Importable, rows: Sequence[ImportRow]) -> None:
    """Stage rows as they were checked."""
    shown = secrets.put(ctx, run, item, rows)
    told = [
        {
            "number": row.number,
            "kind": row.kind,
            "cells": cells,
            "data": data,
            "reasons": [list(one) for one in row.reasons],
            "before": row.before,
            "memo": row.memo,
        }
        for row, (cells, data) in zip(rows, shown, strict=True)
    ]
    values = {"import_id": run.id, "org_id": run.org_id, "org_path": run.org_path, "rows": _json(told)}
    ctx.session.execute(_PUT, values)


def settle(ctx: Context, run: Import, rows: Sequence[ImportRow]) -> None:
    """Keep what rows have become since they were staged."""
    if rows:
        told = [
            {
                "number": row.number,
                "kind": row.kind,
                "reasons": [list(one) for one in row.reasons],
                "before": row.before,
                "memo": row.memo,
            }
            for row in rows
        ]
        ctx.session.execute(_SETTLE, {"import_id": run.id, "rows": _json(told)})


def clear(ctx: Context, run: Import) -> None:
    """Forget the staged rows."""
    ctx.session.execute(delete(StagedRow).where(StagedRow.import_id == run.id))
    secrets.clear(ctx, run)


def counted(ctx: Context, run: Import) -> dict[str, int]:
    """Kind → number of rows."""
    rows = ctx.session.execute(
        select(StagedRow.kind, func.count()).where(StagedRow.import_id == run.id).group_by(StagedRow.kind)
    )
    return dict(rows.all())


def chunks(ctx: Context, run: Import, item: Importable, after: int, size: int) -> Iterator[list[tuple[ImportRow, str]]]:
    """New and changed rows in the file's order, each with the kind it was shown as; without what their cells show."""
    dates = [column.key for column in item.columns if column.kind == "date"]
    kept = secrets.Opened(ctx, run)
    while True:
        found = ctx.session.execute(
            select(StagedRow.number, StagedRow.kind, StagedRow.data, StagedRow.before)
            .where(
                StagedRow.org_id == run.org_id,
                StagedRow.import_id == run.id,
                StagedRow.kind.in_(("new", "changed")),
                StagedRow.number > after,
            )
            .order_by(StagedRow.number)
            .limit(size)
        ).all()
        if not found:
            return
        yield [(_row(run, dates, kept.data(values[0]), *values), values[1]) for values in found]
        after = found[-1][0]


def _row(
    run: Import, dates: list[str], secret: dict[str, Any], number: int, _kind: str, data: dict[str, Any], before: Any
) -> ImportRow:
    data |= secret
    for key in dates:
        if isinstance(data.get(key), str):
            data[key] = date.fromisoformat(data[key])
    return ImportRow(number, [], data, before=before, options=run.options)


def wrong(ctx: Context, run: Import, *, every: bool = False) -> Iterator[tuple[int, list[str], list[Reason]]]:
    """Number, cells and reasons of wrong rows (or of all) in the file's order, read in pieces."""
    after, kept = 0, secrets.Opened(ctx, run)
    while True:
        statement = select(StagedRow.number, StagedRow.cells, StagedRow.reasons).where(
            StagedRow.org_id == run.org_id, StagedRow.import_id == run.id, StagedRow.number > after
        )
        if not every:
            statement = statement.where(StagedRow.kind == "wrong")
        found = ctx.session.execute(statement.order_by(StagedRow.number).limit(CHUNK)).all()
        for number, cells, reasons in found:
            yield number, kept.cells(number, cells), [Reason(*one) for one in reasons]
        if len(found) < CHUNK:
            return
        after = found[-1][0]
