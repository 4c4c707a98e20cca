"""A log of millions of entries in a database of its own: a made-up country, a year of months, chained as if written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from banyan.app import CORE
from banyan.kernel.db.embedded import EmbeddedPostgres, Urls
from banyan.plugins import manager, migrate
from tests.bench.report import say

MONTHS = [datetime(2025, month, 1, tzinfo=UTC) for month in range(1, 13)]
END = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = 50_000
# 30 provinces, 12 cities each, 10 counties each, 5 townships each. The last province is quiet.
SHAPE = (30, 12, 10, 5)
COUNTRY, BUSY, QUIET, QUIET_COUNTY = "c", "p1", "p30", "p30-6-4"

_TREE = """
INSERT INTO org_level (key, rank, label, mark)
SELECT 'l' || n, 10 + n, '{"en": "level", "zh_Hans": "级", "zh_Hant": "級"}', '级' FROM generate_series(1, 5) AS n;
INSERT INTO org_type (key, label, parents, root)
VALUES ('t', '{"en": "type", "zh_Hans": "类", "zh_Hant": "類"}', '[]', true);
"""
_ORG = """
INSERT INTO org (id, parent_id, path, depth, ordinal, last_ordinal, code, name, short_name, sort_name, level, type,
                 person_in_charge, phone, division_code, status, created_at, updated_at, version)
SELECT gen_random_uuid(), p.id, coalesce(p.path, '') || {digits} || '.', coalesce(p.depth, 0) + 1, n, 1000,
       {code}, '组织' || n, '', 'zuzhi', 'l' || coalesce(p.depth, 0) + 1, 't', '', '', '', 'active', now(), now(), 1
FROM (SELECT generate_series(1, {number}) AS n) AS n CROSS JOIN {parents} AS p
"""
_DIGITS = (
    "(CASE WHEN n < 36 THEN substr('0123456789abcdefghijklmnopqrstuvwxyz', n + 1, 1)"
    " ELSE '1' || substr('0123456789abcdefghijklmnopqrstuvwxyz', n - 35, 1) END)"
)

# Who and what are spread as life spreads them: few do most. One in 20,000 happens in the quiet province.
_ENTRIES = """
INSERT INTO {table} (at, id, org_id, org_path, account_id, account_name, via, address, request_id, action, outcome,
                     subject_type, subject_id, subject_label, before, after, decision)
SELECT %(start)s::timestamptz + e.n * %(step)s::interval, gen_random_uuid(), o.id, o.path,
       md5('a' || a)::uuid, 'u' || lpad(a::text, 6, '0'), (ARRAY['session', 'session', 'token', 'job'])[1 + e.n %% 4],
       '10.' || a %% 100 || '.' || a %% 37 || '.' || a %% 11,
       'r' || e.n / 2 || '-' || extract(epoch FROM %(start)s::timestamptz)::bigint,
       m || '.' || t || '.' || v,
       CASE WHEN e.n %% 97 = 0 THEN 'refused' WHEN e.n %% 40009 = 7 THEN 'failed' ELSE 'done' END,
       t, o.id::text, '组织' || o.id::text,
       jsonb_build_object('name', '旧名' || e.n, 'phone', '0431-' || e.n), jsonb_build_object('name', '新名' || e.n),
       '{{"allowed": true, "reason": "allowed", "grant": null, "role": "org_admin", "policy_version": 1}}'
FROM (
    SELECT n, (power(random(), 3) * 50000)::int AS a, (power(random(), 2) * 6)::int AS k,
           CASE WHEN random() < 0.00005 THEN %(loud)s + (random() * (%(all)s - %(loud)s - 1))::int
                ELSE (power(random(), 2) * %(loud)s)::int END AS o
    FROM generate_series(1, %(number)s) AS n
) AS e
JOIN bench_org AS o ON o.n = e.o
CROSS JOIN LATERAL (SELECT (ARRAY['accounts', 'tenancy', 'access', 'tasks', 'stats', 'people', 'rare'])[1 + k] AS m,
                           (ARRAY['session', 'org', 'grant', 'task', 'figure', 'person', 'thing'])[1 + k] AS t,
                           (ARRAY['create', 'update', 'delete', 'read'])[1 + a %% 4] AS v) AS w
