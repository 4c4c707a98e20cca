"""ONE declaration per list, three faces: API page, console table, Excel export.

A `TableDef` names columns with their SQL, filters and sorts, and compiles to one Core select that takes the
predicate of what the reader may see as an argument: the kernel knows no permissions. Pages are cut by keyset
(row comparison over the sort key and the id), never by OFFSET.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, FromClause, Integer, Select, bindparam, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import InstrumentedAttribute, Session

from banyan.kernel.clock import SHANGHAI
from banyan.kernel.db.prepared import Narrowable
from banyan.kernel.db.session import reading
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime

Expression = ColumnElement[Any] | InstrumentedAttribute[Any]
Kind = Literal["text", "link", "code", "integer", "date", "datetime", "badge", "boolean", "money"]
# The application's clock inside a column or filter, asked when the list is read.
NOW = bindparam("now", callable_=lambda: runtime().clock.now(), type_=TIMESTAMP(timezone=True))
Choices = Callable[[Session], Sequence[tuple[str, Text]]]
MAX_PAGE = 200
# Lifts the default of a filter.
ANY = "any"
COUNTED_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list.

    :ivar sql: what is selected. :ivar labels: what stored values are called, for badges.
    :ivar tones: badge colours by value (``ok``, ``warn``, ``seal``).
    :ivar shown: part of the console's table unless the reader chooses otherwise.
    :ivar permission: only readers with it get the column (None: all).
    :ivar costly: read only where it is shown, as one of many that each cost a look-up of their own.
    :ivar read: makes, of the row's id and what was selected, the value that is shown: a sealed one opened and masked.
    """

    key: str
    label: Text
    sql: Expression
    kind: Kind = "text"
    labels: Mapping[str, Text] = field(default_factory=dict)
    tones: Mapping[str, str] = field(default_factory=dict)
    shown: bool = True
    permission: str | None = None
    costly: bool = False
    read: Callable[[UUID, Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of a list.

    :ivar where: makes the predicate from the parsed value.
    :ivar choices: the values of a ``choice`` filter, asked when the form is drawn.
    :ivar lookup: makes of the parsed value what ``where`` takes, where only the database knows it: a place of a code.
        The database then plans for that value, which it would not know in a subselect.
    :ivar rare: the console shows it only when it is asked for, or set.
    :ivar sensitive: whether what was typed is itself not to be kept anywhere: a document number, for instance.
    :ivar default: its value where a reader says nothing; `ANY` lifts it. For a choice alone.
    """

    name: str
    label: Text
    kind: Literal["text", "choice", "date", "boolean", "uuid", "integer"]
    where: Callable[[Any], ColumnElement[bool]]
    choices: Choices | None = None
    placeholder: Text = ""
    lookup: Callable[[Session, Any], Any] | None = None
    rare: bool = False
    sensitive: Callable[[str], bool] | None = None
    default: str = ""

    def given(self, args: Mapping[str, str]) -> str:
        """What was asked for with ``args``, or else its default; empty for nothing."""
        asked = (args.get(self.name) or "").strip() or self.default
        return "" if asked == ANY and self.default else asked


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of a list: plain NOT NULL columns, ended by a unique one, all in one direction."""

    name: str
    columns: tuple[Expression, ...]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class TableDef:
    """A list.

    :ivar source: table or join the columns come from. :ivar identity: the row's unique id column.
    :ivar sorts: the first one is the default.
    """

    name: str
    title: Text
    source: FromClause
    identity: Expression
    columns: tuple[Column, ...]
    sorts: tuple[Sort, ...]
    filters: tuple[Filter, ...] = ()

    def sort(self, name: str | None) -> Sort:
        """The order called ``name``; raises `Invalid`."""
        if not name:
            return self.sorts[0]
        found = next((sort for sort in self.sorts if sort.name == name), None)
        if found is None:
            raise Invalid({"sort": [lazy("There is no such order.")]})
        return found


@dataclass(frozen=True, slots=True)
class Query:
    """What a reader asks of a list."""

    filters: Mapping[str, Any]
    sort: Sort
    size: int = 50
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page: rows as mappings of column key to value (and ``id``), and the cursors around it."""

    rows: list[dict[str, Any]]
    next: str | None
    previous: str | None


def parse(table: TableDef, args: Mapping[str, str], *, default_size: int = 50) -> Query:
    """Read filters, ``sort``, ``size`` and cursors from URL parameters; raises `Invalid` with all reasons."""
    problems: dict[str, list[Text]] = {}
    filters: dict[str, Any] = {}
    for item in table.filters:
        raw = item.given(args)
        if raw:
            try:
                filters[item.name] = _filter_value(item, raw)
            except ValueError:
                problems[item.name] = [lazy("This value cannot be read.")]
    order = table.sorts[0]
    try:
        order = table.sort(args.get("sort"))
    except Invalid as error:
        problems.update(error.fields)
    size = _size(args.get("size"), default_size, problems)
    cursors: dict[str, tuple[Any, ...] | None] = {"after": None, "before": None}
    for name in cursors:
        if args.get(name):
            try:
                cursors[name] = decode_cursor(args[name], order)
            except ValueError:
                problems[name] = [lazy("This is not a cursor of this list.")]
    if problems:
        raise Invalid(problems)
    return Query(filters, order, size, cursors["after"], cursors["before"])


def _size(raw: str | None, default: int, problems: dict[str, list[Text]]) -> int:
    if not raw:
        return default
    if not raw.isdecimal() or not 1 <= int(raw) <= MAX_PAGE:
        problems["size"] = [lazy("Between 1 and %(most)s rows a page.", most=MAX_PAGE)]
        return default
    return int(raw)


def _filter_value(item: Filter, raw: str) -> Any:
    if "\x00" in raw or len(raw) > 200:
        raise ValueError(raw)
    if item.kind == "date":
        return date.fromisoformat(raw)
    if item.kind == "boolean":
        return {"1": True, "true": True, "0": False, "false": False}.get(raw.lower()) is True
    if item.kind == "uuid":
        return UUID(raw)
    if item.kind == "integer":
        return _integer(raw)
    return raw


def unkept(table: TableDef, args: Mapping[str, str]) -> dict[str, list[Text]]:
    """Filters whose values may be asked for and not be kept: in a task, a saved filter, the audit log."""
    said = lazy("A number that names a person can be searched for, but it is not kept. Leave it out here.")
    given = ((item, (args.get(item.name) or "").strip()) for item in table.filters if item.sensitive is not None)
    return {item.name: [said] for item, raw in given if raw and item.sensitive is not None and item.sensitive(raw)}


def _integer(raw: str) -> int:
    value = int(raw)
    return value if abs(value) < 2**53 else _no(raw)


def encode_cursor(values: Sequence[Any]) -> str:
    """An opaque cursor from the sort key of a row."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).rstrip(b"=").decode()


def decode_cursor(text: str, sort: Sort) -> tuple[Any, ...]:
    """The sort key a cursor holds; raises ValueError for anything that is not one of this order."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, orjson.JSONDecodeError) as error:
        raise ValueError(text) from error
    if not isinstance(values, list) or len(values) != len(sort.columns):
        raise ValueError(text)
    return tuple(_cursor_value(column, value) for column, value in zip(sort.columns, values, strict=True))


def _cursor_value(column: Expression, value: Any) -> Any:
    kind = column.type.python_type
    if kind is UUID:
        return UUID(value) if isinstance(value, str) else _no(value)
    if kind is datetime:
        return datetime.fromisoformat(value) if isinstance(value, str) else _no(value)
    if kind is date:
        return date.fromisoformat(value) if isinstance(value, str) else _no(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    if kind is str and isinstance(value, str) and "\x00" not in value:
        return value
    return _no(value)


def _no(value: Any) -> Any:
    raise ValueError(value)


def looked_up(session: Session, table: TableDef, query: Query) -> Query:
    """``query`` with those values that only the database knows in the place of what was asked for."""
    asked = [item for item in table.filters if item.lookup is not None and item.name in query.filters]
    if not asked:
        return query
    found = {item.name: item.lookup(session, query.filters[item.name]) for item in asked if item.lookup is not None}
    return replace(query, filters={**query.filters, **found})


def narrowed(table: TableDef, statement: Select[Any], query: Query, *visible: ColumnElement[bool]) -> Select[Any]:
    """``statement`` over the rows that are visible and pass the filters of a query that was `looked_up`."""
    return statement.select_from(table.source).where(*visible, *_given(table, query))


def _given(table: TableDef, query: Query) -> list[ColumnElement[bool]]:
    return [item.where(query.filters[item.name]) for item in table.filters if item.name in query.filters]


def page(
    session: Session, table: TableDef, query: Query, columns: Sequence[Column], *visible: ColumnElement[bool]
) -> Page:
    """One page of ``table``, in one statement.

    :param visible: predicates of what the reader may see. :param columns: those the reader may see and wants.
    """
    given = _given(table, looked_up(session, table, query))
    rows = _select(table, query, columns).rows(reading(session), (*visible, *given), _bounds(query))
    more, backwards = len(rows) > query.size, query.before is not None
    rows = rows[: query.size]
    if backwards:
        rows = rows[::-1]
    keys, width = ["id", *(column.key for column in columns)], len(columns) + 1
    cut = [dict(zip(keys, row, strict=False)) for row in rows]  # behind the columns follows the sort key
    for column in columns:
        if column.read is not None:
            for row in cut:
                row[column.key] = column.read(row["id"], row[column.key])
    ahead, behind = (True, more) if backwards else (more, query.after is not None)
    return Page(
        cut,
        encode_cursor(rows[-1][width:]) if rows and ahead else None,
        encode_cursor(rows[0][width:]) if rows and behind else None,
    )


def page_statement(
    table: TableDef, query: Query, columns: Sequence[Column], *visible: ColumnElement[bool]
) -> Select[Any]:
    """The select of one page: identity, columns, sort key; one row more than the page tells whether it goes on."""
    chosen = _select(table, query, columns)
    return chosen.statement.where(*visible, *_given(table, query)).params(_bounds(query))


_EDGE, _MOST = "edge_{}", "most_rows"
_selects: dict[tuple[int, ...], Narrowable] = {}
_SELECTS_KEPT = 1_000


def _select(table: TableDef, query: Query, columns: Sequence[Column]) -> Narrowable:
    """The select of a page without its predicates, made once for the same columns, order and direction.

    Expressions are told apart by identity, which holds as long as the kept select holds them.
    """
    sort, forwards = query.sort, query.before is None
    expressions = (table.source, table.identity, *(column.sql for column in columns), *sort.columns)
    shape = (*map(id, expressions), len(columns), sort.descending, forwards, forwards and query.after is None)
    found = _selects.get(shape)
    if found is None:
        if len(_selects) >= _SELECTS_KEPT:
            _selects.clear()
        found = _selects[shape] = Narrowable(_page_select(table, query, columns), expressions)
    return found


def _page_select(table: TableDef, query: Query, columns: Sequence[Column]) -> Select[Any]:
    sort, backwards = query.sort, query.before is not None
    statement: Select[Any] = select(table.identity, *(column.sql for column in columns), *sort.columns)
    statement = statement.select_from(table.source)
    descending = sort.descending != backwards
    if (query.before if backwards else query.after) is not None:
        key = tuple_(*sort.columns)
        bound = tuple_(*(bindparam(_EDGE.format(n), type_=column.type) for n, column in enumerate(sort.columns)))
        statement = statement.where(key < bound if descending else key > bound)
    order = [column.desc() if descending else column.asc() for column in sort.columns]
    return statement.order_by(*order).limit(bindparam(_MOST, type_=Integer))


def _bounds(query: Query) -> dict[str, Any]:
    edge = query.after if query.before is None else query.before
    return {_MOST: query.size + 1, **{_EDGE.format(n): value for n, value in enumerate(edge or ())}}


def counted(session: Session, table: TableDef, query: Query, *visible: ColumnElement[bool]) -> tuple[int, bool]:
    """How many rows there are, and whether that is exact: counting stops at `COUNTED_UP_TO`."""
    inner = (
        narrowed(table, select(literal(1)), looked_up(session, table, query), *visible)
        .limit(COUNTED_UP_TO + 1)
        .subquery()
    )
    number = session.connection().execute(select(func.count()).select_from(inner)).scalar_one()
    return min(number, COUNTED_UP_TO), number <= COUNTED_UP_TO


def day_after(day: date) -> datetime:
    """The first instant after ``day`` in mainland China, for filters "until"."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=1)


def day_start(day: date) -> datetime:
    """The first instant of ``day`` in mainland China, for filters "from"."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
