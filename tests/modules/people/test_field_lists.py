"""The list of members with own fields, saved filters, and work on many members (PPL-01, UI-03)."""

from __future__ import annotations

import io
import re
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from banyan.kernel import tables
from banyan.kernel.db.scoped import Subtree
from banyan.kernel.errors import Invalid, Refused
from banyan.kernel.jobs import LongTask
from banyan.kernel.worker import run_long_task
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people.field_lists import members_table
from banyan.modules.people.field_models import MemberFieldValue
from banyan.modules.people.services import bulk, field_definitions, filters
from tests.modules.people.conftest import Registry
from tests.modules.people.test_audience import saved
from tests.modules.people.test_fields import changed, defined, holding


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


def found(client: FlaskClient, registry: Registry, headers: Any, place: Any = None, **asked: str) -> list[str]:
    address = f"/api/v1/orgs/{(place or registry.city).code}/members"
    answer = client.get(address, query_string=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.get_json()["items"]]


@pytest.mark.clause("UI-03")
def test_own_fields_are_columns_and_filters_of_the_list(inside: Registry, client: FlaskClient) -> None:
    defined(inside, label="年级", kind="integer")
    defined(inside, label="入学", kind="date")
    defined(inside, label="住校", kind="boolean")
    defined(inside, label="校区", kind="choice", choices=["东", "西"])
    defined(inside, label="特长", kind="choices", choices=["书法", "足球"])
    defined(inside, label="学号", kind="code")
    rows = [
        {"nian_ji": 3, "ru_xue": "2024-09-01", "zhu_xiao": True, "xiao_qu": "c1", "te_chang": ["c1", "c2"]},
        {"nian_ji": 12, "ru_xue": "2025-09-01", "zhu_xiao": False, "xiao_qu": "c2", "te_chang": ["c2"]},
        {"xue_hao": "ＡＢ 77"},
    ]
    for number, fields in enumerate(rows, 1):
        inside.admit(name=f"成员{number:03d}", fields=fields)
    headers = inside.world.token(inside.world.admin(inside.city))
    for asked, wanted in (
        ({"f_nian_ji_from": "4"}, [2]),
        ({"f_nian_ji_from": "3", "f_nian_ji_until": "11"}, [1]),
        ({"f_ru_xue_until": "2025-01-01"}, [1]),
        ({"f_zhu_xiao": "0"}, [2]),
        ({"f_xiao_qu": "c1"}, [1]),
        ({"f_te_chang": "c2"}, [1, 2]),
        ({"f_xue_hao": "ab7"}, [3]),
        ({"f_nian_ji_set": "0"}, [3]),
        ({"f_nian_ji_set": "1", "f_zhu_xiao": "1"}, [1]),
    ):
        assert found(client, inside, headers, **asked) == [f"成员{number:03d}" for number in wanted], asked
    assert client.get(f"/api/v1/orgs/{inside.city.code}/members?f_nian_ji_from=x", headers=headers).status_code == 422
    above = inside.world.token(inside.world.admin(inside.root))
    address = f"/api/v1/orgs/{inside.root.code}/members?f_nian_ji_from=4"
    assert client.get(address, headers=above).status_code == 422, "what a city laid down is no field of the province"
    browser = inside.world.sign_in(inside.world.admin(inside.city))
    page = browser.get(f"/orgs/{inside.city.code}/members/?cols=f_te_chang&cols=f_zhu_xiao&cols=f_nian_ji").text
    assert "书法、足球" in page
    assert re.search(r'data-label="年级"[^>]*>\s*12\s*<', page)


@pytest.mark.clause("UI-03")
def test_only_columns_that_are_shown_are_read(inside: Registry, statements: list[str]) -> None:
    for number in range(12):
        defined(inside, label=f"项目{number}", kind="text")
    inside.admit(fields={"xiang_mu_3": "甲"})
    browser = inside.world.sign_in(inside.world.admin(inside.city))
    browser.get(f"/orgs/{inside.city.code}/members/")
    statements.clear()
    page = browser.get(f"/orgs/{inside.city.code}/members/?cols=f_xiang_mu_3").text
    assert "甲" in page
    read = [one for one in statements if "FROM member JOIN org" in one]
    assert sum(one.count("FROM member_field_value") for one in read) == 0
    assert len(statements) < 20, "no statement for each field or each row"


