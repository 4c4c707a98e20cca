"""The console's face of a list: a page of a `TableDef` as what `table.html` draws.

The parameters in the URL: the filters by name, ``sort``, ``after``, ``before``, ``size`` and ``cols`` (repeated).
A column is sortable when the table has a `Sort` of its key, or of ``-`` and its key for the other direction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from banyan.kernel import tables
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import _, lazy
from banyan.kernel.messages import readable
from banyan.kernel.tables import Column, Filter, Query, Sort, TableDef
from banyan.web import filters as shown_as

SIZES = (20, 50, 100, 200)
NUMERIC = frozenset({"integer", "money"})
Row = Mapping[str, Any]
Link = Callable[[Row], str | None]


@dataclass(frozen=True, slots=True)
class Head:
    """A column as its heading shows it.

    :ivar sort_url: where its link sorts by it, None when it does not. :ivar sorted: for ``aria-sort``.
    """

    key: str
    label: Text
    kind: str
    sort_url: str | None = None
    sorted: str = "none"

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is read; ``tone`` colours a badge, ``url`` makes it a link."""

    head: Head
    text: str
    tone: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something one can do: with one row (a link), or with the selected ones (a button of the list's form).

    :ivar kind: ``danger`` for what cannot be taken back.
    """

    label: Text
    url: str
    icon: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    """A row: its id, its cells (the first one names it), and what one can do with it."""

    id: str
    cells: tuple[Cell, ...]
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class FilterView:
    """A filter as the row above the list shows it."""

    name: str
    label: Text
    kind: str
    value: str = ""
    choices: Sequence[tuple[str, Text]] = ()
    placeholder: Text = ""
    errors: Sequence[str] = ()
    rare: bool = False
    default: str = ""

    @property
    def set(self) -> bool:
        """Whether it narrows the list other than it does by default."""
        return bool(self.value) and self.value != self.default


@dataclass(frozen=True, slots=True)
class TableView:
    """A page of a list as `table.html` draws it.

    :ivar url: the list without parameters, where the filters go and "Reset" leads.
    :ivar choosable: every column the reader may see, and whether it is shown. :ivar standard: those shown by default.
    :ivar size: rows of a page, ``standard_size`` unless the reader chose otherwise.
    :ivar kept: parameters that a filter form and an export carry along.
    :ivar total: None when nothing was counted; ``exact`` says whether counting went to the end.
    """

    name: str
    title: Text
    url: str
    heads: tuple[Head, ...]
    choosable: tuple[tuple[Head, bool], ...]
    standard: tuple[str, ...]
    filters: tuple[FilterView, ...]
    rows: tuple[RowView, ...]
    size: int
    standard_size: int
    sort: str
    kept: tuple[tuple[str, str], ...] = ()
    next_url: str | None = None
    previous_url: str | None = None
    total: int | None = None
    exact: bool = True
    bulk: tuple[Action, ...] = ()
    export_url: str | None = None
    errors: tuple[str, ...] = ()
    empty: Text = ""

    @property
    def filtered(self) -> bool:
        """Whether a filter is set."""
        return any(item.set for item in self.filters)

    @property
    def rarer(self) -> bool:
        """Whether one of the rare filters is set, or wrong."""
        return any(item.rare and (item.set or item.errors) for item in self.filters)

    @property
    def status(self) -> int:
        """What the page answers with: 422 when its parameters cannot be read."""
        return 422 if self.errors or any(item.errors for item in self.filters) else 200

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many rows a page may have, the present number among them."""
        return tuple(sorted({*SIZES, self.size}))

    @property
    def has_actions(self) -> bool:
        return any(row.actions for row in self.rows)


def may_see(table: TableDef, may: Callable[[str], bool]) -> list[Column]:
    """The columns of ``table`` whose permission the reader has.

    :param may: answers for a permission's name.
    """
    return [column for column in table.columns if column.permission is None or may(column.permission)]


def chosen(columns: Sequence[Column], args: MultiDict[str, str]) -> list[Column]:
    """The columns the reader asked for with ``cols``, else those shown by default; the first one always."""
    asked = {key for item in args.getlist("cols") for key in item.split(",") if key}
    known = asked & {column.key for column in columns}
    return [c for i, c in enumerate(columns) if i == 0 or (c.key in known if known else c.shown)]


def present(
    session: Session,
    table: TableDef,
    args: MultiDict[str, str],
    *visible: ColumnElement[bool],
    url: str,
    columns: Sequence[Column] | None = None,
    links: Mapping[str, Link] | None = None,
    actions: Callable[[Row], Sequence[Action]] | None = None,
    bulk: Sequence[Action] = (),
    export_url: str | None = None,
    empty: Text | None = None,
    size: int = 20,
    count: bool = True,
) -> TableView:
    """Read the parameters, fetch the page, and make it what the console shows.

    :param args: of the request. :param visible: predicates of what the reader may see.
    :param url: the list without parameters. :param columns: those the reader may see, as of `may_see`.
    :param links: by column key, where a row's cell leads. :param actions: what can be done with a row.
    :param bulk: what can be done with the selected rows; the form posts their ids as ``ids``.
    :param size: rows of a page, unless the reader chose otherwise.
    :return: parameters that cannot be read make a view without rows, with the reasons, and status 422.
    """
    allowed = list(table.columns if columns is None else columns)
    wanted = chosen(allowed, args)
    problems: dict[str, list[Text]] = {}
    page, total, exact = tables.Page([], None, None), None, True
    query = Query({}, table.sorts[0], size)
    try:
        query = tables.parse(table, args.to_dict(), default_size=size)
        # All of them, also those not shown: links and actions of a row may need them.
        read = [column for column in allowed if not column.costly or column in wanted]
        page = tables.page(session, table, query, read, *visible)
        if count:
            total, exact = tables.counted(session, table, query, *visible)
    except Invalid as error:
        problems = error.fields
    address = _Address(table, args, url, query)
    heads = tuple(_head(column, table, query.sort, address) for column in wanted)
    named = {item.name for item in table.filters}
    return TableView(
        name=table.name,
        title=table.title,
        url=url,
        heads=heads,
        choosable=tuple((Head(c.key, c.label, c.kind), c in wanted) for c in allowed[1:]),
        standard=tuple(c.key for c in allowed[1:] if c.shown),
        filters=tuple(_filter(item, session, args, problems) for item in table.filters),
        rows=tuple(_row(row, wanted, heads, links or {}, actions) for row in page.rows),
        size=query.size,
        standard_size=size,
        sort=query.sort.name,
        kept=address.kept,
        next_url=page.next and address.to(after=page.next),
        previous_url=page.previous and address.to(before=page.previous),
        total=total,
        exact=exact,
        bulk=tuple(bulk),
        export_url=export_url,
        errors=tuple(readable(reason) for name, reasons in problems.items() if name not in named for reason in reasons),
        empty=lazy("Nothing here yet.") if empty is None else empty,
    )


class _Address:
    """Makes the list's addresses: the same filters, order, size and columns, with one thing changed."""

    def __init__(self, table: TableDef, args: MultiDict[str, str], url: str, query: Query) -> None:
        self.url = url
        names = [*(item.name for item in table.filters), "sort", "size", "cols"]
        self.kept = tuple((name, value) for name in names for value in args.getlist(name) if value.strip())

    def to(self, **changed: str) -> str:
        pairs = [pair for pair in self.kept if pair[0] not in changed]
        pairs += [(name, value) for name, value in changed.items() if value]
        return f"{self.url}?{urlencode(pairs)}" if pairs else self.url


def _head(column: Column, table: TableDef, current: Sort, address: _Address) -> Head:
    offered = {sort.name: sort for sort in table.sorts if sort.name.removeprefix("-") == column.key}
    if not offered:
        return Head(column.key, column.label, column.kind)
    if current.name not in offered:
        return Head(column.key, column.label, column.kind, address.to(sort=next(iter(offered))))
    other = next((name for name in offered if name != current.name), current.name)
    way = "descending" if current.descending else "ascending"
    return Head(column.key, column.label, column.kind, address.to(sort=other), way)


def _filter(
    item: Filter, session: Session, args: MultiDict[str, str], problems: Mapping[str, Sequence[Text]]
) -> FilterView:
    choices: Sequence[tuple[str, Text]] = item.choices(session) if item.choices else ()
    if item.kind == "boolean":
        choices = (("1", _("Yes")), ("0", _("No")))
    value = (args.get(item.name) or "").strip() or item.default
    if item.default:
        choices = (*choices, (tables.ANY, _("All")))
    if item.kind == "boolean":
        value = {"true": "1", "false": "0"}.get(value.lower(), value)
    errors = [readable(reason) for reason in problems.get(item.name, ())]
    return FilterView(
        item.name, item.label, item.kind, value, choices, item.placeholder, errors, item.rare, item.default
    )


def _row(
    row: Row,
    columns: Sequence[Column],
    heads: Sequence[Head],
    links: Mapping[str, Link],
    actions: Callable[[Row], Sequence[Action]] | None,
) -> RowView:
    cells = tuple(_cell(row, column, head, links.get(column.key)) for column, head in zip(columns, heads, strict=True))
    return RowView(str(row["id"]), cells, tuple(actions(row)) if actions else ())


def _cell(row: Row, column: Column, head: Head, link: Link | None) -> Cell:
    value = row[column.key]
    tone = column.tones.get(str(value), "") if value is not None else ""
    return Cell(head, said(column, value), tone, link(row) if link else None)


def said(column: Column, value: Any) -> str:
    """A value of ``column`` as it is read; a dash for none."""
    if value is None or value == "":
        return shown_as.NOTHING
    if isinstance(value, bool):
        return str(column.labels.get(str(value).lower(), _("Yes") if value else _("No")))
    if isinstance(value, list):
        return "、".join(str(column.labels.get(one, one)) for one in value)
    if str(value) in column.labels:
        return str(column.labels[str(value)])
    if column.kind == "money":
        return shown_as.money(value)
    if column.kind == "integer":
        return shown_as.thousands(value)
    if isinstance(value, datetime):
        return shown_as.local_date(value) if column.kind == "date" else shown_as.local_time(value)
    if isinstance(value, date):
        return shown_as.local_date(value)
    return str(value)
