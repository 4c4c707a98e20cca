"""Selects that are compiled once, for what every request asks.

SQLAlchemy needs longer to build a select, to find it in its cache and to wrap the rows than PostgreSQL needs to answer
it. A `Prepared` goes to the driver as finished SQL with bound parameters; the driver in turn prepares it on the server.
It reads columns, never entities, in the transaction of the connection it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import psycopg
from sqlalchemy import BindParameter, ColumnElement, Connection, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.compiler import SQLCompiler

DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so
Row = Sequence[Any]
SHAPES_KEPT = 200


class Prepared:
    """A select with named parameters (``bindparam``), compiled when it is first used."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self.statement = statement

    def rows(self, on: Session | Connection, values: Mapping[str, Any]) -> Sequence[Row]:
        """What it finds with ``values`` for its parameters, in the transaction of ``on``.

        :raises DBAPIError: as SQLAlchemy would raise it.
        """
        if isinstance(on, Session):
            return on.execute(self.statement, dict(values)).all()
        return run(on, self._compiled.sql, self._compiled.parameters(values))

    @cached_property
    def _compiled(self) -> Compiled:
        return Compiled(self.statement)


class Narrowable:
    """A select that is narrowed by other predicates each time, and compiled once for every shape of them.

    :param statement: without these predicates. :param kept: what must live as long as this does.
    """

    def __init__(self, statement: Select[Any], kept: Sequence[object] = ()) -> None:
        self.statement = statement
        self._kept = kept
        self._shapes: dict[Hashable, tuple[Compiled, list[str]] | None] = {}

    def rows(
        self, connection: Connection, predicates: Sequence[ColumnElement[bool]], values: Mapping[str, Any]
    ) -> Sequence[Row]:
        """The rows that pass all ``predicates``, with ``values`` for the named parameters.

        :raises DBAPIError: as SQLAlchemy would raise it.
        """
        # SQLAlchemy's own key of a clause: equal for clauses whose SQL is equal, with the values taken out.
        keys = [predicate._generate_cache_key() for predicate in predicates]
        shape = tuple(key.key if key is not None else None for key in keys)
        try:
            found = self._shapes[shape]
        except KeyError:
            if len(self._shapes) >= SHAPES_KEPT:
                self._shapes.clear()
            found = self._shapes[shape] = None if None in shape else self._compiled(predicates, _bound(keys))
        if found is None:
            return connection.execute(self.statement.where(*predicates), dict(values)).all()
        compiled, names = found
        given = dict(zip(names, (bound.effective_value for bound in _bound(keys)), strict=True))
        # What stands beside a predicate that is always false is not in the SQL any more.
        asked = {name: value for name, value in {**values, **given}.items() if compiled.asks(name)}
        return run(connection, compiled.sql, compiled.parameters(asked))

    def _compiled(
        self, predicates: Sequence[ColumnElement[bool]], bound: Sequence[BindParameter[Any]]
    ) -> tuple[Compiled, list[str]] | None:
        try:
            compiled = Compiled(self.statement.where(*predicates))
        except NotCompilable:
            return None
        return compiled, [each.key for each in bound]


def _bound(keys: Iterable[CacheKey | None]) -> list[BindParameter[Any]]:
    return [bound for key in keys if key is not None for bound in key.bindparams]


class Compiled:
    """The SQL of a select for the driver, and how its values become parameters.

    :raises NotCompilable: values change its SQL (``IN`` lists), or a type would have to convert its rows.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        compiled = statement.compile(dialect=DIALECT)
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self._names = {bound.key: name for bound, name in compiled.bind_names.items()}
        self._given = {name: bound.value for bound, name in compiled.bind_names.items()}
        self._asked: dict[str, Callable[[], Any]] = {}
        self._converters: dict[str, Callable[[Any], Any]] = {}
        for bound, name in compiled.bind_names.items():
            if bound.expanding or bound.literal_execute:
                raise NotCompilable(self.sql)
            if bound.callable is not None:
                self._asked[name] = bound.callable
            converter = bound.type.dialect_impl(DIALECT).bind_processor(DIALECT)
            if converter is not None:
                self._converters[name] = converter
        for column in statement.selected_columns:
            if column.type.dialect_impl(DIALECT).result_processor(DIALECT, None) is not None:
                raise NotCompilable(self.sql)

    def asks(self, key: str) -> bool:
        """Whether the ``bindparam`` called ``key`` is in the SQL."""
        return key in self._names

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters for the driver: ``values`` by the keys of their ``bindparam``, literals as they were compiled.

        What a ``bindparam`` asks for when it is needed, such as the time, is asked anew.
        """
        ready = {**self._given, **{name: ask() for name, ask in self._asked.items()}}
        for key, value in values.items():
            # A predicate that is always false takes the others out of the SQL, and with them their values.
            if key in self._names:
                ready[self._names[key]] = value
        for name, convert in self._converters.items():
            ready[name] = convert(ready[name])
        return ready


class NotCompilable(ValueError):
    """A select that SQLAlchemy itself has to run."""


def run(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
    """The rows of ``statement`` in the transaction of ``connection``, straight from the driver."""
    return _driven(connection, statement, parameters).fetchall()


def write(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> None:
    """Run a ``statement`` that gives no rows back in the transaction of ``connection``, straight through the driver."""
    _driven(connection, statement, parameters)


def _driven(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> psycopg.Cursor[Any]:
    if not connection.in_transaction():
        connection.begin()
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # ours
    try:
        return driver.execute(statement, parameters)
    except psycopg.Error as error:
        if driver.broken:
            connection.invalidate(error)
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=DIALECT) from error
