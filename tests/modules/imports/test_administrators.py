"""Administrators from a spreadsheet: opened without password, with codes that are handed out once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from banyan.kernel.jobs import Progress, TaskRun
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account
from banyan.modules.imports import jobs
from banyan.modules.imports.services import pace, writing
from tests.factories import World
from tests.modules.imports.conftest import Wizard, workbook

HEADINGS = ("组织代码", "登录名", "姓名", "联系电话", "角色", "管理范围")


@pytest.fixture
def people(wizard: Wizard, world: World) -> Wizard:
    wizard.what = "administrators"
    return wizard


def row(name: str, org: str = "province", **values: Any) -> list[Any]:
    found = {"org": org, "name": name, "display": "李四", "phone": "13900000000", "role": "", "reach": ""}
    return list((found | values).values())


def accounts(world: World, *names: str) -> dict[str, Account]:
    world.session.rollback()
    world.session.expire_all()
    return {one.sign_in_name: one for one in world.session.scalars(select(Account)) if one.sign_in_name in names}


@pytest.mark.clause("ORG-06")
def test_accounts_are_opened_with_a_role_and_their_codes_can_be_had_once(people: Wizard, world: World) -> None:
    run = people.checked(workbook([row("Wang.One"), row("li.two", display="李二")], HEADINGS))
    assert (run["new"], run["wrong"]) == (2, 0)
    assert not accounts(world, "wang.one")
    run = people.written(run)
    assert (run["state"], run["written"]) == ("done", 2)

    found = accounts(world, "wang.one", "li.two")
    assert all(one.password_hash is None for one in found.values())
    grants = select(RoleGrant.role, RoleGrant.reach).where(RoleGrant.account_id.in_([one.id for one in found.values()]))
    assert [tuple(one) for one in world.session.execute(grants)] == [("org_admin", "subtree")] * 2

    other = world.token(
        world.admin(world.session.get_one(type(found["li.two"]), found["li.two"].id) and _province(world))
    )
    address = people.at(f"imports/{run['id']}/handout")
    assert people.client.post(address, headers=other).status_code == 404, "only who imported"
    answer = people.client.post(address, headers=people.headers)
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    lines = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=2)]
    assert [line[2] for line in lines] == ["li.two", "wang.one"]
    assert people.client.post(address, headers=people.headers).status_code == 409, "once"

    browser = world.app.test_client()
    page = browser.post("/register", data={"code": lines[0][3]})
    assert page.status_code in (200, 303), "the code opens the account"


def _province(world: World) -> Any:
    from banyan.modules.tenancy.models import Org

    return world.session.scalars(select(Org).where(Org.code == "province")).one()


@pytest.mark.clause("ORG-06")
def test_every_reason_against_an_account_is_told(people: Wizard, world: World) -> None:
    elsewhere = world.org(code="elsewhere")
    world.account(elsewhere, "taken.one")
    world.account(_province(world), "known.one", display_name="旧名", phone="")
    rows = [
        row("known.one"),
        row("taken.one"),
        row("x", org="elsewhere"),
        row("!!", display=""),
        row("dup.one"),
        row("DUP.one"),
        row("far.one", role="皇帝"),
    ]
    run = people.checked(workbook(rows, HEADINGS))
    found = {one["number"]: one for one in people.rows(run)}
    assert (found[2]["kind"], found[2]["before"]) == ("changed", {"display_name": "旧名", "phone": ""})
    told = {number: {reason["column"] for reason in one["reasons"]} for number, one in found.items()}
    assert told == {
        2: set(),
        3: {"sign_in_name"},
        4: {"organisation"},
        5: {"sign_in_name", "display_name"},
        6: set(),
        7: {"sign_in_name"},
        8: {"role"},
    }
    run = people.written(run)
    assert (run["written"], run["wrong"]) == (2, 5), "wrong rows are left out, the others written"
    assert accounts(world, "known.one")["known.one"].display_name == "李四"


@pytest.mark.clause("ORG-06")
def test_a_killed_worker_goes_on_behind_its_last_chunk_and_makes_nothing_twice(
    people: Wizard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHUNK", 2)
    monkeypatch.setattr(pace, "TELLING", 0.0)
    run = people.checked(workbook([row(f"a.{n:03d}") for n in range(5)], HEADINGS))
    assert people.step(run, "confirm").status_code == 202
    real = writing.run

    def killed(task: TaskRun) -> Iterator[Progress]:
        work = real(task)
        yield next(work)
        next(work)
        raise SystemExit("killed between a chunk and its commit")

    monkeypatch.setattr(writing, "run", killed)
    with pytest.raises(SystemExit):
        people.work(run)
    assert len(accounts(world, *(f"a.{n:03d}" for n in range(5)))) == 2
    shown = people.show(run)
    assert (shown["state"], shown["written"]) == ("writing", 2)

    monkeypatch.setattr(writing, "run", real)
    assert jobs.WRITE.handler is jobs.write
    people.work(run)
    assert people.show(run)["written"] == 5
    assert world.session.scalar(select(func.count()).select_from(Account).where(Account.sign_in_name.like("a.%"))) == 5


def test_a_stopped_import_says_how_far_it_came_and_goes_on(
    people: Wizard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHUNK", 2)
    monkeypatch.setattr(pace, "TELLING", 0.0)  # a stop is heard where progress is told, else twice a second
    run = people.checked(workbook([row(f"a.{n:03d}") for n in range(5)], HEADINGS))
    people.step(run, "confirm")
    real = writing._write_chunk

    def stopping(*arguments: Any) -> None:
        real(*arguments)
        people.step(run, "cancel")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_write_chunk", stopping)
        people.work(run)
    shown = people.show(run)
    assert (shown["state"], shown["written"]) == ("stopped", 2)
    page = (
        world.sign_in(accounts_admin(world, people)).get(f"/orgs/province/imports/{run['id']}").get_data(as_text=True)
    )
    assert "2" in page
    assert people.written(run)["written"] == 5


def accounts_admin(world: World, people: Wizard) -> Account:
    return world.admin(_province(world))


def test_two_imports_of_the_same_accounts_make_them_once(people: Wizard, world: World) -> None:
    data = workbook([row("one.a"), row("two.b")], HEADINGS)
    first, second = people.checked(data), people.checked(data)
    people.written(first)
    late = people.written(second)
    assert (late["state"], late["written"], late["failed"], late["same"]) == ("done", 0, 0, 2)
