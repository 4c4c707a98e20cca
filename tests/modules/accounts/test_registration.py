"""Registration codes: issued, handed over, redeemed once."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.counting import StatDelta
from banyan.kernel.events import OutboxEvent
from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.services import codes, identity, throttle
from banyan.modules.audit.models import AuditEntry
from banyan.modules.tenancy.models import Org
from tests.factories import World
from tests.modules.accounts.people import entries, person

PASSWORD = "a branch becomes a root"
CODE = re.compile(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}")


def _issue(client: FlaskClient, world: World, org: Org, issuer: Account, **data: str) -> str:
    answer = client.post(f"/api/v1/orgs/{org.code}/registration-codes", json=data, headers=world.token(issuer))
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    code: str = answer.get_json()["code"]
    assert CODE.fullmatch(code)
    return code


def _set_up(client: FlaskClient, code: str, name: str = "wang.fang", **other: str) -> Any:
    data = {
        "code": code,
        "sign_in_name": name,
        "display_name": "王芳",
        "phone": "",
        "password": PASSWORD,
        "repeated": PASSWORD,
    }
    return client.post("/register/account", data={**data, **other})


def test_a_code_hands_an_account_to_the_level_below(app: Banyan, client: FlaskClient, world: World) -> None:
    province = world.org(code="jl")
    city = world.org(province, "cc", name="共青团长春市委")
    issuer = world.admin(province)
    browser = world.sign_in(issuer, app.test_client())
    assert browser.get("/orgs/cc/administrators/codes/new").status_code == 200
    answer = browser.post(
        "/orgs/cc/administrators/codes/new", data={"role": "org_admin", "reach": "subtree", "note": "王芳"}
    )
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    found = CODE.search(answer.text)
    assert found
    assert "/register" in answer.text
    offered = client.post("/register", data={"code": found[0].lower().replace("-", " ")})
    assert offered.status_code == 200
    assert "共青团长春市委" in offered.text
    assert client.get_cookie(identity.SESSION_COOKIE) is None
    answer = _set_up(client, found[0], "Wang.Fang")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/orgs/cc/administrators").status_code == 200, "signed in, with the role"
    assert client.get("/orgs/jl/administrators").status_code == 404
    account = world.session.scalars(select(Account).where(Account.sign_in_name == "wang.fang")).one()
    assert (account.org_path, account.created_by) == (city.path, issuer.id)
    grant = world.session.scalars(select(RoleGrant).where(RoleGrant.account_id == account.id)).one()
    assert (grant.role, grant.reach, grant.org_id, grant.granted_by) == ("org_admin", "subtree", city.id, issuer.id)
    assert world.session.scalar(select(func.sum(StatDelta.n)).where(StatDelta.metric == "account.active")) == 1
    assert "accounts.account.opened" in set(world.session.scalars(select(OutboxEvent.name)))


def test_the_code_is_kept_nowhere(client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    code = _issue(client, world, city, world.admin(city), note="王芳")
    _set_up(client, code)
    rows = world.session.scalars(select(AuditEntry)).all()
    written = json.dumps([[str(getattr(row, column.key)) for column in AuditEntry.__table__.columns] for row in rows])
    plain = code.replace("-", "")
    for secret in (code, plain, PASSWORD, "argon2"):
        assert secret not in written
    kept = world.session.scalars(select(RegistrationCode)).one()
    assert plain.encode() not in kept.code_hash
    assert kept.hint == plain[-2:]


def test_one_code_used_twice_at_once_opens_one_account(app: Banyan, client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    code = _issue(client, world, city, world.admin(city))
    answers: list[Any] = []
    barrier = threading.Barrier(4)

    def attempt(number: int) -> None:
        barrier.wait()
        answers.append(_set_up(app.test_client(), code, f"person{number}"))

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    opened = world.session.scalar(select(func.count()).select_from(Account).where(Account.sign_in_name.like("person%")))
    assert opened == 1
    assert len(entries(world, "accounts.account.create")) == 1


def test_used_withdrawn_expired_and_unknown_codes_are_answered_alike(
    app: Banyan, client: FlaskClient, world: World, clock: FixedClock
) -> None:
    city = world.org(code="cc")
    issuer = world.admin(city)
    expired = _issue(client, world, city, issuer)
    clock.instant += timedelta(days=20) - timedelta(seconds=1)
    assert client.post("/register", data={"code": expired}).status_code == 200, "until the last second"
    used, withdrawn = _issue(client, world, city, issuer), _issue(client, world, city, issuer, note="withdraw me")
    clock.instant += timedelta(seconds=1)
    assert _set_up(app.test_client(), used).status_code == 303
    row = world.session.scalars(select(RegistrationCode).where(RegistrationCode.note == "withdraw me")).one()
    browser = world.sign_in(issuer, app.test_client())
    assert browser.get(f"/orgs/cc/administrators/codes/{row.id}/withdraw").status_code == 200
    assert browser.post(f"/orgs/cc/administrators/codes/{row.id}/withdraw").status_code == 303
    assert browser.post(f"/orgs/cc/administrators/codes/{row.id}/withdraw").status_code == 409
    answers = [client.post("/register", data={"code": code}) for code in (used, withdrawn, expired, "ABCD-2345", "？")]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.text.split('role="alert"')[1].split("</ul>")[0] for answer in answers}) == 1
    finished = [_set_up(client, code, f"late{number}") for number, code in enumerate((used, withdrawn, expired))]
    assert {answer.status_code for answer in finished} == {422}
    states = client.get("/api/v1/orgs/cc/registration-codes", headers=world.token(issuer)).get_json()["items"]
    assert sorted(item["state"] for item in states if item["state"] != "expired") == ["used", "withdrawn"]


def test_guessing_codes_is_paused_by_address(app: Banyan, client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    code = _issue(client, world, city, world.admin(city))
    for _ in range(throttle.BY_REGISTRATION.failures):
        assert client.post("/register", data={"code": "ABCD-2345"}).status_code == 422
    assert client.post("/register", data={"code": code}).status_code == 422
    other = app.test_client().post("/register", data={"code": code}, environ_base={"REMOTE_ADDR": "10.9.9.9"})
    assert other.status_code == 200


def test_what_is_wrong_with_the_new_account_is_told_and_the_code_stays_good(client: FlaskClient, world: World) -> None:
    city = world.org(code="cc")
    person(world, city, "wang.fang")
    code = _issue(client, world, city, world.admin(city))
    answer = _set_up(client, code, phone="call me")
    assert answer.status_code == 422
    assert 'value="王芳"' in answer.text
    assert PASSWORD not in answer.text
    assert _set_up(client, code, "WANG.FANG").status_code == 422, "taken, however it is written"
    assert _set_up(client, code, "x").status_code == 422
    assert _set_up(client, code, "other", password="1234567890", repeated="1234567890").status_code == 422
    assert _set_up(client, code, "other", repeated="something else").status_code == 422
    assert _set_up(client, code, "other").status_code == 303


@pytest.mark.clause("ORG-09")
def test_nobody_issues_a_code_for_a_role_they_do_not_hold(client: FlaskClient, world: World) -> None:
    province = world.org(code="jl")
    city = world.org(province, "cc")
    narrow = world.token(world.admin(city, reach="self"))
    url = "/api/v1/orgs/cc/registration-codes"
    assert client.post(url, json={"reach": "subtree"}, headers=narrow).status_code == 409
    assert client.post(url, json={"reach": "self"}, headers=narrow).status_code == 201
    assert client.post(url, json={"role": "no_such_role"}, headers=narrow).status_code == 422
    above = "/api/v1/orgs/jl/registration-codes"
    assert client.post(above, json={}, headers=narrow).status_code == 404
    assert world.session.scalar(select(func.count()).select_from(RegistrationCode)) == 1


@pytest.mark.clause("ORG-09")
def test_a_code_gives_nothing_its_issuer_has_lost(app: Banyan, client: FlaskClient, world: World) -> None:
    province = world.org(code="jl")
    city = world.org(province, "cc")
    issuer = world.account(province)
    grant = world.grant(issuer, province)
    code = _issue(client, world, city, issuer)
    grant.ended_at = world.clock.now()
    world.session.commit()
    assert _set_up(client, code).status_code == 422
    assert (
        world.session.scalar(select(func.count()).select_from(Account).where(Account.sign_in_name == "wang.fang")) == 0
    )


def test_suspending_who_issued_codes_withdraws_them(app: Banyan, client: FlaskClient, world: World) -> None:
    province = world.org(code="jl")
    city = world.org(province, "cc")
    issuer = world.admin(city)
    code = _issue(client, world, city, issuer)
    headers = world.token(world.admin(province))
    assert client.post(f"/api/v1/orgs/jl/accounts/{issuer.id}/suspend", headers=headers).status_code == 200
    assert client.post("/register", data={"code": code}).status_code == 422


@pytest.mark.clause("ORG-08")
def test_codes_of_neighbours_are_neither_seen_nor_withdrawn(client: FlaskClient, world: World) -> None:
    province = world.org(code="jl")
    mine, other = world.org(province, "cc"), world.org(province, "jlc")
    code = _issue(client, world, other, world.admin(other))
    row = world.session.scalars(select(RegistrationCode)).one()
    headers = world.token(world.admin(mine))
    assert client.get("/api/v1/orgs/cc/registration-codes", headers=headers).get_json()["items"] == []
    withdraw = f"/api/v1/orgs/cc/registration-codes/{row.id}/withdraw"
    assert client.post(withdraw, headers=headers).status_code == 404
    assert client.post("/register", data={"code": code}).status_code == 200


def test_a_code_cannot_be_tried_out_without_the_key(app: Banyan) -> None:
    with app.app_context():
        keyed = codes.hashed("ABCD-2345")
        assert keyed == codes.hashed("abcd2345")
        held = app.extensions["banyan.runtime"]
        assert keyed != identity.hashed("ABCD2345")
        assert held.settings.secret_key


@pytest.mark.clause("ORG-02")
def test_a_code_sets_up_an_account_that_was_opened_for_its_holder(
    app: Banyan, client: FlaskClient, world: World
) -> None:
    city = world.org(code="cc")
    issuer, opened = world.admin(city), world.account(city, "li.lei", display_name="李雷")
    world.grant(opened, city)
    ctx = world.context(issuer, city)
    with app.app_context(), ctx.session:
        row = codes.issue_for_account(ctx, opened, role="org_admin", reach="subtree", note="")
        first, second = codes.renew(ctx, row), codes.renew(ctx, row)
        ctx.session.commit()

    assert client.post("/register", data={"code": first}).status_code == 422, "a fresh code takes its place"
    offered = client.post("/register", data={"code": second})
    assert "li.lei" in offered.text
    assert 'name="sign_in_name"' not in offered.text
    weak = client.post("/register/account", data={"code": second, "password": "li.lei", "repeated": "li.lei"})
    assert weak.status_code == 422
    good = {"code": second, "password": PASSWORD, "repeated": PASSWORD}
    assert client.post("/register/account", data={**good, "sign_in_name": "other"}).status_code == 422
    assert client.post("/register/account", data=good).status_code == 303
    assert client.get("/orgs/cc/administrators").status_code == 200
    assert client.post("/register/account", data=good).status_code == 422
    assert world.session.scalar(select(func.count()).select_from(Account).where(Account.org_id == city.id)) == 2


@pytest.mark.clause("ORG-02")
def test_where_codes_are_forbidden_none_is_issued_and_the_reason_is_said(
    app: Banyan, client: FlaskClient, world: World
) -> None:
    province = world.org(code="jl")
    city = world.org(province, "cc")
    issuer = world.admin(province)
    early = _issue(client, world, city, issuer)
    headers = world.token(issuer)
    forbid = {"values": {"accounts.codes_allowed": False}}
    assert client.put("/api/v1/orgs/jl/settings", json=forbid, headers=headers).status_code == 200

    answer = client.post("/api/v1/orgs/cc/registration-codes", json={}, headers=headers)
    assert answer.status_code == 409
    assert answer.get_json()["reasons"]
    own = world.token(world.admin(city))
    allow = {"values": {"accounts.codes_allowed": True}}
    assert client.put("/api/v1/orgs/cc/settings", json=allow, headers=own).status_code == 409
    browser = world.sign_in(issuer, app.test_client())
    assert 'name="role"' not in browser.get("/orgs/cc/administrators/codes/new").text
    assert browser.post("/orgs/cc/administrators/codes/new", data={"role": "org_admin"}).status_code == 422
    assert _set_up(client, early).status_code == 303, "a code that was handed out before stays valid"
