"""The nation in a database of its own: embedded PostgreSQL in a temporary home, migrated, filled, with people in it."""

from __future__ import annotations

import csv
import gzip
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg

from banyan.app import CORE
from banyan.kernel.db.base import new_id
from banyan.kernel.db.embedded import EmbeddedPostgres, Urls
from banyan.modules.accounts.services import identity
from banyan.plugins import manager, migrate

ROOT = Path(__file__).parents[2]
DIVISIONS = Path(os.environ.get("BANYAN_DIVISIONS") or ROOT.parent / "shared" / "data" / "china-divisions.csv.gz")
NATION, PROVINCE, COUNTY, BRANCH = "cn", "22", "220104", "220104002001"
PLACES = {"nation": NATION, "province": PROVINCE, "county": COUNTY}
LEVELS = {"nation": "国", "province": "省", "city": "市", "county": "县", "township": "乡", "village": "村"}
TASKS, ACCOUNTS, ENTRIES = 100_000, 50_000, 50_000


@dataclass(frozen=True, slots=True)
class World:
    """The database, and an administrator of the nation who looks at all of it.

    :ivar token: bearer token of that administrator. :ivar narrow: another, limited to reading and to a province.
    :ivar cookie: the cookie of a browser of the same.
    """

    home: Path
    urls: Urls
    token: str
    narrow: str
    cookie: str

    @property
    def bearer(self) -> dict[str, str]:
        """Headers for the API."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def narrowed(self) -> dict[str, str]:
        """Headers for the API with the limited token."""
        return {"Authorization": f"Bearer {self.narrow}"}

    @property
    def browser(self) -> dict[str, str]:
        """Headers for the console."""
        return {"Cookie": f"{identity.SESSION_COOKIE}={self.cookie}"}

    def path(self, code: str) -> str:
        """Where the organisation ``code`` stands."""
        with psycopg.connect(self.urls.owner) as owner:
            row = owner.execute("SELECT path FROM org WHERE code = %s", [code]).fetchone()
        assert row is not None, f"there is no organisation {code}"
        return str(row[0])


@contextmanager
def world() -> Iterator[World]:
    """An empty world; `people` fills it once there is a tree. Everything is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="bb-", dir="/tmp"))
    server = EmbeddedPostgres(home, durable=False)
    try:
        urls = server.start()
        migrate.upgrade_all(urls.owner, manager.load(CORE))
        tokens = (identity.TOKEN_PREFIX + identity.new_secret() for _ in range(2))
        yield World(home, urls, *tokens, identity.new_secret())
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def manifest(folder: Path) -> Path:
    """Write the whole nation as a manifest, one root 全国 over the provinces; returns its file."""
    levels = "".join(
        f"  - {{ key: {key}, rank: {n}0, mark: {mark}, label: {{ zh_Hans: {mark}, zh_Hant: {mark}, en: {key} }} }}\n"
        for n, (key, mark) in enumerate(LEVELS.items(), 1)
    )
    target = folder / "tenant.yaml"
    target.write_text(
        f"banyan: 1\ntitle: 全国\nlevels:\n{levels}types:\n"
        "  - { key: league, root: true, label: { zh_Hans: 团组织, zh_Hant: 團組織, en: League organisation } }\n"
        "tables:\n  - file: organisations.csv\n",
        encoding="utf-8",
    )
    with (
        gzip.open(DIVISIONS, "rt", encoding="utf-8", newline="") as source,
        (folder / "organisations.csv").open("w", encoding="utf-8", newline="") as sink,
    ):
        out = csv.writer(sink)
        out.writerow(("code", "parent", "name", "level", "type", "division_code"))
        out.writerow((NATION, "", "全国", "nation", "league", ""))
        for row in csv.DictReader(source):
            out.writerow((row["code"], row["parent"] or NATION, row["name"], row["level"], "league", row["code"]))
    return target


