"""Creating and editing organisations, through the API as a client would."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from banyan.boundary import Banyan
from banyan.kernel.counting import StatDelta
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database, ScopedSession
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.schemas import OrgDetail
from tests.factories import World

FRESH: list[Callable[[], str]] = []


def body(**changes: Any) -> dict[str, Any]:
    """A new organisation, with an approval document of its own."""
    return {
        "approved_on": "2026-01-05",
        "approval_number": "吉团发〔2026〕1号",
        "approval_document": FRESH[-1](),
        "parent": "county",
        "name": "桂林街道",
        "level": "township",
        "type": "league",
        "code": "guilin-street",
        "founded_on": "2020-05-04",
        "person_in_charge": "成员001",
        "phone": "0431-8888 0000",
        **changes,
    }


@pytest.fixture
def county(world: World) -> Org:
    root = world.org(code="province")
    return world.org(world.org(root, "city"), "county")


@pytest.fixture
def headers(world: World, county: Org) -> Iterator[dict[str, str]]:
    admin = world.admin(county)
    FRESH.append(lambda: str(world.document(admin).id))
    yield world.token(admin)
    FRESH.clear()


def fields(answer: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in answer.get_json()["errors"]:
        found.setdefault(problem["field"], []).append(problem["reason"])
    return found


@pytest.mark.clause("ORG-01")
def test_an_organisation_is_created_below_and_knows_everything_about_itself(
    client: FlaskClient, headers: dict[str, str], world: World, county: Org
) -> None:
    answer = client.post("/api/v1/orgs/county/organisations", json=body(), headers=headers)
    assert answer.status_code == 201, answer.get_json()
    made = answer.get_json()
    assert set(made) == set(OrgDetail().fields)
    assert (made["level"], made["type"], made["code"]) == ("township", "league", "guilin-street")
    assert (made["founded_on"], made["person_in_charge"], made["phone"]) == ("2020-05-04", "成员001", "0431-8888 0000")
    org = world.session.scalars(select(Org).where(Org.code == "guilin-street")).one()
    assert org.path == county.path + "1."
    assert world.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == str(org.id))).all() == [
        "tenancy.org.create"
    ]
    deltas = world.session.execute(select(StatDelta.metric, StatDelta.n).where(StatDelta.org_id == org.id)).all()
    assert {"org.active", "org.level:township", "org.opened:2026-02"} == {metric for metric, _n in deltas}
    child = client.post(
        "/api/v1/orgs/county/organisations",
        json=body(parent="guilin-street", level="village", code="community"),
        headers=headers,
    )
    assert child.status_code == 201, "under any parent that the grant covers"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"founded_on": "2026-02-13"}, "founded_on"),
        ({"founded_on": "30 February"}, "founded_on"),
        ({"approved_on": "2026-02-13"}, "approved_on"),
        ({"approved_on": "2020-05-03"}, "approved_on"),
        ({"approval_number": ""}, "approval_number"),
        ({"approval_document": None}, "approval_document"),
        ({"level": "galaxy"}, "level"),
        ({"level": "county"}, "level"),
        ({"type": "no-such-type"}, "type"),
        ({"code": "Not A Slug"}, "code"),
        ({"code": "county"}, "code"),
        ({"code": "x"}, "code"),
        ({"parent": "nowhere"}, "parent"),
        ({"parent": "city"}, "parent"),
        ({"phone": "call me"}, "phone"),
        ({"name": ""}, "name"),
        ({"name": "ab\u202edc"}, "name"),
        ({"name": "a\x07bc"}, "name"),
        ({"name": "长" * 101}, "name"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_input_is_answered_with_its_field(
    client: FlaskClient, headers: dict[str, str], county: Org, world: World, changes: dict[str, Any], field: str
) -> None:
    before = world.session.scalar(select(func.count()).select_from(Org))
    answer = client.post("/api/v1/orgs/county/organisations", json=body(**changes), headers=headers)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert field in fields(answer), answer.get_json()
    assert all(reason.strip() for reason in fields(answer)[field])
    assert world.session.scalar(select(func.count()).select_from(Org)) == before


def test_all_mistakes_are_told_at_once(client: FlaskClient, headers: dict[str, str], county: Org) -> None:
    answer = client.post(
        "/api/v1/orgs/county/organisations",
        json=body(level="city", founded_on="2030-01-01", code="county"),
        headers=headers,
    )
    assert {"level", "founded_on", "code"} <= fields(answer).keys()


@pytest.mark.parametrize("name", ["😀团支部", "𠮷野社区", "㐀𪜎𫝀村", "=SUM(A1)", "  两边空白  "])
def test_unusual_names_are_kept_as_they_are(
    client: FlaskClient, headers: dict[str, str], county: Org, name: str
) -> None:
    answer = client.post("/api/v1/orgs/county/organisations", json=body(name=name), headers=headers)
    assert answer.status_code == 201
    assert answer.get_json()["name"] == name.strip()


def test_two_people_creating_the_same_code_at_once(app: Banyan, headers: dict[str, str], county: Org) -> None:
    answers: list[Any] = []
    start = threading.Barrier(2)

    def create(wanted: dict[str, Any]) -> None:
        client = app.test_client()
        start.wait()
        answers.append(client.post("/api/v1/orgs/county/organisations", json=wanted, headers=headers))

    threads = [threading.Thread(target=create, args=(body(name=name),)) for name in ("第一", "第二")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    loser = next(answer for answer in answers if answer.status_code == 422)
    assert "code" in fields(loser)


def test_siblings_created_at_once_get_places_of_their_own(
    app: Banyan, db: Database, headers: dict[str, str], county: Org
) -> None:
    def create(wanted: dict[str, Any]) -> None:
        answer = app.test_client().post("/api/v1/orgs/county/organisations", json=wanted, headers=headers)
        assert answer.status_code == 201

    threads = [threading.Thread(target=create, args=(body(code=f"sibling-{number}"),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.session(Whole("test")) as session:
        paths = session.scalars(select(Org.path).where(Org.parent_id == county.id)).all()
    assert sorted(paths) == [f"{county.path}{n}." for n in range(1, 7)]


def test_two_editors_do_not_overwrite_each_other(client: FlaskClient, headers: dict[str, str], world: World) -> None:
    shown = client.get("/api/v1/orgs/county", headers=headers).get_json()
    edit = {**{key: shown[key] for key in ("name", "short_name", "division_code", "version")}}
    edit |= {"founded_on": "2001-01-01", "person_in_charge": "成员002", "phone": "13800000000"}
    assert client.put("/api/v1/orgs/county", json=edit, headers=headers).status_code == 200
    late = client.put("/api/v1/orgs/county", json={**edit, "name": "后来的名称"}, headers=headers)
    assert late.status_code == 409
    org = world.session.scalars(select(Org).where(Org.code == "county").execution_options(populate_existing=True)).one()
    assert org.name == shown["name"]
    assert org.founded_on == date(2001, 1, 1)


def test_an_edit_keeps_what_was_before_and_after(client: FlaskClient, headers: dict[str, str], world: World) -> None:
    shown = client.get("/api/v1/orgs/county", headers=headers).get_json()
    edit = {"name": "新名称", "version": shown["version"], "founded_on": "2001-01-01"}
    edit |= {"person_in_charge": "成员002", "phone": "13800000000"}
    assert client.put("/api/v1/orgs/county", json=edit, headers=headers).status_code == 200
    entry = world.session.scalars(select(AuditEntry).where(AuditEntry.action == "tenancy.org.update")).one()
    assert (entry.before or {})["name"] == shown["name"]
    assert (entry.after or {})["name"] == "新名称"
    assert (entry.decision or {})["role"] == "org_admin"
    found = client.get("/api/v1/orgs/county/organisations?q=新名", headers=headers).get_json()["items"]
    assert [row["code"] for row in found] == ["county"], "the search knows the new name"


@pytest.mark.clause("ORG-08")
def test_lists_end_where_the_grant_ends(client: FlaskClient, world: World, county: Org) -> None:
    world.org(county, "below")
    own_admin = world.admin(county, reach="self")
    own = world.token(own_admin)
    rows = client.get("/api/v1/orgs/county/organisations", headers=own).get_json()["items"]
    assert [row["code"] for row in rows] == ["county"]
    assert client.get("/api/v1/orgs/below", headers=own).status_code == 404
    FRESH.append(lambda: str(world.document(own_admin).id))
    answer = client.post("/api/v1/orgs/county/organisations", json=body(parent="below", level="village"), headers=own)
    FRESH.clear()
    assert answer.status_code == 422, "an organisation named in a body is decided again"
    assert "parent" in fields(answer)


def test_pages_follow_each_other_without_gap_or_repetition(
    client: FlaskClient, headers: dict[str, str], world: World, county: Org
) -> None:
    for number in range(7):
        world.org(county, f"child-{number}", name=f"第{number % 2}团支部")
    for sort in ("tree", "name", "-name", "created_at", "-created_at"):
        seen, after = [], ""
        while True:
            url = f"/api/v1/orgs/county/organisations?size=3&sort={sort}" + (f"&after={after}" if after else "")
            page = client.get(url, headers=headers).get_json()
            seen += [row["code"] for row in page["items"]]
            if page["next"] is None:
                break
            after = page["next"]
        assert len(seen) == len(set(seen)) == 8, sort


@pytest.mark.parametrize(
    "query", ["size=0", "size=201", "sort=shoe", "after=%00", "after=WzFd", "nonsense=1", "from=x"]
)
def test_parameters_that_cannot_be_read_are_named(
    client: FlaskClient, headers: dict[str, str], query: str, county: Org
) -> None:
    answer = client.get(f"/api/v1/orgs/county/organisations?{query}", headers=headers)
    assert answer.status_code == 422
    assert query.split("=")[0] in fields(answer)


def test_a_list_takes_a_fixed_number_of_statements(
    client: FlaskClient, headers: dict[str, str], world: World, county: Org, statements: list[str]
) -> None:
    def asked(size: int) -> int:
        statements.clear()
        client.get(f"/api/v1/orgs/county/organisations?size={size}", headers=headers)
        return len(statements)

    few = asked(5)
    for _ in range(30):
        world.org(county)
    assert asked(50) == few
    assert few <= 6


@pytest.mark.clause("ORG-03")
@pytest.mark.parametrize(
    "missing",
    ["name", "type", "founded_on", "person_in_charge", "approved_on", "approval_number", "approval_document"],
)
def test_a_new_organisation_needs_all_that_its_founding_rests_on(
    client: FlaskClient, headers: dict[str, str], county: Org, missing: str
) -> None:
    wanted = {key: value for key, value in body().items() if key != missing}
    answer = client.post("/api/v1/orgs/county/organisations", json=wanted, headers=headers)
    assert answer.status_code == 422
    assert list(fields(answer)) == [missing]


@pytest.mark.clause("ORG-03")
def test_organisations_entered_late_are_shown_and_counted(
    client: FlaskClient, headers: dict[str, str], world: World, county: Org, session: ScopedSession
) -> None:
    """Today is Thursday 12 February 2026: 1 January is 30 working days ago, 25 December 34."""

    def create(code: str, approved_on: str) -> Any:
        wanted = body(code=code, approved_on=approved_on)
        return client.post("/api/v1/orgs/county/organisations", json=wanted, headers=headers).get_json()

    assert create("in-time", "2026-01-05")["entry_days"] == 28
    just, late = create("just", "2026-01-01")["entry_days"], create("late", "2025-12-25")["entry_days"]
    assert (just, late) == (30, 34)

    answer = client.get("/api/v1/orgs/county/organisations?late=true", headers=headers).get_json()
    assert [row["code"] for row in answer["items"]] == ["late"]
    browser = world.sign_in(world.admin(county))
    page = browser.get("/orgs/late/profile", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "Late by 4 working days" in page
    assert "In time" in browser.get("/orgs/just/profile", headers={"Accept-Language": "en"}).get_data(as_text=True)
    listed = browser.get("/orgs/county/organisations", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "Entered later than 30 working days after their approval: 1" in listed
    deltas = session.execute(select(StatDelta.org_path, StatDelta.n).where(StatDelta.metric == "org.late")).all()
    assert [tuple(row) for row in deltas] == [(county.path + "3.", 1)]
