"""Members from a spreadsheet, through the API with a worker in this process (ACC-01)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.imports import ImportRow, Written
from banyan.kernel.sealing import blind_index
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.audit.models import AuditEntry
from banyan.modules.imports.models import Import, StagedSecret
from banyan.modules.people import imports, intake
from banyan.modules.people.models import Member, Membership, MemberToken, Person
from banyan.modules.tenancy.models import Org
from tests.factories import World
from tests.modules.imports.conftest import Wizard, workbook
from tests.modules.imports.conftest import runner as runner
from tests.modules.people.conftest import Registry, identity_number

HEADINGS = ("姓名", "身份证号", "入团日期", "民族", "性别", "出生日期", "手机", "住址", "所在支部", "成员编号")


def row(place: int, **values: Any) -> list[Any]:
    """A good row: a member who is fourteen or older."""
    made = {
        "name": f"成员{place:03}",
        "document": identity_number(place),
        "joined": "2022-05-04",
        "ethnicity": "汉族",
        "gender": "男",
        "born": "2008-05-17",
        "phone": f"139000{place:05}",
        "address": "吉林省长春市朝阳区桂林街道西康路1号",
        "branch": "",
        "number": "",
    }
    return list((made | values).values())


def book(rows: Sequence[Sequence[Any]]) -> bytes:
    return workbook(rows, HEADINGS)


@pytest.fixture
def wizard(client: FlaskClient, world: World, runner: Any, registry: Registry) -> Wizard:
    headers = {**world.token(world.admin(registry.city)), "Accept-Language": "zh-Hans"}
    return Wizard(client, headers, runner, world, registry.city.code, "members")


def spoilt(number: str) -> str:
    """The number with another check digit."""
    return number[:17] + ("0" if number[17] != "0" else "1")


def count(world: World, model: Any) -> int:
    world.session.rollback()
    return world.session.scalar(select(func.count()).select_from(model)) or 0


def reasons(wizard: Wizard, run: dict[str, Any]) -> dict[int, list[tuple[str, str]]]:
    return {
        one["number"]: [(reason["column"], reason["message"]) for reason in one["reasons"]]
        for one in wizard.rows(run, kind="wrong")
    }


@pytest.mark.clause("ACC-01")
def test_twelve_members_with_one_wrong_check_digit_then_corrected_then_again(wizard: Wizard, world: World) -> None:
    rows = [row(n) for n in range(1, 13)]
    wrong = [list(one) for one in rows]
    wrong[6][1] = spoilt(wrong[6][1])
    run = wizard.checked(book(wrong))
    assert (run["new"], run["wrong"], run["total"]) == (11, 1, 12)
    assert [column for column, _text in reasons(wizard, run)[8]] == ["document_number"]
    assert (count(world, Member), count(world, Person)) == (0, 0)

    corrected = wizard.checked(book(rows))
    assert (corrected["new"], corrected["wrong"]) == (12, 0)
    done = wizard.written(corrected)
    assert (done["state"], done["written"], done["failed"]) == ("done", 12, 0)
    assert (count(world, Member), count(world, Person), count(world, Membership)) == (12, 12, 12)

    again = wizard.checked(book(rows))
    assert (again["new"], again["same"], again["wrong"]) == (0, 12, 0)
    assert wizard.step(again, "confirm").status_code == 409
    assert count(world, Member) == 12


@pytest.mark.clause("ACC-01")
@pytest.mark.clause("PPL-01")
def test_every_reason_stands_beside_its_row_and_column(wizard: Wizard, world: World, registry: Registry) -> None:
    registry.admit(registry.other, document_number=identity_number(50))
    far = world.org(registry.root, name="吉林市")
    registry.admit(far, document_number=identity_number(51))
    tomorrow = (today(world.clock) + timedelta(days=1)).isoformat()
    rows = [
        row(1, document=spoilt(identity_number(1))),
        row(2, born="2008-05-18", gender="女"),
        row(3),
        row(3, name="别人"),
        row(4, joined=tomorrow),
        row(5, born=39585),
        row(6, name="·阿依古丽·"),
        row(7, ethnicity="火星族"),
        row(8, branch="nowhere"),
        row(50),
        row(51),
        row(9, phone="139"),
        row(10, number="A1"),
        row(11, number="A1"),
        row(12, document=""),
    ]
    run = wizard.checked(book(rows))
    told = reasons(wizard, run)
    columns = {number: [column for column, _message in found] for number, found in told.items()}
    assert columns == {
        2: ["document_number"],
        3: ["birth_date", "gender"],
        5: ["document_number"],
        6: ["joined_on", "joined_on"],
        7: ["birth_date"],
        8: ["name"],
        9: ["ethnicity"],
        10: ["branch"],
        11: ["document_number"],
        12: ["document_number"],
        13: ["phone"],
        15: ["number"],
        16: ["document_number"],
    }
    # Who is within reach is named; of who is not, only whom to ask.
    assert "第二支部" in told[11][0][1]
    assert "吉林市" not in told[12][0][1]
    assert "吉林省" in told[12][0][1]
    assert "4" in told[5][0][1]
    assert count(world, Member) == 2


@pytest.mark.clause("ACC-01")
def test_an_upper_organisation_imports_for_branches_below_by_code_and_by_name(
    wizard: Wizard, world: World, registry: Registry
) -> None:
    twin = [world.org(registry.city, name="同名支部") for _ in range(2)]
    gone = world.org(registry.city, name="旧支部")
    gone.status = "revoked"
    gone.revoked_at = world.clock.now()
    world.session.commit()
    rows = [
        row(1, branch=registry.branch.code.upper()),
        row(2, branch="第二支部"),
        row(3),
        row(4, branch="同名支部"),
        row(5, branch=twin[1].code),
        row(6, branch=gone.code),
        row(7, branch=registry.root.code),
    ]
    run = wizard.checked(book(rows))
    assert {number: found[0][0] for number, found in reasons(wizard, run).items()} == dict.fromkeys((5, 7, 8), "branch")
    wizard.written(run)
    world.session.rollback()
    homes = dict(world.session.execute(select(Member.name, Org.name).join(Org, Org.id == Member.org_id)).all())
    assert homes == {"成员001": "第一支部", "成员002": "第二支部", "成员003": "长春市", "成员005": "同名支部"}


@pytest.mark.clause("ACC-01")
def test_who_may_admit_in_one_branch_alone_imports_there_alone(
    wizard: Wizard, world: World, registry: Registry
) -> None:
    secretary = world.admin(registry.branch, "branch_secretary", "self")
    own = Wizard(wizard.client, world.token(secretary), wizard.runner, world, registry.branch.code, "members")
    below = world.org(registry.branch, name="小组")
    run = own.checked(book([row(1), row(2, branch=below.code), row(3, branch=registry.other.code)]))
    assert (run["new"], run["wrong"]) == (1, 2)


@pytest.mark.clause("ACC-01")
def test_a_changed_row_changes_the_record_and_shows_old_contacts_masked(wizard: Wizard, world: World) -> None:
    wizard.written(wizard.checked(book([row(1), row(2)])))
    run = wizard.checked(book([row(1, phone="13811112222", ethnicity="满族"), row(2)]))
    assert (run["changed"], run["same"]) == (1, 1)
    (shown,) = wizard.rows(run, kind="changed")
    assert shown["before"] == {"ethnicity": "01", "phone": "139****0001"}
    wizard.written(run)
    world.session.rollback()
    member = world.session.scalars(select(Member).where(Member.name == "成员001")).one()
    assert member.ethnicity == "11"
    with world.app.app_context():
        assert member.phone_index == blind_index("people.phone", "13811112222")


@pytest.mark.clause("ACC-01")
@pytest.mark.clause("PPL-05")
def test_what_is_sensitive_lies_nowhere_readable_and_is_gone_when_the_import_has_ended(
    wizard: Wizard, world: World, registry: Registry
) -> None:
    hidden = identity_number(1)
    rows = [row(1), row(2, ethnicity="火星族")]
    run = wizard.checked(book(rows))
    staged = wizard.rows(run)
    assert staged[0]["cells"][1] == hidden[:3] + "*************" + hidden[16:]
    assert "document_number" not in staged[0]["data"]
    for needle in (hidden, "13900000001", "西康路1号", identity_number(2)):
        assert not readable(world, needle), needle
    wizard.written(run)
    world.session.rollback()
    left = world.session.get_one(Import, UUID(run["id"]), populate_existing=True)
    assert left.file_id is None
    assert left.head == []
    # What is wrong can still be corrected; nothing else is kept, not even sealed.
    failed = wizard.client.get(wizard.at(f"imports/{run['id']}/failed"), headers=wizard.headers)
    sheet = openpyxl.load_workbook(io.BytesIO(failed.get_data())).active
    assert sheet is not None
    assert sheet["B2"].value == identity_number(2)
    assert count(world, StagedSecret) == 1
    for needle in (hidden, "13900000001", "西康路1号", identity_number(2)):
        assert not readable(world, needle), needle
    wizard.step(run, "discard")


def readable(world: World, needle: str) -> bool:
    """Whether any row of the tables that an import touches holds ``needle``."""
    tables = (
        "import_run",
        "import_row",
        "import_secret",
        "member",
        "person",
        "audit_entry",
        "outbox_event",
        "long_task",
    )
    return any(
        world.session.scalar(
            text(f"SELECT EXISTS (SELECT FROM {name} t WHERE t::text LIKE :needle)"), {"needle": f"%{needle}%"}
        )
        for name in tables
    )


@pytest.mark.clause("ACC-01")
def test_the_bulk_form_writes_what_the_form_writes(wizard: Wizard, world: World, registry: Registry) -> None:
    data = {
        "name": "阿依古丽・买买提",
        "document_number": identity_number(1),
        "joined_on": date(2022, 5, 4),
        "phone": "139 0000 0001",
        "ethnicity": "05",
        "admitted_on": date(2024, 1, 5),
    }
    one = registry.admit(registry.city, **data)
    headings = ("姓名", "证件号码", "入团日期", "电话", "民族", "接收日期")
    cells = [data["name"], identity_number(2), "2022/5/4", "139 0000 0002", "维吾尔", "20240105"]
    wizard.written(wizard.checked(workbook([cells], headings)))
    world.session.rollback()
    two = world.session.scalars(select(Member).where(Member.id != one.id)).one()
    apart = {"id", "person_id", "created_by", "created_at", "updated_at", "phone_index", "document_index"}
    for column in Member.__table__.columns.keys():  # noqa: SIM118 - a collection, not a mapping
        if column not in apart and not column.endswith("_sealed"):
            assert getattr(one, column) == getattr(two, column), column
    tokens = {
        member.id: set(world.session.scalars(select(MemberToken.token).where(MemberToken.member_id == member.id)))
        for member in (one, two)
    }
    assert tokens[one.id] == tokens[two.id]
    assert tokens[one.id]
    periods = world.session.execute(select(Membership.began_on, Membership.began_by, Membership.org_id)).all()
    assert sorted(period[1] for period in periods) == ["admission", "import"]
    assert {(period[0], period[2]) for period in periods} == {(date(2024, 1, 5), registry.city.id)}


@pytest.mark.clause("ACC-01")
def test_two_who_import_the_same_people_enter_them_once(wizard: Wizard, world: World) -> None:
    first, second = (wizard.checked(book([row(n) for n in range(1, 6)])) for _ in range(2))
    assert (first["new"], second["new"]) == (5, 5)
    wizard.written(first)
    done = wizard.written(second)
    assert (done["written"], done["failed"], count(world, Member)) == (0, 0, 5)


@pytest.mark.clause("ACC-01")
def test_an_import_that_broke_down_goes_on_behind_its_last_chunk(
    wizard: Wizard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(imports.MEMBERS, chunk=2)
    calls = []

    def breaks_once(ctx: Context, rows: Sequence[ImportRow]) -> Written:
        calls.append(len(rows))
        if len(calls) == 2:
            raise RuntimeError("the machine stops")
        return imports.MEMBERS.write(ctx, rows)

    monkeypatch.setattr(intake, "IMPORTS", (replace(small, write=breaks_once),))
    run = wizard.checked(book([row(n) for n in range(1, 6)]))
    broken = wizard.written(run)
    assert (broken["state"], broken["written"], count(world, Member)) == ("failed", 2, 2)
    done = wizard.written(run)
    assert (done["state"], done["written"], count(world, Member)) == ("done", 5, 5)
    assert calls == [2, 2, 2, 1]


@pytest.mark.clause("ACC-02")
def test_accounts_made_with_an_import_are_handed_out_once_and_set_up_by_their_holders(
    wizard: Wizard, world: World, registry: Registry
) -> None:
    answer = wizard.upload(book([row(1), row(2, branch=registry.branch.code)]))
    run = answer.get_json()
    assert wizard.step(run, "match", mapping=run["mapping"], options={"acounts": True}).status_code == 422
    assert wizard.step(run, "match", mapping=run["mapping"], options={"accounts": True}).status_code == 202
    wizard.work(run)
    wizard.written(wizard.show(run))
    handed = wizard.step(run, "handout")
    assert handed.status_code == 200
    assert wizard.step(run, "handout").status_code == 409
    sheet = openpyxl.load_workbook(io.BytesIO(handed.get_data())).active
    assert sheet is not None
    lines = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [line[:3] for line in lines] == [
        ("长春市", "成员001", f"{registry.city.code}-0001"),
        ("第一支部", "成员002", f"{registry.branch.code}-0001"),
    ]
    assert not readable(world, str(lines[0][3]))
    world.session.rollback()
    for member, account in world.session.execute(
        select(Member, Account).join(Account, Account.id == Member.account_id)
    ):
        assert (account.person_id, account.password_hash) == (member.person_id, None)
    browser = wizard.client.application.test_client()
    sent = {"code": str(lines[1][3]), "password": "Xikanglu-1998-banyan", "repeated": "Xikanglu-1998-banyan"}
    entered = browser.post("/register/account", data=sent)
    assert entered.status_code == 303, entered.get_data(as_text=True)
    world.session.rollback()
    account = world.session.scalars(select(Account).where(Account.sign_in_name == lines[1][2])).one()
    assert account.password_hash is not None
    assert count(world, RegistrationCode) == 2
    assert world.session.scalar(
        select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "accounts.code.redeem")
    )
