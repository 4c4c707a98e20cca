"""One way for every list: the list with its filters as an Excel file, made by a job with the grants valid then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from banyan.kernel import exports
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import language, lazy, msgid
from banyan.kernel.jobs import LongTask, Progress, TaskRun, start
from banyan.kernel.tables import TableDef, parse, unkept
from banyan.modules.access.decision import may, require
from banyan.modules.audit.services import Subject, record
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules

KIND = "tasks.export"


def exportable(ctx: Context, name: str) -> Exportable:
    """The list called ``name``, of a module that is on at the organisation of the request.

    :raises Invalid: there is none.
    """
    plugins = manager.current()
    on = enabled_modules(ctx.session, plugins, ctx.here)
    for module, found in plugins.start("banyan_exports"):
        for item in found:
            if item.name == name and module in on:
                return listed(item)
    raise Invalid({"list": [lazy("There is no such list.")]})


def listed(item: Any) -> Exportable:
    """What a module handed over, as what it must be."""
    if not isinstance(item, Exportable):
        raise TypeError(f"{item!r} is not an Exportable")
    return item


def export(ctx: Context, name: str, filters: Mapping[str, str], sort: str = "") -> LongTask:
    """Start the export of a list.

    :param filters: values by the names of the list's filters, as they stand in its address.
    :raises Invalid: an unknown list, filter or order. :raises Forbidden: the list's own permission is missing here.
    """
    found = exportable(ctx, name)
    require(ctx, found.permission, ctx.here)
    table = found.table_for(ctx)
    _check(table, filters)
    parse(table, {**filters, "sort": sort})
    given = {key: value.strip() for key, value in filters.items() if value.strip()}
    arguments = {"list": name, "filters": given, "sort": sort, "permission": found.permission}
    task = start(ctx, KIND, msgid(found.table.title), ctx.here, arguments, language=language())
    record(ctx, "tasks.export.start", Subject("list", name, str(found.table.title)), after={"filters": given})
    return task


def _check(table: TableDef, filters: Mapping[str, str]) -> None:
    known = {item.name for item in table.filters}
    problems: dict[str, list[Text]] = {name: [lazy("Unknown field.")] for name in sorted(filters.keys() - known)}
    problems |= unkept(table, filters)
    if problems:
        raise Invalid(problems)


def run(task: TaskRun) -> Iterator[Progress]:
    """The job. What may be seen is computed again, with the grants valid now; a resumed one starts its file again."""
    ctx, arguments = task.ctx, task.arguments
    found = exportable(ctx, arguments["list"])
    require(ctx, found.permission, ctx.here)
    table = found.table_for(ctx)
    query = parse(table, {**arguments["filters"], "sort": arguments["sort"]})
    columns = [column for column in table.columns if column.permission is None or may(ctx, column.permission)]
    visible = found.where(ctx)
    total = exports.total(ctx.session, table, query, visible)
    target = task.folder / "export.xlsx"
    for done in exports.write(ctx.session, table, query, columns, target, visible):
        yield Progress(done, max(total, done))
    task.result, task.result_name = target, f"{table.name}-{today(ctx.clock):%Y%m%d}.xlsx"


def filters_of(ctx: Context, name: str, form: Mapping[str, Any]) -> dict[str, str]:
    """The filters of list ``name`` among the fields of a posted form, which carries size and columns as well."""
    return {
        item.name: str(form[item.name]) for item in exportable(ctx, name).table_for(ctx).filters if item.name in form
    }
