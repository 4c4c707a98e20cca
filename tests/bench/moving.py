"""Moving a city with 2,000 organisations and 100,000 rows below, against the bare updates of the same rows."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import select

from banyan.app import create_app
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.db.scoped import Whole
from banyan.kernel.pinyin import sort_name, tokens
from banyan.kernel.settings import Settings
from banyan.kernel.treepath import base36, upper
from banyan.kernel.values import Actor
from banyan.modules.access import policy
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services.life import moving
from tests.bench.report import Report, Row, say
from tests.bench.world import World

ORGS, ROWS, COUNTIES, TIMES = 2_000, 100_000, 20, 3
DECISION = {"decided_on": datetime.now(UTC).date(), "number": "", "note": "", "document": None}
_TASKS = """
INSERT INTO long_task (id, kind, title, state, done, total, fence, arguments, memory, problems, message,
                       language, request_id, cancel_asked, created_at, org_id, org_path)
SELECT gen_random_uuid(), 'x', 'x', 'done', 1, 1, 1, '{}', '{}', '[]', '', 'zh_Hans', 'bench', false, now(),
       o.id, o.path
FROM generate_series(1, %s) AS n JOIN (SELECT id, path, row_number() OVER (ORDER BY path) AS k FROM org
    WHERE path >= '90.1.' AND path < '90.1/') AS o ON o.k = 1 + n %% (SELECT count(*) FROM org
    WHERE path >= '90.1.' AND path < '90.1/')
