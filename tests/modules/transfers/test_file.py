"""A class by file: checked row by row, each with its own destination (TRF-03)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from banyan.kernel.worker import Runner
from banyan.modules.transfers.models import Transfer, TransferBatch
from tests.modules.imports.conftest import Wizard, workbook
from tests.modules.people.conftest import identity_number
from tests.modules.transfers.branches import Branches

HEADINGS = ("姓名", "证件号码", "成员编号", "转入组织代码", "转接事由", "希望转接日期", "理由")


def file(*rows: Any) -> bytes:
    return workbook(rows, HEADINGS)


@pytest.mark.clause("TRF-03")
def test_a_file_of_members_with_destinations_is_checked_and_asked_for(branches: Branches, runner: Runner) -> None:
    number = identity_number(55)
    one, same = branches.member(name="成员同名", document_number=number), branches.member(name="成员同名")
    busy, plain = branches.member(), branches.member()
    branches.apply(busy)
    headers = {**branches.world.token(branches.world.admin(branches.guilin)), "Accept-Language": "zh-Hans"}
    wizard = Wizard(branches.client, headers, runner, branches.world, "guilin", "transfers")
    rows = [
        ["成员同名", number, "", "yanji", "升学就读", "", ""],
        ["成员同名", "", "", "yanji", "升学就读", "", ""],
        [busy.name, "", "", "yanji", "出国", "", ""],
        [plain.name, "", "", "shenyang", "参军入伍", "2026-03-01", "某部"],
        ["查无此人", "", "", "nowhere", "其他", "2020-01-01", ""],
    ]
    run = wizard.checked(file(*rows))
    assert (run["state"], run["new"], run["wrong"]) == ("checked", 2, 3)
    wrong = {row["number"]: sorted(one["column"] for one in row["reasons"]) for row in wizard.rows(run, kind="wrong")}
    assert list(wrong.values()) == [["name"], ["kind", "name"], ["effective_on", "name", "to"]]
    done = wizard.written(run)
    assert (done["state"], done["written"]) == ("done", 2)
    with branches.session() as session:
        found = session.scalars(select(Transfer).where(Transfer.batch_id.is_not(None)).order_by(Transfer.id)).all()
        assert [(row.member_id, row.direction, row.state) for row in found] == [
            (one.id, "within", "receiving"),
            (plain.id, "outward", "offered"),
        ]
        assert len(session.scalars(select(TransferBatch)).all()) == 1
    assert branches.place(same) == "guilin"
