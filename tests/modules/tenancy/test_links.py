"""Links between organisations have a kind that bounds the upper side's rights: an association and those it guides."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from banyan.kernel.settings import data_dir
from banyan.modules.access.models import PolicyStamp
from banyan.modules.accounts.models import Account
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.models import Org, OrgLinkChange
from tests.factories import World
from tests.modules.tenancy.conftest import Installation

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
Headers = dict[str, str]
Found = dict[str, Any]


@pytest.fixture
def association(world: World) -> Org:
    """The story's association, as a root with somebody who runs it."""
    return world.org(code="jlxh", name="吉林省某行业协会 (演示)", type="association")


@pytest.fixture
def upper(world: World, association: Org) -> Account:
    return world.admin(association)


FRESH: list[Callable[[], str]] = []


@pytest.fixture
def headers(world: World, upper: Account) -> Iterator[Headers]:
    FRESH.append(lambda: str(world.document(upper).id))
    yield world.token(upper)
    FRESH.clear()


def body(**changes: Any) -> Found:
    return {
        "parent": "jlxh",
        "name": "长春市某行业协会 (演示)",
        "level": "city",
        "type": "association",
        "code": "ccxh",
        "link": "guidance",
        "founded_on": "2019-03-01",
        "approved_on": "2026-01-05",
        "approval_number": "1号",
        "approval_document": FRESH[-1](),
        "person_in_charge": "成员001",
        "phone": "0431-88880000",
        **changes,
    }


@pytest.fixture
def guided(client: FlaskClient, headers: Headers, world: World, association: Org) -> list[Org]:
    """Associations in Changchun, Jilin City and Yanbian, which the province's only guides; one below the first."""
    for code, place in (("ccxh", "长春市"), ("jlsxh", "吉林市"), ("ybxh", "延边州")):
        made = client.post(
            "/api/v1/orgs/jlxh/organisations", json=body(code=code, name=f"{place}某行业协会 (演示)"), headers=headers
        )
        assert (made.status_code, made.get_json().get("link")) == (201, "guidance"), made.get_json()
    found = [world.session.scalars(select(Org).where(Org.code == code)).one() for code in ("ccxh", "jlsxh", "ybxh")]
    return [*found, world.org(found[0], "nanguan", name="南关区某行业协会", type="association", level="county")]


def listed(client: FlaskClient, headers: Headers, address: str, key: str) -> set[str]:
    answer = client.get(f"/api/v1/orgs/jlxh/{address}?size=200", headers=headers)
    assert answer.status_code == 200, answer.get_json()
    return {row[key] for row in answer.get_json()["items"]}


@pytest.mark.clause("ORG-12")
@pytest.mark.clause("ORG-08")
def test_the_upper_side_reads_whom_it_guides_and_administers_nothing_there(
    client: FlaskClient, headers: Headers, world: World, guided: list[Org], upper: Account
) -> None:
    own = world.admin(guided[0])
    below = world.account(guided[3])
    for code in ("ccxh", "nanguan"):
        assert client.get(f"/api/v1/orgs/{code}", headers=headers).status_code == 200
        assert client.get(f"/api/v1/orgs/{code}/organisations", headers=headers).status_code == 200
        for address in ("accounts", "grants", "audit-entries", "modules", "settings"):
            answer = client.get(f"/api/v1/orgs/{code}/{address}", headers=headers)
            assert answer.status_code == 403, f"{address}: out of rights, not out of reach"
        current = client.get(f"/api/v1/orgs/{code}", headers=headers).get_json()
        edit = {key: current[key] for key in ("name", "founded_on", "person_in_charge", "phone", "version")}
        assert client.put(f"/api/v1/orgs/{code}", json=edit, headers=headers).status_code == 403
    assert {"jlxh", "ccxh", "jlsxh", "ybxh", "nanguan"} <= listed(client, headers, "organisations", "code")
    assert listed(client, headers, "accounts", "sign_in_name") == {upper.sign_in_name}
    assert listed(client, headers, "grants", "account") == {upper.sign_in_name}

    theirs = world.token(own)
    seen = client.get("/api/v1/orgs/ccxh/accounts", headers=theirs).get_json()["items"]
    assert {row["sign_in_name"] for row in seen} == {own.sign_in_name, below.sign_in_name}
    assert client.get("/api/v1/orgs/jlxh", headers=theirs).status_code == 404


