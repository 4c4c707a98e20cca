"""Own fields in a spreadsheet of members (PPL-01, ACC-01)."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from banyan.kernel.imports import ImportRow
from banyan.modules.imports.services import declared
from banyan.modules.people.field_models import MemberFieldValue
from banyan.modules.people.models import Member
from banyan.modules.people.services import field_records, intake_checking, intake_writing
from tests.modules.people.conftest import Registry, identity_number
from tests.modules.people.test_fields import defined, holding


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


def row(number: int, **data: Any) -> ImportRow:
    record = {"name": f"成员{number:03d}", "document_number": identity_number(number), "document_type": "resident_id"}
    return ImportRow(number, [], {**record, **data})


@pytest.mark.clause("PPL-01")
def test_rows_bring_own_fields_and_change_them(inside: Registry, statements: list[str]) -> None:
    defined(inside, label="学号", kind="code", is_unique=True)
    defined(inside, label="特长", kind="choices", choices=["书法", "足球"])
    defined(inside, label="银行卡", kind="code", sensitive=True)
    ctx = inside.ctx(inside.city)
    item = declared.called(ctx, "members")
    kinds = {column.key: (column.kind, column.sensitive) for column in item.columns}
    assert kinds["f_xue_hao"] == ("code", "")
    assert kinds["f_te_chang"][0] == "text"
    assert kinds["f_yin_hang_ka"] == ("code", "generic")
    several = item.schema().load_fields["f_te_chang"]
    assert several.deserialize("足球，书法") == ["c2", "c1"]
    rows = [
        row(1, f_xue_hao="A1", f_te_chang=["c2"], f_yin_hang_ka="6222020200112233"),
        row(2, f_xue_hao="A1"),
        row(3, f_xue_hao="A3"),
    ]
    intake_checking.check(ctx, rows)
    assert [[one.column for one in found.reasons] for found in rows] == [[], ["f_xue_hao"], []]
    intake_writing.write(ctx, [rows[0], rows[2]])
    ctx.session.commit()
    first = ctx.session.scalars(select(Member).where(Member.name == "成员001")).one()
    assert holding(ctx, first) == {"学号": "A1", "特长": "足球", "银行卡": "****"}
    again = [
        row(1, f_xue_hao="A1", f_te_chang=["c1", "c2"], f_yin_hang_ka="6222020200112233"),
        row(3, f_xue_hao="a 1"),
        row(3, f_xue_hao="A3"),
    ]
    intake_checking.check(ctx, again)
    assert (again[0].kind, again[0].before) == ("changed", {"f_te_chang": "足球"})
    assert [one.column for one in again[1].reasons] == ["f_xue_hao"]
    assert again[2].kind == "same"
    intake_writing.write(ctx, again[:1])
    assert field_records.api_values(ctx, first)["te_chang"] == ["c1", "c2"]
    many = [row(number, f_xue_hao=f"B{number}") for number in range(4, 44)]
    statements.clear()
    intake_checking.check(ctx, many)
    intake_writing.write(ctx, many)
    assert len(statements) < 40, "not one for each row"


@pytest.mark.clause("ACC-01")
def test_the_template_has_a_column_for_each_own_field(inside: Registry, client: FlaskClient) -> None:
    defined(inside, label="学号", kind="code", required=True)
    headers = inside.world.token(inside.world.admin(inside.city))
    with client.get(f"/api/v1/orgs/{inside.city.code}/importables/members/template", headers=headers) as answer:
        assert answer.status_code == 200
        sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    assert any("学号" in str(cell.value) for line in sheet.iter_rows(max_row=5) for cell in line)
    root = inside.world.token(inside.world.admin(inside.root))
    shown = client.get(f"/api/v1/orgs/{inside.root.code}/importables", headers=root)
    assert "f_xue_hao" not in shown.text
    ctx = inside.ctx(inside.city)
    assert ctx.session.scalar(select(func.count()).select_from(MemberFieldValue)) == 0
