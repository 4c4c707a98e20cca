"""Signing up, withdrawing, waiting in line (ACT-02)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from banyan_activities.models import SignUp

from .conftest import Club


def states(club: Club, activity: dict[str, Any]) -> list[tuple[str, str]]:
    club.world.session.expire_all()
    rows = club.world.session.execute(
        select(SignUp.name, SignUp.state).where(SignUp.activity_id == activity["id"]).order_by(SignUp.position)
    )
    return [(name, state) for name, state in rows]


@pytest.mark.clause("ACT-02")
def test_who_comes_too_late_waits_and_moves_up_by_itself(club: Club) -> None:
    activity = club.published(capacity=1, companions=1)
    one, two, three = club.members
    assert club.sign_up(activity, one).get_json()["state"] == "going"
    assert club.sign_up(activity, two).get_json()["state"] == "waiting"
    assert club.sign_up(activity, three, companions=2).status_code == 422
    assert club.sign_up(activity, three).get_json()["state"] == "waiting"
    assert club.sign_up(activity, two).get_json()["state"] == "waiting", "asking again changes nothing"
    assert club.call("POST", f"/{activity['id']}/own/withdrawal", who=one).status_code == 200
    assert states(club, activity) == [("成员001", "withdrawn"), ("成员002", "going"), ("成员003", "waiting")]
    assert club.sign_up(activity, one).get_json()["state"] == "waiting"
    assert [name for name, state in states(club, activity) if state == "waiting"] == ["成员003", "成员001"], (
        "at the end"
    )
    more = club.plan(capacity=3, companions=1) | {"version": club.row(activity).version}
    assert club.call("PUT", f"/{activity['id']}", more).status_code == 200
    assert {state for _name, state in states(club, activity)} == {"going"}
    assert (club.row(activity).taken, club.row(activity).waiting) == (3, 0)


@pytest.mark.clause("ACT-02")
def test_many_who_come_at_once_fill_the_places_and_then_the_line_in_order(club: Club) -> None:
    number, places = 36, 6
    activity = club.published(capacity=places)
    accounts = [club.join(n + 10) for n in range(number)]
    tokens = [club.world.token(one) for one in accounts]
    gate, statuses = threading.Barrier(12), []

    def come(part: list[dict[str, str]]) -> None:
        client = club.banyan.app.test_client()
        gate.wait()
        for headers in part:
            url = f"/api/v1/orgs/city/activities/{activity['id']}/own"
            statuses.append(client.post(url, json={}, headers=headers).status_code)

    threads = [threading.Thread(target=come, args=(tokens[n::12],)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * number
    found = states(club, activity)
    assert [state for _name, state in found] == ["going"] * places + ["waiting"] * (number - places)
    assert (club.row(activity).taken, club.row(activity).waiting) == (places, number - places)


@pytest.mark.clause("ACT-02")
def test_deadlines_hold_until_time_or_place_change(club: Club) -> None:
    past = club.at(minutes=5).isoformat()
    activity = club.published(sign_up_until=past, withdraw_until=past)
    one, two = club.members[:2]
    assert club.sign_up(activity, one).status_code == 200
    clock = club.world.clock
    began = clock.instant
    clock.instant = club.at(minutes=10)
    try:
        assert club.sign_up(activity, two).status_code == 409
        assert club.call("POST", f"/{activity['id']}/own/withdrawal", who=one).status_code == 409
        version = club.row(activity).version
        plan = club.plan(sign_up_until=past, withdraw_until=past, place="动植物公园") | {"version": version}
        plan |= {"starts_at": activity["starts_at"], "ends_at": activity["ends_at"]}
        assert club.call("PUT", f"/{activity['id']}", plan).status_code == 200
        assert club.call("POST", f"/{activity['id']}/own/withdrawal", who=one).status_code == 200
    finally:
        clock.instant = began


@pytest.mark.clause("ACT-02")
def test_questions_at_sign_up_are_answered_or_told(club: Club) -> None:
    asked = [{"key": "q1", "kind": "single", "label": "尺码", "required": True, "options": [
        {"key": "s", "label": "S"}, {"key": "m", "label": "M"}]}]  # fmt: skip
    activity = club.published(questions=asked)
    wrong = club.sign_up(activity, club.members[0], answers={"q1": "xl"})
    assert (wrong.status_code, [one["field"] for one in wrong.get_json()["errors"]]) == (422, ["answers.q1"])
    assert club.sign_up(activity, club.members[0], answers={"q1": "m"}).status_code == 200
    phone = club.world.sign_in(club.members[1])
    page = f"/orgs/city/activities/{activity['id']}/join"
    assert "尺码" in phone.get(page).text
    assert phone.post(page, data={"_shown": "answers.q1"}).status_code == 422
    assert phone.post(page, data={"answers.q1": "s", "_shown": "answers.q1"}).status_code == 303
    assert "春季植树" in phone.get("/me/activities").text
    assert phone.post(f"/orgs/city/activities/{activity['id']}/withdraw").status_code == 303


@pytest.mark.clause("ACT-02")
def test_only_those_it_is_for_and_only_while_they_are(club: Club) -> None:
    activity = club.published(audience={"org": "branch", "reach": "self"})
    stranger = club.join(20, club.city)
    assert club.sign_up(activity, stranger).status_code == 404
    member = club.members[0]
    assert club.sign_up(activity, member).status_code == 200
    other_branch = club.world.org(club.city, "other-branch")
    club.banyan.switch_on(club.world, other_branch, "activities")
    other = club.published(title="另一个活动", audience={"org": "branch", "reach": "self"})
    club.world.transfer(member, other_branch)
    shown = club.call("GET", f"/{activity['id']}/own", who=member)
    assert (shown.status_code, shown.get_json()["sign_up"]["state"]) == (200, "going"), "what one signed up for stays"
    assert club.sign_up(activity, member, companions=0).status_code == 403, "transferred away"
    assert club.sign_up(other, member).status_code == 404
    assert "春季植树" in club.world.sign_in(member).get("/me/activities").text


@pytest.mark.clause("ACT-02")
def test_the_organiser_signs_people_up_and_takes_them_off(club: Club) -> None:
    activity = club.published(capacity=1)
    browser = club.world.sign_in(club.secretary)
    page = f"/orgs/city/activities/{activity['id']}/sign-ups"
    assert browser.post(page, data={"member": "谁也不是", "companions": "0"}).status_code == 422
    assert browser.post(page, data={"member": "成员001", "companions": "0"}).status_code == 303
    assert "成员001" in browser.get(page).text
    found = club.world.session.scalars(select(SignUp)).one()
    assert browser.post(f"{page}/{found.id}/withdraw").status_code == 303
    assert states(club, activity) == [("成员001", "withdrawn")]
    assert club.world.session.scalar(select(func.count()).select_from(SignUp)) == 1


@pytest.mark.clause("ACT-01")
def test_a_public_page_shows_what_everybody_may_read(club: Club) -> None:
    activity, hidden = club.published(open_to_all=True), club.published(title="内部")
    client = club.banyan.app.test_client()
    assert "南湖公园" in client.get(f"/orgs/city/activities/{activity['id']}/public").text
    assert client.get(f"/orgs/city/activities/{hidden['id']}/public").status_code == 404


@pytest.mark.clause("ACT-01")
def test_a_cancelled_activity_says_why(club: Club) -> None:
    activity = club.published()
    club.sign_up(activity, club.members[0])
    assert club.act(activity, "cancellation", reason="").status_code == 422
    assert club.act(activity, "cancellation", reason="大风").status_code == 200
    assert "大风" in club.world.sign_in(club.members[0]).get(f"/orgs/city/activities/{activity['id']}/join").text
    assert club.sign_up(activity, club.members[1]).status_code == 409
