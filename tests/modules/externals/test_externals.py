"""External bodies of an association, its filings with them and their replies, as a client and as people do it."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from banyan.boundary import Banyan
from banyan.kernel.db.scoped import Subtree
from banyan.modules.accounts.models import Account
from banyan.modules.audit.models import AuditEntry
from banyan.modules.externals import plugin as externals
from banyan.modules.externals import rules
from banyan.modules.tenancy.models import Org
from tests.factories import World

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
Headers = dict[str, str]
Found = dict[str, Any]
pytestmark = pytest.mark.clause("ORG-12")


@pytest.fixture
def association(world: World) -> Org:
    return world.org(code="jlxh", name="吉林省某行业协会 (演示)", type="association")


@pytest.fixture
def secretary(world: World, association: Org) -> Account:
    return world.admin(association, "secretary_general")


@pytest.fixture
def headers(world: World, secretary: Account) -> Headers:
    return world.token(secretary)


def body(**changes: Any) -> Found:
    return {
        "kind": "registration",
        "name": "吉林省民政厅",
        "contact": "成员001",
        "phone": "0431-88880000",
        "address": "长春市人民大街",
        "since": "2019-03-01",
        **changes,
    }


def entered(client: FlaskClient, headers: Headers, **changes: Any) -> Found:
    answer = client.post("/api/v1/orgs/jlxh/external-bodies", json=body(**changes), headers=headers)
    assert answer.status_code == 201, answer.get_json()
    found: Found = answer.get_json()
    return found


def filed(client: FlaskClient, headers: Headers, body_id: str, **changes: Any) -> Found:
    said = {"body": body_id, "subject": "章程修改备案", "sent_on": "2026-02-12", "due_days": 5, **changes}
    answer = client.post("/api/v1/orgs/jlxh/filings", json=said, headers=headers)
    assert answer.status_code == 201, answer.get_json()
    found: Found = answer.get_json()
    return found


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.get_json()
    return {problem["field"] for problem in answer.get_json()["errors"]}


def listed(client: FlaskClient, headers: Headers, query: str = "", code: str = "jlxh") -> list[str]:
    answer = client.get(f"/api/v1/orgs/{code}/filings{query}", headers=headers)
    assert answer.status_code == 200, answer.get_json()
    return [row["subject"] for row in answer.get_json()["items"]]


def test_a_filing_is_sent_waits_is_overdue_comes_back_is_corrected_and_acknowledged(
    client: FlaskClient, headers: Headers, world: World, association: Org
) -> None:
    authority = entered(client, headers)
    uploaded = client.post(
        "/api/v1/orgs/jlxh/filings/documents",
        data={"file": (io.BytesIO(PDF), "章程.pdf")},
        content_type="multipart/form-data",
        headers=headers,
    ).get_json()["id"]
    first = filed(client, headers, authority["id"], reference="吉协〔2026〕3号", document=uploaded)
    assert (first["state"], first["due_on"]) == ("waiting", "2026-02-26"), "the festival is not counted, the 14th is"
    assert listed(client, headers, "?state=waiting") == ["章程修改备案"]
    assert listed(client, headers, "?state=overdue") == []

    world.clock.instant += timedelta(days=15)
    assert client.get(f"/api/v1/orgs/jlxh/filings/{first['id']}", headers=headers).get_json()["state"] == "overdue"
    assert listed(client, headers, "?state=overdue") == ["章程修改备案"]
    assert listed(client, headers, "?state=waiting") == []

    reply = {"received_on": "2026-02-27", "outcome": "returned", "reference": "吉民函〔2026〕8号"}
    address = f"/api/v1/orgs/jlxh/filings/{first['id']}/reply"
    assert fields(client.post(address, json=reply, headers=headers)) == {"note"}, "why it came back is said"
    returned = client.post(address, json={**reply, "note": "请补充会议纪要"}, headers=headers).get_json()
    assert (returned["state"], returned["late"]) == ("returned", 1)
    assert client.post(address, json={**reply, "note": "又一次"}, headers=headers).status_code == 409
    assert listed(client, headers, "?open=1") == ["章程修改备案"]

    second = filed(client, headers, authority["id"], corrects=first["id"], sent_on="2026-02-27", subject="补正材料")
    assert listed(client, headers, "?open=1") == ["补正材料"]
    again = {"body": authority["id"], "subject": "再次补正", "sent_on": "2026-02-27", "corrects": first["id"]}
    assert fields(client.post("/api/v1/orgs/jlxh/filings", json=again, headers=headers)) == {"corrects"}
    done = client.post(
        f"/api/v1/orgs/jlxh/filings/{second['id']}/reply",
        json={"received_on": "2026-02-27", "outcome": "acknowledged"},
        headers=headers,
    ).get_json()
    assert (done["state"], done["late"], done["corrects"]) == ("acknowledged", 0, first["id"])
    assert listed(client, headers, "?open=1") == []
    seen = client.get(f"/api/v1/orgs/jlxh/filings/{first['id']}", headers=headers).get_json()
    assert seen["corrected_by"] == second["id"]
    actions = world.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_type == "external_filing"))
    assert sorted(actions) == ["externals.filing.create"] * 2 + ["externals.filing.reply"] * 2


def test_papers_are_served_to_those_who_may_read_the_filing_and_to_nobody_else(
    client: FlaskClient, headers: Headers, world: World, association: Org
) -> None:
    authority = entered(client, headers)
    upload = {"file": (io.BytesIO(PDF), "章程.pdf")}
    uploaded = client.post("/api/v1/orgs/jlxh/filings/documents", data=upload, headers=headers).get_json()["id"]
    unnamed = client.post(
        "/api/v1/orgs/jlxh/filings/documents", data={"file": (io.BytesIO(PDF), "别的.pdf")}, headers=headers
    ).get_json()["id"]
    filing = filed(client, headers, authority["id"], document=uploaded)
    address = f"/api/v1/orgs/jlxh/filings/{filing['id']}/documents"
    with client.get(f"{address}/{uploaded}", headers=headers) as found:
        assert found.get_data() == PDF
        assert "attachment" in found.headers["Content-Disposition"]
    assert client.get(f"{address}/{unnamed}", headers=headers).status_code == 404
    twice = {"body": authority["id"], "subject": "同一文件", "sent_on": "2026-02-12", "document": uploaded}
    assert fields(client.post("/api/v1/orgs/jlxh/filings", json=twice, headers=headers)) == {"document"}
    member = world.token(world.admin(association, "member"))
    assert client.get(f"{address}/{uploaded}", headers=member).status_code == 403
    stranger = world.token(world.admin(world.org(code="elsewhere")))
    assert client.get(f"{address}/{uploaded}", headers=stranger).status_code == 404
    inside = f"/api/v1/orgs/elsewhere/filings/{filing['id']}/documents/{uploaded}"
    assert client.get(inside, headers=stranger).status_code == 404


def test_one_body_of_a_kind_at_a_time_and_those_that_ended_stay(
    client: FlaskClient, headers: Headers, world: World, association: Org
) -> None:
    old = entered(client, headers, kind="sponsor", name="吉林省工业和信息化厅")
    entered(client, headers, kind="party", name="中共吉林省委社会工作部")
    successor = body(kind="sponsor", name="吉林省商务厅", since="2026-01-05")
    refused = client.post("/api/v1/orgs/jlxh/external-bodies", json=successor, headers=headers)
    assert fields(refused) == {"since"}
    assert "吉林省工业和信息化厅" in str(refused.get_json())
    end = f"/api/v1/orgs/jlxh/external-bodies/{old['id']}/end"
    early = {"until": "2019-02-28", "version": old["version"]}
    assert fields(client.post(end, json=early, headers=headers)) == {"until"}
    waiting = filed(client, headers, old["id"])
    last = {"until": "2026-01-04", "version": old["version"]}
    assert client.post(end, json=last, headers=headers).status_code == 409, "a filing waits for it"
    reply = {"received_on": "2026-02-12", "outcome": "acknowledged"}
    client.post(f"/api/v1/orgs/jlxh/filings/{waiting['id']}/reply", json=reply, headers=headers)
    assert client.post(end, json=last, headers=headers).status_code == 200
    assert client.post(end, json={**last, "version": old["version"] + 1}, headers=headers).status_code == 409
    assert client.post("/api/v1/orgs/jlxh/external-bodies", json=successor, headers=headers).status_code == 201
    late = {"body": old["id"], "subject": "年度报告", "sent_on": "2026-02-12"}
    assert fields(client.post("/api/v1/orgs/jlxh/filings", json=late, headers=headers)) == {"body"}
    items = client.get("/api/v1/orgs/jlxh/external-bodies?kind=sponsor", headers=headers).get_json()["items"]
    assert {row["name"]: row["state"] for row in items} == {"吉林省工业和信息化厅": "ended", "吉林省商务厅": "current"}


def test_two_editors_do_not_overwrite_each_other_and_wrong_input_is_told_field_by_field(
    client: FlaskClient, headers: Headers, association: Org
) -> None:
    made = entered(client, headers)
    address = f"/api/v1/orgs/jlxh/external-bodies/{made['id']}"
    edit = {"name": "吉林省民政厅", "contact": "成员002", "since": "2019-03-01", "version": made["version"]}
    assert client.put(address, json=edit, headers=headers).get_json()["contact"] == "成员002"
    assert client.put(address, json={**edit, "contact": "成员003"}, headers=headers).status_code == 409
    for wrong, field in (
        ({"kind": "friend"}, "kind"),
        ({"kind": "party", "since": "2026-02-13"}, "since"),
        ({"kind": "party", "phone": "call me"}, "phone"),
        ({"kind": "party", "name": "x"}, "name"),
        ({"surprise": 1}, "surprise"),
    ):
        answer = client.post("/api/v1/orgs/jlxh/external-bodies", json=body(**wrong), headers=headers)
        assert fields(answer) == {field}
    good = {"body": made["id"], "subject": "年度报告", "sent_on": "2026-02-12"}
    for change, field in (
        ({"body": "01890000-0000-7000-8000-000000000000"}, "body"),
        ({"sent_on": "2026-02-13"}, "sent_on"),
        ({"sent_on": "2019-02-28"}, "body"),
        ({"due_days": 0}, "due_days"),
        ({"due_days": 100_000}, "due_days"),
        ({"document": "01890000-0000-7000-8000-000000000000"}, "document"),
        ({"corrects": "01890000-0000-7000-8000-000000000000"}, "corrects"),
    ):
        assert fields(client.post("/api/v1/orgs/jlxh/filings", json={**good, **change}, headers=headers)) == {field}
    filing = filed(client, headers, made["id"])
    answer = client.post(
        f"/api/v1/orgs/jlxh/filings/{filing['id']}/reply",
        json={"received_on": "2026-02-11", "outcome": "refused"},
        headers=headers,
    )
    assert fields(answer) == {"received_on", "note"}


@pytest.mark.clause("ORG-08")
def test_neither_a_neighbour_nor_the_side_that_only_guides_sees_them(
    client: FlaskClient, headers: Headers, world: World, association: Org
) -> None:
    guided = world.org(association, "ccxh", type="association", link="guidance")
    led = world.org(association, "jlxh-office", type="association", link="branch_office")
    theirs = world.token(world.admin(guided, "secretary_general"))
    there = client.post("/api/v1/orgs/ccxh/external-bodies", json=body(name="长春市民政局"), headers=theirs).get_json()
    filing = {"body": there["id"], "subject": "长春换届备案", "sent_on": "2026-02-12"}
    assert client.post("/api/v1/orgs/ccxh/filings", json=filing, headers=theirs).status_code == 201
    entered(client, headers)
    assert client.get("/api/v1/orgs/ccxh/filings", headers=headers).status_code == 403
    assert client.get(f"/api/v1/orgs/jlxh/external-bodies/{there['id']}", headers=headers).status_code == 403
    items = client.get("/api/v1/orgs/jlxh/external-bodies", headers=headers).get_json()["items"]
    assert [row["name"] for row in items] == ["吉林省民政厅"]
    assert listed(client, headers) == []
    foreign = {**filing, "subject": "借用"}
    assert fields(client.post("/api/v1/orgs/jlxh/filings", json=foreign, headers=headers)) == {"body"}
    own = client.post("/api/v1/orgs/jlxh-office/external-bodies", json=body(), headers=headers)
    assert own.status_code == 409, "no legal person of its own, so it is not registered"
    sponsor = client.post("/api/v1/orgs/jlxh-office/external-bodies", json=body(kind="sponsor"), headers=headers)
    assert sponsor.status_code == 201
    assert led.link == "branch_office"


def test_the_console_walks_the_same_way(
    app: Banyan, client: FlaskClient, headers: Headers, world: World, association: Org, secretary: Account
) -> None:
    browser = world.sign_in(secretary)
    assert "/orgs/jlxh/external-bodies/new" in browser.get("/orgs/jlxh/filings/new").get_data(as_text=True), (
        "what to do"
    )
    wrong = browser.post("/orgs/jlxh/external-bodies/new", data=body(phone="call me", contact="成员007"))
    assert wrong.status_code == 422
    assert "成员007" in wrong.get_data(as_text=True)
    made = browser.post("/orgs/jlxh/external-bodies/new", data=body())
    assert made.status_code == 303
    page = browser.get(made.headers["Location"]).get_data(as_text=True)
    assert "吉林省民政厅" in page
    body_id = made.headers["Location"].rsplit("/", 1)[1]
    form = {
        "body": body_id,
        "subject": "理事会换届备案",
        "sent_on": "2026-02-12",
        "due_days": "5",
        "document": (io.BytesIO(PDF), "换届.pdf"),
    }
    sent = browser.post("/orgs/jlxh/filings/new", data=form)
    assert sent.status_code == 303, sent.get_data(as_text=True)
    address = sent.headers["Location"]
    page = browser.get(address).get_data(as_text=True)
    assert "2026-02-26" in page
    assert "/documents/" in page
    bad = browser.post(f"{address}/reply", data={"received_on": "2026-02-12", "outcome": "refused", "reference": "函5"})
    assert bad.status_code == 422
    assert "函5" in bad.get_data(as_text=True)
    done = browser.post(f"{address}/reply", data={"received_on": "2026-02-12", "outcome": "returned", "note": "缺页"})
    assert done.status_code == 303
    page = browser.get(address).get_data(as_text=True)
    assert "缺页" in page
    filing_id = address.rsplit("/", 1)[1]
    assert f"corrects={filing_id}" in page
    correction = browser.get(f"/orgs/jlxh/filings/new?corrects={filing_id}").get_data(as_text=True)
    assert "理事会换届备案" in correction
    assert browser.get("/orgs/jlxh/filings/new?corrects=nonsense").status_code == 200
    assert "理事会换届备案" in browser.get("/orgs/jlxh/filings?state=returned&kind=registration").get_data(as_text=True)
    assert browser.get(f"/orgs/jlxh/external-bodies/{body_id}/end").status_code == 200
    ended = browser.post(f"/orgs/jlxh/external-bodies/{body_id}/end", data={"until": "2026-02-12", "version": "1"})
    assert ended.status_code == 303
    ctx = world.context(secretary, association, Subtree(association.ref))
    with app.app_context(), ctx.session:
        assert externals.banyan_org_revocable(ctx=ctx, org=association.ref) == ()


def test_an_open_filing_stands_in_the_way_of_revoking(
    app: Banyan, client: FlaskClient, headers: Headers, world: World, association: Org, secretary: Account
) -> None:
    filed(client, headers, entered(client, headers)["id"])
    ctx = world.context(secretary, association, Subtree(association.ref))
    with app.app_context(), ctx.session:
        assert len(externals.banyan_org_revocable(ctx=ctx, org=association.ref)) == 1


def test_of_two_bodies_that_a_merger_brings_together_the_one_of_the_merged_ends(
    app: Banyan, client: FlaskClient, headers: Headers, world: World, association: Org, secretary: Account
) -> None:
    other = world.org(association, "other", type="association")
    entered(client, headers)
    for kind in ("registration", "party"):
        made = client.post("/api/v1/orgs/other/external-bodies", json=body(kind=kind), headers=headers)
        assert made.status_code == 201
    ctx = world.context(secretary, association, Subtree(association.ref))
    with app.app_context(), ctx.session:
        externals.banyan_org_merging(ctx=ctx, org=other.ref, into=association.ref)
        ctx.session.commit()
    items = client.get("/api/v1/orgs/other/external-bodies", headers=headers).get_json()["items"]
    assert {row["kind"]: row["until"] for row in items} == {"registration": "2026-02-12", "party": None}


def test_rows_leave_as_excel_with_what_one_may_see(
    app: Banyan, client: FlaskClient, headers: Headers, world: World, association: Org, secretary: Account
) -> None:
    filed(client, headers, entered(client, headers)["id"], subject="=1+1")
    auditor = world.token(world.admin(association, "org_auditor"))
    assert listed(client, auditor) == ["=1+1"]
    names = {one.name for one in externals.banyan_exports()}
    assert names == {"external_bodies", "external_filings"}
    ctx = world.context(secretary, association, Subtree(association.ref))
    with app.app_context(), ctx.session:
        for one in externals.banyan_exports():
            assert ctx.session.scalar(select(func.count()).select_from(one.table.source).where(one.where(ctx))) == 1


@given(
    st.dates(date(2020, 1, 1), date(2026, 12, 31)),
    st.one_of(st.none(), st.integers(1, 60)),
    st.dates(date(2020, 1, 1), date(2027, 6, 30)),
)
def test_a_reply_is_overdue_exactly_from_the_day_after_its_last_day(sent: date, days: int | None, today: date) -> None:
    due = rules.due(sent, days)
    found = rules.state("waiting", due.day if due else None, today)
    assert found == ("overdue" if due is not None and today > due.day else "waiting")
    assert rules.state("acknowledged", due.day if due else None, today) == "acknowledged"
    assert (rules.late(due.day if due else None, today) > 0) <= (found == "overdue")


@given(st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30))), min_size=2, max_size=2))
def test_spans_of_days_overlap_when_a_day_lies_in_both(spans: list[tuple[int, int | None]]) -> None:
    start = date(2026, 1, 1)
    days = [(start + timedelta(a), None if b is None else start + timedelta(a + b)) for a, b in spans]
    sets = [{a + n for n in range((b if b is not None else 100) + 1)} for a, b in spans]
    assert rules.overlaps(*days[0], [days[1]]) == bool(sets[0] & sets[1])
