"""The audit log at 10,000,000 entries: what searches read, how fast it is verified, what it costs a write."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median
from typing import Any
from urllib.parse import parse_qsl, urlencode

import psycopg
from sqlalchemy import select

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database
from banyan.kernel.settings import Settings
from banyan.modules.audit import verification
from banyan.modules.tenancy.models import Org
from tests.bench import audit_writes
from tests.bench.audit_world import BUSY, COUNTRY, QUIET, QUIET_COUNTY, AuditWorld, audit_world
from tests.bench.plans import explained, recorded
from tests.bench.report import RESULTS, Report, Row, say
from tests.factories import World

BENCHES = ("audit-search", "audit-verify", "audit-write")
SIZE = int(os.environ.get("BANYAN_AUDIT_ENTRIES") or 10_000_000)
# Pages of 8 kB that one search may touch, whatever the size of the log; by time that is a quarter of a second.
BUFFERS = 25_000
SECONDS = 1.0
TIMES = 5

# name → place, filters
SEARCHES: Mapping[str, tuple[str, str]] = {
    "newest of the country": (COUNTRY, ""),
    "newest of a busy province": (BUSY, ""),
    "newest of a quiet province": (QUIET, ""),
    "newest of a quiet county": (QUIET_COUNTY, ""),
    "oldest of the country": (COUNTRY, "sort=at"),
    "who: a busy account": (COUNTRY, "account=u000000"),
    "who: a rare account": (COUNTRY, "account=u049999"),
    "who: a beginning that fits many": (COUNTRY, "account=u0"),
    "who: by id": (COUNTRY, "account_id={account}"),
    "what: a common action": (COUNTRY, "action=accounts.session.create"),
    "what: a rare action": (COUNTRY, "action=rare.thing.create"),
    "what: a module": (COUNTRY, "module=tenancy"),
    "what: a rare module": (COUNTRY, "module=rare"),
    "what: a kind": (COUNTRY, "kind=grant"),
    "what: a rare kind": (COUNTRY, "kind=thing"),
    "what: the name of a thing": (COUNTRY, "subject=组织{org}"),
    "what: a name that fits all": (COUNTRY, "subject=组织"),
    "what: the id of a thing": (COUNTRY, "subject_id={org}"),
    "where: one organisation": (COUNTRY, f"organisation={QUIET_COUNTY}"),
    "where: a quiet province below": (COUNTRY, f"below={QUIET}"),
    "where: a busy province below": (COUNTRY, f"below={BUSY}"),
    "where: an address": (COUNTRY, "address=10.42.5.9"),
    "when: a day": (COUNTRY, "from=2025-03-05&until=2025-03-05"),
    "when: long before": (QUIET, "until=2025-01-31"),
    "outcome: refused": (COUNTRY, "outcome=refused"),
    "outcome: failed": (COUNTRY, "outcome=failed"),
    "one request": (COUNTRY, "request={request}"),
    "refused in a quiet province": (QUIET, "outcome=refused"),
    "rare action in a busy province": (BUSY, "action=rare.thing.delete"),
    "busy account in a quiet province": (QUIET, "account=u000000"),
    "busy account, common action, refused": (
        COUNTRY,
        "account=u00000&action=accounts.session.create&outcome=refused",
    ),
    "common action in a quiet county, a month": (
        QUIET_COUNTY,
        "action=accounts.session.create&from=2025-06-01&until=2025-06-30",
    ),
}


def run(report: Report, chosen: set[str]) -> None:
    """Measure searches, verification and writes, those that were ``chosen``."""
    with audit_world(SIZE) as made:
        if "audit-search" in chosen:
            _searches(report, made)
        if "audit-verify" in chosen:
            _verification(report, made)
        if "audit-write" in chosen:
            audit_writes.run(report, made)


def _searches(report: Report, made: AuditWorld) -> None:
    app = create_app(Settings.from_env({"BANYAN_HOME": str(made.home / "searching")}), app_url=made.urls.app)
    bearer = _bearer(app)
    client, known = app.test_client(use_cookies=False), _known(made)
    folder = RESULTS / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    worst_read, worst_time, whole = 0, 0.0, []
    for name, (place, asked) in SEARCHES.items():
        given = urlencode(parse_qsl(asked.format(**known)))
        url = f"/api/v1/orgs/{place}/audit-entries?{given}".rstrip("?")
        found, times = _asked(client, url, bearer), []
        for _time in range(TIMES):
            start = time.perf_counter()
            _asked(client, url, bearer)
            times.append(time.perf_counter() - start)
        with recorded() as statements:
            _asked(client, url, bearer)
        plan, buffers, sequential = explained(made.urls.app, statements, "audit_entry")
        (folder / f"audit-{name.replace(' ', '-').replace(':', '')}.txt").write_text(plan, encoding="utf-8")
        worst_read, worst_time = max(worst_read, buffers), max(worst_time, median(times))
        whole += [name] * sequential
        say(f"{name}: {len(found)} rows, {median(times) * 1000:.1f} ms, {buffers:,} pages")
    app.extensions["banyan.runtime"].db.dispose()
    detail = f"{len(SEARCHES)} searches in {made.size:,} entries"
    report.at_most("audit search: pages read by the dearest", worst_read, BUFFERS, detail, " pages")
    report.at_most("audit search: time of the dearest", worst_time, SECONDS, detail, " s")
    report.add(Row("audit search: whole reads", f"{len(whole)}", "none", not whole, ", ".join(whole) or detail))


def _bearer(app: Banyan) -> dict[str, str]:
    """The headers of an administrator of the country, who exists now."""
    database: Database = app.extensions["banyan.runtime"].db
    with database.session(Whole("a bench arranges its administrator")) as session:
        people = World(app, session, FixedClock(datetime.now(UTC)))
        return people.token(people.admin(session.scalars(select(Org).where(Org.code == COUNTRY)).one()))


def _asked(client: Any, url: str, bearer: Mapping[str, str]) -> list[Any]:
    answer = client.get(url, headers=dict(bearer))
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answered {answer.status_code}: {answer.get_data(as_text=True)[:500]}")
    return list(answer.get_json()["items"])


def _known(made: AuditWorld) -> dict[str, str]:
    """Values that searches name: of an entry somewhere in the middle."""
    with psycopg.connect(made.urls.owner) as owner:
        row = owner.execute(
            "SELECT account_id, org_id, request_id, account_name FROM audit_entry WHERE at >= '2025-02-15'"
            " ORDER BY at LIMIT 1"
        ).fetchone()
        assert row is not None
        owner.execute(
            "INSERT INTO account (id, sign_in_name, display_name, status, created_at, version, org_id, org_path)"
            " SELECT %s, %s, '', 'active', now(), 1, id, path FROM org WHERE code = %s ON CONFLICT DO NOTHING",
            (row[0], row[3], COUNTRY),
        )
    return dict(zip(("account", "org", "request"), map(str, row[:3]), strict=True))


def _verification(report: Report, made: AuditWorld) -> None:
    database = Database(made.urls.owner, pool_size=1)
    start = time.perf_counter()
    with database.session(Whole("the bench verifies the chain")) as session:
        walk, found = verification.verified(session)
        session.rollback()
    seconds = time.perf_counter() - start
    database.dispose()
    told = f"{walk.entries:,} entries in {seconds:.0f} s"
    report.add(Row("audit verify", f"{walk.entries / seconds:,.0f}/s", "", None, told))
    report.add(Row("audit verify: findings", f"{len(found)}", "none", not found, told))
