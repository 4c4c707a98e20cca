"""Attendance, incidents, summary, pictures, figures, feedback, calendar (ACT-01, ACT-05, ACT-06, ACT-07)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from banyan.sdk import StoredFile, runtime
from banyan_activities import codes, rules, stats
from banyan_activities.models import Activity, Photo, SignUp

from .conftest import Club


@pytest.fixture
def day(club: Club) -> Iterator[dict[str, Any]]:
    """An activity that begins now, with two who have places."""
    activity = club.published(
        starts_at=club.at(minutes=1).isoformat(), ends_at=club.at(hours=2, minutes=1).isoformat(),
        capacity=2, latitude=43.86, longitude=125.33,
    )  # fmt: skip
    for who in club.members[:2]:
        club.sign_up(activity, who)
    clock, began = club.world.clock, club.world.clock.instant
    clock.instant = club.at(minutes=1)
    yield activity
    clock.instant = began


def come(club: Club, activity: dict[str, Any], who: Any, code: str) -> Any:
    return club.call("POST", f"/{activity['id']}/own/attendance", {"code": code}, who=who)


@pytest.mark.clause("ACT-05")
def test_the_code_on_the_screen_is_good_for_a_moment_and_for_who_is_meant(club: Club, day: dict[str, Any]) -> None:
    one, two, third = club.members
    code = club.call("GET", f"/{day['id']}/code").get_json()["code"]
    assert come(club, day, one, code).get_json()["attended"] == "code"
    assert come(club, day, one, "0-" + code.partition("-")[2]).status_code == 409, "made up"
    club.world.clock.instant += timedelta(seconds=90)
    assert come(club, day, two, code).status_code == 409, "a photograph of it is worth nothing"
    fresh = club.call("GET", f"/{day['id']}/code").get_json()["code"]
    assert fresh != code
    assert come(club, day, club.join(40, club.elsewhere), fresh).status_code == 404
    assert come(club, day, third, fresh).status_code == 409, "no place is left"
    assert club.call("GET", f"/{day['id']}/code", who=one).status_code == 404, "no member makes codes"


@pytest.mark.clause("ACT-05")
def test_a_phone_scans_the_screen_and_confirms(club: Club, day: dict[str, Any]) -> None:
    organiser, phone = club.world.sign_in(club.secretary), club.world.sign_in(club.members[0])
    screen = organiser.get(f"/orgs/city/activities/{day['id']}/screen").text
    assert "<svg" in screen
    code = codes.of_screen(club.row(day).secret, club.row(day).id, club.world.clock.now())
    page = phone.get(f"/orgs/city/activities/{day['id']}/come/{code}").text
    ticket = page.partition('name="ticket" value="')[2].partition('"')[0]
    other = club.world.sign_in(club.members[1])
    assert other.post(f"/orgs/city/activities/{day['id']}/come", data={"ticket": ticket}).status_code == 409
    club.world.clock.instant += timedelta(minutes=4)
    assert phone.post(f"/orgs/city/activities/{day['id']}/come", data={"ticket": ticket}).status_code == 303
    assert "成员001" in organiser.get(f"/orgs/city/activities/{day['id']}/attendance").text


@pytest.mark.clause("ACT-05")
def test_by_location_only_near_and_only_with_consent(club: Club, day: dict[str, Any]) -> None:
    path, who = f"/{day['id']}/own/attendance-by-place", club.members[0]
    near = {"latitude": 43.861, "longitude": 125.331, "consent": True}
    assert club.call("POST", path, near | {"consent": False}, who=who).status_code == 422
    assert club.call("POST", path, near | {"latitude": 44.0}, who=who).status_code == 409
    assert club.call("POST", path, near, who=who).get_json()["attended"] == "place"
    assert not {"latitude", "longitude"} & set(SignUp.__table__.columns.keys()), "where somebody was is not kept"


@pytest.mark.clause("ACT-05", "ACT-06")
def test_by_list_late_and_early_and_what_counts(club: Club, day: dict[str, Any]) -> None:
    rows = {one.name: one for one in club.world.session.scalars(select(SignUp))}
    first, second = rows["成员001"], rows["成员002"]
    club.world.clock.instant += timedelta(minutes=30)
    path = f"/{day['id']}/sign-ups"
    assert club.call("POST", f"{path}/{first.id}/attendance", {"came": True}).get_json()["minutes"] == 90
    left = club.at(minutes=30).isoformat()
    again = club.call("POST", f"{path}/{first.id}/attendance", {"came": True, "left": left})
    assert again.get_json()["minutes"] == 30
    paper = codes.of_paper(club.row(day).secret, second.id)
    assert club.call("POST", f"{path}/{second.id}/attendance/{'0' * 20}").status_code == 409
    assert club.call("POST", f"{path}/{second.id}/attendance/{paper}").get_json()["attended"] == "paper"
    assert club.call("POST", f"{path}/{second.id}/attendance", {"came": False}).get_json()["attended"] == ""
    printed = club.world.sign_in(club.secretary).get(f"/orgs/city/activities/{day['id']}/printed-list").text
    assert printed.count("<svg") >= 2
    body = {"happened_at": club.at(minutes=-5).isoformat(), "what": "一人扭伤脚踝", "measures": "送医"}
    assert club.call("POST", f"/{day['id']}/incidents", body).status_code == 201
    late = club.call("POST", f"/{day['id']}/incidents", body | {"happened_at": club.at(days=1).isoformat()})
    assert late.status_code == 422
    ctx = club.world.context(club.secretary, club.city)
    with club.banyan.app.test_request_context("/orgs/city/"), ctx.session:
        month = rules.month_of(club.row(day).starts_at)
        found = stats.counted(ctx, club.city.path, club.city.path + "~")
        assert found[stats.metric(stats.CAME, "volunteering", month)] == {club.city.path: 1}
        assert found[stats.metric(stats.MINUTES, "volunteering", month)] == {club.city.path: 30}


def picture(size: tuple[int, int] = (2400, 1200), kind: str = "JPEG") -> bytes:
    image = Image.new("RGB", size, "green")
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (43.0, 51.0, 36.0)
    target = io.BytesIO()
    image.save(target, kind, **({"exif": exif} if kind == "JPEG" else {}))
    return target.getvalue()


def add(club: Club, activity: dict[str, Any], data: bytes, name: str = "合影.jpg") -> Any:
    client = club.banyan.app.test_client()
    url = f"/api/v1/orgs/city/activities/{activity['id']}/photos"
    return client.post(url, data={"photo": (io.BytesIO(data), name)}, headers=club.headers)


@pytest.mark.clause("ACT-06")
def test_a_summary_with_pictures_goes_to_the_secretary_and_is_filed(club: Club, day: dict[str, Any]) -> None:
    secretary = club.world.admin(club.city, "secretary_general")
    listed = "?open_summary=true"
    assert club.act(day, "summary", summary="大家一起植树五十棵").status_code == 409, "it is not over"
    club.world.clock.instant += timedelta(hours=3)
    assert [one["id"] for one in club.call("GET", listed).get_json()["items"]] == [day["id"]]
    assert club.act(day, "summary", summary="大家一起植树五十棵").status_code == 422, "no picture"
    assert add(club, day, b"GIF89a not a picture").status_code == 422
    assert add(club, day, b"\xff\xd8\xff\xe0 broken").status_code == 422
    first = add(club, day, picture())
    assert first.status_code == 201, first.text
    assert add(club, day, picture((300, 200), "PNG"), "二.png").status_code == 201
    club.world.session.expire_all()
    photo = club.world.session.scalars(select(Photo).order_by(Photo.position)).first()
    with club.banyan.app.app_context():
        stored = club.world.session.get_one(StoredFile, photo.file_id)
        with runtime().store.open(stored.key) as stream:
            kept = stream.read()
    assert Image.open(io.BytesIO(kept)).size == (1600, 800)
    assert dict(Image.open(io.BytesIO(kept)).getexif()) == {}
    assert b"Secret Camera" not in kept
    moved = club.call("PUT", f"/photos/{photo.id}", {"caption": "合影", "move": 1})
    assert moved.get_json()["position"] == 2
    assert club.act(day, "summary", summary="大家一起植树五十棵").get_json()["summary_state"] == "handed_in"
    assert club.call("GET", listed).get_json()["items"] == []
    version = club.row(day).version
    back = club.call("POST", f"/{day['id']}/summary/return", {"version": version, "reason": "人数不对"}, who=secretary)
    assert back.get_json()["summary_state"] == "missing"
    club.act(day, "summary", summary="大家一起植树四十棵")
    version = club.row(day).version
    assert club.call("POST", f"/{day['id']}/summary/filing", {"version": version}, who=secretary).status_code == 200
    assert club.call("DELETE", f"/photos/{photo.id}").status_code == 409, "filed"
    page = club.world.sign_in(club.secretary).get(f"/orgs/city/activities/{day['id']}/summary").text
    assert "四十棵" in page
    with club.world.sign_in(club.secretary).get(f"/orgs/city/activities/photos/{photo.id}?small=1") as shown:
        assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")


@pytest.mark.clause("ACT-06")
def test_sixty_megapixels_are_made_small_and_more_refused(club: Club, day: dict[str, Any]) -> None:
    flat = io.BytesIO()
    Image.new("1", (10_000, 6_000)).save(flat, "PNG")
    assert add(club, day, flat.getvalue(), "60.png").status_code == 201
    flat = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(flat, "PNG")
    assert add(club, day, flat.getvalue(), "x.png").status_code == 422


@pytest.mark.clause("ACT-06")
def test_figures_of_every_level_follow_what_happens(club: Club, day: dict[str, Any]) -> None:
    code = club.call("GET", f"/{day['id']}/code").get_json()["code"]
    come(club, day, club.members[0], code)
    club.banyan.fold(club.world)
    found = club.call("GET", "/figures").get_json()
    assert (sum(found["held"]), sum(found["participants"]), sum(found["minutes"])) == (1, 1, 120)
    assert found["kinds"]["volunteering"]["held"] == 1
    assert "西康路支部" in club.world.sign_in(club.secretary).get("/orgs/city/activities/figures").text


@pytest.mark.clause("ACT-07")
def test_those_who_came_are_asked_what_they_thought(club: Club, day: dict[str, Any]) -> None:
    code = club.call("GET", f"/{day['id']}/code").get_json()["code"]
    come(club, day, club.members[0], code)
    browser = club.world.sign_in(club.secretary)
    made = browser.post(f"/orgs/city/activities/{day['id']}/feedback")
    assert made.status_code == 303
    survey = made.headers["Location"].rstrip("/").rpartition("/")[2]
    assert browser.post(f"/orgs/city/surveys/{survey}/open", data={"version": "1"}).status_code == 303
    asked = f"/orgs/city/surveys/{survey}/answer"
    phone = club.world.sign_in(club.members[0])
    assert asked in phone.get(f"/orgs/city/activities/{day['id']}/join").text
    assert phone.post(asked, data={"q1": "5", "_shown": "q1"}).status_code == 303
    assert club.world.sign_in(club.members[1]).get(asked).status_code == 404, "who did not come is not asked"


@pytest.mark.clause("ACT-01")
def test_a_calendar_by_month_and_as_a_secret_feed(club: Club) -> None:
    activity = club.published(title="读书会，第一期\n《乡土中国》", content="带书;带笔", zone="Asia/Shanghai")
    club.published(
        title="下个月", starts_at=club.at(days=40).isoformat(), ends_at=club.at(days=40, hours=1).isoformat()
    )
    starts = datetime.fromisoformat(activity["starts_at"])
    first, until = starts.date().replace(day=1), starts.date() + timedelta(days=2)
    found = club.call("GET", f"/calendar?first={first}&until={until}").get_json()
    assert [one["id"] for one in found["items"]] == [activity["id"]]
    assert club.call("GET", f"/calendar?first={first}&until=2036-01-01").status_code == 422
    browser = club.world.sign_in(club.secretary)
    for view in ("", "view=week&"):
        assert "读书会" in browser.get(f"/orgs/city/activities/calendar?{view}day={starts.date()}").text

    client, member = club.banyan.app.test_client(), club.members[0]
    headers = club.world.token(member)
    address = client.post("/api/v1/me/activities/calendar", headers=headers).get_json()["address"]
    path = address.partition("//")[2].partition("/")[2]
    answer = client.get(f"/{path}")
    assert answer.mimetype == "text/calendar"
    events = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")
    assert {str(one["summary"]) for one in events} == {"读书会，第一期\n《乡土中国》", "下个月"}
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    assert club.row(activity).starts_at == next(
        one.start for one in events if str(one["uid"]).startswith(activity["id"])
    )
    again = client.post("/api/v1/me/activities/calendar", headers=headers).get_json()["address"]
    assert again != address
    assert client.get(f"/{path}").status_code == 404, "the old one ended"
    assert client.post("/api/v1/me/activities/calendar/revocation", headers=headers).status_code == 204
    assert client.get("/" + again.partition("//")[2].partition("/")[2]).status_code == 404
    one = club.world.sign_in(member).get(f"/orgs/city/activities/{activity['id']}/calendar.ics")
    assert one.data.count(b"BEGIN:VEVENT") == 1


@pytest.mark.clause("ACT-01")
def test_a_series_keeps_the_time_of_day_across_summer_time(club: Club) -> None:
    weekly = club.planned(zone="Europe/Berlin", starts_at="2026-03-22T09:00", ends_at="2026-03-22T10:00")
    made = club.call("POST", f"/{weekly['id']}/repetitions", {"every": "week", "times": 2})
    assert made.status_code == 201, made.text
    assert [one["starts_at"] for one in made.get_json()] == ["2026-03-29T07:00:00+00:00", "2026-04-05T07:00:00+00:00"]
    rows = club.world.session.scalars(select(Activity.series_id)).all()
    assert len(set(rows)) == 1
    assert club.call("POST", f"/{weekly['id']}/repetitions", {"every": "day", "times": 99}).status_code == 422


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.integers(1, 24))  # noqa: DTZ001
def test_monthly_ones_stay_in_following_months(starts: datetime, times: int) -> None:
    found = rules.repeated(starts.replace(tzinfo=rules.zone_of("Asia/Shanghai")), "month", times, "Asia/Shanghai")
    months = [one.year * 12 + one.month for one in found]
    assert months == list(range(starts.year * 12 + starts.month + 1, starts.year * 12 + starts.month + 1 + times))
    assert all(one.day <= starts.day for one in found)


@given(st.floats(-89, 89), st.floats(-179, 179))
def test_a_place_is_no_metres_from_itself(latitude: float, longitude: float) -> None:
    assert rules.metres((latitude, longitude), (latitude, longitude)) < 1
    assert rules.metres((latitude, longitude), (latitude + 1, longitude)) > 100_000


@pytest.mark.clause("ACT-01", "ACT-02")
def test_those_it_is_for_are_told_and_who_moves_up_as_well(club: Club) -> None:
    activity = club.published(capacity=1)
    for who in club.members[:2]:
        club.sign_up(activity, who)
    club.call("POST", f"/{activity['id']}/own/withdrawal", who=club.members[0])
    club.banyan.deliver()
    club.banyan.deliver()
    titles = {}
    for who in club.members:
        headers = {**club.world.token(who), "Accept-Language": "zh-Hans"}
        found = club.banyan.app.test_client().get("/api/v1/me/notices", headers=headers).get_json()["items"]
        titles[who.display_name] = sorted(one["title"] for one in found)
    assert titles["成员003"] == ["新活动：春季植树"]
    assert titles["成员002"] == ["您已获得名额：春季植树", "新活动：春季植树"]
