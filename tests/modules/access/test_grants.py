"""Who gives which role to whom, where, how far and until when (ORG-09)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from banyan.kernel.clock import FixedClock
from banyan.kernel.db.embedded import Urls
from banyan.kernel.errors import NotFound, Refused
from banyan.kernel.events import OutboxEvent
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.services import grants
from banyan.modules.audit.models import AuditEntry
from tests.modules.access.people import Province, at_once, fields, reasons

pytestmark = pytest.mark.clause("ORG-09")
MANIFOLD = ("tenancy.org:read", "access.role:read", "access.grant:read", "access.grant:grant")


def test_a_role_is_granted_with_reach_and_last_day_and_leaves_its_traces(land: Province) -> None:
    answer = land.give(land.governor, land.headman, "treasurer", "province", organisation="county", until="2026-03-01")
    assert answer.status_code == 201, answer.get_json()
    made = answer.get_json()
    assert (made["role"], made["reach"]) == ("treasurer", "self")
    last = datetime.fromisoformat(made["not_after"])
    assert last == datetime(2026, 3, 1, 16, tzinfo=UTC), "the last day in Shanghai counts to its end"
    entry = land.world.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == made["id"])).one()
    assert entry.action == "access.grant.grant"
    assert entry.org_id == land.county.id
    assert entry.after is not None
    assert entry.after["account"] == land.headman.sign_in_name
    assert entry.decision is not None
    assert entry.decision["role"] == "org_admin"
    event = land.world.session.scalars(select(OutboxEvent).where(OutboxEvent.name == "access.grant.granted")).one()
    assert event.payload["grant_id"] == made["id"]


def test_nobody_grants_to_themselves(land: Province) -> None:
    answer = land.give(land.mayor, land.mayor, "treasurer", "city")
    assert answer.status_code == 409


def test_nobody_grants_what_they_do_not_hold_and_hears_all_of_it(land: Province) -> None:
    role = land.define(land.governor, "province", *MANIFOLD, name="授权员").get_json()["id"]
    deputy = land.world.account(land.city)
    land.world.grant(deputy, land.city, role)
    before = set(land.world.session.scalars(select(RoleGrant.id)))
    answer = land.give(deputy, land.headman, "org_auditor", "city", "subtree")
    assert answer.status_code == 409
    store = land.world.app.extensions["banyan.policy"]
    with land.world.app.test_request_context(headers={"Accept-Language": "en"}):
        lacking = store.snapshot.roles["org_auditor"].allowed - set(MANIFOLD)
        labels = [f"“{store.permissions[name].label}”" for name in lacking]
    assert len(reasons(answer)) == len(labels) > 3
    assert all(any(label in reason for reason in reasons(answer)) for label in labels)
    assert set(land.world.session.scalars(select(RoleGrant.id))) == before
    assert land.give(deputy, land.headman, role, "city", "subtree").status_code == 201, "what is held can be handed on"


def test_a_reach_of_ones_own_level_cannot_be_handed_on_downwards(land: Province) -> None:
    narrow = land.world.admin(land.city, reach="self")
    clerk = land.world.account(land.city)
    assert land.give(narrow, clerk, "member", "city", "subtree").status_code == 409
    assert land.give(narrow, clerk, "member", "city", "self").status_code == 201


@pytest.mark.parametrize("organisation", ["province", "other-city", "nowhere"])
def test_beside_and_above_and_nowhere_are_all_alike(land: Province, organisation: str) -> None:
    answer = land.give(land.mayor, land.headman, "treasurer", "city", organisation=organisation)
    assert answer.status_code == 422
    assert fields(answer) == {"organisation"}


def test_accounts_of_levels_above_and_unknown_ones_are_alike(land: Province) -> None:
    answers = [land.give(land.mayor, name, "treasurer", "city") for name in (land.governor.sign_in_name, "nobody-here")]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].get_json()["errors"] == answers[1].get_json()["errors"]


def test_the_service_answers_foreign_and_unknown_accounts_with_the_same_404(land: Province) -> None:
    ctx = land.world.context(land.mayor, land.city)
    with land.world.app.app_context(), ctx.session:
        for identity in (land.governor.id, land.city.id):
            with pytest.raises(NotFound) as found:
                grants.grant_role(ctx, account_id=identity, role="treasurer", org=land.city.ref, reach="self")
            assert not found.value.fields


def test_a_suspended_account_gets_nothing(land: Province) -> None:
    clerk = land.world.account(land.city, status="suspended")
    assert land.give(land.mayor, clerk, "treasurer", "city").status_code == 409


def test_roles_that_exclude_each_other_are_not_held_where_their_reaches_meet(land: Province) -> None:
    clash = land.give(land.governor, land.mayor, "org_auditor", "province", "self", organisation="county")
    assert clash.status_code == 409, "the mayor administers the county as well"
    assert len(reasons(clash)) == 1
    apart = land.give(land.governor, land.mayor, "org_auditor", "province", "self", organisation="other-city")
    assert apart.status_code == 201
    later = land.give(land.governor, land.headman, "org_auditor", "province", "self", organisation="city")
    assert later.status_code == 201, "above, where the headman administers nothing"


def test_roles_that_exclude_each_other_may_follow_each_other(land: Province) -> None:
    clerk = land.world.account(land.city)
    first = land.give(land.mayor, clerk, "treasurer", "city", until="2026-02-28")
    assert first.status_code == 201
    assert land.give(land.mayor, clerk, "org_auditor", "city", start="2026-02-28").status_code == 409
    assert land.give(land.mayor, clerk, "org_auditor", "city", start="2026-03-01").status_code == 201


def test_the_same_grant_is_not_given_twice(land: Province) -> None:
    assert land.give(land.mayor, land.headman, "treasurer", "city").status_code == 201
    assert land.give(land.mayor, land.headman, "treasurer", "city").status_code == 409
    assert land.give(land.mayor, land.headman, "treasurer", "city", "subtree").status_code == 201


@pytest.mark.parametrize("second", ["treasurer", "org_auditor"])
def test_two_grants_at_once_do_not_pass_each_other_unseen(land: Province, urls: Urls, second: str) -> None:
    clerk = land.world.account(land.city)
    asks = [
        (who, "POST", "city/grants", {"account": clerk.sign_in_name, "role": role, "reach": "self"})
        for who, role in ((land.mayor, "treasurer"), (land.world.admin(land.city), second))
    ]
    assert at_once(land, urls, "account", clerk.id, asks) == [201, 409]


@pytest.mark.parametrize(
    ("dates", "wrong"),
    [
        ({"start": "2026-02-11"}, {"start"}),
        ({"until": "2026-02-11"}, {"until"}),
        ({"start": "2026-03-02", "until": "2026-03-01"}, {"until"}),
        ({"start": "tomorrow"}, {"start"}),
        ({"until": "2026-02-12"}, set()),
        ({"start": "2026-03-01", "until": "2026-03-01"}, set()),
    ],
)
def test_dates_are_checked(land: Province, dates: dict[str, Any], wrong: set[str]) -> None:
    answer = land.give(land.mayor, land.headman, "treasurer", "city", **dates)
    assert answer.status_code == (422 if wrong else 201), answer.get_json()
    assert fields(answer) == wrong


@pytest.mark.parametrize("role", ["emperor", "", "01900000-0000-7000-8000-000000000000", "ORG_ADMIN"])
def test_there_is_no_granting_of_roles_that_do_not_exist(land: Province, role: str) -> None:
    answer = land.give(land.mayor, land.headman, role, "city")
    assert answer.status_code == 422
    assert fields(answer) == {"role"}


def test_a_grant_begins_and_ends_at_its_instants(land: Province, clock: FixedClock) -> None:
    clerk, start = land.world.account(land.city), clock.instant + timedelta(hours=1)
    end = start + timedelta(hours=1)
    land.world.grant(clerk, land.city, "org_auditor", not_before=start, not_after=end)
    headers = land.world.token(clerk)
    step = timedelta(microseconds=1)
    for instant, expected in ((start - step, 404), (start, 200), (end - step, 200), (end, 404)):
        clock.instant = instant
        assert land.client.get("/api/v1/orgs/city/grants", headers=headers).status_code == expected, instant


def test_the_list_tells_how_grants_stand_at_this_moment(land: Province, clock: FixedClock) -> None:
    clerk, day = land.world.account(land.city), timedelta(days=1)
    land.world.grant(clerk, land.city, "treasurer", not_before=clock.instant + day, not_after=clock.instant + 2 * day)
    seen = []
    for _day in range(3):
        listed = land.api(land.mayor, "GET", f"city/grants?account={clerk.sign_in_name}").get_json()["items"]
        filtered = land.api(land.mayor, "GET", f"city/grants?state={listed[0]['state']}&role=treasurer").get_json()
        assert [row["id"] for row in filtered["items"]] == [listed[0]["id"]]
        seen.append(listed[0]["state"])
        clock.instant += day
    assert seen == ["to_come", "valid", "expired"]


def test_a_role_taken_back_is_gone_on_the_next_request_and_stays_as_history(land: Province) -> None:
    clerk = land.world.admin(land.city, "org_auditor")
    assert land.api(clerk, "GET", "city/grants").status_code == 200
    grant = land.grant_of(clerk)
    answer = land.end(land.mayor, grant, "city")
    assert answer.status_code == 200
    assert answer.get_json()["ended_by"] == str(land.mayor.id)
    assert land.api(clerk, "GET", "city/grants").status_code == 404
    actions = land.world.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == str(grant.id))).all()
    assert actions == ["access.grant.end"]
    again = land.end(land.mayor, grant, "city")
    assert again.status_code == 409
    listed = land.api(land.mayor, "GET", "city/grants?state=ended").get_json()["items"]
    assert [row["id"] for row in listed] == [str(grant.id)]


def test_nobody_takes_a_role_from_themselves(land: Province) -> None:
    land.world.admin(land.city)
    assert land.end(land.mayor, land.grant_of(land.mayor), "city").status_code == 409


def test_nobody_edits_an_account_of_a_level_above(land: Province) -> None:
    inspector = land.world.account(land.province)
    grant = land.world.grant(inspector, land.city, "org_auditor")
    assert land.end(land.mayor, grant, "city").status_code == 403
    assert land.end(land.governor, grant, "city").status_code == 200


def test_a_grant_elsewhere_is_not_found(land: Province) -> None:
    other = land.world.admin(land.other_city)
    for grant in (land.grant_of(other), land.grant_of(land.governor), str(land.city.id)):
        assert land.end(land.mayor, grant, "city").status_code == 404


def test_a_registration_grant_needs_an_issuer_who_still_holds_it(land: Province) -> None:
    newcomer = land.world.account(land.county)
    ctx = land.world.context(newcomer)
    given = {"account_id": newcomer.id, "org": land.county.ref, "reach": "subtree"}
    with land.world.app.app_context(), ctx.session:
        made = grants.grant_for_registration(ctx, role="org_admin", issuer=land.mayor.id, **given)
        assert made.granted_by == land.mayor.id
        ctx.session.rollback()
        held = ctx.session.get_one(RoleGrant, land.grant_of(land.mayor).id)
        held.ended_at = ctx.clock.now()
        ctx.session.flush()
        with pytest.raises(Refused):
            grants.grant_for_registration(ctx, role="org_admin", issuer=land.mayor.id, **given)


def test_a_bootstrap_grant_is_the_same_one_however_often_it_is_asked_for(land: Province) -> None:
    newcomer = land.world.account(land.county)
    ctx = land.world.context(newcomer)
    asked = {"account_id": newcomer.id, "role": "org_admin", "org": land.county.ref, "reach": "subtree"}
    with land.world.app.app_context(), ctx.session:
        first = grants.bootstrap_grant(ctx, **asked)
        assert first.granted_by is None
        assert grants.bootstrap_grant(ctx, **asked).id == first.id
