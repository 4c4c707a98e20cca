"""What the wizard's pages show."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from flask import url_for
from sqlalchemy import select

from banyan.api.schemas import Schema
from banyan.kernel import tables
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy, translate
from banyan.kernel.imports import KINDS, ImportColumn, Reason
from banyan.modules.imports.api import of
from banyan.modules.imports.lists import ROWS
from banyan.modules.imports.models import Import
from banyan.modules.imports.services import matching, runs, writing
from banyan.modules.imports.services.runs import Standing
from banyan.web.forms import BoundForm
from banyan.web.tasks import TaskPanel

TONES = {"new": "ok", "changed": "warn", "wrong": "seal", "same": ""}
BRIEF = 3
OPTION = "option_"


class UploadForm(Schema):
    """The file."""

    file = ma.fields.Raw(
        required=True,
        metadata={"label": lazy("File"), "widget": "file", "help": lazy("Excel workbook (.xlsx) or CSV.")},
    )


def match_form(standing: Standing) -> BoundForm:
    """A choice among the file's columns for each column of the import."""
    choices = []
    for column in matching.file_columns(standing.run):
        example = f" ({column.examples[0][:24]})" if column.examples else ""
        choices.append((str(column.position), f"{column.letters} · {column.heading or '—'}{example}"))
    columns = standing.item.columns
    fields: dict[str, ma.fields.Field[Any]] = {column.key: _chooser(column) for column in columns}
    options = standing.item.options
    asked = {OPTION + key: copy(field) for key, field in options().load_fields.items()} if options is not None else {}
    schema = Schema.from_dict({**fields, **asked}, name="Matching")()
    mapping: dict[str, Any] = {key: str(position) for key, position in standing.run.mapping.items()}
    mapping |= {OPTION + key: value for key, value in standing.run.options.items()}
    return BoundForm(schema, data=mapping, choices={column.key: choices for column in columns})


def _chooser(column: ImportColumn) -> ma.fields.String:
    metadata = {"label": column.label, "widget": "select", "help": column.help, "placeholder": lazy("Not in the file")}
    if column.required:
        metadata["placeholder"] = lazy("Please choose")
        return ma.fields.String(required=True, metadata=metadata)
    return ma.fields.String(load_default="", metadata=metadata)


def matched(data: Mapping[str, Any]) -> dict[str, int]:
    """The columns chosen in `match_form`."""
    return {key: int(value) for key, value in data.items() if value and not key.startswith(OPTION)}


def asked_for(data: Mapping[str, Any]) -> dict[str, Any]:
    """What else was asked for in `match_form`."""
    return {key.removeprefix(OPTION): value for key, value in data.items() if key.startswith(OPTION)}


@dataclass(frozen=True, slots=True)
class Told:
    """A reason, or a change. :ivar label: of the column. :ivar value: what the cell holds, or held before."""

    label: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the preview."""

    number: int
    kind: str
    kind_label: str
    tone: str
    brief: tuple[str, ...]
    reasons: tuple[Told, ...]
    changes: tuple[Told, ...]


def shown(ctx: Context, standing: Standing, args: Mapping[str, str]) -> dict[str, Any]:
    """The preview, or what came of an import."""
    run, item = standing.run, standing.item
    query = tables.parse(ROWS, {key: args[key] for key in ("kind", "after", "before", "size") if key in args})
    page = tables.page(ctx.session, ROWS, query, ROWS.columns, *of(run))
    kind = str(query.filters.get("kind", ""))
    brief = [column for column in item.columns if column.brief] or list(item.columns[:BRIEF])
    labels = {key: {value: str(label) for value, label in pairs} for key, pairs in item.choices(ctx).items()}
    address = url_for("imports_pages.one", import_id=run.id)
    kept: dict[str, Any] = {"kind": kind} if kind else {}

    def at(name: str, cursor: str | None) -> str | None:
        return url_for("imports_pages.one", import_id=run.id, **{**kept, name: cursor}) if cursor else None

    own = ctx.actor.account_id is not None and run.created_by == ctx.actor.account_id
    return {
        "standing": standing,
        "run": run,
        "item": item,
        "said": runs.said(run) or failure(standing),
        "against": writing.why_not(standing),
        "rows": [_shown_row(row, run, {one.key: one for one in item.columns}, brief, labels) for row in page.rows],
        "brief": brief,
        "kind": kind,
        "kinds": [("", lazy("All"), run.total), *((key, label, getattr(run, key)) for key, label in KINDS.items())],
        "address": address,
        "next": at("after", page.next),
        "previous": at("before", page.previous),
        "ignored": ignored(run),
        "earlier": earlier(ctx, run),
        "handout": item.handout if own and runs.leaves(run, item) and not run.handed_out_at else None,
        "step": 3 if standing.state == "checked" else 4,
    }


def failure(standing: Standing) -> str:
    """Why its task broke down, where it did."""
    if standing.state != "failed" or standing.task is None:
        return ""
    return translate(standing.task.message) or str(lazy("It failed on our side. What happened has been written down."))


def ignored(run: Import) -> list[str]:
    """Headings of the file that are matched with nothing."""
    taken = set(run.mapping.values())
    return [heading for place, heading in enumerate(run.headings) if heading and place not in taken]


def earlier(ctx: Context, run: Import) -> Import | None:
    """A finished import of the very same file."""
    return ctx.session.scalars(
        select(Import)
        .where(Import.org_id == run.org_id, Import.sha256 == run.sha256, Import.kind == run.kind, Import.id != run.id)
        .where(Import.state == "done", Import.created_at <= run.created_at)
        .order_by(Import.created_at.desc())
        .limit(1)
    ).first()


def _shown_row(
    row: dict[str, Any],
    run: Import,
    columns: dict[str, ImportColumn],
    brief: list[ImportColumn],
    labels: Mapping[str, Mapping[str, str]],
) -> ShownRow:
    def cell(key: str) -> str:
        position = run.mapping.get(key)
        return row["cells"][position] if position is not None and position < len(row["cells"]) else ""

    def value(key: str, held: Any) -> str:
        return labels.get(key, {}).get(str(held), "" if held is None else str(held))

    reasons = [Reason(*one) for one in row["reasons"]]
    return ShownRow(
        number=row["number"],
        kind=row["kind"],
        kind_label=str(KINDS[row["kind"]]),
        tone=TONES[row["kind"]],
        brief=tuple(cell(column.key) for column in brief),
        reasons=tuple(
            Told(str(columns[one.column].label) if one.column in columns else "", cell(one.column), one.text)
            for one in reasons
        ),
        changes=tuple(
            Told(str(columns[key].label), value(key, old), value(key, row["data"].get(key)))
            for key, old in (row["before"] or {}).items()
            if key in columns
        ),
    )


def panel(ctx: Context, standing: Standing) -> TaskPanel:
    """The progress of what works on an import."""
    run, task = standing.run, standing.task
    assert task is not None
    title = lazy("Checking %(file)s", file=run.file_name)
    if standing.state == "writing":
        title = lazy("Importing %(file)s", file=run.file_name)
    message = lazy("It stops after its present step.") if task.cancel_asked else ""
    return TaskPanel(
        id=str(task.id),
        title=title,
        state=task.state,  # type: ignore[arg-type]  # the table has a check on it
        url=url_for("imports_pages.progress", import_id=run.id),
        done=task.done,
        total=task.total or None,
        message=message,
        cancel_url=None if task.cancel_asked else url_for("imports_pages.cancel", import_id=run.id),
        back_url=url_for("imports_pages.listing"),
    )
