"""Organisations from a spreadsheet, as an administrator goes about it (ORG-06)."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import func, select, text

from banyan.kernel.context import Context
from banyan.kernel.counting import StatDelta
from banyan.kernel.events import OutboxEvent
from banyan.kernel.files import StoredFile
from banyan.kernel.jobs import LongTask
from banyan.kernel.values import Actor
from banyan.kernel.worker import Superseded, run_long_task
from banyan.modules.audit.models import AuditEntry
from banyan.modules.imports import jobs
from banyan.modules.imports.models import Import, StagedRow
from banyan.modules.tenancy.models import Org, OrgToken
from banyan.modules.tenancy.services import bulk, integrity, organisations
from tests.factories import World
from tests.modules.imports.conftest import HEADINGS, Wizard, org_row, workbook


def orgs(world: World) -> dict[str, Org]:
    world.session.rollback()
    world.session.expire_all()
    return {org.code: org for org in world.session.scalars(select(Org))}


def reasons(rows: list[dict[str, Any]]) -> dict[int, list[tuple[str, str]]]:
    return {row["number"]: [(one["column"], one["message"]) for one in row["reasons"]] for row in rows}


@pytest.mark.clause("ORG-06")
def test_a_file_is_checked_shown_confirmed_and_written_with_parents_in_any_order(wizard: Wizard, world: World) -> None:
    data = workbook([org_row("v-1", "t-1", level="村"), org_row("t-1", "c-1", level="乡"), org_row("c-1")])

    run = wizard.checked(data)
    assert (run["state"], run["new"], run["wrong"], run["total"]) == ("checked", 3, 0, 3)
    assert set(orgs(world)) == {"province"}, "nothing before confirmation"
    run = wizard.written(run)

    found = orgs(world)
    assert (run["state"], run["written"]) == ("done", 3)
    assert found["v-1"].parent_id == found["t-1"].id
    assert found["v-1"].path.startswith(found["t-1"].path)
    assert (found["c-1"].founded_on, found["c-1"].last_ordinal) == (date(2020, 5, 4), 1)
    assert found["province"].last_ordinal == 1
    assert not list(integrity.check(world.session)), "the tree is whole"
    assert [event.name for event in world.session.scalars(select(OutboxEvent))] == ["tenancy.organisations.imported"]
    said = set(world.session.scalars(select(AuditEntry.action)))
    assert {"imports.import.upload", "imports.import.confirm", "imports.import.finish"} <= said
    assert "tenancy.organisations.import" in said


@pytest.mark.clause("ORG-06")
def test_twice_the_same_file_makes_nothing_twice(wizard: Wizard, world: World) -> None:
    data = workbook([org_row("c-1"), org_row("c-2")])
    wizard.written(wizard.checked(data))

    again = wizard.checked(data)

    assert (again["new"], again["same"], again["changed"]) == (0, 2, 0)
    refused = wizard.step(again, "confirm")
    assert refused.status_code == 409
    assert len(orgs(world)) == 3


@pytest.mark.clause("ORG-06")
def test_every_row_says_all_that_is_wrong_with_it(wizard: Wizard, world: World) -> None:
    root = world.org(code="elsewhere")
    world.org(root, "far")
    world.org(orgs(world)["province"], "gone", status="revoked")
    rows = [
        org_row("ok-1"),
        org_row("BAD CODE", phone="12", founded_on="2999-01-01", level="世界"),
        org_row("ok-1"),
        org_row("x-1", "far"),
        org_row("x-2", "nowhere"),
        org_row("ring-1", "ring-2"),
        org_row("ring-2", "ring-1", level="乡"),
        org_row("below-1", "x-2", level="村"),
        org_row("x-3", level="省"),
        org_row("far"),
        org_row("x-4", "gone"),
        org_row("x-5", name="", person="", phone=110105199001011234),
        org_row("x-6", division=22010),
        org_row("x-7", founded_on="2024年5月3日", phone="０４３１-８００００００１", name="有\u200b字\u200b的"),
    ]

    run = wizard.checked(workbook(rows))

    told = reasons(wizard.rows(run, kind="wrong"))
    assert {column for column, _message in told[3]} == {"code", "phone", "level", "founded_on"}
    assert told[4] == [("code", "与第 2 行重复。")]
    assert told[5] == told[6] == [("parent", "您的管理范围内没有该组织。")]
    assert "ring-1" in told[7][0][1]
    assert told[7][0][0] == told[8][0][0] == "parent"
    assert ("parent", "其上级组织（第 6 行）有问题，不能导入。") in told[9]
    assert told[10][0][0] == "level"
    assert told[11] == [("code", "该代码已被使用。")]
    assert told[12][0][0] == "parent"
    assert [column for column, _message in told[13]].count("phone") == 1
    assert {"name", "person_in_charge", "phone"} == {column for column, _message in told[13]}
    assert "1.10105E+17" in dict(told[13])["phone"]
    assert told[14] == [("division_code", "Excel 去掉了开头的 0。请将单元格设为文本格式后重新填写。")]
    good = {row["number"]: row["data"] for row in wizard.rows(run, kind="new")}
    assert good[15]["founded_on"] == "2024-05-03"
    assert (good[15]["phone"], good[15]["name"]) == ("0431-80000001", "有字的")
    assert wizard.step(run, "confirm").status_code == 409, "all or nothing"
    assert "ok-1" not in orgs(world)


def test_an_organisation_beyond_reach_is_told_apart_by_nothing(wizard: Wizard, world: World) -> None:
    world.org(world.org(code="elsewhere"), "far")
    told = reasons(wizard.rows(wizard.checked(workbook([org_row("x-1", "far"), org_row("x-2", "no-such")]))))
    assert told[2] == told[3]


@pytest.mark.clause("ORG-06")
def test_changes_are_shown_before_and_after_and_keep_history_and_search(wizard: Wizard, world: World) -> None:
    wizard.written(wizard.checked(workbook([org_row("c-1", name="老名字")])))

    run = wizard.checked(workbook([org_row("c-1", name="新名字", phone="0431-81111111")]))
    row = wizard.rows(run)[0]
    assert (row["kind"], row["before"]) == ("changed", {"name": "老名字", "phone": "0431-80000000"})
    wizard.written(run)

    org = orgs(world)["c-1"]
    assert (org.name, org.version) == ("新名字", 2)
    tokens = set(world.session.scalars(select(OrgToken.token).where(OrgToken.org_id == org.id)))
    assert "新名" in tokens
    assert "老名" not in tokens
    entry = world.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == str(org.id))).one()
    assert entry.before == {"name": "老名字", "phone": "0431-80000000"}
    assert not list(integrity.check(world.session))


def test_an_import_moves_nothing_and_changes_no_level(wizard: Wizard, world: World) -> None:
    wizard.written(wizard.checked(workbook([org_row("c-1"), org_row("c-2")])))
    run = wizard.checked(workbook([org_row("c-1", "c-2", level="乡")]))
    assert {column for column, _message in reasons(wizard.rows(run))[2]} == {"level", "parent"}


@pytest.mark.clause("ORG-06")
def test_what_became_wrong_since_the_preview_keeps_all_of_it_out(wizard: Wizard, world: World) -> None:
    run = wizard.checked(workbook([org_row("c-1"), org_row("c-2")]))
    world.org(orgs(world)["province"], "c-2", name="别人的")

    run = wizard.written(run)

    assert (run["state"], run["written"], run["wrong"]) == ("checked", 0, 1)
    assert "1" in run["message"]
    assert set(orgs(world)) == {"province", "c-2"}


def test_two_imports_of_the_same_rows_make_them_once(wizard: Wizard, world: World) -> None:
    data = workbook([org_row("c-1"), org_row("c-2", "c-1", level="乡")])
    first, second = wizard.checked(data), wizard.checked(data)
    assert first["new"] == second["new"] == 2

    assert wizard.written(first)["written"] == 2
    late = wizard.written(second)

    assert (late["state"], late["written"], late["same"]) == ("done", 0, 2)
    assert len(orgs(world)) == 3
    assert orgs(world)["province"].last_ordinal == 1


@pytest.mark.clause("ORG-06")
def test_a_killed_worker_leaves_nothing_half_done_and_the_next_one_does_all(
    wizard: Wizard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = wizard.checked(workbook([org_row(f"c-{n}") for n in range(5)]))
    assert wizard.step(run, "confirm").status_code == 202
    real = bulk.tell

    def killed(*_arguments: Any) -> None:
        raise Superseded

    monkeypatch.setattr(bulk, "tell", killed)
    wizard.work(run)
    assert set(orgs(world)) == {"province"}
    assert wizard.show(run)["state"] == "writing"

    monkeypatch.setattr(bulk, "tell", real)
    wizard.work(run)

    assert wizard.show(run)["state"] == "done"
    assert len(orgs(world)) == 6


def test_the_bulk_form_does_what_the_form_does(world: World, wizard: Wizard) -> None:
    rows = [
        {
            "code": "a-1",
            "parent": "province",
            "link": "leadership",
            "level": "city",
            "name": "甲市联合会",
            "short_name": "甲",
        },
        {
            "code": "a-2",
            "parent": "a-1",
            "link": "leadership",
            "level": "county",
            "name": "乙县 (East) 联合会",
            "short_name": "",
        },
        {
            "code": "a-3",
            "parent": "a-1",
            "link": "leadership",
            "level": "county",
            "name": "丙县联合会",
            "short_name": "",
        },
    ]
    common = {"type": "league", "founded_on": date(2020, 1, 2), "person_in_charge": "张三", "phone": "0431-1234567"}
    data = [{**row, **common, "division_code": "22"} for row in rows]
    province = orgs(world)["province"]
    account = world.admin(province)

    def made(prefix: str, many: bool) -> tuple[Any, ...]:
        renamed = [{**row, "code": prefix + row["code"]} for row in data]
        for row in renamed:
            row["parent"] = row["parent"] if row["parent"] == "province" else prefix + row["parent"]
        ctx = world.context(account, province)
        with world.app.app_context(), ctx.session:
            if many:
                bulk.create(ctx, list(reversed(renamed)))
            else:
                for row in renamed:
                    above = ctx.session.scalars(select(Org).where(Org.code == row["parent"])).one()
                    organisations.tell_created(ctx, organisations.place_below(ctx, above.id, row))
            ctx.session.commit()
        found = orgs(world)
        keys = ("depth", "level", "type", "name", "short_name", "sort_name", "division_code", "status", "link")
        keys = (*keys, "founded_on", "person_in_charge", "phone", "last_ordinal", "created_by", "created_at")
        told = []
        for row in renamed:
            org = found[row["code"]]
            words = sorted(world.session.scalars(select(OrgToken.token).where(OrgToken.org_path == org.path)))
            counted = select(StatDelta.metric, StatDelta.n).where(StatDelta.org_path == org.path)
            parent = world.session.get_one(Org, org.parent_id)
            place = (parent.code.removeprefix(prefix), org.path.startswith(parent.path))
            figures = sorted(map(tuple, world.session.execute(counted)))
            told.append(({key: getattr(org, key) for key in keys}, words, figures, place))
        return tuple(told)

    assert made("one-", many=False) == made("many-", many=True)


@pytest.mark.clause("ORG-06")
def test_wrong_rows_can_be_had_corrected_and_uploaded_again(wizard: Wizard, world: World) -> None:
    extra = [*HEADINGS, "备注"]
    rows = [[*org_row("c-1"), "好"], [*org_row("c-2", phone="no"), "=1+1"]]
    run = wizard.checked(workbook(rows, extra))
    answer = wizard.client.get(wizard.at(f"imports/{run['id']}/failed"), headers=wizard.headers)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    found = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert found[0] == [*extra, "原因"]
    assert len(found) == 2
    assert found[1][0] == "c-2"
    assert "联系电话" in str(found[1][-1])

    found[1][8] = "0431-80000009"
    again = wizard.checked(workbook([["" if cell is None else cell for cell in found[1]]], [str(h) for h in found[0]]))
    assert (again["new"], again["wrong"]) == (1, 0)
    whole = wizard.client.get(wizard.at(f"imports/{run['id']}/failed?every=true"), headers=wizard.headers)
    assert openpyxl.load_workbook(io.BytesIO(whole.data)).active.max_row == 3  # type: ignore[union-attr]


@pytest.mark.clause("ORG-06")
def test_the_template_can_be_filled_in_and_its_example_is_not_imported(wizard: Wizard) -> None:
    for language, heading in (("zh-Hans", "层级"), ("zh-Hant", "層級"), ("en", "Level")):
        answer = wizard.client.get(
            wizard.at("importables/organisations/template"), headers={**wizard.headers, "Accept-Language": language}
        )
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
        sheet = book.worksheets[0]
        assert heading in [cell.value for cell in sheet[1]]
        assert sheet.column_dimensions["A"].number_format == "@", "codes stay text"
        assert sheet.data_validations.dataValidation, "levels are chosen from a list"
        for place, value in enumerate(org_row("c-9"), 1):
            sheet.cell(3, place, value)
        target = io.BytesIO()
        book.save(target)
        run = wizard.checked(target.getvalue())
        assert (run["total"], run["new"]) == (1, 1), language


def test_columns_are_matched_by_hand_and_remembered(wizard: Wizard) -> None:
    odd = ["编号甲", *HEADINGS[1:]]
    run = wizard.upload(workbook([org_row("c-1")], odd)).get_json()
    assert "code" not in run["mapping"]
    refused = wizard.step(run, "match", mapping=run["mapping"])
    assert refused.status_code == 422
    assert {one["field"] for one in refused.get_json()["errors"]} == {"code"}
    twice = wizard.step(run, "match", mapping={**run["mapping"], "code": run["mapping"]["name"]})
    assert twice.status_code == 422
    assert wizard.step(run, "match", mapping={**run["mapping"], "code": 0}).status_code == 202
    wizard.work(run)
    assert wizard.show(run)["new"] == 1

    again = wizard.upload(workbook([org_row("c-2")], odd)).get_json()
    assert again["mapping"]["code"] == 0


def test_a_csv_as_excel_writes_it_in_mainland_china(wizard: Wizard) -> None:
    lines = [
        ",".join(HEADINGS),
        ",".join(map(str, org_row("c-1"))),
        ",".join(map(str, org_row("c-2", phone="1.10105E+17"))),
    ]
    run = wizard.checked("\r\n".join(lines).encode("gb18030"), "导入.csv")
    assert (run["new"], run["wrong"]) == (1, 1)


def test_files_that_cannot_be_taken_say_why(wizard: Wizard) -> None:
    for data in (b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 64, b"PK\x03\x04 broken", b"\x00\x01\x02" * 50):
        answer = wizard.upload(data)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["field"] == "file"
    headings = wizard.checked(workbook([]))
    assert (headings["state"], headings["total"], bool(headings["message"])) == ("checked", 0, True)


@pytest.mark.clause("ORG-08")
def test_only_who_may_import_there_sees_it(wizard: Wizard, world: World) -> None:
    run = wizard.checked(workbook([org_row("c-1")]))
    auditor = world.token(world.admin(orgs(world)["province"], role="org_auditor"))
    other = world.org(code="other")
    stranger = world.token(world.admin(other))
    for path in ("", "/rows", "/failed"):
        address = f"imports/{run['id']}{path}"
        assert wizard.client.get(wizard.at(address), headers=auditor).status_code == 403
        assert wizard.client.get(f"/api/v1/orgs/other/{address}", headers=stranger).status_code == 404
    listed = wizard.client.get(wizard.at("imports"), headers=auditor).get_json()["items"]
    assert [row["file_name"] for row in listed] == ["file.xlsx"], "the record is for auditors too, with figures alone"


def test_a_stopped_or_discarded_import_says_so_and_leaves_nothing(wizard: Wizard, world: World) -> None:
    run = wizard.checked(workbook([org_row("c-1")]))
    assert wizard.step(run, "confirm").status_code == 202
    assert wizard.step(run, "confirm").status_code == 409, "two people at once"
    assert wizard.step(run, "cancel").status_code == 200
    wizard.work(run)
    assert wizard.show(run)["state"] == "stopped"
    assert wizard.step(run, "discard").status_code == 200
    assert set(orgs(world)) == {"province"}
    assert world.session.scalar(select(func.count()).select_from(StagedRow)) == 0
    assert world.session.scalar(select(func.count()).select_from(StoredFile)) == 0
    assert wizard.step(run, "confirm").status_code == 409


def test_files_and_rows_are_deleted_by_rule_and_the_record_stays(wizard: Wizard, world: World) -> None:
    wizard.written(wizard.checked(workbook([org_row("c-1")])))
    world.clock.instant += jobs.KEPT + timedelta(hours=1)
    with world.app.app_context():
        jobs.purge(Context(world.session, Actor(None, "", "job"), None, world.clock, "job"))
        world.session.commit()
    run = world.session.scalars(select(Import)).one()
    assert (run.state, run.written, run.file_id) == ("done", 1, None)
    assert world.session.scalar(select(func.count()).select_from(StagedRow)) == 0
    names = set(world.session.scalars(select(StoredFile.name)))
    assert names == {"changes.zip"}


def test_a_worker_that_was_given_up_can_commit_no_import(wizard: Wizard, world: World) -> None:
    run = wizard.checked(workbook([org_row("c-1")]))
    wizard.step(run, "confirm")
    task = world.session.get_one(Import, UUID(run["id"]), populate_existing=True).task_id
    assert task is not None
    real = bulk.create

    def overtaken(ctx: Any, rows: Any) -> Any:
        with world.app.extensions["banyan.runtime"].db.engine.begin() as other:
            other.execute(text("SELECT set_config('app.lo', '', true), set_config('app.hi', '~', true)"))
            other.execute(text("UPDATE long_task SET fence = fence + 1 WHERE id = :id"), {"id": task})
        return real(ctx, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "create", overtaken)
        run_long_task(wizard.runner, task)
    assert set(orgs(world)) == {"province"}
    assert world.session.get_one(LongTask, task, populate_existing=True).state == "running"