"""


def run(report: Report, made: World) -> None:
    """Move the city to and fro; then update the same rows of bare copies, with the same indexes."""
    account = _plant(made)
    app = create_app(Settings.from_env({"BANYAN_HOME": str(made.home / "moving")}), app_url=made.urls.app)
    say(f"moving {ORGS:,} organisations with {ROWS:,} rows …")
    with app.app_context():
        took = [_move(app, account, parent) for _ in range(TIMES) for parent in ("bench-right", "bench-left")]
    bare = _bare(made)
    mine = min(took)
    told = f"{mine:,.2f} s against {bare:,.2f} s; tokens, figures, history and events included"
    report.at_most("move of a city / the bare updates", mine / bare, 2, told)
    report.add(Row("move of a city: all runs", ", ".join(f"{one:,.2f} s" for one in took)))
    app.extensions["banyan.runtime"].db.dispose()


def _plant(made: World) -> Any:
    """Two provinces' worth of parents in one tree, a city of `ORGS` organisations, and rows below it."""
    with psycopg.connect(made.urls.owner) as owner:
        owner.execute(
            "INSERT INTO org_level (key, rank, label, mark)"
            " SELECT 'bench' || n, 900 + n, '{}', n::text FROM generate_series(1, 5) AS n"
        )
        owner.execute("INSERT INTO org_type (key, label, parents, root) VALUES ('bench', '{}', '[]', true)")
        root = _org(owner, None, "90.", 1, 324, "bench1", "bench-root", "试验省")
        left = _org(owner, root, "90.1.", 2, 1, "bench2", "bench-left", "试验左区")
        _org(owner, root, "90.2.", 2, 2, "bench2", "bench-right", "试验右区")
        city = _org(owner, left, "90.1.1.", 3, 1, "bench3", "bench-city", "试验市")
        for one in range(1, COUNTIES + 1):
            county = _org(owner, city, f"90.1.1.{base36(one)}.", 4, one, "bench4", f"bench-{one}", f"试验第{one}县")
            for two in range(1, ORGS // COUNTIES):
                path = f"90.1.1.{base36(one)}.{base36(two)}."
                _org(owner, county, path, 5, two, "bench5", f"bench-{one}-{two}", f"试验第{one}县第{two}村民委员会")
        owner.execute(
            "UPDATE org o SET last_ordinal = (SELECT coalesce(max(ordinal), 0) FROM org c WHERE c.parent_id = o.id)"
            " WHERE path >= '90.' AND path < '90/'"
        )
        owner.execute(_TASKS, [ROWS])
        account = new_id()
        owner.execute(
            "INSERT INTO account (id, sign_in_name, display_name, status, created_at, version, org_id, org_path)"
            " VALUES (%s, 'bench-mover', '管理员', 'active', now(), 1, %s, '90.')",
            (account, root),
        )
        owner.execute(
            "INSERT INTO role_grant (id, account_id, role, reach, not_before, granted_at, org_id, org_path)"
            " VALUES (%s, %s, 'org_admin', 'subtree', now() - interval '1 day', now(), %s, '90.')",
            (new_id(), account, root),
        )
    with psycopg.connect(made.urls.owner, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    return account


def _org(
    owner: psycopg.Connection[Any], parent: Any, path: str, depth: int, ordinal: int, level: str, code: str, name: str
) -> Any:
    identity = new_id()
    owner.execute(
        "INSERT INTO org (id, parent_id, path, depth, ordinal, code, name, sort_name, level, type, status, created_at,"
        " updated_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'bench', 'active', now(), now(), 1)",
        (identity, parent, path, depth, ordinal, code, name, sort_name(name), level),
    )
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO org_token (token, org_path, org_id) VALUES (%s, %s, %s)",
            [(token, path, identity) for token in tokens(name)],
        )
    for metric in ("org.active", f"org.level:{level}"):
        owner.execute(
            "INSERT INTO stat (id, org_id, org_path, metric, value, own, folded_at)"
            " VALUES (%s, %s, %s, %s, 1, 1, now())",
            (new_id(), identity, path, metric),
        )
    return identity


def _move(app: Any, account: Any, parent: str) -> float:
    """Seconds of one move as a request does it: from the first statement to the commit."""
    held = app.extensions["banyan.runtime"]
    with held.db.engine.connect() as connection:
        session = held.db.session(Whole("bench"), on=connection)
        grants, snapshot = policy.authority(session, policy.store(), account, held.clock.now())
        actor = Actor(account, "bench-mover", "session", None, grants, snapshot)
        city = session.scalars(select(Org).where(Org.code == "bench-city")).one()
        ctx = replace(Context(session, actor, None, held.clock, "bench"), org=city.ref)
        data = {**DECISION, "parent": parent}
        plan = moving.preview(ctx, city, data).plan
        session.commit()
        started = time.monotonic()
        moving.carry_out(ctx, city, data, plan)
        session.commit()
        session.close()
    return time.monotonic() - started


def _bare(made: World) -> float:
    """Seconds to give the same rows another path in copies with the same indexes and without foreign keys."""
    took = []
    with psycopg.connect(made.urls.owner, autocommit=True) as owner:
        for name in ("org", "long_task", "org_token", "stat"):
            owner.execute(f"CREATE TABLE bare_{name} (LIKE {name} INCLUDING ALL)")
            column = "path" if name == "org" else "org_path"
            owner.execute(f"INSERT INTO bare_{name} SELECT * FROM {name} WHERE {column} ~ '^90[.]'")
            owner.execute(f"VACUUM ANALYZE bare_{name}")
        here = made.path("bench-city")
        for old, new in ((here, "90.3.1."), ("90.3.1.", "90.4.1."), ("90.4.1.", "90.5.1.")):
            started = time.monotonic()
            with owner.transaction():
                for name, column in (
                    ("org", "path"),
                    ("long_task", "org_path"),
                    ("org_token", "org_path"),
                    ("stat", "org_path"),
                ):
                    owner.execute(
                        f"UPDATE bare_{name} SET {column} = %(new)s || substr({column}, %(cut)s)"
                        f" WHERE {column} >= %(lo)s AND {column} < %(hi)s",
                        {"new": new, "cut": len(old) + 1, "lo": old, "hi": upper(old)},
                    )
            took.append(time.monotonic() - started)
        for name in ("org", "long_task", "org_token", "stat"):
            owner.execute(f"DROP TABLE bare_{name}")
    return min(took)
