"""An organisation applies for its administrator account, the one directly above decides; only approval opens it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.files import StoredFile
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.audit.models import AuditEntry
from tests.factories import World
from tests.modules.administrators.offices import CODE, FIELDS, PDF, Offices, followed

pytestmark = pytest.mark.clause("ORG-02")
PASSWORD = "a branch becomes a root"


def accounts_at(world: World, org: Any) -> list[Account]:
    return list(world.session.scalars(select(Account).where(Account.org_id == org.id)))


def held(world: World, account: Account) -> list[RoleGrant]:
    statement = select(RoleGrant).where(RoleGrant.account_id == account.id, RoleGrant.ended_at.is_(None))
    return list(world.session.scalars(statement))


def test_only_approval_opens_the_account_and_its_holder_alone_sets_the_password(
    app: Banyan, client: FlaskClient, offices: Offices, world: World
) -> None:
    sent = offices.sent()
    assert (sent["state"], sent["origin"]) == ("sent", "paper")
    assert accounts_at(world, offices.county) == []
    person = followed(app.test_client(), sent["receipt"])
    assert person.post("/apply/application/code").status_code == 409

    assert offices.decide(sent["request_id"], "approve").status_code == 200

    account = accounts_at(world, offices.county)[0]
    assert (account.sign_in_name, account.display_name, account.password_hash) == ("li.lei", "李雷", None)
    grants = [(grant.role, grant.reach, grant.org_id) for grant in held(world, account)]
    assert grants == [("org_admin", "subtree", offices.county.id)]
    refused = client.post("/sign-in", data={"sign_in_name": "li.lei", "password": ""})
    assert refused.status_code == 422
    first = CODE.search(person.post("/apply/application/code").text)
    second = CODE.search(person.post("/apply/application/code").text)
    assert first
    assert second
    browser = app.test_client()
    assert browser.post("/register", data={"code": first[0]}).status_code == 422, "the newest code alone is good"
    assert "li.lei" in browser.post("/register", data={"code": second[0]}).text
    typed = {"code": second[0], "password": PASSWORD, "repeated": PASSWORD}
    assert browser.post("/register/account", data=typed).status_code == 303
    assert browser.get("/orgs/county/administrators").status_code == 200
    assert browser.get("/orgs/city/administrators").status_code == 404
    assert person.post("/apply/application/code").status_code == 409
    listed = offices.call("GET", "city/administrator-applications?state=working").get_json()["items"]
    assert [row["administrator"] for row in listed] == ["李雷"]


def test_it_is_returned_with_the_reason_corrected_and_sent_again(app: Banyan, offices: Offices, world: World) -> None:
    sent = offices.sent()
    assert offices.decide(sent["request_id"], "return").status_code == 422, "a reason is asked for"
    assert offices.decide(sent["request_id"], "return", "公章不清晰").status_code == 200
    assert (offices.shown(sent["id"])["state"], offices.shown(sent["id"])["opinion"]) == ("returned", "公章不清晰")
    assert accounts_at(world, offices.county) == []

    person = followed(app.test_client(), sent["receipt"])
    assert "公章不清晰" in person.get("/apply/application").text
    now = offices.shown(sent["id"])
    body = {"administrator": "韩梅梅", "version": now["version"]}
    path = f"county/administrator-applications/{sent['id']}"
    assert offices.call("PATCH", path, json=body).status_code == 200
    assert offices.call("PATCH", path, json=body).status_code == 409, "somebody edited it meanwhile"
    assert offices.send(sent["id"]).get_json()["state"] == "sent"
    assert offices.call("PATCH", path, json={**body, "version": 99}).status_code == 409, "it waits for a decision"
    assert offices.decide(sent["request_id"], "approve").status_code == 200
    assert [account.display_name for account in accounts_at(world, offices.county)] == ["韩梅梅"]


def test_rejected_or_withdrawn_it_opens_nothing_and_another_can_follow(offices: Offices, world: World) -> None:
    first = offices.sent()
    assert offices.decide(first["request_id"], "reject", "不符合条件").status_code == 200
    second = offices.sent()
    assert offices.call("POST", f"county/administrator-applications/{second['id']}/withdraw").status_code == 200
    third = offices.fill_in().get_json()
    assert offices.call("POST", f"county/administrator-applications/{third['id']}/withdraw").status_code == 200
    again = offices.call("POST", f"county/administrator-applications/{third['id']}/withdraw")
    assert again.status_code == 409
    states = [offices.shown(one["id"])["state"] for one in (first, second, third)]
    assert states == ["rejected", "withdrawn", "withdrawn"]
    assert accounts_at(world, offices.county) == []
    assert offices.sent()["state"] == "sent"


def test_the_former_administrator_goes_when_the_new_one_is_there(offices: Offices, world: World) -> None:
    former = world.account(offices.county, "wang.fang", display_name="王芳")
    world.grant(former, offices.county)
    world.grant(former, offices.city, role="member", reach="self")
    own = world.token(former)
    sent = offices.sent(headers=own, replaces=str(former.id))
    assert sent["origin"] == "own"

    assert offices.decide(sent["request_id"], "approve").status_code == 200

    world.session.expire_all()
    assert [grant.org_id for grant in held(world, former)] == [offices.city.id], "roles elsewhere stay"
    new = next(account for account in accounts_at(world, offices.county) if account.sign_in_name == "li.lei")
    assert [grant.role for grant in held(world, new)] == ["org_admin"]
    entries = world.session.scalars(select(AuditEntry.action).where(AuditEntry.request_id != "")).all()
    assert "access.grant.end" in entries


def test_nobody_decides_the_application_of_their_own_organisation(offices: Offices, world: World) -> None:
    own = world.token(world.admin(offices.county))
    sent = offices.sent(headers=own)
    held = offices.call("GET", f"county/approvals/{sent['request_id']}", own).get_json()
    body = {"act": "approve", "version": held["version"]}
    assert offices.call("POST", f"county/approvals/{sent['request_id']}/decision", own, json=body).status_code == 403
    assert offices.shown(sent["id"])["state"] == "sent"


def test_if_the_account_cannot_be_opened_any_more_the_decision_is_undone(offices: Offices, world: World) -> None:
    sent = offices.sent()
    world.account(offices.city, "li.lei")
    answer = offices.decide(sent["request_id"], "approve")
    assert answer.status_code == 409
    assert len(answer.get_json()["reasons"]) == 2
    assert offices.shown(sent["id"])["state"] == "sent"
    assert offices.decide(sent["request_id"], "return", "换一个登录名").status_code == 200


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"phone": "phone"}, {"phone"}),
        ({"administrator_phone": "1", "administrator": ""}, {"administrator", "administrator_phone"}),
        ({"sign_in_name": "!"}, {"sign_in_name"}),
        ({"replaces": "01900000-0000-7000-8000-000000000000"}, {"replaces"}),
        ({"reason": "x" * 301}, {"reason"}),
        ({"unknown": "x"}, {"unknown"}),
    ],
)
def test_wrong_input_is_told_field_by_field(offices: Offices, fields: dict[str, str], wrong: set[str]) -> None:
    answer = offices.fill_in(**fields)
    assert answer.status_code == 422
    assert {problem["field"] for problem in answer.get_json()["errors"]} == wrong


def test_a_name_that_is_taken_is_told_at_once(offices: Offices, world: World) -> None:
    world.account(offices.province, "li.lei")
    assert offices.fill_in().status_code == 422


def test_the_sealed_form_is_what_it_says_and_is_asked_for(
    app: Banyan, offices: Offices, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = app.extensions["banyan.runtime"]
    small = replace(held, settings=replace(held.settings, upload_limit=1000))
    monkeypatch.setitem(app.extensions, "banyan.runtime", small)
    made = offices.fill_in().get_json()
    assert len(offices.send(made["id"]).get_json()["reasons"]) == 1
    for data in (b"", b"MZ\x90 not a document", PDF + b" " * 1000):
        assert offices.scan(made["id"], data).status_code == 422
    assert offices.scan(made["id"]).status_code == 200
    assert offices.scan(made["id"]).status_code == 200, "another one takes its place"
    assert world.session.scalar(select(func.count()).select_from(StoredFile)) == 1
    fetched = offices.call("GET", f"county/administrator-applications/{made['id']}/scan")
    assert fetched.data == PDF
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    fetched.close()


def test_an_organisation_has_one_undecided_application_and_a_revoked_one_none(offices: Offices, world: World) -> None:
    assert offices.fill_in().status_code == 201
    again = offices.fill_in()
    assert again.status_code == 409
    assert len(again.get_json()["reasons"]) == 1
    world.session.add(offices.county)
    offices.county.status = "revoked"
    world.session.commit()
    assert offices.fill_in().status_code == 409
    governor = world.token(world.admin(offices.province))
    assert offices.fill_in("province", governor).status_code == 409, "nobody stands above it"


def test_of_two_who_apply_at_once_one_does(app: Banyan, offices: Offices, world: World) -> None:
    answers: list[int] = []
    barrier = threading.Barrier(3)

    def attempt(number: int) -> None:
        barrier.wait()
        body = {**FIELDS, "sign_in_name": f"person{number}"}
        path = "/api/v1/orgs/county/administrator-applications"
        answers.append(app.test_client().post(path, json=body, headers=offices.headers).status_code)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409, 409]
    assert world.session.scalar(select(func.count()).select_from(AdministratorApplication)) == 1


def test_the_receipt_is_renewed_from_above_only_and_so_is_a_code_nobody_used_in_time(
    app: Banyan, offices: Offices, world: World, clock: FixedClock
) -> None:
    clerk = world.token(world.admin(offices.county))
    sent = offices.sent(headers=clerk)
    path = f"county/administrator-applications/{sent['id']}"
    assert offices.call("POST", f"{path}/receipt", clerk).status_code == 404
    fresh = offices.call("POST", f"{path}/receipt").get_json()["receipt"]
    assert app.test_client().post("/apply", data={"code": sent["receipt"]}).status_code == 422
    offices.decide(sent["request_id"], "approve")

    clock.instant += timedelta(days=21)
    offices.headers = world.token(offices.mayor)
    person = followed(app.test_client(), fresh)
    assert person.post("/apply/application/code").status_code == 409
    assert offices.call("POST", f"{path}/renew", world.token(world.admin(offices.county))).status_code == 404
    assert offices.call("POST", f"{path}/renew").status_code == 200
    assert CODE.search(person.post("/apply/application/code").text)
    codes = world.session.scalars(select(RegistrationCode).where(RegistrationCode.account_id.is_not(None))).all()
    assert len([row for row in codes if row.withdrawn_at is None]) == 1
