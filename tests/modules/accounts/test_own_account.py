"""One's own account: profile, password, sessions, tokens."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.modules.accounts.models import AccountSession, ApiToken
from banyan.modules.audit.models import AuditEntry
from tests.factories import World
from tests.modules.accounts.people import PASSWORD, entries, person, sign_in

NEW = "the river runs to the sea"


def _change(client: FlaskClient, old: str = PASSWORD, new: str = NEW, again: str | None = None) -> int:
    data = {"old_password": old, "password": new, "repeated": new if again is None else again}
    return client.post("/me/password", data=data).status_code


def test_everybody_edits_the_own_profile(client: FlaskClient, world: World) -> None:
    account = person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    answer = client.post("/me/account", data={"display_name": "李明", "phone": "139 0000 0000", "language": "zh_Hant"})
    assert answer.status_code == 303
    world.session.refresh(account)
    assert (account.display_name, account.phone, account.language) == ("李明", "139 0000 0000", "zh_Hant")
    assert entries(world, "accounts.account.update")[0].after == {
        "display_name": "李明",
        "phone": "139 0000 0000",
        "language": "zh_Hant",
    }


def test_a_wrong_profile_comes_back_with_what_was_typed(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    answer = client.post("/me/account", data={"display_name": "李\u202e明", "phone": "call me", "language": "xx"})
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 3
    assert 'value="call me"' in answer.text


def test_a_new_password_ends_all_other_sessions(app: Banyan, world: World) -> None:
    account = person(world, world.org(), "li.ming")
    here, there = app.test_client(), app.test_client()
    sign_in(here, "li.ming")
    sign_in(there, "li.ming")
    assert _change(here) == 303
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 303
    assert sign_in(there, "li.ming").status_code == 422
    assert sign_in(there, "li.ming", NEW).status_code == 303
    world.session.refresh(account)
    assert account.password_changed_at == world.clock.now()


def test_the_old_password_is_asked_and_guessing_it_is_paused(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    assert [_change(client, old="guess") for _ in range(5)] == [422] * 5
    assert _change(client) == 422, "the sixth try is not tried"
    assert [entry.outcome for entry in entries(world, "accounts.password.update")] == ["failed"] * 5


def test_weak_passwords_are_refused_with_all_reasons(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    for new in ("short", "woaini1314", "Li.Ming", PASSWORD, "x" * 129):
        assert _change(client, new=new) == 422, new
    assert _change(client, again="another") == 422
    assert _change(client) == 303


def test_own_sessions_are_listed_and_ended_one_by_one(app: Banyan, world: World) -> None:
    person(world, world.org(), "li.ming")
    person(world, world.org(), "wang.fang")
    here, there, foreign = app.test_client(), app.test_client(), app.test_client()
    sign_in(here, "li.ming")
    there.post("/sign-in", data={"sign_in_name": "li.ming", "password": PASSWORD}, headers={"User-Agent": "Lynx <b>"})
    sign_in(foreign, "wang.fang")
    page = here.get("/me/sessions").text
    assert "Lynx &lt;b&gt;" in page
    ends = re.findall(r'action="(/me/sessions/[0-9a-f-]{36}/end)"', page)
    assert len(ends) == 1, "this browser's own session ends by signing out"
    assert foreign.post(ends[0]).status_code == 404
    assert there.get("/me").status_code == 200
    assert here.post(ends[0]).status_code == 303
    assert there.get("/me").status_code == 303
    assert here.post(ends[0]).status_code == 404


def test_all_other_sessions_end_at_once(app: Banyan, world: World) -> None:
    person(world, world.org(), "li.ming")
    browsers = [app.test_client() for _ in range(3)]
    for browser in browsers:
        sign_in(browser, "li.ming")
    assert browsers[0].post("/me/sessions/end-others").status_code == 303
    assert [browser.get("/me").status_code for browser in browsers] == [200, 303, 303]
    assert len(world.session.scalars(select(AccountSession).where(AccountSession.ended_at.is_(None))).all()) == 1


def _make_token(client: FlaskClient, name: str = "report", last_day: str = "") -> str:
    answer = client.post("/me/tokens", data={"name": name, "last_day": last_day})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'data-text="(banyan_[\w-]+)"', answer.text)
    assert found
    return found[1]


def test_a_token_is_shown_once_and_opens_the_api(client: FlaskClient, world: World) -> None:
    home = world.org(code="jl", name="共青团吉林省委")
    person(world, home, "li.ming")
    sign_in(client, "li.ming")
    secret = _make_token(client)
    kept = world.session.scalars(select(ApiToken)).one()
    assert kept.hint == secret[-4:]
    assert secret not in client.get("/me/tokens").text
    answer = world.app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["sign_in_name"] == "li.ming"
    assert body["home"] == {"code": "jl", "name": "共青团吉林省委"}
    rows = world.session.scalars(select(AuditEntry)).all()
    assert secret not in json.dumps([[str(row.before), str(row.after), row.subject_label] for row in rows])


def test_a_revoked_token_is_closed_from_its_next_use(client: FlaskClient, world: World, app: Banyan) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    headers = {"Authorization": f"Bearer {_make_token(client)}"}
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 200
    token = world.session.scalars(select(ApiToken)).one()
    person(world, world.org(), "wang.fang")
    other = app.test_client()
    sign_in(other, "wang.fang")
    assert other.post(f"/me/tokens/{token.id}/revoke").status_code == 404
    assert client.post(f"/me/tokens/{token.id}/revoke").status_code == 303
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401


def test_a_token_is_good_until_the_end_of_its_last_day(client: FlaskClient, world: World, clock: FixedClock) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    headers = {"Authorization": f"Bearer {_make_token(client, last_day='2026-02-13')}"}
    clock.instant += timedelta(hours=37, minutes=59)
    assert world.app.test_client().get("/api/v1/me", headers=headers).status_code == 200
    clock.instant += timedelta(minutes=1)
    assert world.app.test_client().get("/api/v1/me", headers=headers).status_code == 401


def test_a_tokens_last_day_is_neither_past_nor_far(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    for day in ("2026-02-11", "9999-12-31", date(2031, 12, 31).isoformat(), "soon"):
        assert client.post("/me/tokens", data={"name": "x", "last_day": day}).status_code == 422, day


def test_a_session_cookie_does_not_open_the_api(client: FlaskClient, world: World) -> None:
    person(world, world.org(), "li.ming")
    sign_in(client, "li.ming")
    assert client.get("/api/v1/me").status_code == 401


def test_me_and_my_grants_over_the_api(client: FlaskClient, world: World) -> None:
    home = world.org(code="jl", name="省委")
    account = world.admin(home)
    headers = world.token(account)
    body = client.patch("/api/v1/me", json={"phone": "0431-88888888"}, headers=headers).get_json()
    assert (body["phone"], body["display_name"]) == ("0431-88888888", "成员"), "what is not named stays"
    items = client.get("/api/v1/me/grants", headers=headers).get_json()["items"]
    assert [(item["role"], item["org_code"], item["reach"]) for item in items] == [("org_admin", "jl", "subtree")]
    wrong = client.patch("/api/v1/me", json={"status": "active", "phone": "x"}, headers=headers)
    assert wrong.status_code == 422
    assert {error["field"] for error in wrong.get_json()["errors"]} == {"status", "phone"}
