"""A notice to 100,000 members against a bare INSERT … SELECT of the same rows.

Ours is the whole long task as the worker runs it: whom it is for is asked under row security, rows are written with
their foreign keys, and figures by organisation are kept. Bare writes the same columns into a table with the same
indexes and nothing else. Both in turns, in one database: a small tree of its own (`BANYAN_BENCH_TOLD` for fewer).
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import insert

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.cli.worker import runner
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.db.scoped import Subtree, Whole
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor, OrgRef
from banyan.kernel.worker import run_long_task
from banyan.modules.notices.models import Notice
from banyan.modules.notices.services import spreading
from banyan.modules.people.models import Member, Person
from tests.bench.inbox import _TREE
from tests.bench.report import Report, say
from tests.bench.world import World, world

TOLD = int(os.environ.get("BANYAN_BENCH_TOLD", "100000"))
ROUNDS, LIMIT = 5, 3.0
ROOT = "00000000-0000-7000-8000-000000000001"
_BARE = """
INSERT INTO told_bare (notice_id, reader_id, org_id, org_path, member_id, person_id, account_id, at)
SELECT %(notice)s, id, org_id, org_path, id, person_id, account_id, now() FROM member
WHERE org_path >= '1.' AND org_path < '1/' AND status = 'active'
"""


def run(report: Report) -> None:
    """Measure both in turns and compare medians."""
    with world() as made:
        app = _app(made)
        _fill(app, made.urls.owner)
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(_bare(made.urls.owner))
            ours.append(_ours(app))
        mine, theirs = statistics.median(ours), statistics.median(bare)
        detail = f"{mine:.2f} s the whole task, {theirs:.2f} s bare"
        report.at_most(f"a notice to {TOLD:,} members / bare INSERT … SELECT", mine / theirs, LIMIT, detail)
        app.extensions["banyan.runtime"].db.dispose()


def _app(made: World) -> Banyan:
    settings = Settings.from_env({"BANYAN_HOME": str(Path(made.home) / "told"), "BANYAN_POOL_SIZE": "4"})
    return create_app(settings, app_url=made.urls.app)


def _fill(app: Banyan, owner_url: str) -> None:
    """A county each for nine of them, members evenly; copies of one that the models wrote."""
    began = time.monotonic()
    with psycopg.connect(owner_url) as owner:
        owner.execute(_TREE)
        owner.execute("ALTER TABLE member DISABLE TRIGGER USER")
        owner.execute("CREATE TABLE told_bare (LIKE notice_recipient INCLUDING INDEXES)")
    held = app.extensions["banyan.runtime"]
    with app.app_context(), held.db.session(Whole("bench")) as session:
        now, place = held.clock.now(), {"org_id": ROOT, "org_path": "1."}
        person, member = new_id(), new_id()
        connection = session.connection()
        connection.execute(insert(Person.__table__).values(id=person, root_id=ROOT, created_at=now))  # type: ignore[arg-type]  # a table
        values = {"id": member, "person_id": person, "name": "成员", "sort_name": "cheng yuan", "status": "left",
                  "admitted_on": now.date(), "created_at": now, "updated_at": now, **place}  # fmt: skip
        connection.execute(insert(Member.__table__).values(**values))  # type: ignore[arg-type]  # as above
        session.commit()
    changed = {"id": "i.id", "person_id": "i.person", "org_id": "o.id", "org_path": "o.path", "status": "'active'",
               "account_id": "i.account"}  # fmt: skip
    columns = [column.name for column in Member.__table__.columns if column.computed is None]
    chosen = ", ".join(changed.get(name, f"m.{name}") for name in columns)
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "CREATE TEMP TABLE fresh AS SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS person,"
            " CASE WHEN n %% 2 = 0 THEN gen_random_uuid() END AS account FROM generate_series(1, %s) AS n",
            (TOLD,),
        )
        owner.execute(f"INSERT INTO person (id, root_id, created_at) SELECT person, '{ROOT}', now() FROM fresh")
        accounts = "id, sign_in_name, display_name, status, created_at, version, org_id, org_path"
        owner.execute(
            f"INSERT INTO account ({accounts}) SELECT account, 'm' || n, '成员', 'active', now(), 1, '{ROOT}', '1.'"
            " FROM fresh WHERE account IS NOT NULL"
        )
        owner.execute(
            f"INSERT INTO member ({', '.join(columns)}) SELECT {chosen} FROM member m, fresh i"
            " JOIN org o ON o.depth = 2 AND o.ordinal = 1 + i.n % 9 WHERE m.status = 'left'"
        )
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    say(f"{TOLD:,} members written in {time.monotonic() - began:.0f} s")


def _bare(owner_url: str) -> float:
    with psycopg.connect(owner_url) as owner:
        began = time.perf_counter()
        owner.execute(_BARE, {"notice": new_id()})
        owner.commit()
        return time.perf_counter() - began


def _ours(app: Banyan) -> float:
    held, place = app.extensions["banyan.runtime"], OrgRef(UUID(ROOT), "1.")
    with app.test_request_context(), held.db.session(Subtree(place)) as session:
        ctx = Context(session, Actor(None, "bench", "job"), place, held.clock, "bench")
        now = held.clock.now()
        everybody = {"org_id": ROOT, "reach": "subtree", "levels": [], "filter_id": None, "role": ""}
        notice = Notice(org_id=place.id, org_path=place.path, title="通知", body="…", state="published", published=True,
                        published_at=now, order_at=now, created_at=now, audiences=[everybody])  # fmt: skip
        session.add(notice)
        session.flush()
        task = spreading.begin(ctx, notice)
        session.commit()
        worker = runner(app, threading.Event())
        began = time.perf_counter()
        run_long_task(worker, task.id)
        took = time.perf_counter() - began
        session.refresh(task)
        assert task.state == "done", task.message
    return took
