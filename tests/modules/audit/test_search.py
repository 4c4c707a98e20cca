"""Finding entries: what each filter finds, and that it is found without reading the log from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import select

from banyan.kernel.clock import FixedClock
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.session import ScopedSession
from banyan.modules.audit.models import AuditEntry
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.models import Org
from tests.bench.plans import explained, recorded
from tests.factories import World

pytestmark = pytest.mark.clause("SYS-01")


@pytest.fixture
def land(world: World) -> dict[str, Org]:
    """A province with two cities, one of them with a county."""
    province = world.org(code="province")
    city, other = world.org(province, "city"), world.org(province, "other")
    return {"province": province, "city": city, "other": other, "county": world.org(city, "county")}


def did(world: World, org: Org, label: str, action: str = "tenancy.org.update", **more: Any) -> None:
    ctx = world.context(world.account(org, f"w-{org.code}-{label.lower()}"), org)
    with world.app.app_context(), ctx.session as session:
        record(ctx, action, more.pop("subject", Subject("org", str(org.id), label)), **more)
        session.commit()


def found(world: World, org: Org, query: str = "", status: int = 200) -> Any:
    """What the log of ``org`` lists to its administrator, newest first."""
    headers = world.token(world.admin(org))
    answer = world.app.test_client().get(f"/api/v1/orgs/{org.code}/audit-entries?{query}", headers=headers)
    assert answer.status_code == status, answer.get_json()
    return [row["subject"] for row in answer.get_json()["items"]] if status == 200 else answer.get_json()


def test_who_what_where_and_when_narrow_it(world: World, land: dict[str, Org], clock: FixedClock) -> None:
    did(world, land["province"], "P", "access.grant.grant", subject=Subject("grant", "g1", "P"))
    clock.instant += timedelta(days=10)
    did(world, land["city"], "C", outcome="refused")
    clock.instant += timedelta(days=3)
    did(world, land["county"], "K", "tenancy.organisation.x")
    did(world, land["other"], "O", outcome="failed")
    entry = world.session.scalars(select(AuditEntry).where(AuditEntry.subject_label == "C")).one()
    expected = {
        "": "OKCP",
        "account=w-c": "KC",
        "account=W-CITY": "C",
        f"account_id={entry.account_id}": "C",
        f"account_id={uuid4()}": "",
        "action=access.grant.grant": "P",
        "module=tenancy": "OKC",
        "module=tenanc": "",
        "kind=grant": "P",
        "kind=org": "OKC",
        "subject=K": "K",
        "subject_id=g1": "P",
        f"subject_id={land['city'].id}&kind=org": "C",
        "organisation=city": "C",
        "organisation=CITY": "C",
        "organisation=nowhere": "",
        "below=city": "KC",
        "below=nowhere": "",
        "below=city&organisation=county": "K",
        "address=127.0.0.1": "OKCP",
        "address=127.0.0.2": "",
        "request=test": "OKCP",
        "request=tes": "",
        "outcome=refused": "C",
        "period=today": "OK",
        "period=week": "OKC",
        "period=month": "OKCP",
        "period=never": "",
        "from=2026-02-22&until=2026-02-22": "C",
        "until=2026-02-22&module=tenancy&account=w-": "C",
    }
    told = {query: "".join(found(world, land["province"], query)) for query in expected}
    assert told == expected
    assert found(world, land["city"], "below=other") == []
    wrong = found(world, land["city"], "account_id=x&from=y", 422)["errors"]
    assert {one["field"] for one in wrong} == {"account_id", "from"}


def test_entries_follow_organisations_that_moved_again_and_again(
    world: World, land: dict[str, Org], session: ScopedSession
) -> None:
    """Moved with what lies above them, and by themselves; found where they stand, and nowhere else."""
    county, city, other = land["county"], land["city"], land["other"]
    did(world, county, "1")
    county.parent_id, county.path = other.id, f"{other.path}9."
    session.commit()
    did(world, county, "2")
    new = world.org(land["province"], "new")
    for org, path in ((other, f"{new.path}1."), (county, f"{new.path}1.9.")):
        org.path = path
    other.parent_id = new.id
    session.commit()
    did(world, county, "3")
    for org in ("province", "other", "county"):
        assert found(world, land[org]) == ["3", "2", "1"], org
    assert found(world, new) == ["3", "2", "1"]
    assert found(world, new, "below=county") == ["3", "2", "1"]
    assert found(world, city) == []


SEARCHES = (
    *("", "sort=at", "account=u000007", "account=u00", "action=m3.thing.create", "module=m3", "kind=k3"),
    *("subject=组织 77", "subject_id=s77", "organisation=quiet", "below=quiet", "address=10.0.0.7", "request=r77"),
    *("outcome=failed", "period=week", "from=2026-01-05&until=2026-01-05", "account_id={account}"),
    *("below=quiet&outcome=refused", "account=u000007&action=m3.thing.create&kind=k3"),
)
_MANY = """
INSERT INTO audit_entry (at, id, org_id, org_path, account_id, account_name, via, address, request_id, action, outcome,
                         subject_type, subject_id, subject_label)
