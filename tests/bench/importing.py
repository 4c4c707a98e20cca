"""Import of 10,000 organisations from a workbook, reading, checking and writing, against COPY of the same rows.

What COPY fills are tables with the indexes and the foreign keys of the real ones: whoever brings rows in by COPY has
them checked as well, and much of what the server does for an import is these checks. The ratio to COPY without them is
told below, without a target.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psutil
import psycopg
import xlsxwriter

from banyan.app import create_app
from banyan.cli.worker import at_home
from banyan.cli.worker import runner as runner_of
from banyan.kernel.clock import SystemClock
from banyan.kernel.db.scoped import Whole
from banyan.kernel.settings import Settings
from banyan.kernel.worker import Runner, run_long_task
from banyan.modules.imports.models import Import
from tests import factories
from tests.bench.report import Report, Row
from tests.bench.world import world

ROWS, BRANCHES, ROUNDS = 10_000, 100, 3
HEADINGS = ("code", "name", "short_name", "level", "type", "parent", "founded_on", "person_in_charge", "phone")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
PLACES = "东西南北长青石河桥山水新安平和福兴文明春华光荣红星前进胜利团结"
# Wall and CPU seconds.
Took = tuple[float, float]
TABLES = ("org", "org_token", "stat_delta")


def run(report: Report) -> None:
    """Import three times, each time other organisations; the median counts on both sides."""
    with world() as made:
        options = Settings.from_env({"BANYAN_HOME": str(made.home), "BANYAN_POOL_SIZE": "8"})
        app = create_app(options, app_url=made.urls.app)
        app.config["WTF_CSRF_ENABLED"] = False
        database = app.extensions["banyan.runtime"].db
        with database.session(Whole("bench")) as session:
            people = factories.World(app, session, SystemClock())  # type: ignore[arg-type]
            headers = people.token(people.admin(people.org(code="province")))
            at_home()
            took = [
                _round(app, session, runner_of(app, threading.Event()), headers, number, made.urls.owner)
                for number in range(ROUNDS)
            ]
        copied = [_copy(made.urls.owner, number, keys=True) for number in range(ROUNDS)]
        bare = _median([_copy(made.urls.owner, number, keys=False) for number in range(ROUNDS)])
        database.dispose()
    check, write = (_median([one[n] for one in took]) for n in (0, 1))
    all_ = _median(copied)
    told = f"read and check {check[0]:.2f} s, write {write[0]:.2f} s, against {all_[0]:.2f} s"
    report.at_most("import of 10,000 organisations / COPY of the same rows", (check[0] + write[0]) / all_[0], 5, told)
    told = f"read and check {check[1]:.2f} s, write {write[1]:.2f} s, against {all_[1]:.2f} s"
    report.add(Row("the same: CPU", f"{(check[1] + write[1]) / all_[1]:.2f}×", detail=told))
    for told, n in (("", 0), (": CPU", 1)):
        figure = (check[n] + write[n]) / bare[n]
        report.add(Row(f"the same / COPY without foreign keys{told}", f"{figure:.2f}×", detail=f"{bare[n]:.2f} s"))


def _median(runs: list[Took]) -> Took:
    wall, cpu = (sorted(run[n] for run in runs)[len(runs) // 2] for n in (0, 1))
    return wall, cpu


def workbook(number: int) -> bytes:
    """Branches below the province, villages below them, as people would list them."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet()
    for line, row in enumerate([HEADINGS, *_rows(number)]):
        sheet.write_row(line, 0, row)
    book.close()
    return target.getvalue()


def _rows(number: int) -> Sequence[Sequence[str]]:
    rows = []
    for n in range(ROWS):
        branch = n % BRANCHES
        top = n < BRANCHES
        name = f"{PLACES[n % 31]}{PLACES[n // 31 % 31]}{PLACES[n // 961 % 31]}" + ("乡" if top else "村")
        parent, level = ("province", "city") if top else (f"r{number}-{branch}", "village")
        person = SURNAMES[n % 20] + PLACES[n % 29] + PLACES[n % 23]
        rows.append((f"r{number}-{n}", name, "", level, "league", parent, "2020-05-04", person, f"0431-8{n:07d}"))
    return rows


def _round(
    app: Any, session: Any, runner: Runner, headers: dict[str, str], number: int, owner_url: str
) -> tuple[Took, Took]:
    client, at = app.test_client(), "/api/v1/orgs/province/"
    sent = {"file": (io.BytesIO(workbook(number)), "file.xlsx")}
    run = client.post(at + "importables/organisations", data=sent, headers=headers).get_json()
    address = f"{at}imports/{run['id']}"
    took = []
    for step, body in (("match", {"mapping": run["mapping"]}), ("confirm", None)):
        answer = client.post(f"{address}/{step}", json=body, headers=headers)
        assert answer.status_code == 202, answer.get_data(as_text=True)
        session.rollback()
        task = session.get_one(Import, UUID(run["id"]), populate_existing=True).task_id
        spent, started = _cpu(owner_url), time.monotonic()
        run_long_task(runner, task)
        took.append((time.monotonic() - started, _cpu(owner_url) - spent))
    found = client.get(address, headers=headers).get_json()
    assert (found["state"], found["written"]) == ("done", ROWS), found
    return took[0], took[1]


def _cpu(owner_url: str) -> float:
    """CPU seconds of this process and of all its connections so far."""
    with psycopg.connect(owner_url) as owner:
        rows = owner.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'banyan_app' AND pid <> pg_backend_pid()"
        ).fetchall()
    return sum(_spent(psutil.Process(pid)) for pid in [None, *(row[0] for row in rows)])


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _copy(owner_url: str, number: int, *, keys: bool) -> Took:
    """Seconds to COPY what one import wrote into tables with the same indexes, and the same foreign keys or none."""
    low = f"r{number}-"
    wanted = {
        "org": f"SELECT * FROM org WHERE code LIKE '{low}%' ORDER BY path",
        "org_token": "SELECT t.* FROM org_token t JOIN org o ON o.id = t.org_id"
        f" WHERE o.code LIKE '{low}%' ORDER BY 1, 2",
        "stat_delta": f"SELECT d.* FROM stat_delta d JOIN org o ON o.id = d.org_id WHERE o.code LIKE '{low}%'",
    }
    took = []
    with psycopg.connect(owner_url) as owner:
        for table in TABLES:
            with owner.cursor().copy(f"COPY ({wanted[table]}) TO STDOUT") as rows:
                data = b"".join(rows)
            owner.execute(f"CREATE TABLE bench_copy (LIKE {table} INCLUDING ALL)")
            for key in _keys(owner, table) if keys else ():
                owner.execute(f"ALTER TABLE bench_copy ADD {key}")
            owner.commit()
            ours, backend = psutil.Process(), psutil.Process(owner.info.backend_pid)
            spent, started = _spent(ours) + _spent(backend), time.monotonic()
            with owner.cursor().copy("COPY bench_copy FROM STDIN") as target:
                target.write(data)
            owner.commit()
            took.append((time.monotonic() - started, _spent(ours) + _spent(backend) - spent))
            owner.execute("DROP TABLE bench_copy")
            owner.commit()
    return sum(wall for wall, _cpu in took), sum(cpu for _wall, cpu in took)


def _keys(owner: psycopg.Connection[Any], table: str) -> list[str]:
    """The foreign keys of a table, as they were declared."""
    found = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
    return [str(row[0]) for row in owner.execute(found, [table])]
