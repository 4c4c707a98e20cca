"""The inbox with a million old requests against the same inbox with few: what is over must cost nothing.

Two databases of one server hold the same small tree and the same open requests; one of them a million that were decided
long ago as well, made by and decided at the same organisations. Both are asked in turns.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.db.scoped import Subtree
from banyan.kernel.db.urls import clone_database, with_database
from banyan.kernel.settings import Settings
from banyan.kernel.values import Actor, OrgRef
from banyan.modules.access import policy
from banyan.modules.accounts.services import identity
from banyan.modules.approvals.services import seats
from tests.bench.report import Report, Row, say
from tests.bench.world import World, world
from tests.modules.approvals.office import DECIDE, EXTRA

OLD = int(os.environ.get("BANYAN_BENCH_REQUESTS", "1000000"))
OPEN, ROUNDS, LIMIT = 500, 60, 1.3
PAGES = {
    "inbox, waiting for me": "/orgs/city/inbox",
    "inbox, asked by me": "/orgs/city/inbox/asked",
    "inbox, overdue": "/orgs/city/inbox/overdue",
    "dashboard with the badge": "/orgs/city/",
}
_TREE = """
INSERT INTO org_level (key, rank, label, mark) VALUES ('city', 1, '{}', '市'), ('county', 2, '{}', '县');
INSERT INTO org_type (key, label, parents, root) VALUES ('league', '{}', '[]', true);
INSERT INTO org (id, parent_id, path, depth, ordinal, code, name, sort_name, level, type, created_at, updated_at,
                 version)
VALUES ('00000000-0000-7000-8000-000000000001', NULL, '1.', 1, 1, 'city', '市', 'shi', 'city', 'league', now(), now(),
        1);
INSERT INTO org (id, parent_id, path, depth, ordinal, code, name, sort_name, level, type, created_at, updated_at,
                 version)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', '1.' || n || '.', 2, n, 'c' || n, '县' || n, 'x',
       'county', 'league', now(), now(), 1 FROM generate_series(1, 9) AS n;
"""
_REQUESTS = """
INSERT INTO approval_request (id, flow, subject_type, subject_id, title, sides, details, data, state, step, round,
                              asked_by, asked_at, sent_by, closed_at, org_id, org_path, version)
SELECT gen_random_uuid(), 'errands.short', 'errand', n::text, '申请' || n, '{}', '[]', '{}', %(state)s, 0, 1,
       CASE WHEN n %% 20 = 0 THEN %(me)s::uuid END, now() - n * interval '1 minute', NULL,
       CASE WHEN %(state)s = 'open' THEN NULL ELSE now() END, org.id, org.path, 1
FROM generate_series(1, %(number)s) AS n JOIN org ON org.ordinal = 1 + n %% 9 AND org.depth = 2
"""
_PARTIES = """
INSERT INTO approval_party (request_id, org_id, org_path, side)
SELECT id, '00000000-0000-7000-8000-000000000001', '1.', 'decides' FROM approval_request WHERE state = %(state)s
"""
_ENTRIES = """
INSERT INTO approval_entry (id, request_id, number, round, at, act, step, account_id, account_name, behalf_name,
                            opinion, explanation, late)
SELECT gen_random_uuid(), id, 1, 1, asked_at, 'approve', 'only', %(me)s, '市长', '', '', '', false
FROM approval_request WHERE state = 'approved'
"""
_DESKS = """
INSERT INTO approval_desk (id, org_id, org_path, request_id, flow, step, permission, title, asking_id, asked_by,
                           opened_at, due_on, due_at, provisional, remind_at)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', '1.', id, flow, 'only', %(permission)s, title,
       org_id, asked_by, asked_at, now()::date + 3, now() + interval '3 days', false, now() + interval '2 days'
