"""Import of 100,000 members from a workbook, reading, checking and writing, against COPY of the same rows.

What COPY fills are tables with the indexes and the foreign keys of the real ones, as in `importing`; the ratio to COPY
without foreign keys is told below, without a target. The workbook holds numbers of documents, phones and addresses:
sealing them, their blind indexes and the look-up of everybody in the tree are part of what is measured.
"""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
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
from banyan.modules.people.rules import documents
from tests import factories
from tests.bench.importing import Took, _cpu, _keys, _spent
from tests.bench.report import Report, Row
from tests.bench.world import world

ROWS = int(os.environ.get("BANYAN_BENCH_MEMBERS", "100000"))
BRANCHES = 100
HEADINGS = (
    *("name", "document_number", "birth_date", "joined_on", "phone", "address", "ethnicity", "education"),
    *("political_status", "workplace", "number", "branch"),
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰志建国红梅"
TABLES = ("person", "member", "membership", "member_token")


def run(report: Report) -> None:
    """Import once into a tree of a hundred branches, then again: the second time nothing is new."""
    with world() as made:
        options = Settings.from_env({"BANYAN_HOME": str(made.home), "BANYAN_POOL_SIZE": "8"})
        app = create_app(options, app_url=made.urls.app)
        app.config["WTF_CSRF_ENABLED"] = False
        database = app.extensions["banyan.runtime"].db
        with database.session(Whole("bench")) as session:
            people = factories.World(app, session, SystemClock())  # type: ignore[arg-type]
            province = people.org(code="province")
            for number in range(BRANCHES):
                people.org(province, code=f"b-{number}", name=f"第{number}支部")
            headers = people.token(people.admin(province))
            at_home()
            runner = runner_of(app, threading.Event())
            took = _round(app, session, runner, headers, made.urls.owner, new=ROWS)
            again = _round(app, session, runner, headers, made.urls.owner, new=0)
        copied, bare = (_copy(made.urls.owner, keys=keys) for keys in (True, False))
        database.dispose()
    (check, write), (same, _nothing) = took, again
    told = f"read and check {check[0]:.1f} s, write {write[0]:.1f} s, against {copied[0]:.1f} s"
    ratio = (check[0] + write[0]) / copied[0]
    report.at_most(f"import of {ROWS:,} members / COPY of the same rows", ratio, 4, told)
    told = f"read and check {check[1]:.1f} s, write {write[1]:.1f} s, against {copied[1]:.1f} s"
    report.add(Row("the same: CPU", f"{(check[1] + write[1]) / copied[1]:.2f}×", detail=told))
    for said, n in (("", 0), (": CPU", 1)):
        figure = (check[n] + write[n]) / bare[n]
        report.add(Row(f"the same / COPY without foreign keys{said}", f"{figure:.2f}×", detail=f"{bare[n]:.1f} s"))
    report.add(Row("the same file again, read and check", f"{same[0]:.1f} s", detail=f"CPU {same[1]:.1f} s"))


def _rows() -> Iterator[Sequence[str]]:
    first = date(1998, 1, 1)
    for n in range(ROWS):
        born = first + timedelta(days=n % 4000)
        start = f"220104{born:%Y%m%d}{n // 4000 % 1000:03d}"
        name = SURNAMES[n % 20] + GIVEN[n % 31] + GIVEN[n // 31 % 31]
        yield (
            name,
            start + documents.check_digit(start),
            born.isoformat(),
            "2020-05-04",
            f"139{n:08d}",
            f"吉林省长春市朝阳区西康路{n}号",
            "汉族",
            "本科",
            "团员",
            "长春市第一中学",
            f"M{n:07d}",
            f"b-{n % BRANCHES}",
        )


def workbook() -> bytes:
    """A list of members as a city would have it."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADINGS)
    for line, row in enumerate(_rows(), 1):
        sheet.write_row(line, 0, row)
    book.close()
    return target.getvalue()


def _round(
    app: Any, session: Any, runner: Runner, headers: dict[str, str], owner_url: str, *, new: int
) -> tuple[Took, Took]:
    client, at = app.test_client(), "/api/v1/orgs/province/"
    sent = {"file": (io.BytesIO(workbook()), "file.xlsx")}
    run = client.post(at + "importables/members", data=sent, headers=headers).get_json()
    address = f"{at}imports/{run['id']}"
    took = []
    for step, body in (("match", {"mapping": run["mapping"]}), ("confirm", None))[: 2 if new else 1]:
        answer = client.post(f"{address}/{step}", json=body, headers=headers)
        assert answer.status_code == 202, answer.get_data(as_text=True)
        session.rollback()
        task = session.get_one(Import, UUID(run["id"]), populate_existing=True).task_id
        # An open transaction would be ended by the server before 100,000 rows are through.
        session.rollback()
        spent, started = _cpu(owner_url), time.monotonic()
        run_long_task(runner, task)
        took.append((time.monotonic() - started, _cpu(owner_url) - spent))
    found = client.get(address, headers=headers).get_json()
    expected = ("done", ROWS, 0) if new else ("checked", 0, ROWS)
    assert (found["state"], found["written"], found["same"]) == expected, found
    return took[0], took[-1]


def _copy(owner_url: str, *, keys: bool) -> Took:
    """Seconds to COPY what the import wrote into tables with the same indexes, and the same foreign keys or none."""
    took = []
    with psycopg.connect(owner_url) as owner:
        for table in TABLES:
            columns = ", ".join(_columns(owner, table))
            with owner.cursor().copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT BINARY)") as rows:
                data = b"".join(rows)
            owner.execute(f"CREATE TABLE bench_copy (LIKE {table} INCLUDING ALL)")
            for key in _keys(owner, table) if keys else ():
                owner.execute(f"ALTER TABLE bench_copy ADD {key}")
            owner.commit()
            ours, backend = psutil.Process(), psutil.Process(owner.info.backend_pid)
            spent, started = _spent(ours) + _spent(backend), time.monotonic()
            with owner.cursor().copy(f"COPY bench_copy ({columns}) FROM STDIN (FORMAT BINARY)") as target:
                target.write(data)
            owner.commit()
            took.append((time.monotonic() - started, _spent(ours) + _spent(backend) - spent))
            owner.execute("DROP TABLE bench_copy")
            owner.commit()
    return sum(wall for wall, _cpu in took), sum(cpu for _wall, cpu in took)


def _columns(owner: psycopg.Connection[Any], table: str) -> list[str]:
    """The columns that are written, not computed."""
    found = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
    return [str(row[0]) for row in owner.execute(found + " AND attgenerated = '' ORDER BY attnum", [table])]
