"""Notices: whom they reach, who reads them, and who never does (NOT-01)."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from banyan.kernel.db.scoped import Exact, Whole
from banyan.kernel.events import OutboxEvent
from banyan.kernel.i18n import lazy
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.delivery.models import OutgoingContent, OutgoingMessage
from banyan.modules.notices import rules
from banyan.modules.notices.models import Notice, NoticeRecipient, NoticeTally
from banyan.modules.notices.services import hearing, persons, publishing, send
from banyan.modules.people.models import Member
from banyan.modules.people.services import moving
from banyan.modules.people.services.audience import Audience
from tests.modules.notices.conftest import Board

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.mark.clause("NOT-01")
def test_a_notice_reaches_the_chosen_subtree_level_or_role_and_nobody_else(board: Board) -> None:
    _one, near = board.member(board.first)
    _two, far = board.member(board.third, "成员002")
    board.member(board.second, "成员003", account=False)
    board.published(title="给全省", audiences=[{}])
    board.published(title="给北县", audiences=[{"org": "north"}])
    board.published(title="给县级管理员", audiences=[{"levels": ["county"], "role": "org_admin"}])
    board.published(title="给北县和南县管理员", audiences=[{"org": "north"}, {"org": "south", "role": "org_admin"}])
    assert board.inbox(near) == ["给北县和南县管理员", "给北县", "给全省"]
    assert board.inbox(far) == ["给全省"]
    assert board.inbox(board.north_admin) == ["给县级管理员"]
    assert board.inbox(board.south_admin) == ["给北县和南县管理员", "给县级管理员"]
    assert board.inbox(board.branch) == []
    assert board.unread(near) == 3


@pytest.mark.clause("NOT-01")
def test_reading_and_confirming_are_counted_by_organisation_down_to_who_has_not(board: Board) -> None:
    _one, near = board.member(board.first)
    _two, far = board.member(board.third, "成员002")
    board.member(board.second, "成员003", account=False)
    notice = board.published(confirm=True)
    assert board.figures(notice) == {"reached": 3, "without": 1, "missing": 2}
    assert board.ok(near, "GET", f"me/notices/{notice['id']}")["read_at"] is None
    board.ok(near, "POST", f"me/notices/{notice['id']}/read")
    board.ok(near, "POST", f"me/notices/{notice['id']}/read")
    assert board.figures(notice) == {"reached": 3, "without": 1, "read": 1, "missing": 1}
    board.ok(near, "POST", f"me/notices/{notice['id']}/confirm")
    board.ok(near, "POST", f"me/notices/{notice['id']}/confirm")
    assert board.figures(notice)["confirmed"] == 1
    shown = board.ok(board.secretary, "GET", f"orgs/province/notices/{notice['id']}")
    below = {one["code"]: one["figures"] for one in shown["below"]}
    assert (below["north"]["reached"], below["north"]["read"], below["south"]["missing"]) == (2, 1, 1)
    assert board.figures(notice, board.north_admin, "north") == {"reached": 2, "without": 1, "read": 1, "confirmed": 1}
    branch = board.ok(board.branch, "GET", f"orgs/first/notices/{notice['id']}")
    assert branch["figures"]["read"] == 1, "the branch reads what its province published, and counts its own"
    query = f"orgs/province/notice-readers?notice={notice['id']}"
    states = {row["name"]: row["state"] for row in board.ok(board.secretary, "GET", query)["items"]}
    assert states == {"成员001": "confirmed", "成员002": "missing", "成员003": "without"}
    missing = board.ok(board.secretary, "GET", f"{query}&state=missing")["items"]
    assert [row["name"] for row in missing] == ["成员002"]
    assert (
        board.ok(board.north_admin, "GET", f"orgs/north/notice-readers?notice={notice['id']}&state=missing")["items"]
        == []
    )
    assert board.unread(far) == 1


@pytest.mark.clause("NOT-01")
def test_the_figures_agree_with_the_rows_whatever_happens_to_readers(board: Board) -> None:
    members = [board.member(board.first, f"成员00{n}") for n in range(1, 5)]
    notice = board.published(confirm=True)
    for _member, account in members[:2]:
        board.ok(account, "POST", f"me/notices/{notice['id']}/read")
    board.ok(members[0][1], "POST", f"me/notices/{notice['id']}/confirm")
    with board.working(board.first) as ctx:
        hearing.hear(ctx, "people.member.left", "x", {"member_id": str(members[3][0].id)})
        hearing.hear(ctx, "people.member.left", "x", {"member_id": str(members[0][0].id)})
        persons.erase(ctx, members[2][0].person_id)
    with board.working() as ctx:
        persons.merge_organisations(ctx, board.first.ref, board.second.ref)
    rows = board.world.session.execute(
        select(
            NoticeRecipient.org_id,
            func.count(),
            func.count().filter(
                NoticeRecipient.account_id.is_(None),
                NoticeRecipient.read_at.is_(None),
                NoticeRecipient.gone_at.is_(None),
            ),
            func.count(NoticeRecipient.read_at),
            func.count(NoticeRecipient.confirmed_at),
            func.count().filter(NoticeRecipient.gone_at.is_not(None), NoticeRecipient.read_at.is_(None)),
        ).group_by(NoticeRecipient.org_id)
    ).all()
    kept = board.world.session.execute(
        select(
            *(NoticeTally.org_id, NoticeTally.reached, NoticeTally.without),
            *(NoticeTally.read, NoticeTally.confirmed, NoticeTally.gone),
        )
    ).all()
    assert [tuple(row) for row in rows] == [tuple(row) for row in kept] == [(board.second.id, 4, 1, 2, 1, 1)]


@pytest.mark.clause("NOT-01")
def test_a_siblings_notice_is_not_found_and_drafts_are_nobodys_but_the_writers(board: Board) -> None:
    _one, near = board.member(board.first)
    draft = board.draft()
    notice = board.published(board.south_admin, "south", title="南县的事")
    assert board.api(board.north_admin, "GET", f"orgs/north/notices/{notice['id']}").status_code == 404
    assert board.api(board.south_admin, "GET", f"orgs/north/notices/{notice['id']}").status_code == 404
    assert board.api(near, "GET", f"me/notices/{notice['id']}").status_code == 404
    assert board.api(near, "POST", f"me/notices/{notice['id']}/read").status_code == 404
    assert board.api(near, "POST", f"me/notices/{notice['id']}/confirm").status_code == 404
    for who, org in ((board.north_admin, "north"), (board.branch, "first")):
        assert board.api(who, "GET", f"orgs/{org}/notices/{draft['id']}").status_code == 404
        rows = board.ok(who, "GET", f"orgs/{org}/notices")["items"]
        assert rows == []
    assert board.inbox(near) == []
    assert board.api(board.branch, "PUT", f"orgs/first/notices/{draft['id']}", {}).status_code in (404, 422)
    titles = [row["title"] for row in board.ok(board.secretary, "GET", "orgs/province/notices")["items"]]
    assert titles == ["南县的事", "召开会议的通知"]


@pytest.mark.clause("NOT-01")
def test_nobody_publishes_to_more_than_they_reach(board: Board) -> None:
    sent = {"title": "x", "body": "x", "audiences": [{"org": "south"}]}
    assert board.api(board.north_admin, "POST", "orgs/north/notices", sent).status_code == 422
    sent["audiences"] = [{"reach": "subtree"}]
    wide = board.api(board.branch, "POST", "orgs/first/notices", sent)
    assert wide.status_code == 422, "a secretary whose reach is the branch alone"
    sent["audiences"] = [{"reach": "self"}]
    assert board.api(board.branch, "POST", "orgs/first/notices", sent).status_code == 201
    empty = board.draft(audiences=[])
    answer = board.api(board.secretary, "POST", f"orgs/province/notices/{empty['id']}/publish", {"version": 1})
    assert answer.status_code == 422


@pytest.mark.clause("NOT-01")
def test_a_preview_counts_members_once_and_shows_the_text_as_it_will_be_read(board: Board) -> None:
    board.member(board.first)
    board.member(board.second, "成员002", account=False)
    sent = {
        "title": "x",
        "body": "# 大标题\n<script>x</script> [a](javascript:x) **b**",
        "audiences": [{}, {"org": "north"}],
    }
    found = board.ok(board.secretary, "POST", "orgs/province/notices/preview", sent)
    assert (found["reached"], found["with_account"], found["without"]) == (2, 1, 1)
    assert "<h3>大标题</h3>" in found["html"]
    assert "<script" not in found["html"]
    assert "javascript:" not in found["html"].replace("[a](javascript:x)", "")
    assert "<strong>b</strong>" in found["html"]
    assert board.ok(board.secretary, "GET", "orgs/province/notices")["items"] == []


@given(st.text(max_size=300))
def test_no_text_becomes_anything_but_harmless_html(body: str) -> None:
    drawn = rules.rendered(body).lower()
    for bad in ("<script", "<img", "<iframe", "<style", " onerror=", 'href="javascript:', 'href="data:'):
        assert bad not in drawn
    assert "<p>" not in rules.plain("一段\n\n二段")


@pytest.mark.clause("NOT-01")
def test_at_its_time_it_is_published_once_although_two_workers_look(board: Board) -> None:
    _one, near = board.member(board.first)
    at = (board.world.clock.now() + timedelta(hours=2)).isoformat()
    made = board.draft(publish_at=at)
    assert (
        board.ok(board.secretary, "POST", f"orgs/province/notices/{made['id']}/publish", {"version": 1})["state"]
        == "scheduled"
    )

    def look() -> None:
        with board.working() as ctx:
            publishing.due(ctx)

    look()
    assert board.inbox(near) == []
    board.world.clock.instant += timedelta(hours=2)
    lookers = [threading.Thread(target=look) for _ in range(3)]
    for one in lookers:
        one.start()
    for one in lookers:
        one.join()
    board.work()
    assert board.inbox(near) == ["召开会议的通知"]
    told = select(func.count()).where(OutboxEvent.name == "notices.notice.published")
    assert board.world.session.scalar(told) == 1


@pytest.mark.clause("NOT-01")
def test_two_who_publish_the_same_draft_publish_it_once(board: Board) -> None:
    board.member(board.first)
    made = board.draft()
    path = f"orgs/province/notices/{made['id']}/publish"
    headers = board.headers(board.secretary)
    answers: list[int] = []
    ready = threading.Barrier(2)

    def press() -> None:
        client = board.app.test_client()
        ready.wait()
        answers.append(client.post(f"/api/v1/{path}", json={"version": 1}, headers=headers).status_code)

    both = [threading.Thread(target=press) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(answers) == [200, 409]
    board.work()
    assert board.world.session.scalar(select(func.count()).select_from(NoticeRecipient)) == 1


@pytest.mark.clause("NOT-01")
def test_a_killed_worker_goes_on_and_tells_nobody_twice(board: Board) -> None:
    for number in range(1, 6):
        board.member(board.first, f"成员00{number}", phone=f"1380000000{number}")
    made = board.draft(channels=["sms"], audiences=[{"org": "north"}, {}])
    board.ok(board.secretary, "POST", f"orgs/province/notices/{made['id']}/publish", {"version": 1})
    board.runner.stopping.set()  # it stops at the end of every chunk
    for _ in range(6):
        board.runner.stopping.set()
        board.work_once()
    board.runner.stopping.clear()
    board.work()
    assert board.world.session.scalar(select(func.count()).select_from(NoticeRecipient)) == 5
    assert board.world.session.scalar(select(func.count()).select_from(OutgoingMessage)) == 5
    assert board.world.session.scalar(select(func.count()).select_from(OutgoingContent)) == 1


@pytest.mark.clause("NOT-01")
def test_it_goes_by_e_mail_sms_and_webhook_as_people_prefer_and_urgent_ones_to_all(
    board: Board, client: FlaskClient
) -> None:
    board.member(board.first, phone="13800000001", email="member001@example.org")
    _two, quiet = board.member(board.second, "成员002", phone="13800000002", email="member002@example.org")
    board.member(board.third, "成员003", account=False, phone="13800000003")
    assert board.ok(quiet, "PUT", "me/notices/preferences", {"email": False, "sms": False}) == {
        "email": False,
        "sms": False,
    }
    board.published(channels=["email", "sms"])
    board.post()
    sent = {(one.channel, one.mask) for one in board.world.session.scalars(select(OutgoingMessage))}
    assert sent == {("email", "m****@example.org"), ("sms", "138****0001"), ("sms", "138****0003")}
    [words] = {one.body for one in board.world.session.scalars(select(OutgoingContent))}
    assert words == "周五下午两点开会。"
    board.published(channels=["sms"], importance="urgent", title="紧急")
    urgent = board.world.session.scalars(select(OutgoingMessage).where(OutgoingMessage.lane == 0)).all()
    assert len(urgent) == 3
    log = board.ok(board.secretary, "GET", "orgs/province/messages?channel=sms")["items"]
    assert len(log) == 5


@pytest.mark.clause("NOT-01")
def test_withdrawn_with_a_reason_it_stays_in_the_log_and_a_new_version_is_told(board: Board) -> None:
    _one, near = board.member(board.first, phone="13800000001")
    notice = board.published(channels=["sms"])
    path = f"orgs/province/notices/{notice['id']}"
    version = board.ok(board.secretary, "GET", path)["version"]
    assert board.api(board.secretary, "PUT", path, {"title": "x", "body": "x", "version": version}).status_code == 409
    made = board.ok(board.secretary, "POST", f"{path}/correct", {"version": version})
    edit = {"title": "改期的通知", "body": "改到周六。", "audiences": [{}], "version": made["version"]}
    made = board.ok(board.secretary, "PUT", f"orgs/province/notices/{made['id']}", edit)
    board.ok(board.secretary, "POST", f"orgs/province/notices/{made['id']}/publish", {"version": made["version"]})
    board.work()
    assert board.inbox(near) == ["改期的通知", "召开会议的通知"]
    assert board.unread(near) == 1, "what no longer holds waits for nobody"
    earlier = board.ok(near, "GET", f"me/notices/{notice['id']}")
    assert (earlier["state"], earlier["body"], earlier["newer"]) == ("withdrawn", "", made["id"])
    assert [one.state for one in board.world.session.scalars(select(OutgoingMessage))] == ["withdrawn"]
    found = board.ok(board.secretary, "GET", f"orgs/province/notices/{made['id']}")
    sent = {"reason": "会议取消。", "version": found["version"]}
    assert board.api(board.north_admin, "POST", f"orgs/north/notices/{made['id']}/withdraw", sent).status_code == 404
    board.ok(board.secretary, "POST", f"orgs/province/notices/{made['id']}/withdraw", sent)
    assert board.ok(near, "GET", f"me/notices/{made['id']}")["reason"] == "会议取消。"
    assert board.unread(near) == 0
    assert board.api(near, "POST", f"me/notices/{made['id']}/confirm").status_code == 409


@pytest.mark.clause("NOT-01")
def test_who_joins_or_moves_in_is_told_what_is_still_valid_and_who_leaves_is_not_waited_for(board: Board) -> None:
    member, account = board.member(board.first)
    later = (board.world.clock.now() + timedelta(days=90)).isoformat()
    board.published(title="长期有效", valid_until=later)
    board.published(title="给南县", audiences=[{"org": "south"}])
    board.events()
    board.world.clock.instant += timedelta(days=40)
    board.member(board.third, "成员002", account=False)
    joined, late = board.member(board.third, "成员003")
    board.events()
    assert board.inbox(late) == ["长期有效"], "the other one is older than thirty days"
    assert board.inbox(account) == ["长期有效"]
    board.published(title="南县的新事", audiences=[{"org": "south"}])
    with board.working() as ctx:
        moved = ctx.session.get_one(Member, member.id)
        moving.move(ctx, moved, board.third.ref, on=board.world.clock.now().date(), how="transfer", request_id=None)
    board.events()
    board.events()
    assert board.inbox(account) == ["南县的新事", "长期有效"]
    [row] = board.ok(board.secretary, "GET", "orgs/province/notices?q=南县的新事")["items"]
    notice = {"id": row["id"]}
    assert board.figures(notice) == {"reached": 3, "without": 1, "missing": 2}
    with board.working(board.third) as ctx:
        hearing.hear(ctx, "people.member.left", "x", {"member_id": str(joined.id)})
    board.events()
    assert board.figures(notice) == {"reached": 3, "without": 1, "gone": 1, "missing": 1}


def test_an_account_opened_later_finds_what_its_member_was_told(board: Board) -> None:
    member, _nobody = board.member(board.first, account=False)
    notice = board.published()
    holder = board.world.account(board.first, person_id=member.person_id)
    row = board.world.session.get_one(Member, member.id)
    row.account_id = holder.id
    board.world.session.commit()
    assert board.inbox(holder) == []
    with board.working() as ctx:
        hearing.catch_up(ctx)
    assert board.inbox(holder) == ["召开会议的通知"]
    assert board.figures(notice) == {"reached": 1, "missing": 1}


@pytest.mark.clause("NOT-01")
def test_those_who_have_not_read_it_are_reminded_once_in_twelve_hours(board: Board) -> None:
    _one, reader = board.member(board.first, phone="13800000001")
    board.member(board.third, "成员002", phone="13800000002")
    notice = board.published()
    board.ok(reader, "POST", f"me/notices/{notice['id']}/read")
    path = f"orgs/province/notices/{notice['id']}/remind"
    assert board.ok(board.secretary, "POST", path) == {"readers": 1}
    assert board.api(board.secretary, "POST", path).status_code == 409
    [message] = board.world.session.scalars(select(OutgoingMessage)).all()
    assert message.mask == "138****0002"
    board.world.clock.instant += timedelta(hours=13)
    assert board.ok(board.south_admin, "POST", f"orgs/south/notices/{notice['id']}/remind") == {"readers": 1}
    assert board.api(board.north_admin, "POST", f"orgs/north/notices/{notice['id']}/remind").status_code == 409


@pytest.mark.clause("NOT-01")
def test_where_it_is_laid_down_somebody_else_approves_it_first(board: Board) -> None:
    _one, near = board.member(board.first)
    held = board.ok(board.secretary, "GET", "orgs/province/settings")
    laid_down = {"values": {"notices.approval": True}, "version": held["version"]}
    answer = board.api(board.secretary, "PUT", "orgs/province/settings", laid_down)
    assert answer.status_code == 200, answer.get_json()
    made = board.draft()
    waiting = board.ok(board.secretary, "POST", f"orgs/province/notices/{made['id']}/publish", {"version": 1})
    assert waiting["state"] == "waiting"
    assert board.ok(board.secretary, "GET", "orgs/province/approvals/waiting")["items"] == [], "never oneself"
    chief = board.world.admin(board.province, "secretary_general")
    assert len(board.ok(chief, "GET", "orgs/province/approvals/waiting")["items"]) == 1
    asked = board.world.session.scalars(select(ApprovalRequest)).one()
    request = board.ok(chief, "GET", f"orgs/province/approvals/{asked.id}")
    sent = {"act": "approve", "opinion": "同意", "version": request["version"]}
    board.ok(chief, "POST", f"orgs/province/approvals/{request['id']}/decision", sent)
    board.work()
    assert board.inbox(near) == ["召开会议的通知"]


@pytest.mark.clause("NOT-01")
def test_files_are_fetched_by_those_it_is_for_and_nobody_else(board: Board, client: FlaskClient) -> None:
    _one, near = board.member(board.first)
    uploaded = client.post(
        "/api/v1/orgs/province/notices/files",
        data={"file": (io.BytesIO(PDF), "议程.pdf")},
        content_type="multipart/form-data",
        headers=board.headers(board.secretary),
    ).get_json()
    notice = board.published(files=[uploaded["id"]])
    path = f"me/notices/{notice['id']}/files/{uploaded['id']}"
    with board.api(near, "GET", path) as answer:
        assert answer.data == PDF
        assert "attachment" in answer.headers["Content-Disposition"]
    assert board.api(board.south_admin, "GET", path).status_code == 404
    other = board.draft(board.south_admin, "south")
    stolen = {"title": "x", "body": "x", "files": [uploaded["id"]], "version": other["version"]}
    assert board.api(board.south_admin, "PUT", f"orgs/south/notices/{other['id']}", stolen).status_code == 422


@pytest.mark.clause("NOT-01")
def test_an_announcement_is_public_only_where_it_says_so(board: Board, client: FlaskClient) -> None:
    assert board.api(board.secretary, "POST", "orgs/province/notices",
                     {"title": "x", "body": "x", "public": True}).status_code == 422  # fmt: skip
    board.published(title="内部通知")
    board.published(title="内部公告", kind="announcement")
    until = (board.world.clock.now() + timedelta(days=3)).isoformat()
    shown = board.published(title="放假公告", kind="announcement", public=True, audiences=[], valid_until=until)
    page = client.get("/orgs/province/announcements").get_data(as_text=True)
    assert "放假公告" in page
    assert "内部" not in page
    assert "下午两点" in client.get(f"/orgs/province/announcements/{shown['id']}").get_data(as_text=True)
    assert client.get(f"/orgs/north/announcements/{shown['id']}").status_code == 404
    board.world.clock.instant += timedelta(days=4)
    assert "放假公告" not in client.get("/orgs/province/announcements").get_data(as_text=True)


@pytest.mark.clause("NOT-01")
def test_other_modules_tell_accounts_and_audiences_each_in_its_language_and_once(board: Board) -> None:
    _one, near = board.member(board.first)
    near = board.world.session.merge(near)
    near.language = "en"
    board.world.session.commit()
    for _ in range(2):
        with board.working(board.north) as ctx:
            send.notify(ctx, to=[near.id, board.south_admin.id], title=lazy("Due soon: %(title)s", title="转接"),
                        body=lazy("Nothing here yet."), link="/me", once="event-1")  # fmt: skip
    assert board.inbox(near) == ["Due soon: 转接"]
    assert board.inbox(board.south_admin) == ["即将到期：转接"]
    board.world.clock.instant += timedelta(minutes=1)
    with board.working(board.north) as ctx:
        send.notify(ctx, to=Audience(board.north.ref), title="致成员", body="您好", urgent=True)
    board.work()
    assert board.inbox(near) == ["致成员", "Due soon: 转接"]
    assert board.ok(board.secretary, "GET", "orgs/province/notices")["items"] == []
    [told] = [one for one in board.world.session.scalars(select(Notice)) if one.title == "致成员"]
    assert board.api(board.secretary, "GET", f"orgs/province/notices/{told.id}").status_code == 404


@pytest.mark.clause("NOT-01")
def test_the_badge_costs_one_statement_and_the_inbox_no_more_with_more_notices(
    board: Board, statements: list[str], client: FlaskClient
) -> None:
    _one, near = board.member(board.first)
    board.published(title="第一件")
    headers = board.headers(near)
    client.get("/api/v1/me/notices", headers=headers)

    def asked() -> int:
        statements.clear()
        assert client.get("/api/v1/me/notices", headers=headers).status_code == 200
        return len(statements)

    one = asked()
    for number in range(5):
        board.published(title=f"第{number}件")
    assert asked() == one
    browser = board.world.sign_in(near)
    browser.get("/me/notices")
    shown = browser.get("/me/notices").get_data(as_text=True)
    assert re_count(shown) == "6"
    assert browser.get(f"/me/notices?unread=1&after={'x'}").status_code in (200, 422)


def re_count(page: str) -> str:
    """The number in the badge of the rail."""
    found = re.search(r'href="/me/notices"[^>]*>.*?<b class="count">(\S+?)<', page, re.S)
    return found[1] if found else ""


@pytest.mark.clause("NOT-01")
def test_a_secretary_writes_publishes_and_counts_in_the_console_and_a_member_reads(board: Board) -> None:
    _one, near = board.member(board.first)
    desk, phone = board.world.sign_in(board.secretary), board.world.sign_in(near)
    assert desk.get("/orgs/province/notices").status_code == 200
    assert desk.get("/orgs/province/notices/new").status_code == 200
    empty = desk.post("/orgs/province/notices/new", data={"_shown": "title", "audience.reach": "subtree"})
    assert empty.status_code == 422
    typed: dict[str, Any] = {"title": "志愿活动", "body": "周六集合。", "kind": "notice", "importance": "important"}
    typed |= {"confirm": "true", "audience.reach": "subtree", "administrators": "true"}
    typed["file"] = (io.BytesIO(PDF), "报名表.pdf")
    answer = desk.post("/orgs/province/notices/new", data=typed, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    address = answer.headers["Location"]
    page = desk.get(address).get_data(as_text=True)
    assert "报名表.pdf" in page
    edit = desk.get(f"{address}/edit").get_data(as_text=True)
    assert "志愿活动" in edit
    assert desk.post(f"{address}/edit", data={"title": "", "version": "1", "_shown": "title"}).status_code == 422
    assert desk.post(f"{address}/publish", data={"version": "9"}).status_code == 409
    assert desk.post(f"{address}/publish", data={"version": "1"}).status_code == 303
    board.work()
    inbox = phone.get("/me/notices").get_data(as_text=True)
    assert "志愿活动" in inbox
    notice = address.rpartition("/")[2]
    assert "周六集合" in phone.get(f"/me/notices/{notice}").get_data(as_text=True)
    assert phone.post(f"/me/notices/{notice}/confirm").status_code == 303
    assert phone.get("/me/notices/preferences").status_code == 200
    assert phone.post("/me/notices/preferences", data={"email": "true", "_shown": "email sms"}).status_code == 303
    assert phone.post("/me/notices/read-all").status_code == 303
    desk_page = desk.get(address).get_data(as_text=True)
    assert "/orgs/north/notices/" in desk_page
    version = re.findall(r'name="version" value="(\d+)"', desk_page)[-1]
    assert desk.get(f"/orgs/province/notice-readers?notice={notice}").status_code == 200
    assert desk.get(f"/orgs/north/notices/{notice}").status_code == 200
    assert desk.post(f"{address}/withdraw", data={"version": version}).status_code == 422
    assert desk.post(f"{address}/withdraw", data={"version": version, "reason": "改期"}).status_code == 303
    assert "改期" in phone.get(f"/me/notices/{notice}").get_data(as_text=True)


def test_a_stranger_to_the_database_reads_neither_drafts_nor_others_inboxes(board: Board) -> None:
    _one, near = board.member(board.first)
    _two, far = board.member(board.third, "成员002")
    board.draft(title="草稿")
    board.published(board.south_admin, "south", title="南县的事")
    db = board.app.extensions["banyan.runtime"].db
    with db.session(replace(Exact(board.first.ref), me=str(near.id))) as session:
        assert session.scalars(select(Notice.title)).all() == []
        assert session.scalars(select(NoticeRecipient.account_id)).all() == []
    with db.session(replace(Exact(board.first.ref), me=str(far.id))) as session:
        assert session.scalars(select(Notice.title)).all() == ["南县的事"]
    with db.session(Whole("test")) as session:
        assert len(session.scalars(select(Notice.title)).all()) == 2
