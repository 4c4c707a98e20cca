"""Standing in for a colleague who is away (APR-01)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from banyan.modules.access.models import RoleGrant
from banyan.modules.accounts.models import Account
from banyan.modules.audit.models import AuditEntry
from tests.modules.approvals.office import Office

pytestmark = pytest.mark.clause("APR-01")


def helper(office: Office) -> Account:
    """Works at the city and decides nothing there."""
    account = office.world.account(office.city, display_name="小王")
    office.world.grant(account, office.city, "treasurer")
    return account


def name(office: Office, deputy: Account | str, until: str = "2026-02-28", **more: Any) -> Any:
    called = deputy if isinstance(deputy, str) else deputy.sign_in_name
    return office.api(office.mayor, "POST", "city/delegations", {"deputy": called, "until": until, **more})


def test_a_deputy_decides_for_a_colleague_and_the_history_shows_both(office: Office) -> None:
    deputy, request = helper(office), office.ask()
    assert office.titles(deputy, "city") == []
    assert office.api(deputy, "GET", f"city/approvals/{request.id}").status_code == 404
    made = name(office, deputy)
    assert made.status_code == 201, made.get_json()
    assert office.titles(deputy, "city") == ["借用会议室"]
    assert office.shown(deputy, "city", request.id)["behalf"] == "市长"
    line = office.decide(deputy, "city", request.id).get_json()["lines"][0]
    assert (line["who"], line["behalf"]) == ("小王", "市长")
    approved = select(AuditEntry).where(AuditEntry.action == "approvals.request.approve")
    entry = office.world.session.scalars(approved).one()
    assert entry.after is not None
    assert entry.after["on_behalf_of"] == "市长"


def test_a_deputys_time_begins_and_ends_by_itself_or_early(office: Office) -> None:
    deputy = helper(office)
    office.ask()
    made = name(office, deputy, start="2026-02-13", until="2026-02-13").get_json()
    assert office.titles(deputy, "city") == []
    office.world.clock.instant = datetime(2026, 2, 13, 8, tzinfo=UTC)
    assert office.titles(deputy, "city") == ["借用会议室"]
    office.world.clock.instant = datetime(2026, 2, 13, 16, tzinfo=UTC)
    assert office.titles(deputy, "city") == []
    assert office.api(office.mayor, "POST", f"city/delegations/{made['id']}/end").status_code == 409
    second = name(office, deputy).get_json()
    assert office.titles(deputy, "city") == ["借用会议室"]
    assert office.api(office.stranger, "POST", f"other/delegations/{second['id']}/end").status_code == 404
    assert office.api(deputy, "POST", f"city/delegations/{second['id']}/end").status_code == 200
    assert office.titles(deputy, "city") == []


def test_a_deputy_has_no_more_than_the_delegator_has_now(office: Office) -> None:
    deputy = helper(office)
    name(office, deputy)
    office.ask()
    grant = office.world.session.scalars(select(RoleGrant).where(RoleGrant.account_id == office.mayor.id)).one()
    grant.ended_at = office.world.clock.now()
    office.world.session.commit()
    assert office.titles(deputy, "city") == []


def test_a_deputy_for_some_kinds_sees_no_others(office: Office) -> None:
    deputy = helper(office)
    name(office, deputy, flows=["errands.long"])
    office.ask(title="短")
    office.ask("errands.long", title="长")
    assert office.titles(deputy, "city") == ["长"]


def test_nobody_decides_their_own_request_through_a_deputy_or_as_one(office: Office) -> None:
    deputy = helper(office)
    name(office, deputy)
    office.world.grant(deputy, office.county, "section_head")
    own = office.ask(title="代理人自己的", who=deputy)
    assert office.titles(deputy, "city") == []
    assert office.decide(deputy, "city", own.id).status_code == 409
    office.world.grant(office.mayor, office.county)
    for_mayor = office.ask(title="被代理人的", who=office.mayor)
    assert office.titles(deputy, "city") == []
    refused = office.decide(deputy, "city", for_mayor.id)
    assert refused.status_code == 409
    assert "市长 asked for this" in str(refused.get_json()["reasons"])


def test_everything_wrong_with_a_deputy_is_said_at_once(office: Office) -> None:
    answer = name(office, office.stranger, start="2026-03-02", until="2026-01-01", flows=["bygone.flow"])
    assert answer.status_code == 422
    assert {problem["field"] for problem in answer.get_json()["errors"]} == {"deputy", "until", "flows"}
    assert name(office, office.mayor).status_code == 422, "oneself"
    assert name(office, "nobody-here").status_code == 422
    assert name(office, helper(office), until="2027-12-31").status_code == 422, "longer than a year"
    deputy = helper(office)
    assert name(office, deputy).status_code == 201
    assert name(office, deputy, until="2026-02-14").status_code == 409, "twice"
    plain = helper(office)
    nothing = office.api(plain, "POST", "city/delegations", {"deputy": deputy.sign_in_name, "until": "2026-02-28"})
    assert nothing.status_code == 409, "who decides nothing hands nothing over"
