"""An emergency: everybody is told at once, on every page and by SMS, ahead of everything else (NOT-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.kernel.events import publish
from banyan.modules.approvals.events import RequestPressing
from banyan.modules.approvals.models import ApprovalDesk, ApprovalRequest
from banyan.modules.audit.models import AuditEntry
from banyan.modules.delivery.models import OutgoingMessage
from banyan.modules.notices.models import Notice
from banyan.modules.operators.models import ServiceWindow
from tests.modules.notices.conftest import Board

WORDS = "洪水预警：请立即转移到高处。"


def alarm(board: Board, **changes: Any) -> dict[str, Any]:
    until = (board.world.clock.now() + timedelta(hours=6)).isoformat()
    return {"title": "洪水预警", "effects": {"zh_Hans": WORDS}, "until": until, "sure": True, **changes}


@pytest.mark.clause("NOT-02")
def test_everybody_of_the_installation_is_told_at_once_by_banner_inbox_and_sms(
    board: Board, client: FlaskClient
) -> None:
    _one, near = board.member(board.first, phone="13800000001")
    board.member(board.third, "成员002", account=False, phone="13800000002")
    elsewhere = board.world.org(code="elsewhere")
    stranger = board.world.account(elsewhere, phone="13800000003")
    operator = board.world.account(board.province, operator=True)
    board.published(title="普通通知", channels=["sms"])
    assert board.api(operator, "POST", "operator/emergencies", alarm(board, sure=False)).status_code == 422
    assert board.api(board.secretary, "POST", "operator/emergencies", alarm(board)).status_code == 404
    board.ok(operator, "POST", "operator/emergencies", alarm(board))
    for page in ("/sign-in", "/orgs/province/announcements"):
        assert WORDS in client.get(page).get_data(as_text=True), "the banner stands before any job has run"
    board.work()
    assert board.inbox(near)[0] == "洪水预警"
    assert board.inbox(stranger) == ["洪水预警"]
    assert board.inbox(board.branch) == ["洪水预警"], "accounts that are no members, too"
    limits = board.app.extensions["banyan.runtime"].settings.sending.a_minute
    held, limits["sms"] = limits["sms"], 3
    board.post()
    limits["sms"] = held
    sent = board.world.session.scalars(select(OutgoingMessage).where(OutgoingMessage.state == "sent")).all()
    assert {(one.lane, one.mask) for one in sent} == {(0, f"138****000{n}") for n in (1, 2, 3)}
    [entry] = board.world.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "notices.emergency.announce")
    ).all()
    assert WORDS in str(entry.after)


@pytest.mark.clause("NOT-02")
def test_a_subtree_is_told_and_nobody_else_and_it_needs_its_own_permission(board: Board, client: FlaskClient) -> None:
    _one, near = board.member(board.first)
    _two, far = board.member(board.third, "成员002")
    assert board.api(board.branch, "POST", "orgs/first/emergencies", alarm(board)).status_code == 403
    assert board.api(board.north_admin, "POST", "orgs/south/emergencies", alarm(board)).status_code == 404
    board.ok(board.north_admin, "POST", "orgs/north/emergencies", alarm(board))
    board.work()
    assert (board.inbox(near), board.inbox(far)) == (["洪水预警"], [])
    assert WORDS in board.world.sign_in(near).get("/me/notices").get_data(as_text=True)
    assert WORDS not in board.world.sign_in(far).get("/me/notices").get_data(as_text=True)
    assert WORDS not in client.get("/sign-in").get_data(as_text=True)
    assert board.api(near, "POST", f"me/notices/{_id(board)}/confirm").status_code == 200
    board.world.clock.instant += timedelta(hours=7)
    assert WORDS not in board.world.sign_in(near).get("/me").get_data(as_text=True), "it is over by itself"


@pytest.mark.clause("NOT-02")
def test_in_the_console_one_proves_first_who_one_is(board: Board) -> None:
    browser = board.world.sign_in(board.north_admin)
    until = (board.world.clock.now() + timedelta(hours=14)).strftime("%Y-%m-%dT%H:%M")
    typed = {"title": "洪水预警", "effects.zh_Hans": WORDS, "until": until, "sure": "true", "_shown": "confirm sure"}
    assert browser.get("/orgs/north/emergency").status_code == 200
    assert browser.post("/orgs/north/emergency", data={**typed, "sure": ""}).status_code == 422
    board.world.clock.instant += timedelta(minutes=30)
    late = browser.post("/orgs/north/emergency", data=typed)
    assert late.status_code == 303
    assert "/me/confirm" in late.headers["Location"]
    assert board.world.session.scalars(select(ServiceWindow)).all() == []
    fresh = board.world.sign_in(board.north_admin)
    assert fresh.post("/orgs/north/emergency", data=typed).status_code == 303
    assert len(board.world.session.scalars(select(ServiceWindow)).all()) == 1
    operator = board.world.sign_in(board.world.account(board.province, operator=True))
    assert operator.get("/operator/emergency").status_code == 200
    assert operator.post("/operator/emergency", data={**typed, "code": "nowhere"}).status_code == 422
    assert operator.post("/operator/emergency", data={**typed, "code": "south"}).status_code == 303


@pytest.mark.clause("NOT-01")
def test_deciders_are_reminded_of_a_deadline_in_their_inbox_once(board: Board, world: Any) -> None:

    place = {"org_id": board.north.id, "org_path": board.north.path}
    now = world.clock.now()
    about = {"subject_type": "x", "subject_id": "x", "sides": {}, "details": [], "data": {}, "asked_at": now}
    request = ApprovalRequest(flow="administrators.application", title="申请", **about, **place)
    world.session.add(request)
    world.session.flush()
    when = {"opened_at": now, "due_on": now.date(), "due_at": now, "remind_at": now, "provisional": False}
    where = {"step": "upper", "permission": "notices.notice:decide", "asking_id": board.north.id}
    world.session.add(ApprovalDesk(request_id=request.id, flow=request.flow, title="申请", **when, **where, **place))
    world.session.commit()
    for _ in range(2):
        with board.working(board.north) as ctx:
            publish(ctx, board.north.ref, RequestPressing(str(request.id), request.flow, "申请", "2026-02-12"))
    board.events()
    assert board.inbox(board.north_admin) == ["即将到期：申请", "即将到期：申请"], "two events, two reminders"
    board.events()
    assert len(board.inbox(board.north_admin)) == 2
    assert board.inbox(board.south_admin) == []
    found = board.world.session.scalars(select(Notice)).first()
    assert found is not None
    assert found.link == f"/orgs/north/approvals/{request.id}"


def _id(board: Board) -> str:
    return str(board.world.session.scalars(select(Notice.id).where(Notice.origin == "emergency")).one())
