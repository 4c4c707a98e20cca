"""What our pages are measured against: raw psycopg and orjson in bare Flask views, no sign-in, no walls.

Reads the same rows and columns as the list it stands for, with a pooled connection of its own, and nothing else.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response
from psycopg_pool import ConnectionPool

ORGANISATIONS = """
    SELECT org.id, org.name, org.code, org.level, org.type, parent.name, parent.code, org.division_code,
           org.person_in_charge, org.phone, org.founded_on, org.status, org.created_at
    FROM org LEFT JOIN org AS parent ON parent.id = org.parent_id
    WHERE org.path >= %s AND org.path < %s ORDER BY org.path LIMIT 51
"""
ORGANISATION_KEYS = (
    *("id", "name", "code", "level", "type", "parent", "parent_code", "division_code"),
    *("person_in_charge", "phone", "founded_on", "status", "created_at"),
)
TASKS = """
    SELECT long_task.id, long_task.title, long_task.kind, long_task.state, long_task.done, long_task.total,
           account.display_name, org.name, org.code, long_task.created_at, long_task.finished_at
    FROM long_task JOIN org ON org.id = long_task.org_id LEFT JOIN account ON account.id = long_task.created_by
    WHERE long_task.org_path >= %s AND long_task.org_path < %s
    ORDER BY long_task.created_at DESC, long_task.id DESC LIMIT 51
"""
TASK_KEYS = (
    *("id", "title", "kind", "state", "done", "total", "account", "organisation", "organisation_code"),
    *("created_at", "finished_at"),
)


def make(url: str, size: int) -> Flask:
    """The application.

    :param url: of the owner, whom row security does not concern. :param size: connections of its pool.
    """
    app = Flask("baseline")
    pool = ConnectionPool(url, min_size=1, max_size=size, kwargs={"autocommit": True}, open=True)

    def page(statement: str, keys: tuple[str, ...], path: str) -> Response:
        with pool.connection() as connection:
            rows = connection.execute(statement, (path, path[:-1] + "/")).fetchall()
        items = [dict(zip(keys, row, strict=True)) for row in rows[:50]]
        return Response(orjson.dumps({"items": items}), mimetype="application/json")

    @app.get("/organisations/<path>")
    def organisations(path: str) -> Any:
        return page(ORGANISATIONS, ORGANISATION_KEYS, path)

    @app.get("/tasks/<path>")
    def tasks(path: str) -> Any:
        return page(TASKS, TASK_KEYS, path)

    return app