@pytest.mark.clause("ORG-12")
@pytest.mark.clause("ORG-09")
def test_roles_are_neither_granted_nor_own_roles_made_to_reach_across(
    client: FlaskClient, headers: Headers, world: World, guided: list[Org], association: Org
) -> None:
    other = world.account(association)
    wanted = {"account": other.sign_in_name, "role": "org_admin", "reach": "subtree"}
    across = client.post("/api/v1/orgs/jlxh/grants", json={**wanted, "organisation": "ccxh"}, headers=headers)
    assert across.status_code == 422, across.get_json()
    whole = client.post("/api/v1/orgs/jlxh/grants", json=wanted, headers=headers)
    assert whole.status_code == 201, "above the links everything is as it was"
    assert client.get("/api/v1/orgs/ccxh/accounts", headers=world.token(other)).status_code == 403


@pytest.mark.clause("ORG-12")
def test_why_names_the_link_that_ends_a_right(
    client: FlaskClient, headers: Headers, world: World, guided: list[Org], upper: Account
) -> None:
    asked = {"account": upper.sign_in_name, "organisation": "nanguan"}
    for permission, allowed in (("accounts.account:read", False), ("tenancy.org:read", True)):
        query = {**asked, "permission": permission}
        answer = client.get("/api/v1/orgs/jlxh/explanation", query_string=query, headers=headers).get_json()
        assert answer["allowed"] is allowed, answer
        if not allowed:
            assert (answer["reason"], answer["guided"]) == ("guided", "长春市某行业协会 (演示)")
            assert [grant["verdict"] for grant in answer["considered"]] == ["decides"]
    page = world.sign_in(upper).get("/orgs/jlxh/why", query_string={**asked, "permission": "accounts.account:read"})
    assert "长春市某行业协会 (演示)" in page.get_data(as_text=True)


@pytest.mark.clause("ORG-12")
@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"link": "branch_office", "name": "吉林省某行业协会长春分会"}, "name", "长春"),
        ({"link": "branch_office", "name": "吉林省某行业协会四平市办事处"}, "name", "四平市"),
        ({"link": "guidance", "type": "league"}, "link", ""),
        ({"link": "friendship"}, "link", ""),
    ],
)
def test_a_territorial_branch_office_and_other_impossible_links_are_refused(
    client: FlaskClient, headers: Headers, association: Org, world: World, changes: Found, field: str, said: str
) -> None:
    answer = client.post("/api/v1/orgs/jlxh/organisations", json=body(**changes), headers=headers)
    assert answer.status_code == 422
    reasons = [problem["reason"] for problem in answer.get_json()["errors"] if problem["field"] == field]
    assert said in reasons[0], answer.get_json()
    assert world.session.scalar(select(func.count()).select_from(Org)) == 1


@pytest.mark.clause("ORG-12")
def test_a_branch_office_stands_below_has_none_of_its_own_and_keeps_a_lawful_name(
    client: FlaskClient, headers: Headers, association: Org, world: World
) -> None:
    office = body(link="branch_office", code="youth", name="吉林省某行业协会青年工作委员会")
    assert client.post("/api/v1/orgs/jlxh/organisations", json=office, headers=headers).status_code == 201
    lower = body(link="branch_office", code="lower", parent="youth", level="county", name="青年工作委员会二部")
    refused = client.post("/api/v1/orgs/jlxh/organisations", json=lower, headers=headers)
    assert refused.status_code == 422
    current = client.get("/api/v1/orgs/youth", headers=headers).get_json()
    edit = {key: current[key] for key in ("founded_on", "person_in_charge", "phone", "version")}
    renamed = client.put("/api/v1/orgs/youth", json={**edit, "name": "吉林省某行业协会延边分会"}, headers=headers)
    assert renamed.status_code == 422
    assert "延边" in str(renamed.get_json()["errors"])
    world.org(association, "xinqu", name="西康新区", division_code="2299", level="city")
    local = client.put("/api/v1/orgs/youth", json={**edit, "name": "某行业协会西康新区分会"}, headers=headers)
    assert "西康新区" in str(local.get_json()["errors"]), "a division that only this tree knows"


