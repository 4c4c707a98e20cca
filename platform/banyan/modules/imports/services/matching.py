"""The second step: which column of the file is which. Proposed from its headings, decided by people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import force_locale
from marshmallow import ValidationError
from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import LANGUAGES, language, lazy, msgid
from banyan.kernel.imports import Importable
from banyan.kernel.imports.columns import heading_form, match
from banyan.kernel.jobs import start
from banyan.kernel.sheets import column_name
from banyan.modules.imports.models import Import
from banyan.modules.imports.services.runs import Standing, at_rest, find

EARLIER = 20
CHECK = "imports.check"


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of the file. :ivar examples: what its first rows hold."""

    position: int
    letters: str
    heading: str
    examples: tuple[str, ...]


def names_of(ctx: Context, item: Importable) -> dict[str, str]:
    """Heading in its compared form → key: what a column is called in three languages, its aliases, its key, and what
    people here matched before."""
    found = _earlier(ctx, item)
    for code in LANGUAGES:
        with force_locale(code):
            for column in item.columns:
                for name in (column.label, *column.aliases):
                    found.setdefault(heading_form(str(name)), column.key)
    for column in item.columns:
        found.setdefault(heading_form(column.key), column.key)
    return found


def _earlier(ctx: Context, item: Importable) -> dict[str, str]:
    rows = ctx.session.execute(
        select(Import.headings, Import.mapping)
        .where(Import.org_id == ctx.here.id, Import.kind == item.name, Import.total > 0)
        .order_by(Import.created_at.desc())
        .limit(EARLIER)
    )
    found: dict[str, str] = {}
    known = {column.key for column in item.columns}
    for headings, mapping in rows:
        for key, position in mapping.items():
            if key in known and position < len(headings) and headings[position]:
                found.setdefault(heading_form(headings[position]), key)
    return found


def propose(ctx: Context, item: Importable, run: Import) -> None:
    """Find the row with the headings, and match them."""
    names = names_of(ctx, item)
    matched = [(match(cells, names), number, cells) for number, cells in run.head]
    best = max(matched, key=lambda one: len(one[0]))
    if not best[0]:
        best = next((one for one in matched if sum(map(bool, one[2])) > 1), matched[0])
    run.mapping, run.heading_row, run.headings = dict(best[0]), best[1], list(best[2])


def head_at(ctx: Context, item: Importable, run: Import, number: int) -> None:
    """Take another row for the headings.

    :raises Invalid: it is none of the first rows.
    """
    found = next((cells for row, cells in run.head if row == number), None)
    if found is None:
        raise Invalid({"heading_row": [lazy("The headings must be among the first rows of the sheet.")]})
    run.heading_row, run.headings = number, list(found)
    run.mapping = match(found, names_of(ctx, item))


def file_columns(run: Import) -> list[FileColumn]:
    """The columns of the file with what they hold."""
    below = [cells for number, cells in run.head if number > run.heading_row]
    width = max([len(run.headings), *(len(cells) for cells in below)])
    return [
        FileColumn(
            place,
            column_name(place),
            run.headings[place] if place < len(run.headings) else "",
            tuple(cells[place] for cells in below[:3] if place < len(cells) and cells[place]),
        )
        for place in range(width)
    ]


def decide(
    ctx: Context, import_id: UUID, mapping: Mapping[str, int], options: Mapping[str, Any] | None = None
) -> Standing:
    """Take ``mapping`` (column → position in the file) and start the check.

    :param options: what is asked for beside the rows, as the import's schema of options says.

    :raises Invalid: with every reason. :raises Conflict: the import has gone on meanwhile.
    """
    standing = find(ctx, import_id, lock=True)
    at_rest(standing, "uploaded", "checked", "stopped", "failed")
    run, item = standing.run, standing.item
    if standing.began_writing and run.written:
        raise Invalid({}, lazy("Some of its rows are written already. Upload the file again."))
    _check(item, run, mapping)
    run.options = _options(item, options or {})
    run.mapping, run.state, run.said = dict(mapping), "checking", []
    run.confirmed_at = run.confirmed_by = None
    task = start(ctx, CHECK, msgid(item.title), run.org, {"import": str(run.id)}, language=language())
    run.task_id = task.id
    ctx.session.flush()
    return Standing(run, item, task)


def _options(item: Importable, given: Mapping[str, Any]) -> dict[str, Any]:
    if item.options is None:
        if given:
            raise Invalid({key: [lazy("Unknown field.")] for key in sorted(given)})
        return {}
    try:
        return dict(item.options().load(dict(given)))
    except ValidationError as error:
        raise Invalid({str(key): list(said) for key, said in error.messages_dict.items()}) from None


def _check(item: Importable, run: Import, mapping: Mapping[str, int]) -> None:
    problems: dict[str, list[Text]] = {}
    columns, width = {column.key: column for column in item.columns}, len(file_columns(run))
    taken: dict[int, str] = {}
    for key, position in mapping.items():
        if key not in columns:
            problems[key] = [lazy("Unknown field.")]
        elif not 0 <= position < width:
            problems[key] = [lazy("The file has no such column.")]
        elif position in taken:
            other = columns[taken[position]].label
            problems[key] = [lazy("The same column of the file is taken for “%(other)s” already.", other=str(other))]
        else:
            taken[position] = key
    for column in item.columns:
        if column.required and column.key not in mapping:
            problems[column.key] = [lazy("No column of the file is matched with this one, which is required.")]
    if problems:
        raise Invalid(problems)