@pytest.mark.clause("PPL-05")
def test_without_the_right_nothing_sensitive_is_found_or_read(
    inside: Registry, client: FlaskClient, runner: Any
) -> None:
    """Neither by a filter, nor by an order, nor in a file; and what is looked up is kept nowhere."""
    field = defined(inside, label="银行卡", kind="code", sensitive=True, searchable=True)
    secret = "6222020200112233"
    inside.admit(name="成员001", fields={field.key: secret})
    inside.admit(name="成员002", fields={field.key: "6222020200998877"})
    world, code = inside.world, inside.city.code
    admin, auditor = (world.token(world.admin(inside.city, role)) for role in ("org_admin", "org_auditor"))
    name = f"f_{field.key}"
    assert found(client, inside, admin, **{name: "6222 0202 0011 2233"}) == ["成员001"]
    assert found(client, inside, admin, **{name: "6222"}) == []
    for query in (f"{name}={secret}", f"sort={name}"):
        assert client.get(f"/api/v1/orgs/{code}/members?{query}", headers=auditor).status_code == 422
    for asked in ({name: secret}, {"q": "220104200805170011"}):
        body = {"list": "members", "filters": asked}
        refused = client.post(f"/api/v1/orgs/{code}/exports", json=body, headers=admin)
        assert refused.status_code == 422
        ctx = inside.ctx(inside.city)
        with pytest.raises(Invalid):
            filters.save(ctx, {"name": "x", "shared": True, "filters": asked, "columns": [], "sort": ""})
        with pytest.raises(Invalid):
            bulk.run_all(ctx, "fields", asked, {})
    answer = client.post(f"/api/v1/orgs/{code}/exports", json={"list": "members"}, headers=auditor)
    identifier = answer.get_json()["id"]
    run_long_task(runner, UUID(identifier))
    with client.get(f"/api/v1/orgs/{code}/tasks/{identifier}/result", headers=auditor) as got:
        sheet = openpyxl.load_workbook(io.BytesIO(got.data)).worksheets[0]
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert "银行卡" in cells
    assert secret not in cells


@pytest.mark.clause("UI-03")
def test_a_saved_filter_is_shared_downward_edited_and_kept_while_it_is_used(
    inside: Registry, client: FlaskClient
) -> None:
    inside.admit(name="成员001", gender="female")
    inside.admit(name="成员002", gender="male")
    world, city, branch = inside.world, inside.city.code, inside.branch.code
    admin, other = world.token(world.admin(inside.city)), world.token(world.admin(inside.city))
    body = {"name": "女团员", "filters": {"gender": "female"}, "columns": ["name", "phone"], "sort": "-name"}
    mine = client.post(f"/api/v1/orgs/{city}/members/filters", json=body, headers=admin).get_json()
    assert mine["own"] is True
    assert client.get(f"/api/v1/orgs/{city}/members/filters/{mine['id']}", headers=other).status_code == 404
    change = {**body, "shared": True, "version": mine["version"]}
    answer = client.put(f"/api/v1/orgs/{city}/members/filters/{mine['id']}", json=change, headers=admin)
    assert answer.status_code == 200
    below = world.token(world.admin(inside.branch))
    listed = client.get(f"/api/v1/orgs/{branch}/members/filters", headers=below).get_json()["items"]
    assert [one["name"] for one in listed] == ["女团员"]
    stale = client.put(f"/api/v1/orgs/{city}/members/filters/{mine['id']}", json=change, headers=admin)
    assert stale.status_code == 409
    assert client.delete(f"/api/v1/orgs/{branch}/members/filters/{mine['id']}", headers=below).status_code == 403
    filters.USES.append(lambda _ctx, _filter: ["一条通知正在使用"])
    try:
        refused = client.delete(f"/api/v1/orgs/{city}/members/filters/{mine['id']}", headers=admin)
        assert refused.status_code == 409
        assert "一条通知正在使用" in refused.text
    finally:
        filters.USES.pop()
    assert client.delete(f"/api/v1/orgs/{city}/members/filters/{mine['id']}", headers=admin).status_code == 204
    wrong = client.post(f"/api/v1/orgs/{city}/members/filters", json={**body, "filters": {"no": "1"}}, headers=admin)
    assert wrong.status_code == 422


