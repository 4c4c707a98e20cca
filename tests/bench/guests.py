"""Twenty plugins that the kit made, installed together, against none: the start, pages of the console, the API.

Three databases of one server hold the same small tree: without plugins, with twenty that are installed and off, with
the same twenty on. Each is served by a gunicorn of its own, and all three are asked in turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import psycopg

from banyan.kernel.db.base import new_id
from banyan.kernel.db.urls import Urls, clone_database, with_database
from banyan.modules.accounts.services import identity
from banyan.plugins.scaffold import create
from tests.bench.inbox import _TREE
from tests.bench.report import Report, Row
from tests.bench.serving import Asked, compare, serve
from tests.bench.world import World, world

GUESTS = tuple(f"guest{number:02}" for number in range(1, 21))
LIMIT, STARTS = 1.1, 5
ROUNDS, REQUESTS = 10, 60
CITY = "00000000-0000-7000-8000-000000000001"
_START = """
import sys, time
begun = time.process_time()
from banyan.app import create_app
from banyan.kernel.settings import Settings
app = create_app(Settings.from_env(), app_url=sys.argv[1])
assert len(app.extensions["banyan.plugins"].sources) == int(sys.argv[2]), app.extensions["banyan.plugins"].failures
assert not app.extensions["banyan.plugins"].unmigrated
print(time.process_time() - begun)
"""


def run(report: Report) -> None:
    """Make, install, serve, ask."""
    with world() as made, ExitStack() as stack:
        _people(made)
        path = _guests(made.home)
        off = _copy(made.urls, "bench_off")
        subprocess.run([sys.executable, "-m", "banyan", "db", "upgrade"], env=_env(made, off, path), check=True)
        on = _copy(off, "bench_on")
        _switch_on(on)
        for urls in (made.urls, off, on):
            with psycopg.connect(urls.owner, autocommit=True) as owner:
                owner.execute("VACUUM ANALYZE")
        _starts(report, made, off, path)
        sides = {"none": (made.urls, ""), "off": (off, path), "on": (on, path)}
        servers = [
            stack.enter_context(
                serve("ours", urls, made.home, called=name, more={"PYTHONPATH": found} if found else {})
            )
            for name, (urls, found) in sides.items()
        ]
        asked = {
            "dashboard": ("/orgs/city/", made.browser),
            "console list of 10 organisations": ("/orgs/city/organisations", made.browser),
            "API list of 10 organisations": ("/api/v1/orgs/city/organisations", made.bearer),
        }
        for bench, (address, headers) in asked.items():
            none, *others = compare(
                [Asked(server, address, headers) for server in servers], rounds=ROUNDS, requests=REQUESTS
            )
            for word, cost in zip(("off", "on"), others, strict=True):
                told = (
                    f"web {cost.web:,.0f} / {none.web:,.0f} µs, database {cost.database:,.0f} / {none.database:,.0f} µs"
                )
                report.at_most(
                    f"{bench}, {len(GUESTS)} plugins {word} / none: CPU", cost.whole / none.whole, LIMIT, told
                )


def _people(made: World) -> None:
    account = new_id()
    with psycopg.connect(made.urls.owner) as owner:
        owner.execute(_TREE)
        owner.execute(
            "INSERT INTO account (id, sign_in_name, display_name, status, created_at, version, org_id, org_path)"
            " VALUES (%s, 'mayor', '市长', 'active', now(), 1, %s, '1.')",
            (account, CITY),
        )
        owner.execute(
            "INSERT INTO role_grant (id, account_id, role, reach, not_before, granted_at, org_id, org_path)"
            " VALUES (%s, %s, 'org_admin', 'subtree', now() - interval '1 day', now(), %s, '1.')",
            (new_id(), account, CITY),
        )
        owner.execute(
            "INSERT INTO api_token (id, token_hash, account_id, name, hint, created_at, everywhere, org_id, org_path)"
            " VALUES (%s, %s, %s, 'bench', 'xxxx', now(), true, %s, '1.')",
            (new_id(), identity.hashed(made.token), account, CITY),
        )
        owner.execute(
            "INSERT INTO account_session"
            " (id, token_hash, account_id, created_at, seen_at, expires_at, address, user_agent)"
            " VALUES (%s, %s, %s, now(), now(), now() + interval '8 hours', '127.0.0.1', 'bench')",
            (new_id(), identity.hashed(made.cookie), account),
        )


def _guests(home: Path) -> str:
    """Make the plugins and lay them down as pip leaves them behind, without pip; returns the path to find them on."""
    folder = home / "guests"
    for name in GUESTS:
        create(name, folder, label=name.capitalize(), author="Bench")
        told = folder / f"banyan_{name}-0.1.0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: banyan-{name}\nVersion: 0.1.0\n")
        (told / "entry_points.txt").write_text(f"[banyan.plugins]\n{name} = banyan_{name}.plugin\n")
    return os.pathsep.join([str(folder), *(str(folder / name) for name in GUESTS)])


def _copy(urls: Urls, name: str) -> Urls:
    known = psycopg.conninfo.conninfo_to_dict(urls.owner)["dbname"]
    clone_database(urls.owner, str(known), name)
    return Urls(with_database(urls.owner, name), with_database(urls.app, name))


def _env(made: World, urls: Urls, path: str) -> dict[str, str]:
    known = {"BANYAN_HOME": str(made.home / "start"), "DATABASE_URL": urls.owner, "DATABASE_APP_URL": urls.app}
    return {**os.environ, **known, **({"PYTHONPATH": path} if path else {})}


def _switch_on(urls: Urls) -> None:
    with psycopg.connect(urls.owner) as owner, owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO module_state (id, module, enabled, changed_at, org_id, org_path)"
            " VALUES (%s, %s, true, now(), %s, '1.')",
            [(new_id(), name, CITY) for name in GUESTS],
        )


def _starts(report: Report, made: World, off: Urls, path: str) -> None:
    none = min(_start(made, made.urls, "", 0) for _time in range(STARTS))
    many = min(_start(made, off, path, len(GUESTS)) for _time in range(STARTS))
    report.add(
        Row(
            f"start with {len(GUESTS)} plugins / none: CPU",
            f"{many / none:.2f}×",
            "",
            None,
            f"{many * 1000:,.0f} / {none * 1000:,.0f} ms, {(many - none) / len(GUESTS) * 1000:,.0f} ms a plugin",
        )
    )


def _start(made: World, urls: Urls, path: str, number: int) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _START, urls.app, str(number)],
        env=_env(made, urls, path),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.split()[-1])