ORDER BY e.n
"""


@dataclass(frozen=True, slots=True)
class AuditWorld:
    """The database and where it lies."""

    home: Path
    urls: Urls
    size: int


@contextmanager
def audit_world(size: int) -> Iterator[AuditWorld]:
    """A log of ``size`` entries; gone afterwards, unless ``BANYAN_AUDIT_BENCH`` names a folder to keep it in."""
    kept = os.environ.get("BANYAN_AUDIT_BENCH")
    home = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="ba-", dir="/tmp"))
    home.mkdir(parents=True, exist_ok=True)
    server = EmbeddedPostgres(home, durable=False)
    try:
        urls = server.start()
        migrate.upgrade_all(urls.owner, manager.load(CORE))
        with psycopg.connect(urls.owner) as owner:
            row = owner.execute("SELECT count(*) FROM org").fetchone()
        if row == (0,):
            _fill(urls, size)
        yield AuditWorld(home, urls, size)
    finally:
        server.stop()
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def _fill(urls: Urls, size: int) -> None:
    with psycopg.connect(urls.owner) as owner:
        owner.execute(_TREE)
        _organisations(owner)
    for number, month in enumerate(MONTHS):
        end = MONTHS[number + 1] if number + 1 < len(MONTHS) else END
        _month(urls, month, end, size // len(MONTHS))
        say(f"{month:%Y-%m}: {size // len(MONTHS):,} entries")
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def _organisations(owner: psycopg.Connection[Any]) -> None:
    nobody = "(SELECT NULL::uuid AS id, NULL::text AS path, NULL::bigint AS depth, NULL::text AS code)"
    owner.execute(_ORG.format(number=1, digits=_DIGITS, code=f"'{COUNTRY}'", parents=nobody))
    for depth, number in enumerate(SHAPE, 1):
        code = "'p' || n" if depth == 1 else "p.code || '-' || n"
        parents = f"(SELECT * FROM org WHERE depth = {depth})"
        owner.execute(_ORG.format(number=number, digits=_DIGITS, code=code, parents=parents))
    owner.execute(
        "CREATE TABLE bench_org AS SELECT row_number() OVER (ORDER BY path LIKE"
        f" (SELECT path || '%' FROM org WHERE code = '{QUIET}'), md5(path)) - 1 AS n, id, path FROM org;"
        "CREATE INDEX ON bench_org (n); ANALYZE bench_org"
    )


def _month(urls: Urls, start: datetime, end: datetime, number: int) -> None:
    """A partition that is filled through the chain before it has indexes: those are made when it is attached."""
    table = f"audit_entry_{start:%Y_%m}"
    with psycopg.connect(urls.owner) as owner:
        counted = owner.execute(
            "SELECT count(*), count(*) FILTER (WHERE path NOT LIKE (SELECT path || '%%' FROM org WHERE code = %s))"
            " FROM bench_org",
            [QUIET],
        ).fetchone()
        assert counted is not None
        owner.execute(f"CREATE TABLE {table} (LIKE audit_entry INCLUDING DEFAULTS)")
        owner.execute(f"CREATE TRIGGER chain BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION audit_chain()")
        owner.commit()
        step = (end - start) / (number + 1)
        for done in range(0, number, AT_ONCE):
            some = min(AT_ONCE, number - done)
            given = {"start": start + done * step, "step": step, "number": some, "all": counted[0], "loud": counted[1]}
            owner.execute(_ENTRIES.format(table=table), given)
            owner.commit()
        owner.execute(f"DROP TRIGGER chain ON {table}")
        owner.execute(
            f"ALTER TABLE audit_entry ATTACH PARTITION {table}"
            f" FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
        )