_SOME = "(SELECT id, path, row_number() OVER () AS n FROM (SELECT id, path FROM org ORDER BY md5(code) LIMIT {0}) AS o)"
_PEOPLE = f"""
INSERT INTO account (id, sign_in_name, display_name, status, created_at, version, org_id, org_path)
SELECT gen_random_uuid(), 'a' || n, '成员' || n, 'active', now(), 1, id, path FROM {_SOME.format(ACCOUNTS)} AS o
"""
_GRANTS = """
INSERT INTO role_grant (id, account_id, role, reach, not_before, granted_at, org_id, org_path)
SELECT gen_random_uuid(), id, 'org_admin', 'subtree', now() - interval '1 day', now(), org_id, org_path FROM account
"""
_TOKENS = """
INSERT INTO api_token (id, token_hash, account_id, name, hint, created_at, used_at, everywhere, org_id, org_path)
SELECT gen_random_uuid(), decode(md5(id::text), 'hex'), id, 'bench', 'xxxx', now(), now(), true, org_id, org_path
FROM account
"""
_TASKS = f"""
INSERT INTO long_task (id, kind, title, state, done, total, fence, arguments, memory, problems, message,
                       language, request_id, cancel_asked, created_by, created_at, finished_at, org_id, org_path)
SELECT gen_random_uuid(), 'tasks.export', 'Organisations', (ARRAY['done', 'failed', 'cancelled'])[1 + n % 3], 100,
       100, 1, '{{}}', '{{}}', '[]', '', 'zh_Hans', 'bench', false, NULL, now() - n * interval '1 second', now(),
       id, path
FROM {_SOME.format(TASKS)} AS o
"""
_ENTRIES = f"""
INSERT INTO audit_entry (at, id, org_id, org_path, account_name, via, address, request_id, action, outcome,
                         subject_type, subject_id, subject_label)
SELECT now() - n * interval '1 second', gen_random_uuid(), id, path, 'bench', 'cli', '', 'bench', 'tenancy.org.update',
       'done', 'org', id::text, ''
FROM {_SOME.format(ENTRIES)} AS o
"""


def people(made: World) -> None:
    """Accounts with grants and tokens, tasks and audit entries all over the nation; the administrator of `World`."""
    with psycopg.connect(made.urls.owner) as owner:
        for statement in (_PEOPLE, _GRANTS, _TOKENS, _TASKS, _ENTRIES):
            owner.execute(statement)
        account = new_id()
        row = owner.execute("SELECT id, path FROM org WHERE code = %s", [NATION]).fetchone()
        assert row is not None
        owner.execute(
            "INSERT INTO account (id, sign_in_name, display_name, status, created_at, version, org_id, org_path)"
            " VALUES (%s, %s, '管理员', 'active', now(), 1, %s, %s)",
            (account, f"bench-{secrets.token_hex(4)}", *row),
        )
        owner.execute(
            "INSERT INTO role_grant (id, account_id, role, reach, not_before, granted_at, org_id, org_path)"
            " VALUES (%s, %s, 'org_admin', 'subtree', now() - interval '1 day', now(), %s, %s)",
            (new_id(), account, *row),
        )
        owner.execute(
            "INSERT INTO api_token (id, token_hash, account_id, name, hint, created_at, everywhere, org_id, org_path)"
            " VALUES (%s, %s, %s, 'bench', 'xxxx', now(), true, %s, %s)",
            (new_id(), identity.hashed(made.token), account, *row),
        )
        _narrowed(owner, made, account)
        owner.execute(
            "INSERT INTO account_session"
            " (id, token_hash, account_id, created_at, seen_at, expires_at, address, user_agent)"
            " VALUES (%s, %s, %s, now(), now(), now() + interval '8 hours', '127.0.0.1', 'bench')",
            (new_id(), identity.hashed(made.cookie), account),
        )
    with psycopg.connect(made.urls.owner, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def _narrowed(owner: psycopg.Connection[tuple[object, ...]], made: World, account: UUID) -> None:
    """The token of a program that reads: two permissions, the nation itself and all of a province."""
    token = new_id()
    owner.execute(
        "INSERT INTO api_token (id, token_hash, account_id, name, hint, permissions, everywhere, created_at,"
        " expires_at, org_id, org_path) SELECT %s, %s, %s, 'narrow', 'xxxx', %s, false, now(),"
        " now() + interval '90 days', org_id, org_path FROM account WHERE id = %s",
        (token, identity.hashed(made.narrow), account, ["tasks.task:read", "tenancy.org:read"], account),
    )
    owner.execute(
        "INSERT INTO token_place (token_id, org_id, org_path, reach)"
        " SELECT %s, id, path, CASE code WHEN %s THEN 'self' ELSE 'subtree' END FROM org WHERE code = ANY(%s)",
        (token, NATION, [NATION, PROVINCE]),
    )
