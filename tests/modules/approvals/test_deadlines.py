"""Working days, reminders before and escalation after the deadline (APR-01)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.events import OutboxEvent
from banyan.kernel.values import Actor
from banyan.modules.approvals.models import ApprovalDesk, ApprovalEntry
from banyan.modules.approvals.services import deadlines
from tests.modules.approvals.office import HEARD, STUBBORN, Office

pytestmark = pytest.mark.clause("APR-01")
DUE = datetime(2026, 2, 26, 16, tzinfo=UTC)


def watch(office: Office) -> None:
    """The periodic job, as the worker runs it."""
    app = office.world.app
    with app.app_context(), app.extensions["banyan.runtime"].db.session(Whole("test")) as session:
        deadlines.watch(Context(session, Actor(None, "approvals.deadlines", "job"), None, office.world.clock, "job"))
        session.commit()


def desk(office: Office) -> ApprovalDesk:
    return office.world.session.scalars(select(ApprovalDesk).execution_options(populate_existing=True)).one()


def acts(office: Office) -> list[str]:
    return list(office.world.session.scalars(select(ApprovalEntry.act).order_by(ApprovalEntry.number)))


def test_five_working_days_from_12_february_2026_end_on_the_26th(office: Office) -> None:
    request = office.ask()
    due = office.shown(office.mayor, "city", request.id)["due"]
    assert due == {"on": "2026-02-26", "left": 5, "late": 0, "overdue": False, "provisional": False}
    assert desk(office).due_at == DUE, "the day counts to its end in Shanghai"


def test_a_request_received_on_a_holiday_begins_with_the_next_working_day(office: Office) -> None:
    office.world.clock.instant = datetime(2026, 2, 17, 2, tzinfo=UTC)
    request = office.ask()
    # 24 to 27 February, and Saturday the 28th, which is worked to make up
    assert office.shown(office.mayor, "city", request.id)["due"]["on"] == "2026-02-28"


def test_beyond_the_published_holidays_a_deadline_is_provisional(office: Office) -> None:
    office.world.clock.instant = datetime(2026, 12, 30, 2, tzinfo=UTC)
    request = office.ask()
    assert office.shown(office.mayor, "city", request.id)["due"]["provisional"]


def test_a_pressing_request_is_marked_once_a_working_day_before(office: Office) -> None:
    office.ask()
    assert desk(office).remind_at == datetime(2026, 2, 24, 16, tzinfo=UTC)
    watch(office)
    assert acts(office) == ["submit"]
    office.world.clock.instant = datetime(2026, 2, 25, 1, tzinfo=UTC)
    watch(office)
    watch(office)
    assert acts(office) == ["submit", "remind"]
    [row] = office.api(office.mayor, "GET", "city/approvals/waiting").get_json()["items"]
    assert row["urgency"] == "pressing"
    told = office.world.session.scalars(select(OutboxEvent).where(OutboxEvent.name == "approvals.request.pressing"))
    assert [event.payload["due_on"] for event in told] == ["2026-02-26"]


def test_after_the_deadline_the_organisation_above_may_decide_as_well(office: Office) -> None:
    request = office.ask()
    office.world.clock.instant = DUE - timedelta(seconds=1)
    watch(office)
    assert office.titles(office.governor, "province") == []
    office.world.clock.instant = DUE
    watch(office)
    watch(office)
    assert acts(office) == ["submit", "remind", "escalate"]
    for who, at in ((office.mayor, "city"), (office.governor, "province")):
        assert office.titles(who, at) == ["借用会议室"]
        assert office.titles(who, at, "overdue") == ["借用会议室"]
    assert office.titles(office.clerk, "county", "overdue") == ["借用会议室"], "who asked sees that it is late"
    assert office.shown(office.mayor, "city", request.id)["deciding"] == ["市", "省"]
    decided = office.decide(office.governor, "province", request.id).get_json()
    assert (decided["state"], decided["lines"][0]["late"], decided["lines"][0]["place"]) == ("approved", True, "省")
    assert [(outcome.kind.value, outcome.late) for outcome in HEARD] == [("overdue", True), ("approved", True)]


def test_deciding_late_needs_a_reason_where_the_step_asks_for_one(office: Office) -> None:
    request = office.ask("errands.long")
    office.decide(office.mayor, "city", request.id)
    office.world.clock.instant = DUE
    refused = office.decide(office.governor, "province", request.id)
    assert refused.status_code == 422
    answer = office.decide(office.governor, "province", request.id, explanation="春节值班人手不足")
    assert answer.get_json()["lines"][0]["explanation"] == "春节值班人手不足"


def test_a_step_that_does_not_escalate_is_marked_late_and_stays(office: Office) -> None:
    office.world.admin(office.county)
    office.ask("errands.own")
    office.world.clock.instant = DUE
    watch(office)
    assert desk(office).overdue_at == DUE
    assert desk(office).above_id is None


def test_a_module_that_cannot_take_it_holds_up_nobody(office: Office) -> None:
    STUBBORN.add("固执")
    office.ask(title="固执")
    office.ask(title="平常")
    office.world.clock.instant = DUE
    watch(office)
    late = office.world.session.scalars(select(ApprovalDesk.overdue_at)).all()
    assert late == [DUE, DUE]
    assert [outcome.title for outcome in HEARD] == ["平常"]


def test_many_deadlines_are_noted_in_chunks_each_once(office: Office, monkeypatch: Any) -> None:
    monkeypatch.setattr(deadlines, "CHUNK", 3)
    for number in range(7):
        office.ask(title=f"事{number}")
    office.world.clock.instant = DUE
    watch(office)
    watch(office)
    assert sorted(outcome.title for outcome in HEARD) == [f"事{number}" for number in range(7)]