SELECT timestamptz '2026-01-01Z' + n * interval '2 minutes', gen_random_uuid(), o.id, o.path, %(account)s,
       'u' || lpad((n %% 300)::text, 6, '0'), 'session', '10.0.0.' || n %% 200, 'r' || n,
       'm' || n %% 20 || '.thing.create',
       CASE WHEN n %% 500 = 0 THEN 'failed' WHEN n %% 100 = 0 THEN 'refused' ELSE 'done' END,
       'k' || n %% 20, 's' || n %% 1000, '组织 ' || n %% 1000
FROM generate_series(1, 20000) AS n
JOIN org AS o ON o.code = CASE WHEN n %% 5000 = 0 THEN 'quiet' ELSE 'loud' END
"""


@pytest.fixture
def full(world: World, urls: Urls) -> Iterator[dict[str, str]]:
    """A log of twenty thousand entries in a partition, nearly all of them at one of two organisations."""
    root = world.org(code="root")
    world.org(root, "loud")
    quiet = world.org(root, "quiet")
    account = world.account(root, "u000007")
    with psycopg.connect(urls.owner) as owner:
        owner.execute("CREATE TABLE audit_entry_2026_01 (LIKE audit_entry INCLUDING ALL)")
        owner.execute(
            "ALTER TABLE audit_entry ATTACH PARTITION audit_entry_2026_01"
            " FOR VALUES FROM ('2026-01-01Z') TO ('2026-02-01Z')"
        )
        owner.execute(_MANY, {"account": account.id})
        owner.execute("ANALYZE audit_entry")
    yield {"account": str(account.id), "quiet": str(quiet.id)}
    world.session.rollback()
    with psycopg.connect(urls.owner) as owner:
        owner.execute("DROP TABLE audit_entry_2026_01")


def test_no_search_reads_the_log_from_end_to_end(world: World, full: dict[str, str], urls: Urls) -> None:
    """The very statements, explained as ``banyan_app`` with its scope: by index, and few pages of it."""
    root = world.session.scalars(select(Org).where(Org.code == "root")).one()
    headers, client = world.token(world.admin(root)), world.app.test_client()
    dear = {}
    for query in SEARCHES:
        url = f"/api/v1/orgs/root/audit-entries?{query.format(**full)}"
        with recorded() as statements:
            assert client.get(url, headers=headers).status_code == 200
        plan, pages, sequential = explained(urls.app, statements, "audit_entry")
        assert not sequential, plan
        dear[query] = pages
    quiet = world.admin(world.session.scalars(select(Org).where(Org.code == "quiet")).one())
    with recorded() as statements:
        answer = client.get("/api/v1/orgs/quiet/audit-entries", headers=world.token(quiet))
    assert len(answer.get_json()["items"]) == 4
    plan, pages, sequential = explained(urls.app, statements, "audit_entry")
    assert not sequential, plan
    assert pages < 100, "a quiet place in a loud log must not walk through all of it"
    assert max(dear.values()) < 1_000, dear