@pytest.mark.clause("UI-03")
def test_a_filter_is_saved_and_opened_in_a_browser(inside: Registry) -> None:
    inside.admit(name="成员001", gender="female")
    field = defined(inside, label="校区", kind="choice", choices=["东", "西"])
    browser, base = inside.world.sign_in(inside.world.admin(inside.city)), f"/orgs/{inside.city.code}/members"
    listing = browser.get(f"{base}/?gender=female&f_{field.key}=c1&cols=phone")
    assert f"{base}/filters/new?" in listing.text
    form = browser.get(f"{base}/filters/new?gender=female&f_{field.key}=c1&cols=phone").text
    assert "东" in form
    made = browser.post(
        f"{base}/filters/new?gender=female&f_{field.key}=c1&cols=phone", data={"name": "", "shared": "true"}
    )
    assert made.status_code == 422
    made = browser.post(
        f"{base}/filters/new?gender=female&f_{field.key}=c1&cols=phone", data={"name": "东校区", "shared": "true"}
    )
    assert made.status_code == 303
    opened = browser.get(made.location)
    assert f"f_{field.key}=c1" in opened.location
    assert "gender=female" in opened.location
    ctx = inside.ctx(inside.city)
    field_definitions.archive(ctx, field.id, field.version)
    ctx.session.commit()
    assert f"f_{field.key}" in browser.get(f"{base}/filters").text
    assert browser.get(made.location).status_code == 409, "it says so instead of showing everybody"
    with pytest.raises(Refused):
        filters.find(ctx, UUID(made.location.rsplit("/", 1)[1]))


@pytest.mark.clause("UI-03")
def test_work_on_selected_members_is_told_row_by_row(inside: Registry, client: FlaskClient) -> None:
    defined(inside, label="年级", kind="integer")
    defined(inside, inside.branch, label="宿舍", kind="text")
    here = [inside.admit(inside.branch, name=f"成员{number:03d}") for number in (1, 2)]
    there = inside.admit(inside.other, name="成员003")
    world, code = inside.world, inside.city.code
    headers = world.token(world.admin(inside.city))
    ids = [str(one.id) for one in (*here, there)]
    body = {"ids": ids, "values": {"nian_ji": 2}}
    answer = client.post(f"/api/v1/orgs/{code}/members/bulk/fields", json=body, headers=headers)
    assert answer.get_json() == {"done": 3, "failed": [], "task_id": None}
    narrow = world.token(world.admin(inside.branch))
    body = {"ids": ids, "values": {"su_she": "101"}}
    address = f"/api/v1/orgs/{inside.branch.code}/members/bulk/fields"
    answer = client.post(address, json=body, headers=narrow).get_json()
    assert (answer["done"], [one["id"] for one in answer["failed"]]) == (2, [str(there.id)])
    for wrong in ({"ids": ids}, {"ids": ids, "values": {"nian_ji": "x"}}, {"values": {"nian_ji": 1}}):
        refused = client.post(f"/api/v1/orgs/{code}/members/bulk/fields", json=wrong, headers=headers)
        assert refused.status_code in (200, 422)
        assert refused.status_code == 422 or refused.get_json()["done"] == 0
    browser, page = world.sign_in(world.admin(inside.city)), f"/orgs/{code}/members/bulk/fields"
    asked = browser.post(page, data={"ids": ids})
    assert asked.status_code == 200
    assert "scope" in asked.text
    told = browser.post(page, data={"ids": ",".join(ids), "scope": "selected", "nian_ji": "5"})
    assert told.status_code == 200
    ctx = inside.ctx(inside.city)
    assert holding(ctx, there)["年级"] == "5"
    assert browser.post(page, data={"ids": ",".join(ids), "scope": "selected", "nian_ji": "x"}).status_code == 422
    assert browser.post(f"/orgs/{code}/members/bulk/nothing", data={"ids": ids}).status_code == 404
    auditor = world.token(world.admin(inside.city, "org_auditor"))
    refused = client.post(f"/api/v1/orgs/{code}/members/bulk/fields", json=body, headers=auditor)
    assert refused.status_code == 403


