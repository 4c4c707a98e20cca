"""The inbox: what waits, what one asked for, what is late, many at once (APR-02)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from banyan.kernel.db.embedded import Urls
from banyan.modules.approvals.models import ApprovalDesk
from banyan.modules.approvals.services import seats
from tests.modules.access.people import at_once
from tests.modules.approvals.office import HEARD, STUBBORN, Office

pytestmark = pytest.mark.clause("APR-02")


def desks(office: Office) -> dict[str, str]:
    return {row.title: str(row.id) for row in office.world.session.scalars(select(ApprovalDesk))}


def test_an_inbox_gathers_all_modules_and_all_organisations_of_the_reader(office: Office) -> None:
    office.world.grant(office.mayor, office.other)
    office.ask("errands.short", title="甲")
    office.ask("stamps.stamp", title="乙")
    office.ask("errands.across", title="丙")
    for at in ("city", "other"):
        assert sorted(office.titles(office.mayor, at)) == ["丙", "乙", "甲"]
    assert office.titles(office.clerk, "county", "asked") == ["丙", "乙", "甲"]
    assert office.titles(office.mayor, "city", "asked") == []
    assert office.titles(office.governor, "province", "asked") == []
    below = office.api(office.governor, "GET", "province/approvals").get_json()["items"]
    assert [row["title"] for row in below] == ["丙", "乙", "甲"]


def test_a_page_of_a_request_that_waits_elsewhere_leads_there(office: Office) -> None:
    office.world.grant(office.mayor, office.other)
    request = office.ask("errands.across", org=office.world.org(office.province, "far"), who=office.governor)
    browser = office.world.sign_in(office.mayor)
    answer = browser.get(f"/orgs/city/approvals/{request.id}")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/orgs/other/approvals/{request.id}"
    assert browser.get(answer.headers["Location"]).status_code == 200


def test_many_are_decided_at_once_and_each_is_told_apart(office: Office) -> None:
    office.ask(title="好")
    office.ask(title="坏")
    office.ask(title="早已决定")
    office.ask(title="自己的", who=office.mayor, org=office.county)
    STUBBORN.add("坏")
    known = desks(office)
    gone = office.world.session.scalars(select(ApprovalDesk).where(ApprovalDesk.title == "早已决定")).one()
    office.decide(office.mayor, "city", gone.request_id, "reject")
    HEARD.clear()
    answer = office.api(
        office.mayor, "POST", "city/approvals/decisions", {"ids": list(known.values()), "act": "approve", "opinion": ""}
    )
    assert answer.status_code == 200, answer.get_json()
    results = {row["desk_id"]: row for row in answer.get_json()["items"]}
    assert {title: results[key]["decided"] for title, key in known.items()} == {
        "好": True,
        "坏": False,
        "早已决定": False,
        "自己的": False,
    }
    assert results[known["坏"]]["reasons"] == ["the errand cannot be run"]
    assert all(row["reasons"] for row in results.values() if not row["decided"])
    assert [outcome.title for outcome in HEARD] == ["好"]
    assert sorted(desks(office)) == ["坏", "自己的"]


def test_many_need_a_word_to_be_returned_and_an_end(office: Office) -> None:
    office.ask()
    ids = list(desks(office).values())
    for body in (
        {"ids": ids, "act": "return", "opinion": ""},
        {"ids": [], "act": "approve"},
        {"ids": ids * 201, "act": "approve"},
        {"ids": ids, "act": "withdraw"},
    ):
        assert office.api(office.mayor, "POST", "city/approvals/decisions", body).status_code == 422, body


def test_of_two_deciders_in_the_same_second_one_decides_and_the_other_is_told(office: Office, urls: Urls) -> None:
    request = office.ask("errands.long")
    second = office.world.admin(office.city)
    path = f"city/approvals/{request.id}/decision"
    asks: list[tuple[Any, str, str, Any]] = [
        (office.mayor, "POST", path, {"act": "approve", "version": request.version}),
        (second, "POST", path, {"act": "reject", "opinion": "不行", "version": request.version}),
    ]
    assert at_once(office, urls, "approval_request", request.id, asks) == [200, 409]  # type: ignore[arg-type]
    assert len(HEARD) == 1
    lines = office.shown(office.mayor, "city", request.id)["lines"]
    assert len(lines) == 2


def test_an_old_page_is_told_who_was_faster(office: Office) -> None:
    request = office.ask("errands.long")
    office.decide(office.mayor, "city", request.id)
    answer = office.decide(office.governor, "province", request.id, version=request.version)
    assert answer.status_code == 409
    assert answer.get_json()["reasons"] == ["市长 has approved this meanwhile. Load the page again."]


def test_the_badge_counts_to_a_hundred_and_no_further(office: Office, monkeypatch: Any) -> None:
    office.ask()
    said = {"Accept-Language": "en"}
    page = office.world.sign_in(office.mayor).get("/orgs/city/", headers=said).get_data(as_text=True)
    assert '<b class="count">1<span' in page
    assert '<b class="dot">1<span' in page
    monkeypatch.setattr(seats, "count_waiting", lambda _ctx: seats.COUNTED_UP_TO)
    page = office.world.sign_in(office.mayor).get("/orgs/city/", headers=said).get_data(as_text=True)
    assert '<b class="count">99+<span' in page


def test_the_console_walks_from_the_inbox_to_a_decision(office: Office) -> None:
    request = office.ask()
    browser = office.world.sign_in(office.mayor)
    said = {"Accept-Language": "en"}
    inbox = browser.get("/orgs/city/inbox", headers=said).get_data(as_text=True)
    assert "借用会议室" in inbox
    assert f"/orgs/city/approvals/{request.id}" in inbox
    page = browser.get(f"/orgs/city/approvals/{request.id}", headers=said).get_data(as_text=True)
    assert "5 working days left" in page
    empty = browser.post(
        f"/orgs/city/approvals/{request.id}/decision", data={"act": "reject", "version": "1"}, headers=said
    )
    assert empty.status_code == 422
    assert "Say why" in empty.get_data(as_text=True)
    chosen = browser.post("/orgs/city/inbox/together", data={"ids": list(desks(office).values())}, headers=said)
    assert "借用会议室" in chosen.get_data(as_text=True)
    done = browser.post(
        "/orgs/city/inbox/decisions",
        data={"ids": " ".join(desks(office).values()), "act": "approve", "opinion": "好"},
        headers=said,
    )
    assert done.status_code == 200
    assert "1 of 1 requests were decided" in done.get_data(as_text=True)
    assert browser.get("/orgs/city/inbox/deputies/new", headers=said).status_code == 200
    assert browser.get("/orgs/city/inbox/below", headers=said).status_code == 200


def test_an_organisation_with_open_requests_is_not_revoked_unnoticed(office: Office) -> None:
    from banyan.modules.approvals import plugin

    office.ask()
    ctx = office.context(office.governor, office.province)
    with office.world.app.test_request_context(headers={"Accept-Language": "en"}):
        assert [str(text) for text in plugin.banyan_org_revocable(ctx, office.county.ref)] == [
            "1 requests of this organisation are not decided yet."
        ]
        assert [str(text) for text in plugin.banyan_org_revocable(ctx, office.city.ref)] == [
            "1 requests wait for a decision of this organisation."
        ]
        assert plugin.banyan_org_revocable(ctx, office.other.ref) == []