def stamp(world: World) -> int:
    world.session.rollback()
    return world.session.scalars(select(PolicyStamp.version)).one()


@pytest.mark.clause("ORG-12")
def test_the_kind_is_decided_with_authority_on_both_sides_and_holds_from_the_next_request(
    client: FlaskClient, headers: Headers, world: World, association: Org, upper: Account
) -> None:
    lower = world.org(association, "ccxh", name="长春市某行业协会 (演示)", type="association")
    account = world.account(lower, "lower.person")
    theirs = world.token(world.admin(lower))
    assert client.get("/api/v1/orgs/ccxh/accounts", headers=headers).status_code == 200

    seen = client.get("/api/v1/orgs/ccxh/link", headers=headers).get_json()
    guidance = next(choice for choice in seen["choices"] if choice["link"] == "guidance")
    office = next(choice for choice in seen["choices"] if choice["link"] == "branch_office")
    assert guidance["ends"]
    assert not guidance["reasons"]
    assert "长春市" in str(office["reasons"])
    held = seen["grants_above"]
    assert [grant["account"] for grant in held] == [upper.sign_in_name]
    assert 0 < held[0]["across"] < held[0]["permissions"]

    uploaded = client.post(
        "/api/v1/orgs/ccxh/files",
        data={"file": (io.BytesIO(PDF), "决定.pdf")},
        content_type="multipart/form-data",
        headers=headers,
    ).get_json()["id"]
    decided = {"link": "guidance", "decided_on": "2026-02-10", "version": seen["version"], "document": uploaded}
    assert client.put("/api/v1/orgs/ccxh/link", json=decided, headers=theirs).status_code == 409, "one side alone"
    late = {**decided, "decided_on": "2026-02-13"}
    assert client.put("/api/v1/orgs/ccxh/link", json=late, headers=headers).status_code == 422
    office_body = {**decided, "link": "branch_office"}
    assert client.put("/api/v1/orgs/ccxh/link", json=office_body, headers=headers).status_code == 409
    before = stamp(world)
    assert client.put("/api/v1/orgs/ccxh/link", json=decided, headers=headers).status_code == 200
    assert stamp(world) == before + 1

    assert client.get("/api/v1/orgs/ccxh/accounts", headers=headers).status_code == 403
    assert account.sign_in_name not in listed(client, headers, "accounts", "sign_in_name")
    again = client.put("/api/v1/orgs/ccxh/link", json={**decided, "link": "leadership"}, headers=headers)
    assert again.status_code == 403, "guidance cannot be undone by the upper side alone"
    for reader in (headers, theirs):
        with client.get(f"/api/v1/orgs/ccxh/files/{uploaded}", headers=reader) as document:
            assert document.get_data() == PDF, "it is read with the profile"
    world.session.expire_all()
    change = world.session.scalars(select(OrgLinkChange)).one()
    assert (change.before, change.after, str(change.document)) == ("leadership", "guidance", uploaded)
    entry = world.session.scalars(select(AuditEntry).where(AuditEntry.action == "tenancy.link.decide")).one()
    assert (entry.before, entry.after and entry.after["link"]) == ({"link": "leadership"}, "guidance")


