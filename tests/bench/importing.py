"""Import of 10,000 organisations from a workbook, reading, checking and writing, against COPY of the same rows."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
import xlsxwriter

from banyan.app import create_app
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
            took = [
                _round(app, session, runner_of(app, threading.Event()), headers, number) for number in range(ROUNDS)
            ]
        copied = [_copy(made.urls.owner, number) for number in range(ROUNDS)]
        database.dispose()
    check, write = (sorted(one[n] for one in took)[ROUNDS // 2] for n in (0, 1))
    alone, all_ = (sorted(one[n] for one in copied)[ROUNDS // 2] for n in (0, 1))
    told = f"read and check {check:.2f} s, write {write:.2f} s, against {all_:.2f} s"
    report.at_most("import of 10,000 organisations / COPY of the same rows", (check + write) / all_, 5, told)
    report.add(Row("the same / COPY of table org alone", f"{(check + write) / alone:.2f}×", detail=f"{alone:.2f} s"))


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


def _round(app: Any, session: Any, runner: Runner, headers: dict[str, str], number: int) -> tuple[float, float]:
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
        started = time.monotonic()
        run_long_task(runner, task)
        took.append(time.monotonic() - started)
    found = client.get(address, headers=headers).get_json()
    assert (found["state"], found["written"]) == ("done", ROWS), found
    return took[0], took[1]


def _copy(owner_url: str, number: int) -> tuple[float, float]:
    """Seconds to COPY what one import wrote into tables with the same indexes: organisations alone, and all of it."""
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
            owner.commit()
            started = time.monotonic()
            with owner.cursor().copy("COPY bench_copy FROM STDIN") as target:
                target.write(data)
            owner.commit()
            took.append(time.monotonic() - started)
            owner.execute("DROP TABLE bench_copy")
            owner.commit()
    return took[0], sum(took)
