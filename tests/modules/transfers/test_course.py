"""The course of a transfer: asked for, answered by both branches, carried out by itself (TRF-01, TRF-02)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from banyan.kernel.events import OutboxEvent
from banyan.modules.access.models import RoleGrant
from banyan.modules.tenancy.models import Org
from tests.modules.transfers.branches import Branches

LATE = datetime(2026, 2, 27, 2, tzinfo=UTC)


@pytest.mark.clause("TRF-01", "TRF-02")
def test_a_transfer_to_yanji_whose_receiver_is_late_and_says_why(branches: Branches) -> None:
    member = branches.member()
    transfer = branches.apply(member)
    assert (transfer["state"], transfer["due_on"]) == ("sending", "2026-02-26")
    assert branches.decide(branches.sender, "guilin", transfer).status_code == 200
    assert branches.state(transfer) == "receiving"
    said = branches.api(
        branches.receiver, "POST", f"yanji/transfers/{transfer['id']}/delays", {"text": "支部书记外出学习"}
    )
    assert said.status_code == 201, said.get_json()
    branches.world.clock.instant = LATE
    branches.run()
    mine = branches.api(branches.account_of(member), "GET", f"/me/transfers/{transfer['id']}").get_json()
    assert (mine["overdue"], mine["delays"][0]["text"]) == (True, "支部书记外出学习")
    for who, at in ((branches.upper_from, "changchun"), (branches.upper_to, "yanbian"), (branches.sender, "guilin")):
        rows = branches.api(who, "GET", f"{at}/transfers/overdue").get_json()["items"]
        assert [row["name"] for row in rows] == [member.name], f"{at} sees that it is late"
        shown = branches.api(who, "GET", f"{at}/transfers/{transfer['id']}").get_json()
        assert shown["delays"][0]["text"] == "支部书记外出学习"
    assert branches.decide(branches.receiver, "yanji", transfer).status_code == 422, "lateness is to be explained"
    accepted = branches.decide(branches.receiver, "yanji", transfer, explanation="支部书记外出学习")
    assert accepted.get_json()["lines"][0]["late"]
    assert branches.place(member) == "guilin"
    branches.run()
    assert (branches.place(member), branches.state(transfer)) == ("yanji", "done")
    assert branches.account_of(member).org_id == branches.yanji.id, "the account goes along"
    mine = branches.api(branches.account_of(member), "GET", "/me/transfers").get_json()["items"]
    assert [(one["state"], one["moved_on"]) for one in mine] == [("done", "2026-02-27")]
    branches.nobody_is_lost()


@pytest.mark.clause("TRF-02")
def test_both_upper_levels_are_told_that_it_is_late(branches: Branches) -> None:
    branches.apply(branches.member())
    branches.world.clock.instant = LATE
    branches.run()
    branches.run()
    events = branches.world.session.execute(
        select(OutboxEvent.org_id).where(OutboxEvent.name == "transfers.transfer.overdue")
    )
    sides = (branches.guilin, branches.yanji, branches.city, branches.prefecture)
    assert sorted(row.org_id for row in events) == sorted(org.id for org in sides), "each once"


@pytest.mark.clause("TRF-02")
def test_a_rejection_carries_its_reason_to_the_member_and_the_other_branch(branches: Branches) -> None:
    member = branches.member()
    transfer = branches.apply(member)
    branches.decide(branches.sender, "guilin", transfer)
    branches.decide(branches.receiver, "yanji", transfer, "reject", opinion="不在本支部区域")
    branches.run()
    assert branches.place(member) == "guilin"
    for who, path in (
        (branches.account_of(member), f"/me/transfers/{transfer['id']}"),
        (branches.sender, f"guilin/transfers/{transfer['id']}"),
        (branches.receiver, f"yanji/transfers/{transfer['id']}"),
    ):
        shown = branches.api(who, "GET", path).get_json()
        assert (shown["state"], shown["opinion"]) == ("rejected", "不在本支部区域")
    assert branches.apply(member)["state"] == "sending", "another one can be asked for"


@pytest.mark.clause("TRF-02")
def test_what_is_returned_can_be_corrected_and_withdrawn_by_the_member_alone(branches: Branches) -> None:
    member = branches.member()
    transfer = branches.apply(member)
    branches.decide(branches.sender, "guilin", transfer, "return", opinion="请写明学校")
    mine = branches.api(branches.account_of(member), "GET", f"/me/transfers/{transfer['id']}").get_json()
    assert (mine["state"], mine["opinion"]) == ("returned", "请写明学校")
    body = {"to": "yanji", "kind": "study", "reason": "延边大学文学院", "version": mine["version"]}
    stale = branches.api(
        branches.account_of(member), "POST", f"/me/transfers/{transfer['id']}/correct", {**body, "version": 99}
    )
    assert stale.status_code == 409
    sent = branches.api(branches.account_of(member), "POST", f"/me/transfers/{transfer['id']}/correct", body)
    assert (sent.status_code, branches.state(transfer)) == (200, "sending"), sent.get_json()
    other = branches.account_of(branches.member())
    assert branches.api(other, "POST", f"/me/transfers/{transfer['id']}/withdraw", {}).status_code == 404
    taken = branches.api(branches.account_of(member), "POST", f"/me/transfers/{transfer['id']}/withdraw", {})
    assert taken.get_json()["state"] == "withdrawn"
    assert branches.decide(branches.sender, "guilin", transfer).status_code in (404, 409)


def test_a_member_moves_on_the_day_that_was_asked_for(branches: Branches) -> None:
    member = branches.member()
    transfer = branches.apply(member, effective_on="2026-02-20")
    branches.decide(branches.sender, "guilin", transfer)
    branches.decide(branches.receiver, "yanji", transfer)
    branches.run()
    assert (branches.place(member), branches.state(transfer)) == ("guilin", "accepted")
    branches.world.clock.instant += timedelta(days=8)
    branches.run()
    branches.run()
    assert branches.place(member) == "yanji"
    assert branches.found(transfer).moved_on == date(2026, 2, 20)


def test_the_sending_branch_asks_for_a_member_and_the_receiver_alone_decides(branches: Branches) -> None:
    member = branches.member()
    body = {"member": str(member.id), "to": "yanji", "kind": "work"}
    asked = branches.api(branches.sender, "POST", "guilin/transfers", body)
    assert (asked.status_code, asked.get_json()["state"]) == (201, "receiving"), asked.get_json()
    mine = branches.api(branches.account_of(member), "GET", f"/me/transfers/{asked.get_json()['id']}")
    assert mine.get_json()["state"] == "receiving", "the member sees where it stands"
    assert branches.api(branches.receiver, "POST", "yanji/transfers", body).status_code == 404, "no member of theirs"
    branches.decide(branches.receiver, "yanji", asked.get_json())
    branches.run()
    assert branches.place(member) == "yanji"


def test_roles_at_the_old_branch_end_and_the_sender_reads_which(branches: Branches) -> None:
    member = branches.member()
    branches.world.grant(branches.account_of(member), branches.guilin, "treasurer", "self")
    transfer = branches.apply(member)
    request = branches.found(transfer).request_id
    details = branches.api(branches.sender, "GET", f"guilin/approvals/{request}").get_json()["details"]
    assert {"label": "Roles that end", "value": "财务人员"} in details or any("Roles" in d["label"] for d in details)
    branches.decide(branches.sender, "guilin", transfer)
    branches.decide(branches.receiver, "yanji", transfer)
    branches.run()
    assert branches.place(member) == "yanji"
    branches.world.session.expire_all()
    grants = branches.world.session.scalars(select(RoleGrant).where(RoleGrant.account_id == member.account_id)).all()
    assert [grant.ended_at is not None for grant in grants] == [True]


def test_the_last_administrator_of_a_branch_does_not_leave_it_without_one(branches: Branches) -> None:
    member = branches.member()
    branches.world.grant(branches.account_of(member), branches.guilin, "org_admin", "self")
    transfer = branches.apply(member)
    refused = branches.decide(branches.sender, "guilin", transfer)
    assert (refused.status_code, branches.state(transfer)) == (409, "sending")
    branches.world.admin(branches.guilin, reach="self")
    assert branches.decide(branches.sender, "guilin", transfer).status_code == 200


@pytest.mark.parametrize(
    ("to", "more", "field"),
    [
        ("guilin", {}, "to"),
        ("nowhere", {}, "to"),
        ("gone", {}, "to"),
        ("closed", {}, "to"),
        ("yanji", {"effective_on": "2026-02-11"}, "effective_on"),
        ("yanji", {"effective_on": "2028-01-01"}, "effective_on"),
        ("yanji", {"kind": "holiday"}, "kind"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_the_reason(
    branches: Branches, to: str, more: dict[str, str], field: str
) -> None:
    branches.world.org(branches.prefecture, "gone", name="已撤销支部", status="revoked")
    closed = branches.world.org(branches.prefecture, "closed", name="不接收支部")
    branches.lay_down(closed, "transfers.accepts", False)
    member = branches.member()
    body = {"to": to, "kind": "study", **more}
    answer = branches.api(branches.account_of(member), "POST", "/me/transfers", body)
    assert answer.status_code == 422, answer.get_json()
    assert field in [error["field"] for error in answer.get_json()["errors"]]


def test_one_who_left_or_has_an_open_transfer_cannot_ask(branches: Branches) -> None:
    member = branches.member()
    branches.apply(member)
    again = branches.api(branches.account_of(member), "POST", "/me/transfers", {"to": "yanji", "kind": "study"})
    assert again.status_code == 409
    assert "open transfer" in again.get_json()["detail"]
    body = {"member": str(member.id), "to": "yanji", "kind": "work"}
    assert branches.api(branches.sender, "POST", "guilin/transfers", body).status_code == 409
    nobody = branches.world.account(branches.guilin)
    assert branches.api(nobody, "POST", "/me/transfers", {"to": "yanji", "kind": "study"}).status_code == 404


def test_destinations_tell_name_and_place_and_nothing_else(branches: Branches) -> None:
    account = branches.account_of(branches.member())
    found = branches.api(account, "GET", "/me/transfers/destinations?q=延吉").get_json()["items"]
    assert found == [{"code": "yanji", "name": "延吉支部", "above": ["吉林省", "延边州"]}]
    assert branches.api(account, "GET", "/me/transfers/destinations?q=沈阳").get_json()["items"] == []
    assert branches.api(account, "GET", "/me/transfers/destinations?q=桂林").get_json()["items"] == [], "one's own"
    stranger = branches.world.account(branches.guilin)
    assert branches.api(stranger, "GET", "/me/transfers/destinations?q=延吉").get_json()["items"] == []


def test_a_name_that_one_organisation_has_does_without_its_code(branches: Branches) -> None:
    assert branches.apply(branches.member(), "延吉支部")["to_name"] == "延吉支部"
    branches.world.org(branches.city, "yanji-2", name="延吉支部")
    asked = {"to": "延吉支部", "kind": "study"}
    answer = branches.api(branches.account_of(branches.member()), "POST", "/me/transfers", asked)
    assert answer.status_code == 422
    assert "yanji-2" in answer.get_json()["errors"][0]["reason"]


def test_only_the_organisations_at_the_foot_take_members_where_that_is_laid_down(branches: Branches) -> None:
    branches.lay_down(branches.root, "transfers.places", "basic")
    account = branches.account_of(branches.member())
    refused = branches.api(account, "POST", "/me/transfers", {"to": "yanbian", "kind": "moved"})
    assert refused.status_code == 422
    assert branches.api(account, "GET", "/me/transfers/destinations?q=延边").get_json()["items"] == []


def test_a_neighbour_learns_nothing_of_a_transfer(branches: Branches) -> None:
    transfer = branches.apply(branches.member())
    other = branches.world.org(branches.city, "other")
    neighbour = branches.world.admin(other)
    assert branches.api(neighbour, "GET", f"other/transfers/{transfer['id']}").status_code == 404
    assert branches.api(neighbour, "GET", "other/transfers").get_json()["items"] == []
    assert branches.world.session.get_one(Org, other.id).status == "active"