@pytest.mark.clause("UI-03")
def test_all_that_a_filter_finds_is_a_task_that_resumes_and_tells_of_failures(
    inside: Registry, runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = defined(inside, label="年级", kind="integer")
    monkeypatch.setattr(bulk, "CHUNK", 2)
    made = [inside.admit(name=f"成员{number:03d}", gender="female") for number in range(5)]
    inside.admit(name="成员009", gender="male")
    ctx = inside.ctx(inside.city, scope=Subtree(inside.city.ref))
    task = bulk.run_all(ctx, "fields", {"gender": "female"}, {field.key: 7})
    ctx.session.commit()
    assert task.total == 5
    task.memory = {"done": 2, "last": str(sorted(one.id for one in made)[1])}
    ctx.session.commit()
    run_long_task(runner, task.id)
    session = inside.world.session
    state = session.execute(select(LongTask.state, LongTask.done).where(LongTask.id == task.id)).one()
    assert state == ("done", 5), "what was done before it was killed is not done again"
    assert session.scalar(select(func.count()).select_from(MemberFieldValue)) == 3
    empty = bulk.run_all(ctx, "fields", {"gender": "male"}, {})
    ctx.session.commit()
    run_long_task(runner, empty.id)
    problems = session.scalar(select(LongTask.problems).where(LongTask.id == empty.id))
    assert problems is not None
    assert [(one["row"], one["column"]) for one in problems] == [(1, "成员009")]
    assert session.scalar(select(func.count()).where(AuditEntry.action == "people.bulk.start")) == 2


@pytest.mark.clause("UI-03")
def test_selected_members_are_exported_with_what_the_viewer_may_see(
    inside: Registry, client: FlaskClient, runner: Any
) -> None:
    field = defined(inside, label="年级", kind="integer")
    made = [inside.admit(name=f"成员{number:03d}", fields={field.key: number}) for number in range(3)]
    world, code = inside.world, inside.city.code
    headers = world.token(world.admin(inside.city))
    body = {"ids": [str(one.id) for one in made[:2]]}
    task = client.post(f"/api/v1/orgs/{code}/members/bulk/export", json=body, headers=headers).get_json()["task_id"]
    run_long_task(runner, UUID(task))
    with client.get(f"/api/v1/orgs/{code}/tasks/{task}/result", headers=headers) as got:
        rows = list(openpyxl.load_workbook(io.BytesIO(got.data)).worksheets[0].iter_rows(values_only=True))
    column = rows[0].index("年级")
    assert sorted((row[0], row[column]) for row in rows[1:]) == [("成员000", 0), ("成员001", 1)]


@pytest.mark.clause("PPL-01")
def test_a_field_is_added_filled_in_and_changed_in_a_browser(inside: Registry) -> None:
    world, code = inside.world, inside.city.code
    browser, base = world.sign_in(world.admin(inside.city)), f"/orgs/{inside.city.code}/members"
    assert browser.get(f"{base}/fields").status_code == 200
    wrong = browser.post(f"{base}/fields/new", data={"label": "校区", "kind": "choice", "new_options": "东"})
    assert wrong.status_code == 422
    data = {
        "label": "校区",
        "kind": "choice",
        "new_options": "东\n西",
        "filled_by": "branch",
        "position": "1",
        "_shown": "required",
    }
    made = browser.post(f"{base}/fields/new", data={**data, "required": "true"})
    assert made.status_code == 303, made.text
    page = browser.get(made.location).text
    assert "东" in page
    secret = browser.post(f"{base}/fields/new", data={"label": "银行卡", "kind": "code", "sensitive": "true"})
    assert secret.status_code == 303
    form = browser.get(f"{base}/new").text
    assert 'name="fields.xiao_qu"' in form
    missing = browser.post(f"{base}/new", data={"name": "成员001"})
    assert missing.status_code == 422
    assert "fields-xiao-qu" in missing.text
    member = browser.post(
        f"{base}/new", data={"name": "成员001", "fields.xiao_qu": "c2", "fields.yin_hang_ka": "6222020200112233"}
    )
    assert member.status_code == 303, member.text
    record = browser.get(member.location).text
    assert "西" in record
    assert "6222020200112233" not in record
    edit = browser.get(f"{member.location}edit").text
    assert "6222020200112233" not in edit
    version = re.search(r'name="version" value="(\d+)"', edit)
    assert version is not None
    data = {
        "name": "成员001",
        "fields.xiao_qu": "c1",
        "version": version[1],
        "_shown": "fields.xiao_qu fields.yin_hang_ka",
    }
    assert browser.post(f"{member.location}edit", data=data).status_code == 303
    ctx = inside.ctx(inside.city)
    assert ctx.session.scalar(select(func.count()).select_from(MemberFieldValue)) == 2, "left empty, it is kept"
    address = made.location
    edited = browser.get(f"{address}/edit").text
    version = re.search(r'name="version" value="(\d+)"', edited)
    assert version is not None
    form_data = {"label": "校区", "filled_by": "branch", "position": "1", "version": version[1]}
    refused = browser.post(
        f"{address}/edit", data={**form_data, "option_c1": "", "option_c2": "西", "new_options": "南"}
    )
    assert refused.status_code == 422, "somebody has it"
    renamed = browser.post(f"{address}/edit", data={**form_data, "option_c1": "东区", "option_c2": "西"})
    assert renamed.status_code == 303, renamed.text
    assert "东区" in browser.get(member.location).text
    version = re.search(r'name="version" value="(\d+)"', browser.get(address).text)
    assert version is not None
    assert browser.post(f"{address}/archive", data={"version": version[1]}).status_code == 303
    assert "东区" not in browser.get(member.location).text
    assert code in address


@pytest.mark.clause("PPL-01")
def test_the_api_defines_changes_and_puts_away_fields(inside: Registry, client: FlaskClient) -> None:
    headers, base = (
        inside.world.token(inside.world.admin(inside.city)),
        f"/api/v1/orgs/{inside.city.code}/members/fields",
    )
    body = {
        "label": "校区",
        "kind": "choice",
        "choices": [{"label": "东"}, {"label": "西"}],
        "labels": {"en": "Campus"},
    }
    made = client.post(base, json=body, headers=headers)
    assert made.status_code == 201, made.text
    field = made.get_json()
    assert [one["value"] for one in field["choices"]] == ["c1", "c2"]
    assert client.post(base, json={**body, "key": field["key"]}, headers=headers).status_code == 422
    for wrong in (
        {"kind": "choice"},
        {"kind": "text", "pattern": "99"},
        {"kind": "boolean", "is_unique": True},
        {"key": "A"},
    ):
        assert client.post(base, json={"label": "x", "kind": "text", **wrong}, headers=headers).status_code == 422, (
            wrong
        )
    change = {key: field[key] for key in ("label", "choices", "version")}
    answer = client.put(f"{base}/{field['id']}", json={**change, "required": True}, headers=headers)
    assert answer.get_json()["required"] is True
    assert client.get(f"{base}/{field['id']}/effects", headers=headers).get_json()["filled"] == 0
    away = client.post(f"{base}/{field['id']}/archive", json={"version": 2}, headers=headers)
    assert away.get_json()["archived_at"]
    below = inside.world.token(inside.world.admin(inside.branch))
    address = f"/api/v1/orgs/{inside.branch.code}/members/fields"
    listed = client.get(address, headers=below).get_json()["items"]
    assert [one["key"] for one in listed] == [field["key"]]
    back = client.post(f"{address}/{field['id']}/restore", json={"version": 3}, headers=below)
    assert back.status_code == 403


def test_a_list_is_made_once_for_the_same_fields(inside: Registry) -> None:
    field = defined(inside, label="年级", kind="integer")
    ctx = inside.ctx(inside.city)
    assert members_table(ctx) is members_table(ctx)
    field_definitions.update(ctx, field.id, changed(field, label="学年"))
    table = members_table(ctx)
    assert [column.label for column in table.columns][-1] == "学年"
    assert tables.parse(table, {"f_nian_ji_from": "3"}).filters["f_nian_ji_from"] == 3
    assert saved(ctx, f_nian_ji_from="3").filters == {"f_nian_ji_from": "3"}
