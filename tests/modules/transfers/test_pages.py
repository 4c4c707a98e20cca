"""What members and secretaries see and fill in."""

from __future__ import annotations

import pytest

from tests.modules.transfers.branches import Branches


@pytest.mark.clause("TRF-01")
def test_a_member_asks_on_the_phone_and_sees_where_it_stands(branches: Branches) -> None:
    member = branches.member()
    browser = branches.world.sign_in(branches.account_of(member))
    assert "您还没有申请过转接" in browser.get("/me/transfers").get_data(as_text=True)
    wrong = browser.post("/me/transfers/new", data={"to": "不存在的组织", "kind": "study", "reason": "考入延边大学"})
    assert wrong.status_code == 422
    assert "考入延边大学" in wrong.get_data(as_text=True), "nothing that was typed is lost"
    assert "延吉支部" in browser.get("/me/transfers/destinations?to=延吉").get_data(as_text=True)
    sent = browser.post("/me/transfers/new", data={"to": "延吉支部", "kind": "study", "reason": "考入延边大学"})
    assert sent.status_code == 303
    page = browser.get(sent.headers["Location"]).get_data(as_text=True)
    assert "转出组织审批" in page
    assert "2026-02-26" in page, "until when it is decided"
    assert "审批意见" not in page, "members decide nothing"
    transfer = branches.api(branches.account_of(member), "GET", "/me/transfers").get_json()["items"][0]
    branches.decide(branches.sender, "guilin", transfer, "return", opinion="请写明院系")
    again = f"/me/transfers/{transfer['id']}/correct"
    assert "请写明院系" in browser.get(again).get_data(as_text=True)
    version = branches.found(transfer).version
    data = {"to": "yanji", "kind": "study", "reason": "延边大学文学院", "version": version}
    assert browser.post(again, data=data).status_code == 303
    assert browser.post(f"/me/transfers/{transfer['id']}/withdraw").status_code == 303
    assert branches.state(transfer) == "withdrawn"


def test_a_secretary_answers_explains_and_prints(branches: Branches) -> None:
    member = branches.member()
    transfer = branches.apply(member)
    browser = branches.world.sign_in(branches.sender)
    assert member.name in browser.get("/orgs/guilin/transfers/outgoing").get_data(as_text=True)
    assert member.name not in browser.get("/orgs/guilin/transfers/incoming").get_data(as_text=True)
    one = f"/orgs/guilin/transfers/{transfer['id']}"
    assert "审批" in browser.get(one).get_data(as_text=True)
    assert browser.post(f"{one}/delays", data={"text": ""}).status_code == 422
    assert browser.post(f"{one}/delays", data={"text": "材料待核"}).status_code == 303
    assert "材料待核" in browser.get(one).get_data(as_text=True)
    assert "组织关系介绍信" in browser.get(f"{one}/print").get_data(as_text=True)
    assert browser.post(f"{one}/withdraw").status_code == 403, "the member asked for it"


def test_a_secretary_asks_for_a_member_and_takes_it_back(branches: Branches) -> None:
    member = branches.member()
    browser = branches.world.sign_in(branches.sender)
    form = f"/orgs/guilin/transfers/new/{member.id}"
    assert member.name in browser.get(form).get_data(as_text=True)
    page = browser.get(f"/orgs/guilin/members/{member.id}/").get_data(as_text=True)
    assert form in page, "the way there is on the member's page"
    data = {"member": str(member.id), "to": "guilin", "kind": "work"}
    assert browser.post(form, data=data).status_code == 422
    sent = browser.post(form, data={**data, "to": "yanji"})
    assert sent.status_code == 303
    assert browser.post(f"{sent.headers['Location']}/withdraw").status_code == 303
    assert "已撤回" in browser.get(sent.headers["Location"]).get_data(as_text=True)
