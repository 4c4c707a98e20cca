"""Accounts of members: opened by the branch, set up by their holders, listed while they are missing (ACC-02)."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from banyan.kernel.clock import today
from banyan.kernel.db.scoped import Whole
from banyan.kernel.events import OutboxEvent
from banyan.modules.accounts.models import Account
from banyan.modules.people.models import Member
from banyan.modules.people.rules import account_due
from banyan.modules.people.services import account_closing, campaign_watch, members
from banyan.plugins.settings import OrgSetting
from tests.factories import World
from tests.modules.people.conftest import Registry

PASSWORD = "Xikanglu-1998-banyan"


def fresh(world: World, model: Any, identity: Any) -> Any:
    world.session.rollback()
    return world.session.get_one(model, identity, populate_existing=True)


def open_for(registry: Registry, *found: Member, org: Any = None, role: str = "branch_secretary") -> Any:
    place = org or registry.branch
    headers = registry.world.token(registry.world.admin(place, role, "subtree"))
    sent = {"ids": [str(one.id) for one in found]}
    client = registry.world.app.test_client()
    return client.post(f"/api/v1/orgs/{place.code}/member-accounts", json=sent, headers=headers)


@pytest.mark.clause("ACC-02")
def test_a_branch_opens_accounts_and_each_holder_sets_a_password_with_the_slip(registry: Registry) -> None:
    world = registry.world
    one, two = registry.admit(name="成员001"), registry.admit(name="成员002")
    stranger = registry.admit(registry.other, name="成员003")
    answer = open_for(registry, one, two, stranger)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    slips = answer.get_json()["slips"]
    assert [slip["sign_in_name"] for slip in slips] == [f"{registry.branch.code}-000{n}" for n in (1, 2)]
    browser = world.app.test_client()
    sent = {"code": slips[0]["code"], "password": PASSWORD, "repeated": PASSWORD}
    assert browser.post("/register/account", data=sent).status_code == 303
    assert browser.post("/register/account", data=sent).status_code in (409, 422)
    member = fresh(world, Member, one.id)
    account = fresh(world, Account, member.account_id)
    assert account.person_id == member.person_id
    assert account.password_hash
    # The account is the member's own: no roles, and nothing of its organisation is reached with it.
    assert browser.get(f"/orgs/{registry.branch.code}/members/").status_code == 404
    # Asked again: who has set it up keeps it, who waits gets a fresh code, and the earlier one opens nothing.
    again = open_for(registry, one, two).get_json()
    assert [slip["member_id"] for slip in again["slips"]] == [str(two.id)]
    assert [left["name"] for left in again["left"]] == ["成员001"]
    earlier = {"code": slips[1]["code"], "password": PASSWORD, "repeated": PASSWORD}
    assert world.app.test_client().post("/register/account", data=earlier).status_code == 422
    assert open_for(registry, stranger).status_code == 409
    assert fresh(world, Member, stranger.id).account_id is None


@pytest.mark.clause("ACC-02")
def test_the_record_page_shows_the_account_and_prints_a_slip_once(registry: Registry) -> None:
    world = registry.world
    one = registry.admit()
    browser = world.sign_in(world.admin(registry.branch, "branch_secretary", "self"))
    page = f"/orgs/{registry.branch.code}/members/{one.id}/"
    assert "未开通账号" in browser.get(page, headers={"Accept-Language": "zh-Hans"}).get_data(as_text=True)
    shown = browser.post(page + "account")
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    assert f"{registry.branch.code}-0001" in shown.get_data(as_text=True)
    assert f"{registry.branch.code}-0001" in browser.get(page).get_data(as_text=True)
    listed = browser.post(f"/orgs/{registry.branch.code}/member-accounts?as=xlsx", data={"ids": str(one.id)})
    sheet = openpyxl.load_workbook(io.BytesIO(listed.get_data())).active
    assert sheet is not None
    assert sheet["C2"].value == f"{registry.branch.code}-0001"
    auditor = world.sign_in(world.admin(registry.branch, "org_auditor"))
    assert auditor.post(page + "account").status_code == 403


@pytest.mark.clause("ACC-02")
def test_nobody_takes_over_an_account_that_holds_roles_with_a_code(registry: Registry) -> None:
    world = registry.world
    one = registry.admit()
    chief = world.admin(registry.root)
    held = fresh(world, Member, one.id)
    held.account_id = chief.id
    world.session.commit()
    headers = world.token(world.admin(registry.branch, "branch_secretary", "self"))
    client = world.app.test_client()
    answer = client.post(f"/api/v1/orgs/{registry.branch.code}/members/{one.id}/account", headers=headers)
    assert answer.status_code == 409
    assert open_for(registry, one).status_code == 409


@pytest.mark.clause("ACC-02")
def test_members_without_account_are_due_after_fifteen_working_days_for_every_level_above(registry: Registry) -> None:
    world = registry.world
    day = today(world.clock)
    late = account_due.overdue_until(day)
    registry.admit(name="成员001", admitted_on=late)
    registry.admit(registry.other, name="成员002", admitted_on=day)
    registry.admit(registry.other, name="成员003", admitted_on=account_due.due_within(day, 5))
    headers = world.token(world.admin(registry.root))
    client = world.app.test_client()
    address = f"/api/v1/orgs/{registry.root.code}/member-accounts"
    rows = client.get(address, headers=headers).get_json()["items"]
    assert [(row["name"], row["state"]) for row in rows] == [
        ("成员001", "overdue"),
        ("成员003", "soon"),
        ("成员002", "due"),
    ]
    assert rows[0]["due_on"] == account_due.due_on(late).isoformat()
    found = client.get(address + "?state=overdue", headers=headers).get_json()["items"]
    assert [row["name"] for row in found] == ["成员001"]
    counted = client.get(f"{address}/figures", headers=headers).get_json()["items"]
    assert [(one["name"], one["missing"], one["soon"], one["overdue"]) for one in counted] == [
        ("", 0, 0, 0),
        ("长春市", 3, 1, 1),
    ]
    below = client.get(f"/api/v1/orgs/{registry.city.code}/member-accounts/figures", headers=headers).get_json()
    assert [(one["name"], one["overdue"]) for one in below["items"]] == [("", 0), ("第一支部", 1), ("第二支部", 0)]
    browser = world.sign_in(world.admin(registry.root))
    card = browser.get(f"/orgs/{registry.root.code}/member-accounts/card", headers={"HX-Request": "true"})
    assert "长春市" in card.get_data(as_text=True)
    with world.app.app_context(), world.app.extensions["banyan.runtime"].db.session(Whole("test")) as session:
        campaign_watch.remind_of_accounts(world.context(world.admin(registry.root), registry.root, session.scope))
    world.session.rollback()
    told = world.session.scalars(select(OutboxEvent).where(OutboxEvent.name == "people.accounts.overdue")).all()
    assert [(event.org_id, event.payload["missing"]) for event in told] == [(registry.branch.id, 1)]


@pytest.mark.clause("ACC-02")
def test_an_account_is_closed_with_the_last_membership_and_opened_again_with_it(registry: Registry) -> None:
    world = registry.world
    one = registry.admit()
    open_for(registry, one)
    ctx = registry.ctx(registry.branch)
    with world.app.app_context():
        members.leave(ctx, one.id, {"kind": "left", "ended_on": today(world.clock), "reason": ""})
        ctx.session.commit()
        for _twice in range(2):
            account_closing.heard(ctx, "people.member.left", {"member_id": str(one.id)})
            ctx.session.commit()
        account_id = fresh(world, Member, one.id).account_id
        assert fresh(world, Account, account_id).status == "suspended"
        assert open_for(registry, one).status_code == 409
        members.restore(ctx, one.id, {"restored_on": today(world.clock), "reason": ""})
        account_closing.heard(ctx, "people.member.restored", {"member_id": str(one.id)})
        ctx.session.commit()
        assert fresh(world, Account, account_id).status == "active"
        world.session.add(
            OrgSetting(
                org_id=registry.root.id, org_path=registry.root.path, key="people.accounts_close", value=False,
                set_at=world.clock.now(),
            )
        )  # fmt: skip
        world.session.commit()
        members.leave(ctx, one.id, {"kind": "left", "ended_on": today(world.clock), "reason": ""})
        account_closing.heard(ctx, "people.member.left", {"member_id": str(one.id)})
        ctx.session.commit()
    assert fresh(world, Account, account_id).status == "active"
