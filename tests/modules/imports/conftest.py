"""An administrator with a spreadsheet: the wizard through the API, and a worker in this process."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter
from flask.testing import FlaskClient

from banyan.boundary import Banyan
from banyan.cli.worker import runner as runner_of
from banyan.kernel.worker import Runner, run_long_task
from banyan.modules.accounts.models import Account
from banyan.modules.imports.models import Import
from banyan.modules.tenancy.models import Org
from tests.factories import World

HEADINGS = (
    "组织代码",
    "名称",
    "简称",
    "层级",
    "组织类型",
    "上级组织代码",
    "成立日期",
    "负责人",
    "电话",
    "行政区划代码",
)


def workbook(rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> bytes:
    """An Excel file."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate([headings, *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    return target.getvalue()


def org_row(code: str, parent: str = "province", **values: Any) -> list[Any]:
    """A good row of organisations."""
    row = {
        "code": code,
        "name": f"组织{code}",
        "short_name": "",
        "level": "县",
        "type": "团组织",
        "parent": parent,
        "founded_on": "2020-05-04",
        "person": "王小明",
        "phone": "0431-80000000",
        "division": "",
    }
    return list((row | values).values())


@dataclass
class Wizard:
    """Somebody who imports, step by step."""

    client: FlaskClient
    headers: dict[str, str]
    runner: Runner
    world: World
    code: str
    what: str = "organisations"

    def at(self, path: str) -> str:
        return f"/api/v1/orgs/{self.code}/{path}"

    def upload(self, data: bytes, name: str = "file.xlsx") -> Any:
        sent = {"file": (io.BytesIO(data), name)}
        return self.client.post(self.at(f"importables/{self.what}"), data=sent, headers=self.headers)

    def step(self, run: dict[str, Any], step: str, **body: Any) -> Any:
        return self.client.post(self.at(f"imports/{run['id']}/{step}"), json=body or None, headers=self.headers)

    def show(self, run: dict[str, Any]) -> dict[str, Any]:
        return dict(self.client.get(self.at(f"imports/{run['id']}"), headers=self.headers).get_json())

    def rows(self, run: dict[str, Any], **query: str) -> list[dict[str, Any]]:
        found = self.client.get(self.at(f"imports/{run['id']}/rows"), query_string=query, headers=self.headers)
        assert found.status_code == 200, found.get_data(as_text=True)
        return list(found.get_json()["items"])

    def work(self, run: dict[str, Any]) -> None:
        """Let a worker do what waits."""
        self.world.session.rollback()
        task = self.world.session.get_one(Import, UUID(run["id"]), populate_existing=True).task_id
        assert task is not None
        run_long_task(self.runner, task)

    def checked(self, data: bytes, name: str = "file.xlsx") -> dict[str, Any]:
        """Upload, match as proposed, check."""
        answer = self.upload(data, name)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        run = dict(answer.get_json())
        matched = self.step(run, "match", mapping=run["mapping"])
        assert matched.status_code == 202, matched.get_data(as_text=True)
        self.work(run)
        return self.show(run)

    def written(self, run: dict[str, Any]) -> dict[str, Any]:
        """Confirm, and let it be written."""
        answer = self.step(run, "confirm")
        assert answer.status_code == 202, answer.get_data(as_text=True)
        self.work(run)
        return self.show(run)


@pytest.fixture
def runner(app: Banyan) -> Runner:
    """Runs jobs of the application."""
    return runner_of(app, threading.Event())


@pytest.fixture
def province(world: World) -> Org:
    return world.org(code="province")


@pytest.fixture
def admin(world: World, province: Org) -> Account:
    return world.admin(province)


@pytest.fixture
def wizard(client: FlaskClient, world: World, runner: Runner, province: Org, admin: Account) -> Wizard:
    return Wizard(client, {**world.token(admin), "Accept-Language": "zh-Hans"}, runner, world, "province")