FROM approval_request WHERE state = 'open'
"""


def run(report: Report) -> None:
    """Ask both in turns, and compare medians."""
    with world() as made:
        cookie, me = identity.new_secret(), new_id()
        _fill(made.urls.owner, {"me": me, "permission": DECIDE.name}, cookie)
        clone_database(made.urls.owner, _name(made.urls.owner), "bench_many")
        many = with_database(made.urls.owner, "bench_many")
        started = time.monotonic()
        with psycopg.connect(many) as owner:
            values = {"me": me, "state": "approved", "number": OLD}
            for statement in (_REQUESTS, _PARTIES, _ENTRIES):
                owner.execute(statement, values)
        _analyze(many)
        say(f"{OLD:,} old requests written in {time.monotonic() - started:.0f} s")
        apps = [
            _app(made, made.urls.app, "few"),
            _app(made, with_database(made.urls.app, "bench_many"), "many"),
        ]
        for label, path in PAGES.items():
            few, lots = _in_turns([_asking(app, cookie, path) for app in apps])
            detail = f"{lots:.1f} ms with {OLD:,} old ones, {few:.1f} ms with none"
            report.at_most(f"{label}: {OLD:,} old / none", lots / few, LIMIT, detail)
        few, lots = _in_turns([_counting(app, me) for app in apps])
        report.add(
            Row("the badge's count: CPU of the web process", f"{lots:.2f} ms", "", None, f"{few:.2f} ms without")
        )


def _fill(owner_url: str, values: dict[str, object], cookie: str) -> None:
    with psycopg.connect(owner_url) as owner:
        owner.execute(_TREE)
        city = "00000000-0000-7000-8000-000000000001"
        owner.execute(
            "INSERT INTO account (id, sign_in_name, display_name, status, created_at, version, org_id, org_path)"
            " VALUES (%s, 'mayor', '市长', 'active', now(), 1, %s, '1.')",
            (values["me"], city),
        )
        owner.execute(
            "INSERT INTO role_grant (id, account_id, role, reach, not_before, granted_at, org_id, org_path)"
            " VALUES (%s, %s, 'org_admin', 'subtree', now() - interval '1 day', now(), %s, '1.')",
            (new_id(), values["me"], city),
        )
        owner.execute(
            "INSERT INTO account_session"
            " (id, token_hash, account_id, created_at, seen_at, expires_at, address, user_agent)"
            " VALUES (%s, %s, %s, now(), now(), now() + interval '8 hours', '127.0.0.1', 'bench')",
            (new_id(), identity.hashed(cookie), values["me"]),
        )
        owner.execute(_REQUESTS, {**values, "state": "open", "number": OPEN})
        owner.execute(_PARTIES, {"state": "open"})
        owner.execute(_DESKS, values)
    _analyze(owner_url)


def _analyze(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def _name(url: str) -> str:
    return psycopg.conninfo.conninfo_to_dict(url)["dbname"]  # type: ignore[return-value]  # it has one


def _app(made: World, url: str, name: str) -> Banyan:
    home: Path = made.home / name
    return create_app(Settings.from_env({"BANYAN_HOME": str(home)}), app_url=url, extra=EXTRA)


def _asking(app: Banyan, cookie: str, path: str) -> Callable[[], object]:
    browser = app.test_client()
    browser.set_cookie(identity.SESSION_COOKIE, cookie)

    def ask() -> object:
        answer = browser.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        return answer

    return ask


def _counting(app: Banyan, me: object) -> Callable[[], object]:
    def count() -> object:
        held = app.extensions["banyan.runtime"]
        with app.app_context(), held.db.engine.connect() as connection:
            account = me
            grants, meaning = policy.authority(connection, policy.store(), account, held.clock.now())  # type: ignore[arg-type]
            org = OrgRef(grants[0].org_id, grants[0].path)
            actor = Actor(account, "mayor", "session", org, grants, meaning)  # type: ignore[arg-type]
            session = held.db.session(Subtree(org), on=connection)
            ctx = Context(session, actor, org, held.clock, "bench")
            started = time.thread_time()
            found = seats.count_waiting(ctx)
            spent = time.thread_time() - started
            if not found:
                raise RuntimeError("nothing waits")
            return spent

    return count


def _in_turns(sides: list[Callable[[], object]]) -> list[float]:
    """Median milliseconds of each; a side that says itself how long it took is believed."""
    spent: list[list[float]] = [[] for _ in sides]
    for turn in range(ROUNDS + 10):
        for side, kept in zip(sides, spent, strict=True):
            started = time.perf_counter()
            answer = side()
            took = answer if isinstance(answer, float) else time.perf_counter() - started
            if turn >= 10:
                kept.append(took * 1000)
    return [statistics.median(kept) for kept in spent]
