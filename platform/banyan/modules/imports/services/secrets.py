"""What sensitive columns of a file hold, on its way in: sealed, a piece of the file in one value.

Staged rows show masked cells. The secrets are opened when rows are written and when wrong rows are downloaded; as soon
as an import has ended only those of its wrong rows are left, and the uploaded file is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import delete, select

from banyan.kernel import masks
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.imports import Importable, ImportRow
from banyan.kernel.sealing import seal, unseal
from banyan.modules.imports.models import Import, StagedRow, StagedSecret

PURPOSE = "imports.rows"
Shown = tuple[list[str], dict[str, Any]]


def masked(kind: str, text: str) -> str:
    """What is shown of a cell of a sensitive column."""
    return str(getattr(masks, kind)(text)) if text else ""


def put(ctx: Context, run: Import, item: Importable, rows: Sequence[ImportRow]) -> Iterator[Shown]:
    """Seal what sensitive columns of ``rows`` hold; says of each row what may lie about readable."""
    if not item.sensitive:
        yield from ((row.cells, row.data) for row in rows)
        return
    hidden = {column.key: column.sensitive for column in item.columns if column.sensitive}
    readable = {place for key, place in run.mapping.items() if key not in hidden}
    kept: dict[str, Any] = {}
    for row in rows:
        kept[str(row.number)] = [row.cells, {key: row.data[key] for key in hidden if key in row.data}]
        cells = [cell if place in readable else "" for place, cell in enumerate(row.cells)]
        for key, kind in hidden.items():
            place = run.mapping.get(key, len(cells))
            if place < len(cells):
                cells[place] = masked(kind, row.cells[place])
        yield cells, {key: value for key, value in row.data.items() if key not in hidden}
    if rows:
        secret = StagedSecret(
            id=new_id(), org_id=run.org_id, org_path=run.org_path, import_id=run.id, first=rows[0].number
        )
        secret.last, secret.held = rows[-1].number, _sealed(kept, secret)
        ctx.session.add(secret)


def _sealed(kept: dict[str, Any], row: StagedSecret) -> bytes:
    return seal(PURPOSE, orjson.dumps(kept, default=str).decode(), row.id)


def _opened(row: StagedSecret) -> dict[str, Any]:
    return dict(orjson.loads(unseal(PURPOSE, row.held, row.id))) if row.held is not None else {}


class Opened:
    """The secrets of an import, read in the file's order, a piece at a time."""

    def __init__(self, ctx: Context, run: Import) -> None:
        self._ctx, self._run = ctx, run
        self._first, self._last, self._rows = 0, -1, dict[str, Any]()

    def data(self, number: int) -> dict[str, Any]:
        """What the sensitive cells of a row mean."""
        return dict(self._of(number)[1])

    def cells(self, number: int, shown: list[str]) -> list[str]:
        """The cells of a row as they stood in the file; ``shown`` where nothing of it is sealed."""
        return list(self._of(number)[0] or shown)

    def _of(self, number: int) -> Any:
        if not self._first <= number <= self._last:
            found = self._ctx.session.scalars(
                select(StagedSecret)
                .where(StagedSecret.import_id == self._run.id, StagedSecret.first <= number)
                .order_by(StagedSecret.first.desc())
                .limit(1)
            ).first()
            self._first, self._last, self._rows = (
                (found.first, max(found.last, number), _opened(found)) if found is not None else (number, number, {})
            )
        return self._rows.get(str(number), ([], {}))


def clear(ctx: Context, run: Import) -> None:
    """Forget all of them."""
    ctx.session.execute(delete(StagedSecret).where(StagedSecret.import_id == run.id))


def keep_wrong(ctx: Context, run: Import) -> None:
    """Forget them but for those of wrong rows, which can still be downloaded to be corrected."""
    wrong = set(
        ctx.session.scalars(
            select(StagedRow.number).where(
                StagedRow.org_id == run.org_id, StagedRow.import_id == run.id, StagedRow.kind == "wrong"
            )
        )
    )
    for row in ctx.session.scalars(select(StagedSecret).where(StagedSecret.import_id == run.id)).all():
        here = {number for number in wrong if row.first <= number <= row.last}
        if not here:
            ctx.session.delete(row)
            continue
        kept = {key: value for key, value in _opened(row).items() if int(key) in here}
        row.held = _sealed(kept, row)
    ctx.session.flush()
