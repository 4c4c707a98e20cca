"""From the plan to the published activity (ACT-01, ACT-03, ACT-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from banyan_activities import rules
from banyan_activities.models import Activity, Preparation

from .conftest import Club


def _decide(club: Club, activity: dict[str, Any], who: Any, act: str, opinion: str = "") -> Any:
    """The next decision about a plan."""
    headers = {**club.world.token(who), "Accept-Language": "en"}
    client = club.banyan.app.test_client()
    found = client.get("/api/v1/orgs/city/approvals/waiting", headers=headers).get_json()["items"]
    request = next(one["request"] for one in found if one["title"] == activity["title"])
    shown = client.get(f"/api/v1/orgs/city/approvals/{request}", headers=headers).get_json()
    body = {"act": act, "version": shown["version"], "opinion": opinion}
    return client.post(f"/api/v1/orgs/city/approvals/{request}/decision", json=body, headers=headers)


@pytest.mark.clause("ACT-03")
def test_a_plan_goes_to_the_section_head_and_the_secretary_before_anybody_sees_it(club: Club) -> None:
    head = club.world.admin(club.city, "section_head")
    secretary = club.world.admin(club.city, "secretary_general")
    member = club.members[0]
    activity = club.planned(budget=300_000)
    assert club.call("GET", f"/{activity['id']}/own", who=member).status_code == 404
    assert club.act(activity, "publication").status_code == 409, "not approved"
    assert club.act(activity, "request").status_code == 200
    assert club.act(activity, "request").status_code == 409, "handed in already"
    assert _decide(club, activity, head, "return", "地点没有定").status_code == 200
    assert (club.row(activity).state, club.row(activity).reason) == ("draft", "地点没有定")
    version = club.row(activity).version
    changed = club.plan(budget=300_000, place="动植物公园") | {"version": version}
    assert club.call("PUT", f"/{activity['id']}", changed).status_code == 200
    assert club.act(activity, "request").status_code == 200
    assert _decide(club, activity, head, "approve").status_code == 200
    assert club.row(activity).state == "asked", "one of two"
    assert _decide(club, activity, secretary, "approve").status_code == 200
    assert club.row(activity).state == "approved"
    assert club.call("GET", f"/{activity['id']}/own", who=member).status_code == 404, "approved is not published"

    assert club.act(activity, "publication").status_code == 200
    shown = club.call("GET", f"/{activity['id']}/own", who=member)
    assert (shown.status_code, shown.get_json()["place"]) == (200, "动植物公园")
    assert club.call("GET", f"/{activity['id']}/own", who=club.join(9, club.elsewhere)).status_code == 404


@pytest.mark.clause("ACT-03")
def test_a_major_plan_needs_the_council_and_a_changed_one_a_new_approval(club: Club) -> None:
    head, secretary = club.world.admin(club.city, "section_head"), club.world.admin(club.city, "secretary_general")
    council = club.world.admin(club.city, "council")
    activity = club.planned(budget=20_000_01)
    club.act(activity, "request")
    for who in (head, secretary):
        assert _decide(club, activity, who, "approve").status_code == 200
    assert club.row(activity).state == "asked"
    assert _decide(club, activity, council, "approve").status_code == 200
    assert club.row(activity).state == "approved"
    more = club.plan(budget=90_000_00) | {"version": club.row(activity).version}
    assert club.call("PUT", f"/{activity['id']}", more).status_code == 200
    assert club.row(activity).state == "draft"


@pytest.mark.clause("ACT-03")
def test_where_the_upper_level_allows_it_small_ones_are_published_without_asking(club: Club) -> None:
    club.free()
    assert club.act(club.planned(), "publication").status_code == 200
    assert club.act(club.planned(expected=500), "publication").status_code == 409, (
        "a major one is asked for all the same"
    )


@pytest.mark.clause("ACT-01", "ACT-03")
def test_wrong_plans_are_told_all_that_is_wrong(club: Club) -> None:
    late = club.at(days=20).isoformat()
    wrong = club.call(
        "POST",
        "",
        club.plan(title="", kind="party", ends_at=club.at(days=9).isoformat(), sign_up_until=late, zone="Mars/Olympus"),
    )
    assert wrong.status_code == 422
    assert {one["field"] for one in wrong.get_json()["errors"]} == {"title", "kind", "zone"}
    wrong = club.call("POST", "", club.plan(ends_at=club.at(days=9).isoformat(), sign_up_until=late, latitude=43.8))
    assert {one["field"] for one in wrong.get_json()["errors"]} == {"ends_at", "sign_up_until", "latitude"}
    assert club.call("POST", "", club.plan(starts_at=club.at(days=-1).isoformat())).status_code == 422
    activity = club.published(capacity=2)
    club.sign_up(activity, club.members[0])
    club.sign_up(activity, club.members[1])
    small = club.call("PUT", f"/{activity['id']}", club.plan(capacity=1) | {"version": club.row(activity).version})
    assert [one["field"] for one in small.get_json()["errors"]] == ["capacity"]
    stale = club.call("PUT", f"/{activity['id']}", club.plan() | {"version": 1})
    assert stale.status_code == 409


@pytest.mark.clause("ACT-01")
def test_times_are_those_of_the_place_summer_time_included(club: Club) -> None:
    abroad = club.planned(zone="Europe/Berlin", starts_at="2027-07-01T09:00", ends_at="2027-07-01T12:00")
    assert club.row(abroad).starts_at.isoformat() == "2027-07-01T07:00:00+00:00"
    page = club.world.sign_in(club.secretary).get(f"/orgs/city/activities/{abroad['id']}/edit").text
    assert 'value="2027-07-01T09:00"' in page


@pytest.mark.clause("ACT-03")
def test_a_form_keeps_what_was_typed_and_plans(club: Club) -> None:
    browser = club.world.sign_in(club.secretary)
    starts = club.at(days=3)
    typed = {
        "title": "读书会", "kind": "study", "place": "三楼会议室", "zone": "Asia/Shanghai", "budget": "1,250.50",
        "starts_at": f"{starts:%Y-%m-%dT%H:%M}", "ends_at": f"{starts:%Y-%m-%dT%H:%M}", "expected": "30",
        "companions": "0", "radius": "300", "asked": "T恤尺码：S / M / L *\n有什么建议？", "audience.reach": "subtree",
        "_shown": "open_to_all audience.levels asked",
    }  # fmt: skip
    failed = browser.post("/orgs/city/activities/new", data=typed)
    assert failed.status_code == 422
    assert "读书会" in failed.text
    assert "T恤尺码" in failed.text
    typed["ends_at"] = f"{starts + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    assert browser.post("/orgs/city/activities/new", data=typed).status_code == 303
    [made] = club.world.session.scalars(select(Activity)).all()
    assert (made.budget, [one["kind"] for one in made.questions]) == (125050, ["single", "text"])
    assert "读书会" in browser.get(f"/orgs/city/activities/{made.id}").text
    assert "读书会" in browser.get("/orgs/city/activities").text


@pytest.mark.clause("ACT-04")
def test_preparations_have_owners_and_days_and_go_along_into_a_copy(club: Club) -> None:
    activity = club.planned()
    due = club.at(days=7).date().isoformat()
    body = {"title": "买树苗", "kind": "purchase", "due_on": due, "owner_id": str(club.secretary.id)}
    made = club.call("POST", f"/{activity['id']}/preparations", body)
    assert made.status_code == 201, made.text
    assert club.call("POST", f"/{activity['id']}/preparations", {"title": "x"}).status_code == 422
    one = made.get_json()
    done = club.call("POST", f"/preparations/{one['id']}/state", {"done": True, "version": one["version"]})
    assert done.get_json()["done_at"]
    stale = club.call("POST", f"/preparations/{one['id']}/state", {"done": False, "version": one["version"]})
    assert stale.status_code == 409
    assert "买树苗" in club.world.sign_in(club.secretary).get(f"/orgs/city/activities/{activity['id']}").text
    again = club.call("POST", f"/{activity['id']}/copies", {"starts_at": club.at(days=40).isoformat()})
    assert again.status_code == 201, again.text
    copied = club.world.session.scalars(
        select(Preparation).where(Preparation.activity_id == again.get_json()["id"])
    ).one()
    assert (copied.title, copied.done_at, copied.due_on) == ("买树苗", None, club.at(days=37).date())


@given(st.lists(st.integers(1, 11), max_size=20), st.integers(1, 30), st.integers(0, 30))
def test_nobody_overtakes_and_no_place_is_given_twice(line: list[int], capacity: int, taken: int) -> None:
    taken = min(taken, capacity)
    number = rules.moving_up(capacity, taken, line)
    assert taken + sum(line[:number]) <= capacity
    assert number == len(line) or taken + sum(line[: number + 1]) > capacity


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=8), max_size=4, unique=True))
def test_questions_survive_the_way_through_the_form(labels: list[str]) -> None:
    asked = rules.from_lines([f"{one}: 甲 / 乙 *" for one in labels] + [*labels])
    assert rules.from_lines(rules.to_lines(asked)) == asked
