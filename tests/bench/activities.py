"""Activities: sign-ups from sixteen connections, a month of a province's calendar, the page of figures.

Sign-ups go through the service in sixteen threads, each with a session of its own, against sixteen threads that do the
bare ``UPDATE … WHERE taken < capacity`` and an INSERT. The calendar is asked over the API in this process, CPU of the
process alone, against a bare view with psycopg and orjson. Figures are asked with no activity and with 50,000.
A small tree of its own; what the server waits for on the disk is left out, as in every bench.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
from flask import Flask, Response
from sqlalchemy import text

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import SystemClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Exact, Whole
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor, OrgRef
from banyan.plugins import enablement
from banyan.testing.world import World as Hands
from banyan_activities.services import sign_ups
from tests.bench.report import Report
from tests.bench.world import world

CONNECTIONS, PEOPLE = 16, int(os.environ.get("BANYAN_BENCH_SIGN_UPS", "800"))
ACTIVITIES = int(os.environ.get("BANYAN_BENCH_ACTIVITIES", "50000"))
ONE = UUID("00000000-0000-7000-8000-0000000000aa")
_ACTIVITY = """
INSERT INTO activities_activity (id, title, kind, place, starts_at, ends_at, audience, open_to_all, secret, created_at,
                                 state, published, published_at, capacity, version, org_id, org_path)
SELECT CASE WHEN n = 0 THEN %(one)s::uuid ELSE gen_random_uuid() END, '植树', 'volunteering', '公园',
       now() + CASE WHEN n = 0 THEN interval '10 days' ELSE (n %% 360) * interval '1 day' END,
       now() + CASE WHEN n = 0 THEN interval '11 days' ELSE (n %% 360 + 1) * interval '1 day' END,
       jsonb_build_object('org_id', %(root)s::text, 'reach', 'subtree'), false, 'x', now(), 'published', true, now(),
       %(capacity)s::bigint, 1, o.id, o.path
