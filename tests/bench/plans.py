"""What the database does for a request: each of its statements explained as ``banyan_app``, with its scope set.

Statements are taken from the driver while the application answers, so that the very SQL is explained that is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask.testing import FlaskClient

from banyan.app import create_app
from banyan.kernel.settings import Settings
from tests.bench.report import RESULTS
from tests.bench.serving import UNLIMITED
from tests.bench.world import World

BIG = frozenset(
    {"org", "org_token", "long_task", "stat", "audit_entry", "role_grant", "account"}
    | {"person", "member", "membership", "member_token"}
)
# A plan that touches this part of a big table reads the whole of it.
MUCH = 0.4
_NODE = re.compile(r"(?P<kind>Seq Scan|Index Scan|Index Only Scan|Bitmap Heap Scan|Sample Scan)\b.*? on (?P<table>\w+)")
_ACTUAL = re.compile(r"actual time=\S+ rows=(?P<rows>[\d.]+) loops=(?P<loops>\d+)")
_REMOVED = re.compile(r"Rows Removed by (?:Filter|Index Recheck): (?P<rows>\d+)")
_NAMED = re.compile(r"%\((\w+)\)s")
_TOUCHED = re.compile(r"Buffers: shared[^\n]*")
_NUMBER = re.compile(r"(?:hit|read)=(\d+)")
_SEQUENTIAL = re.compile(r"Seq Scan on audit_entry\w*[^\n]*actual time=\S+ rows=(\d+)")
MANY = 1_000

Statement = tuple[str, Any]


@dataclass(slots=True)
class Explained:
    """The plans of one request.

    :ivar text: statements and plans. :ivar reasons: why a plan is not acceptable.
    """

    text: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


class Plans:
    """Asks the application in this process and explains what it asked of the database."""

    def __init__(self, made: World) -> None:
        settings = Settings.from_env({"BANYAN_HOME": str(made.home / "plans"), **UNLIMITED})
        self._app = create_app(settings, app_url=made.urls.app)
        self._url = made.urls.app
        self._client: FlaskClient = self._app.test_client(use_cookies=False)
        with psycopg.connect(made.urls.owner) as owner:
            rows = owner.execute("SELECT relname, reltuples FROM pg_class WHERE relname = ANY(%s)", [list(BIG)])
            self._sizes: dict[str, float] = dict(rows.fetchall())
        (RESULTS / "plans").mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Close the application's connections."""
        self._app.extensions["banyan.runtime"].db.dispose()

    def check(self, name: str, path: str, headers: Mapping[str, str]) -> list[str]:
        """Explain every statement of a request; the plans are kept as ``results/plans/<name>.txt``.

        :returns: what is wrong with them: nothing, or a sequential or whole read of a big table.
        """
        self._client.get(path, headers=dict(headers))
        with recorded() as statements:
            answer = self._client.get(path, headers=dict(headers))
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}: {answer.get_data(as_text=True)[:500]}")
        found = self._explain(statements)
        (RESULTS / "plans" / f"{name}.txt").write_text(f"{path}\n\n" + "\n\n".join(found.text) + "\n", encoding="utf-8")
        return [f"{name}: {reason}" for reason in found.reasons]

    def _explain(self, statements: list[Statement]) -> Explained:
        """The plan of each select for its very values, and the one for all values where the server may keep one."""
        found, modes = Explained(), ["custom", "generic"]
        with psycopg.connect(self._url, cursor_factory=psycopg.ClientCursor) as connection:
            assert connection.info.user == "banyan_app"
            for sql, values in statements:
                if "set_config(" in sql:
                    connection.execute(sql, values)
                    if "force_custom_plan" in sql:
                        modes = ["custom"]
                elif sql.lstrip()[:6].upper() in ("SELECT", "WITH"):
                    for mode in modes:
                        plan = _plan(connection, sql, values, mode)
                        found.text.append(f"-- {mode}\n{sql}\n-- {values}\n{plan}")
                        found.reasons.extend(f"{reason} ({mode} plan)" for reason in self._wrong(plan))
            connection.rollback()
        return found

    def _wrong(self, plan: str) -> Iterator[str]:
        read: dict[str, float] = {}
        table, loops = "", 0
        for line in plan.splitlines():
            node, removed = _NODE.search(line), _REMOVED.search(line)
            if node:
                table = _whole(node["table"])
                actual = _ACTUAL.search(line)
                loops = int(actual["loops"]) if actual else 0
                read[table] = read.get(table, 0) + (float(actual["rows"]) * loops if actual else 0)
                if node["kind"] == "Seq Scan" and table in BIG:
                    yield f"sequential read of {table}"
            elif removed and table:
                read[table] += int(removed["rows"]) * loops
        for name, rows in read.items():
            if name in BIG and rows > MUCH * self._sizes.get(name, 0) > 1000:
                yield f"reads {rows:,.0f} rows of {name}"


def explained(url: str, statements: list[Statement], table: str) -> tuple[str, int, bool]:
    """Explain what was asked of ``table``, as ``banyan_app`` with its scope set, planned for its own values.

    :return: the plans, how many pages the dearest statement touched, and whether a big part was read from end to end.
    """
    plans, pages, sequential = [], 0, False
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        assert connection.info.user == "banyan_app"
        for sql, values in statements:
            if "set_config(" in sql:
                connection.execute(sql, values)
            elif f"FROM {table}" in sql:
                rows = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", values).fetchall()
                plan = "\n".join(row[0] for row in rows)
                plans.append(f"{sql}\n-- {values}\n{plan}")
                touched = _TOUCHED.search(plan)
                assert touched, plan
                pages = max(pages, sum(map(int, _NUMBER.findall(touched[0]))))
                sequential |= any(int(rows) > MANY for rows in _SEQUENTIAL.findall(plan))
        connection.rollback()
    assert plans, statements
    return "\n\n".join(plans), pages, sequential


def _whole(table: str) -> str:
    """The partitioned table that a partition belongs to."""
    return "audit_entry" if table.startswith("audit_entry") else table


def _plan(connection: psycopg.Connection[Any], sql: str, values: Any, mode: str) -> str:
    """The plan of one statement with ``values``, planned for them (custom) or for any (generic)."""
    names = list(dict.fromkeys(_NAMED.findall(sql)))
    if names:
        numbered = _NAMED.sub(lambda match: f"${names.index(match[1]) + 1}", sql).replace("%%", "%")
        given = [values[name] for name in names]
    else:
        given = list(values or ())
        parts = sql.split("%s") if given else [sql]
        numbered = "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], 1)) + parts[-1]
    connection.execute(f"SET LOCAL plan_cache_mode = force_{mode}_plan")
    connection.execute(f"PREPARE asked AS {numbered}")
    marks = f" ({', '.join(['%s'] * len(given))})" if given else ""
    rows = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF) EXECUTE asked{marks}", given or None).fetchall()
    connection.execute("DEALLOCATE asked")
    return "\n".join(row[0] for row in rows)


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Note every statement that any cursor of the driver runs meanwhile."""
    statements: list[Statement] = []
    execute = psycopg.Cursor.execute

    def noting(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        statements.append((str(query), params))
        return execute(self, query, params, **options)

    psycopg.Cursor.execute = noting  # type: ignore[method-assign]
    try:
        yield statements
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
