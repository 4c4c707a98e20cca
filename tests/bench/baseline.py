"""What our pages are measured against: raw psycopg and orjson in bare Flask views, no sign-in, no walls.

Reads the same rows and columns as the list it stands for, with a pooled connection of its own, and nothing else.
"""

from __future__ import annotations

import os
from typing import Any

import orjson
from flask import Flask, Response, request
from psycopg_pool import ConnectionPool

from banyan.kernel import masks
from banyan.kernel.keyring import ring_at

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

MEMBERS = """
    SELECT member.id, member.name, member.gender, member.ethnicity, member.birth_date,
           CAST(date_part('year', age(current_date, member.birth_date)) AS bigint), member.document_type,
           member.document_sealed, member.phone_sealed, org.name, org.code, member.number, member.joined_on,
           member.admitted_on, member.workplace, member.occupation, member.education, member.political_status,
           member.status, member.review, member.account_id IS NOT NULL
    FROM member JOIN org ON org.id = member.org_id
    WHERE member.org_path >= %s AND member.org_path < %s AND member.status = 'active'
"""
BY_NAME = " ORDER BY member.sort_name, member.id LIMIT 51"
PIECE = " AND member.id IN (SELECT member_id FROM member_token WHERE token = %s)"
MEMBER_KEYS = (
    *("id", "name", "gender", "ethnicity", "birth_date", "age", "document_type", "document", "phone", "org_name"),
    *("org_code", "number", "joined_on", "admitted_on", "workplace", "occupation", "education", "political_status"),
    *("status", "review", "account"),
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

    ring = ring_at(os.environ["DATABASE_APP_URL"], os.environ["BANYAN_SECRET_KEY"])

    @app.get("/members/<path>")
    def members(path: str) -> Any:
        piece = request.args.get("q")
        statement = MEMBERS + (PIECE if piece else "") + BY_NAME
        with pool.connection() as connection:
            values = (path, path[:-1] + "/", *([piece] if piece else []))
            rows = connection.execute(statement, values).fetchall()
        items = [dict(zip(MEMBER_KEYS, row, strict=True)) for row in rows[:50]]
        for item in items:
            about = item["id"].bytes
            item["document"] = masks.document(ring.open("people.document", item["document"], about).decode())
            item["phone"] = masks.phone(ring.open("people.phone", item["phone"], about).decode())
        return Response(orjson.dumps({"items": items}), mimetype="application/json")

    @app.get("/tasks/<path>")
    def tasks(path: str) -> Any:
        return page(TASKS, TASK_KEYS, path)

    return app