FROM generate_series(%(first)s::int, %(last)s::int) AS n
JOIN org o ON o.path = CASE WHEN n = 0 THEN '1.' ELSE '1.' || 1 + n %% 9 || '.' END
"""
_MONTH = """
SELECT id, org_id, title, kind, state, place, starts_at, ends_at FROM activities_activity
WHERE org_path >= '1.' AND org_path < '1/' AND starts_at >= %s AND starts_at < %s ORDER BY starts_at, id LIMIT 1001
"""


def run(report: Report) -> None:
    """Measure all three."""
    with world() as made:
        limits = {f"BANYAN_API_{one}": "0" for one in ("REQUESTS", "WRITES", "STRANGERS")}
        home = {"BANYAN_HOME": str(Path(made.home) / "acts"), "BANYAN_POOL_SIZE": "20"}
        settings = Settings.from_env({**home, **limits})
        app = create_app(settings, app_url=made.urls.app)
        with app.extensions["banyan.runtime"].db.session(Whole("bench")) as session:
            root, people, headers = _people(app, session)
        _activities(made.urls.owner, root, 0, 0, PEOPLE // 2)
        _sign_ups(report, app, made.urls.owner, root, people)
        empty = _cpu(lambda: _get(app, "figures", headers))
        _activities(made.urls.owner, root, 1, ACTIVITIES, None)
        full = _cpu(lambda: _get(app, "figures", headers))
        report.at_most(
            f"figures of {ACTIVITIES:,} activities / of one: CPU", full / empty, 1.3, f"{full * 1000:.1f} ms"
        )
        _calendar(report, app, made.urls.owner, headers)
        app.extensions["banyan.runtime"].db.dispose()


def _people(app: Banyan, session: ScopedSession) -> tuple[OrgRef, list[UUID], dict[str, str]]:
    hands = Hands(app, session, SystemClock())  # type: ignore[arg-type]  # a clock is a clock
    root = hands.org(code="city")
    for _ in range(9):
        hands.org(root)
    session.refresh(root)
    enablement.set_switch(session, root.ref, "activities", on=True, by=None, at=hands.clock.now())
    accounts = [hands.account(root) for _ in range(PEOPLE)]
    for number, account in enumerate(accounts):
        hands.member(root, f"成员{number:03d}", account)
    return root.ref, [account.id for account in accounts], hands.token(hands.admin(root))


def _activities(owner_url: str, root: OrgRef, first: int, last: int, capacity: int | None) -> None:
    values = {"one": ONE, "root": str(root.id), "first": first, "last": last, "capacity": capacity}
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(_ACTIVITY, values)
        owner.execute("ANALYZE")


def _sign_ups(report: Report, app: Banyan, owner_url: str, root: OrgRef, people: list[UUID]) -> None:
    with psycopg.connect(owner_url) as owner:
        owner.execute("CREATE TABLE bare_sign_up (LIKE activities_sign_up INCLUDING INDEXES)")
        owner.execute("CREATE TABLE bare_activity AS SELECT id, 0 AS taken, 400 AS capacity FROM activities_activity")

    def bare(part: Iterable[UUID]) -> None:
        with psycopg.connect(owner_url) as connection:
            for one in part:
                sql = "UPDATE bare_activity SET taken = taken + 1 WHERE taken < capacity RETURNING id"
                state = "going" if connection.execute(sql).fetchone() else "waiting"
                connection.execute(
                    "INSERT INTO bare_sign_up (id, activity_id, member_id, account_id, name, member_org_id, state,"
                    " position, places, answers, signed_up_at, changed_at, attended, org_id, org_path)"
                    " VALUES (gen_random_uuid(),"
                    " %s, %s, %s, 'x', %s, %s, 1, 1, '{}', now(), now(), '', %s, '1.')",
                    (ONE, one, one, root.id, state, root.id),
                )
                connection.commit()

    def ours(part: Iterable[UUID]) -> None:
        held = app.extensions["banyan.runtime"]
        for one in part:
            actor = Actor(one, "bench", "session", root)
            with app.app_context(), held.db.session(replace(Exact(root), me=str(one))) as session:
                sign_ups.sign_up(Context(session, actor, root, held.clock, "bench"), ONE, {"companions": 0})
                session.commit()

    theirs, mine = _wall(bare, people), _wall(ours, people)
    with psycopg.connect(owner_url) as owner:
        going = owner.execute("SELECT count(*) FROM activities_sign_up WHERE state = 'going'").fetchone()
        assert going == (PEOPLE // 2,), going
    detail = f"{PEOPLE / mine:,.0f} a second, bare {PEOPLE / theirs:,.0f}"
    report.at_most("sign-ups from 16 connections: time / bare UPDATE and INSERT", mine / theirs, 2.5, detail)


def _wall(work: Callable[[Iterable[UUID]], None], people: list[UUID]) -> float:
    threads = [threading.Thread(target=work, args=(people[n::CONNECTIONS],)) for n in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _calendar(report: Report, app: Banyan, owner_url: str, headers: dict[str, str]) -> None:
    with app.extensions["banyan.runtime"].db.session(Whole("bench")) as session:
        first, until = session.execute(text("SELECT current_date + 30, current_date + 60")).one()
    bare, connection = Flask("bare"), psycopg.connect(owner_url, autocommit=True)
    keys = ("id", "org_id", "title", "kind", "state", "place", "starts_at", "ends_at")

    @bare.get("/")
    def month() -> Response:
        rows = connection.execute(_MONTH, (first, until)).fetchall()
        body = {"items": [dict(zip(keys, row, strict=True)) for row in rows[:1000]], "more": len(rows) > 1000}
        return Response(orjson.dumps(body), content_type="application/json")

    theirs = _cpu(lambda: bare.test_client().get("/"))
    mine = _cpu(lambda: _get(app, f"calendar?first={first}&until={until}", headers))
    connection.close()
    detail = f"{mine * 1000:.1f} ms, bare {theirs * 1000:.1f} ms, 1,000 rows"
    report.at_most(
        f"calendar of 30 days with {ACTIVITIES:,} activities: CPU of the process", mine / theirs, 2.5, detail
    )


def _get(app: Banyan, path: str, headers: dict[str, str]) -> Any:
    answer = app.test_client().get(f"/api/v1/orgs/city/activities/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def _cpu(ask: Callable[[], object], times: int = 20) -> float:
    for _ in range(3):
        ask()
    began = time.process_time()
    for _ in range(times):
        ask()
    return (time.process_time() - began) / times
