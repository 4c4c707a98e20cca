"""Clean-up campaigns and yearly registration, and leaving for age (PPL-08, PPL-09)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import select

from banyan.kernel.clock import FixedClock, today
from banyan.kernel.errors import Conflict, Invalid
from banyan.kernel.events import OutboxEvent
from banyan.modules.people.campaign_models import CampaignAnswer
from banyan.modules.people.models import Member
from banyan.modules.people.services import campaign_answers, campaign_watch, members
from banyan.plugins.settings import OrgSetting
from tests.factories import World
from tests.modules.people.conftest import Registry, identity_number


def call(registry: Registry, org: Any, method: str, path: str, role: str = "org_admin", **body: Any) -> Any:
    headers = registry.world.token(registry.world.admin(org, role, "subtree"))
    client = registry.world.app.test_client()
    return client.open(f"/api/v1/orgs/{org.code}/{path}", method=method, headers=headers, json=body or None)


def opened(registry: Registry, days: int = 30) -> str:
    due = (today(registry.world.clock) + timedelta(days=days)).isoformat()
    asked = ["name", "joined_on"]
    made = call(registry, registry.root, "POST", "campaigns", kind="cleanup", title="档案清理", due_on=due, asked=asked)
    assert made.status_code == 201, made.get_data(as_text=True)
    return str(made.get_json()["id"])


def progress(registry: Registry, org: Any, campaign: str) -> dict[str, tuple[int, int]]:
    items = call(registry, org, "GET", f"campaigns/{campaign}/progress").get_json()["items"]
    return {("itself" if one["itself"] else one["name"]): (one["total"], one["left"]) for one in items}


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.get_json()["items"]]


@pytest.mark.clause("PPL-08")
def test_branches_confirm_their_records_and_every_level_sees_what_is_open(registry: Registry) -> None:
    world = registry.world
    ours = [registry.admit(name=f"成员00{n}", admitted_on=date(2025, 9, 1)) for n in (1, 2, 3, 4)]
    theirs = registry.admit(registry.other, name="成员005", admitted_on=date(2025, 9, 1))
    campaign = opened(registry)
    assert progress(registry, registry.root, campaign) == {"": (5, 5), "长春市": (5, 5)}
    branch = registry.branch
    assert names(call(registry, branch, "GET", f"campaigns/{campaign}/unanswered")) == [one.name for one in ours]
    ids = [str(one.id) for one in (*ours[:2], theirs)]
    done = call(registry, branch, "POST", f"campaigns/{campaign}/confirm", "branch_secretary", ids=ids)
    assert done.get_json() == {"done": 2, "left": 1}
    assert call(registry, branch, "POST", f"campaigns/{campaign}/confirm", ids=ids).get_json() == {"done": 0, "left": 3}
    at = f"campaigns/{campaign}/members/{ours[2].id}"
    assert call(registry, branch, "PUT", at, answer="doubtful").status_code == 422
    said = call(registry, branch, "PUT", at, answer="doubtful", reason="志愿书缺失")
    assert said.status_code == 200, said.get_data(as_text=True)
    # Who has not read the answer cannot write over it.
    assert call(registry, branch, "PUT", at, answer="confirmed").status_code == 409
    assert call(registry, branch, "PUT", at, answer="absent", reason="查无", version=1).status_code == 200
    assert (
        call(registry, branch, "PUT", f"campaigns/{campaign}/members/{theirs.id}", answer="confirmed").status_code
        == 404
    )
    assert progress(registry, registry.city, campaign) == {"": (5, 2), "第一支部": (4, 1), "第二支部": (1, 1)}
    found = call(registry, registry.root, "GET", f"campaigns/{campaign}/answers?answer=absent").get_json()["items"]
    assert [(row["name"], row["reason"]) for row in found] == [("成员003", "查无")]
    assert names(call(registry, registry.root, "GET", f"campaigns/{campaign}/unanswered")) == ["成员004", "成员005"]
    # A neighbour of the tree knows nothing of it.
    far = world.org(name="另一省")
    assert call(registry, far, "GET", f"campaigns/{campaign}").status_code == 404


@pytest.mark.clause("PPL-08")
def test_who_is_edited_after_the_opening_counts_as_corrected_and_two_at_once_answer_once(registry: Registry) -> None:
    world = registry.world
    one, two = (registry.admit(name=name, admitted_on=date(2025, 9, 1)) for name in ("成员001", "成员002"))
    campaign = opened(registry)
    later = FixedClock(world.clock.now() + timedelta(hours=1))
    first, second = (replace(registry.ctx(registry.branch), clock=later) for _ in range(2))
    with world.app.app_context():
        members.edit(first, one.id, {"workplace": "长春大学"})
        first.session.commit()
        assert campaign_answers.confirm(first, UUID(campaign), [one.id, two.id]) == (2, 0)
        first.session.commit()
        with pytest.raises(Conflict):
            campaign_answers.answer(
                second, UUID(campaign), two.id, {"answer": "absent", "reason": "查无", "version": 0}
            )
        second.session.rollback()
    rows = world.session.execute(
        select(Member.name, CampaignAnswer.answer).join(Member, Member.id == CampaignAnswer.member_id)
    )
    assert dict(rows.all()) == {"成员001": "corrected", "成员002": "confirmed"}


@pytest.mark.clause("PPL-08")
def test_answers_go_with_members_who_move_leave_and_come_back_and_newcomers_are_not_asked(registry: Registry) -> None:
    world = registry.world
    mover, leaver, rest = (registry.admit(name=f"成员00{n}", admitted_on=date(2025, 9, 1)) for n in (1, 2, 3))
    campaign = opened(registry)
    registry.admit(name="成员004", admitted_on=today(world.clock))
    ids = [str(one.id) for one in (mover, leaver)]
    call(registry, registry.branch, "POST", f"campaigns/{campaign}/confirm", ids=ids)
    ctx = registry.ctx(registry.city)
    day = today(world.clock)
    with world.app.app_context():
        members.move(ctx, ctx.session.get_one(Member, mover.id), registry.other.ref, on=day, how="transfer")
        members.leave(ctx, leaver.id, {"kind": "left", "ended_on": day, "reason": ""})
        ctx.session.commit()
    # 成员004 was admitted on the day of the opening and belongs to it; who left counts nowhere.
    assert progress(registry, registry.city, campaign) == {"": (3, 2), "第一支部": (2, 2), "第二支部": (1, 0)}
    with world.app.app_context():
        members.restore(ctx, leaver.id, {"restored_on": day, "reason": ""})
        ctx.session.commit()
    assert progress(registry, registry.city, campaign)["第一支部"] == (3, 2)
    assert rest.name in names(call(registry, registry.branch, "GET", f"campaigns/{campaign}/unanswered"))


@pytest.mark.clause("PPL-08")
def test_a_campaign_is_closed_with_its_figures_and_a_report(registry: Registry) -> None:
    one = registry.admit(name="成员001", admitted_on=date(2025, 9, 1))
    campaign = opened(registry)
    assert call(registry, registry.branch, "POST", f"campaigns/{campaign}/close", version=1).status_code == 404
    assert call(registry, registry.root, "POST", f"campaigns/{campaign}/close", version=7).status_code == 409
    closed = call(registry, registry.root, "POST", f"campaigns/{campaign}/close", version=1, note="完成")
    assert closed.get_json()["state"] == "closed"
    again = call(registry, registry.branch, "POST", f"campaigns/{campaign}/confirm", ids=[str(one.id)])
    assert again.status_code == 409
    assert progress(registry, registry.root, campaign) == {"": (1, 1), "长春市": (1, 1)}
    browser = registry.world.sign_in(registry.world.admin(registry.root))
    report = browser.get(f"/orgs/{registry.root.code}/campaigns/{campaign}/report")
    sheet = openpyxl.load_workbook(io.BytesIO(report.get_data())).active
    assert sheet is not None
    assert [cell.value for cell in sheet[9]][:4] == ["长春市", registry.city.code, 1, 1]


@pytest.mark.clause("PPL-08")
def test_branches_are_reminded_before_the_date_and_the_levels_above_are_told_after_it(registry: Registry) -> None:
    world = registry.world
    registry.admit(name="成员001", admitted_on=date(2025, 9, 1))
    opened(registry, days=40)
    ctx = registry.ctx(registry.root)

    def watched(days: int) -> list[tuple[str, Any]]:
        clock = FixedClock(world.clock.now() + timedelta(days=days))
        with world.app.app_context():
            for _twice in range(2):
                campaign_watch.watch(replace(ctx, clock=clock))
        ctx.session.rollback()
        world.session.rollback()
        told = world.session.execute(
            select(OutboxEvent.name, OutboxEvent.org_id)
            .where(OutboxEvent.name.in_(("people.campaign.pressing", "people.campaign.overdue")))
            .order_by(OutboxEvent.id)
        )
        return [(name.rpartition(".")[2], org) for name, org in told]

    assert watched(20) == []
    assert watched(39) == [("pressing", registry.branch.id)]
    assert sorted(watched(41)[1:], key=str) == sorted(
        [("overdue", registry.root.id), ("overdue", registry.city.id)], key=str
    )


@pytest.mark.clause("PPL-08")
def test_the_pages_of_a_campaign_from_opening_to_closing(registry: Registry) -> None:
    world = registry.world
    one, two = (registry.admit(name=name, admitted_on=date(2025, 9, 1)) for name in ("成员001", "成员002"))
    chief, secretary = (world.sign_in(world.admin(org)) for org in (registry.root, registry.branch))
    form = {"kind": "registration", "title": "年度注册", "due_on": "2026-03-31", "asked": ["name"], "note": ""}
    there = chief.post(f"/orgs/{registry.root.code}/campaigns/new", data=form)
    assert there.status_code == 303, there.get_data(as_text=True)
    place = there.headers["Location"].split("/campaigns/")[1]
    page = f"/orgs/{registry.branch.code}/campaigns/{place}"
    shown = secretary.get(page).get_data(as_text=True)
    assert "成员001" in shown
    assert "成员002" in shown
    assert secretary.post(page + "/confirm", data={"ids": [str(one.id)]}).status_code == 303
    assert "成员001" not in secretary.get(page).get_data(as_text=True)
    sent = {"answer": "absent", "reason": "", "version": "0"}
    refused = secretary.post(f"{page}/members/{two.id}", data=sent)
    assert refused.status_code == 422
    assert secretary.post(f"{page}/members/{two.id}", data=sent | {"reason": "查无"}).status_code == 303
    assert "查无" in secretary.get(page + "/answers").get_data(as_text=True)
    card = chief.get(f"/orgs/{registry.root.code}/campaigns/card", headers={"HX-Request": "true"})
    assert "年度注册" in card.get_data(as_text=True)
    assert secretary.get(page + "/edit").status_code == 200
    assert secretary.post(page + "/close", data={"note": "", "version": "1"}).status_code in (403, 404)
    assert (
        chief.post(f"/orgs/{registry.root.code}/campaigns/{place}/close", data={"note": "", "version": "1"}).status_code
        == 303
    )


def lay_down(world: World, org: Any, key: str, value: Any) -> None:
    row = OrgSetting(org_id=org.id, org_path=org.path, key=key, value=value, set_at=world.clock.now())
    world.session.add(row)
    world.session.commit()


@pytest.mark.clause("PPL-09")
def test_admission_outside_the_limits_of_age_is_refused_where_that_is_laid_down(registry: Registry) -> None:
    world = registry.world
    registry.admit(document_number=identity_number(1, born=date(2015, 1, 1)))
    lay_down(world, registry.root, "people.age_admission", "refuse")
    with pytest.raises(Invalid) as young:
        registry.admit(document_number=identity_number(2, born=date(2015, 1, 1)))
    assert set(young.value.fields) == {"birth_date"}
    with pytest.raises(Invalid):
        registry.admit(document_number=identity_number(3, born=date(1998, 2, 12)))
    registry.admit(document_number=identity_number(4, born=date(1998, 2, 13)))
    association = world.org(registry.city, name="协会", type="association")
    registry.admit(association, document_number=identity_number(5, born=date(1960, 1, 1)))


@pytest.mark.clause("PPL-09")
def test_members_leave_for_age_together_but_for_those_with_an_exception(registry: Registry) -> None:
    old = registry.admit(name="成员001", birth_date=date(1998, 2, 12), admitted_on=date(2020, 1, 1))
    kept = registry.admit(name="成员002", birth_date=date(1997, 1, 1), admitted_on=date(2020, 1, 1))
    soon = registry.admit(name="成员003", birth_date=date(1998, 4, 1), admitted_on=date(2020, 1, 1))
    registry.admit(name="成员004", birth_date=date(2005, 1, 1), admitted_on=date(2020, 1, 1))
    until = {"reason": "担任支部书记", "until": "2026-12-31"}
    made = call(registry, registry.branch, "POST", f"members/{kept.id}/age-exception", **until)
    assert made.status_code == 201, made.get_data(as_text=True)
    listed = call(registry, registry.root, "GET", "leaving-for-age").get_json()["items"]
    assert [(row["name"], row["age"], row["state"]) for row in listed] == [
        ("成员002", 29, "exception"),
        ("成员001", 28, "leaves"),
        ("成员003", 27, "leaves"),
    ]
    ids = [str(one.id) for one in (old, kept, soon)]
    out = call(registry, registry.city, "POST", "leaving-for-age", ids=ids, ended_on="2026-02-12").get_json()
    assert out["done"] == 1
    assert sorted(one["name"] for one in out["left"]) == ["成员002", "成员003"]
    registry.world.session.rollback()
    assert registry.world.session.get_one(Member, old.id, populate_existing=True).status == "left"
    assert call(registry, registry.branch, "DELETE", f"members/{kept.id}/age-exception").status_code == 204
    browser = registry.world.sign_in(registry.world.admin(registry.branch))
    place = f"/orgs/{registry.branch.code}"
    assert "成员002" in browser.get(place + "/leaving-for-age").get_data(as_text=True)
    form = browser.post(place + "/leaving-for-age/form", data={"ids": [str(kept.id)]})
    assert str(kept.id) in form.get_data(as_text=True)
    sent = {"ids": str(kept.id), "ended_on": "2026-02-12", "reason": "超龄"}
    assert browser.post(place + "/leaving-for-age", data=sent).status_code == 303
    registry.world.session.rollback()
    assert registry.world.session.get_one(Member, kept.id, populate_existing=True).status == "left"