@pytest.mark.clause("ORG-12")
def test_a_console_shows_the_kind_and_decides_it(world: World, association: Org, upper: Account) -> None:
    lower = world.org(association, "ccxh", name="长春市某行业协会 (演示)", type="association")
    world.grant(upper, lower)
    browser = world.sign_in(upper)
    page = browser.get("/orgs/ccxh/profile/link").get_data(as_text=True)
    assert upper.sign_in_name in page
    world.session.refresh(lower)
    form = {"link": "guidance", "decided_on": "2026-02-30", "version": str(lower.version), "_csrf": ""}
    wrong = browser.post("/orgs/ccxh/profile/link", data=form)
    assert wrong.status_code == 422
    form["decided_on"] = "2026-02-11"
    form.pop("_csrf")
    right = browser.post("/orgs/ccxh/profile/link", data=form)
    assert right.status_code == 303, right.get_data(as_text=True)
    profile = browser.get("/orgs/ccxh/profile").get_data(as_text=True)
    assert "2026-02-11" in profile
    listing = browser.get("/orgs/jlxh/organisations?link=guidance").get_data(as_text=True)
    assert "长春市某行业协会" in listing
    back = browser.post(
        "/orgs/ccxh/profile/link", data={**form, "link": "leadership", "version": str(lower.version + 1)}
    )
    assert back.status_code == 303, "held on both sides, it can be undone"


@pytest.mark.clause("ORG-12")
def test_moving_or_ending_a_guided_place_takes_the_policy_along_whoever_does_it(
    world: World, association: Org, upper: Account
) -> None:
    lower = world.org(association, "ccxh", type="association")
    plain = world.org(association, "office", type="association")

    def run(statement: str, **values: Any) -> int:
        before = stamp(world)
        world.session.execute(text(statement), values)
        world.session.commit()
        return stamp(world) - before

    assert run("UPDATE org SET name = 'x' WHERE id = :id", id=plain.id) == 0
    assert run("UPDATE org SET path = '9.9.', ordinal = 9 WHERE id = :id", id=plain.id) == 0
    assert run("UPDATE org SET link = 'guidance' WHERE id IN (:id, :other)", id=lower.id, other=plain.id) == 1
    assert run("UPDATE org SET path = '9.8.', ordinal = 8 WHERE id = :id", id=lower.id) == 1
    assert run("UPDATE org SET name = 'y', link = 'guidance' WHERE id = :id", id=lower.id) == 0
    guidance = world.context(upper).actor.policy.guidance
    assert guidance is not None
    assert guidance.paths == {"9.8.", "9.9."}
    assert run("UPDATE org SET link = 'leadership' WHERE link = 'guidance'") == 1
    assert world.context(upper).actor.policy.guidance is None


@pytest.mark.clause("ORG-12")
@pytest.mark.clause("ORG-06")
def test_a_manifest_says_links_and_refuses_what_cannot_be(installation: Installation, world: World) -> None:
    demo = data_dir("tenants") / "association" / "tenant.yaml"
    installation.apply(demo)
    assert dict(map(tuple, installation.rows("SELECT code, link FROM org"))) == {
        "jlxh": "leadership",
        "jlxh-youth": "branch_office",
        "ccxh": "guidance",
        "jlsxh": "guidance",
        "ybxh": "guidance",
    }
    assert installation.apply(demo).plan.empty
    said = demo.read_text(encoding="utf-8")
    path = installation.write(yaml=said.replace("青年工作委员会", "长春分会"), tables="")
    assert any("长春" in reason for reason in installation.refused(path))
    path = installation.write(yaml=said.replace("links: [leadership, guidance, branch_office]", "links: []"), tables="")
    assert len(installation.refused(path)) == 4
    path = installation.write(yaml=said.replace("link: guidance", "link: friendship"), tables="")
    assert installation.refused(path)
    path = installation.write(
        yaml=said.replace("level: province, type", "level: province, link: guidance, type"), tables=""
    )
    assert any("without parent" in reason for reason in installation.refused(path))
