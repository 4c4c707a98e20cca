"""What people rely on when they use notes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
# <offers>
from banyan.sdk import service
# </offers>
from banyan.testing import Installation, World
from sqlalchemy import select

from banyan_sample import rules, services
from banyan_sample.models import Note


@pytest.fixture
def place(banyan: Installation, banyan_world: World) -> Any:
    place = banyan_world.org(code="place")
    banyan.switch_on(banyan_world, place, "sample")
    return place


def test_a_title_is_the_beginning_of_the_first_line() -> None:
    assert rules.title("  a\nb") == "a"
    assert len(rules.title("长" * 99)) == rules.SHOWN


def test_a_note_about_an_organisation_stays_there(banyan: Installation, banyan_world: World, place: Any) -> None:
    child = banyan_world.org(place, "child")
    ctx = banyan_world.context(banyan_world.admin(place), place)
    with banyan.app.test_request_context(), ctx.session:
        note = services.write(ctx, {"text": "买茶叶"})
        ctx.session.commit()
    assert (note.org_id, note.text) == (place.id, "买茶叶")
    assert note.org_id != child.id


# <api>
def test_notes_are_written_changed_and_thrown_away_over_the_api(
    banyan: Installation, banyan_world: World, place: Any
) -> None:
    client, headers = banyan.app.test_client(), banyan_world.token(banyan_world.admin(place))
    address = "/api/v1/orgs/place/sample/notes"
    refused = client.post(address, json={"text": ""}, headers=headers)
    assert refused.status_code == 422

    made = client.post(address, json={"text": "一"}, headers=headers).get_json()
    one = f"{address}/{made['id']}"
    assert client.put(one, json={"text": "二", "version": made["version"]}, headers=headers).status_code == 200
    assert client.put(one, json={"text": "三", "version": made["version"]}, headers=headers).status_code == 409
    assert [row["text"] for row in client.get(address, headers=headers).get_json()["items"]] == ["二"]
    assert client.delete(one, headers=headers).status_code == 204
    assert client.get(one, headers=headers).status_code == 404


# </api>
# <pages>
def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(
    banyan: Installation, banyan_world: World, place: Any
) -> None:
    browser = banyan_world.sign_in(banyan_world.admin(place))
    refused = browser.post("/orgs/place/sample/new", data={"text": "长" * 501})
    assert refused.status_code == 422
    assert "长" * 501 in refused.text
    assert browser.post("/orgs/place/sample/new", data={"text": "买茶叶"}).status_code == 303
    assert "买茶叶" in browser.get("/orgs/place/sample").text


# </pages>
# <jobs>
def test_old_notes_are_thrown_away_at_night(banyan: Installation, banyan_world: World, place: Any) -> None:
    from banyan_sample.jobs import throw_away_old

    off = banyan_world.org(place, "off")
    ctx = banyan_world.context(banyan_world.admin(place), place)
    with banyan.app.test_request_context(), ctx.session:
        for org in (place, off):
            old = services.add(ctx, org.ref, f"old of {org.code}")
            old.written_at = ctx.clock.now() - timedelta(days=366)
        services.add(ctx, place.ref, "new")
        ctx.session.flush()
        throw_away_old(ctx)
        ctx.session.commit()
    assert set(banyan_world.session.scalars(select(Note.text))) == {"new", "old of off"}


# </jobs>
# <events>
def test_an_event_that_comes_twice_is_noted_once(banyan: Installation, banyan_world: World, place: Any) -> None:
    from banyan_sample.hearing import HEARD, hear

    ctx = banyan_world.context(banyan_world.admin(place), place)
    with banyan.app.test_request_context(), ctx.session:
        for _time in range(2):
            hear(ctx, HEARD, "01900000-0000-7000-8000-000000000001", {"fields": ["name"]})
        ctx.session.commit()
    assert len(banyan_world.session.scalars(select(Note.id)).all()) == 1


# </events>


# <search>
def test_the_search_box_finds_notes_by_how_they_begin(banyan: Installation, banyan_world: World, place: Any) -> None:
    sister = banyan_world.org(code="sister")
    banyan.switch_on(banyan_world, sister, "sample")
    for org in (place, sister):
        ctx = banyan_world.context(banyan_world.admin(org), org)
        with banyan.app.test_request_context(), ctx.session:
            services.write(ctx, {"text": f"买茶叶 {org.code}"})
            ctx.session.commit()
    page = banyan_world.sign_in(banyan_world.admin(place)).get("/orgs/place/tree/search?q=买茶").text
    assert "买茶叶 place" in page
    assert "买茶叶 sister" not in page
    assert "/orgs/place/sample/" in page


# </search>
# <offers>
def test_others_write_and_read_notes_through_the_service(
    banyan: Installation, banyan_world: World, place: Any
) -> None:
    ctx = banyan_world.context(banyan_world.admin(place), place)
    with banyan.app.test_request_context(), ctx.session:
        notes = service(ctx, "sample.notes", 1)
        made = notes.write(ctx, "买茶叶")
        assert notes.newest(ctx, 5) == [made]
        ctx.session.commit()


# </offers>
# <timeline>
def test_notes_about_a_person_stand_in_their_timeline_and_go_over(
    banyan: Installation, banyan_world: World, place: Any
) -> None:
    from uuid import uuid4

    from banyan_sample import privacy, timeline

    kept, gone = uuid4(), uuid4()
    ctx = banyan_world.context(banyan_world.admin(place), place)
    with banyan.app.test_request_context(), ctx.session:
        services.write(ctx, {"text": "先到", "person_id": kept})
        services.write(ctx, {"text": "后到", "person_id": gone})
        privacy.merge(ctx, str(kept), str(gone))
        assert {str(entry.title) for entry in timeline.entries(ctx, str(kept), 5)} == {"先到", "后到"}
        assert timeline.entries(ctx, str(gone), 5) == []
        assert len(timeline.entries(ctx, str(kept), 1)) == 1


# </timeline>
# <health>
def test_too_many_notes_are_not_well(banyan: Installation) -> None:
    from banyan_sample.health import TOO_MANY, judged

    with banyan.app.test_request_context():
        assert judged(TOO_MANY).ok
        assert not judged(TOO_MANY + 1).ok
        assert judged(TOO_MANY + 1).detail


# </health>
