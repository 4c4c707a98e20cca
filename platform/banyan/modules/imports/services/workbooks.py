"""The workbooks an import hands out: template, wrong rows with their reasons, and what is handed out once."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import xlsxwriter
from sqlalchemy import select
from xlsxwriter.format import Format

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, NotFound
from banyan.kernel.i18n import _, lazy
from banyan.kernel.imports import Importable, ImportColumn
from banyan.kernel.imports.declared import MEMO
from banyan.modules.audit.services import record
from banyan.modules.imports.models import Import, StagedRow
from banyan.modules.imports.services import declared, staging
from banyan.modules.imports.services.runs import GONE, find, leaves, subject

_OPTIONS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
LONGEST = 16_000
FILLED_IN = 1_000


def template(ctx: Context, name: str) -> tuple[io.BytesIO, str]:
    """The template in the reader's language: headings, notes, drop-downs, an example; and the name it is saved under.

    :raises NotFound: there is no such import here.
    """
    item = declared.called(ctx, name)
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {**_OPTIONS, "in_memory": True})
    sheet = book.add_worksheet(_sheet_name(str(item.title)))
    notes = book.add_worksheet(_("How to fill it in"))
    values = book.add_worksheet(_("Values"))
    plain, text = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"num_format": "@"})
    heads = {
        True: book.add_format({"bold": True, "font_color": "#A3271F", "bg_color": "#F7E3DF", "bottom": 1}),
        False: book.add_format({"bold": True, "bg_color": "#EFEDE1", "bottom": 1}),
    }
    faint = book.add_format({"italic": True, "font_color": "#8A8A80", "num_format": "@"})
    choices, placed = item.choices(ctx), 0
    for position, column in enumerate(item.columns):
        sheet.set_column(position, position, 18, None if column.kind in ("date", "number") else text)
        sheet.write_string(0, position, str(column.label), heads[column.required])
        sheet.write_string(1, position, str(column.example), faint)
        if column.key in choices:
            labels = [str(label) for _value, label in choices[column.key]]
            for row, label in enumerate([str(column.label), *labels]):
                values.write_string(row, placed, label, heads[False] if row == 0 else None)
            _drop_down(sheet, values, position, placed, len(labels))
            placed += 1
    sheet.freeze_panes(1, 0)
    _notes(notes, item, plain, heads)
    book.close()
    target.seek(0)
    return target, f"{item.name}.xlsx"


def _sheet_name(title: str) -> str:
    return "".join(" " if char in "[]:*?/\\'" else char for char in title)[:31].strip() or "1"


def _drop_down(sheet: Any, values: Any, position: int, placed: int, many: int) -> None:
    letter = xlsxwriter.utility.xl_col_to_name(placed, col_abs=True)
    source = f"='{values.get_name()}'!{letter}$2:{letter}${many + 1}"
    told = {"validate": "list", "source": source, "error_type": "warning"}
    sheet.data_validation(1, position, FILLED_IN, position, told)


def _notes(notes: Any, item: Importable, plain: Format, heads: dict[bool, Format]) -> None:
    notes.set_column(0, 0, 22, plain)
    notes.set_column(1, 1, 12, plain)
    notes.set_column(2, 2, 60, plain)
    notes.set_column(3, 3, 26, plain)
    row = 0
    general = (
        lazy("Fill in the first sheet, one row for each. Columns with red headings are required."),
        lazy("The second row is an example. Overwrite or delete it; left as it is, it is not imported."),
        lazy("Do not merge cells. Columns may stand in any order; further columns are ignored."),
        lazy("At most %(most)s rows in one file.", most=item.most_rows),
    )
    for line in (*general, *item.instructions):
        notes.merge_range(row, 0, row, 3, str(line), plain)
        row += 1
    row += 1
    for position, head in enumerate((_("Column"), _("Required"), _("Meaning"), _("Example"))):
        notes.write_string(row, position, head, heads[False])
    for column in item.columns:
        row += 1
        for position, said in enumerate(_described(column)):
            notes.write_string(row, position, said, plain)


def _described(column: ImportColumn) -> tuple[str, str, str, str]:
    kinds = {
        "date": _("A date, like 2026-01-31."),
        "code": _("Text, never a number."),
        "choice": _("One of the values of the drop-down list."),
    }
    meaning = " ".join(filter(None, (str(column.help), kinds.get(column.kind, ""))))
    return str(column.label), _("Yes") if column.required else _("No"), meaning, str(column.example)


def failed(ctx: Context, import_id: UUID, *, every: bool = False) -> tuple[io.BytesIO, str]:
    """The wrong rows (or all) as they stood in the file, with the reasons; to be corrected and uploaded again.

    :raises NotFound: none of this organisation's. :raises Conflict: they have been deleted by rule.
    """
    run, item = (found := find(ctx, import_id)).run, found.item
    if run.purged_at is not None:
        raise Conflict(lazy("The file of this import has been deleted. Upload it again."))
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {**_OPTIONS, "constant_memory": True})
    sheet = book.add_worksheet()
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    bad = book.add_format({"num_format": "@", "bg_color": "#F7E3DF", "font_color": "#A3271F"})
    wide = max(len(run.headings), 1)
    labels = {column.key: str(column.label) for column in item.columns}
    sheet.set_column(0, wide, 18, text)
    for position, heading in enumerate([*run.headings, _("Reason")]):
        sheet.write_string(0, position, str(heading), bold)
    sheet.freeze_panes(1, 0)
    for line, (_number, cells, reasons) in enumerate(staging.wrong(ctx, run, every=every), 1):
        marked = {run.mapping[one.column] for one in reasons if one.column in run.mapping}
        for position in range(wide):
            cell = cells[position] if position < len(cells) else ""
            if cell or position in marked:
                sheet.write_string(line, position, cell[:LONGEST], bad if position in marked else text)
        said = (f"{labels[one.column]}: {one.text}" if one.column in labels else one.text for one in reasons)
        sheet.write_string(line, wide, "\n".join(said)[:LONGEST], text)
    book.close()
    target.seek(0)
    record(ctx, "imports.rows.download", subject(run), org=run.org, after={"rows": "all" if every else "wrong"})
    return target, f"{item.name}-{_('to be corrected')}.xlsx"


def hand_out(ctx: Context, import_id: UUID) -> tuple[io.BytesIO, str]:
    """What an import leaves for who made it, made now and shown this once.

    :raises NotFound: somebody else's, or there is nothing to hand out. :raises Conflict: it was handed out already.
    """
    found = find(ctx, import_id, lock=True)
    run, handout = found.run, found.item.handout
    own = ctx.actor.account_id is not None and run.created_by == ctx.actor.account_id
    if handout is None or not own or not (run.purged_at or leaves(run, found.item)):
        raise NotFound(GONE)
    if found.busy or run.handed_out_at is not None or run.purged_at is not None:
        raise Conflict(lazy("This was handed out already. It is made once and kept nowhere."))
    rows = _written(ctx, run)
    lines = list(handout.make(ctx, run.id, rows))
    run.handed_out_at = ctx.clock.now()
    record(ctx, "imports.handout.make", subject(run), org=run.org, after={"written": len(lines)})
    return _listed(handout.header, lines), f"{found.item.name}-{run.created_at:%Y%m%d}.xlsx"


def _written(ctx: Context, run: Import) -> list[dict[str, Any]]:
    """What the new rows that were written meant."""
    statement = select(StagedRow.data, StagedRow.memo).where(
        StagedRow.org_id == run.org_id, StagedRow.import_id == run.id, StagedRow.kind == "new"
    )
    if run.state != "done":
        statement = statement.where(StagedRow.number <= run.written_to)
    found = ctx.session.execute(statement.order_by(StagedRow.number))
    return [data if memo is None else {**data, MEMO: memo} for data, memo in found]


def _listed(header: Sequence[Any], lines: Iterable[Sequence[str]]) -> io.BytesIO:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {**_OPTIONS, "constant_memory": True})
    sheet = book.add_worksheet()
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    sheet.set_column(0, len(header), 22, text)
    for position, head in enumerate(header):
        sheet.write_string(0, position, str(head), bold)
    for number, line in enumerate(lines, 1):
        for position, cell in enumerate(line):
            sheet.write_string(number, position, cell, text)
    book.close()
    target.seek(0)
    return target
