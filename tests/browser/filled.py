"""An organisation in which everything that the console shows has happened once."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.modules.accounts.models import Account
from banyan.modules.delivery.models import OutgoingContent, OutgoingMessage, WebhookTarget
from banyan.modules.notices.models import Notice, NoticeRecipient
from banyan.modules.operators.models import ServiceWindow
from banyan.modules.people.field_models import MemberField, MemberFieldValue, MemberFilter
from banyan.modules.people.models import Member
from banyan.modules.surveys.models import Survey, SurveyAnswer
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers.models import Transfer, TransferBatch
from tests.browser.watched import watched
from tests.factories import World

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
CSV = "组织代码,名称,层级,组织类型,上级组织代码\nx,一支部,村,社会团体,nowhere\n".encode()


def filled(world: World) -> Account:
    """Arrange it at ``place``, with ``below`` and ``farther`` under it; its administrator."""
    place = world.org(code="place", name="吉林省某行业协会", type="association")
    below = world.org(
        place, "below", name="长春市某行业协会", type="association", person_in_charge="赵书记", phone="0431-88880000"
    )
    world.org(below, "farther", name="朝阳区某行业协会", type="association")
    leaving = world.org(place, "leaving", name="四平市某行业协会", type="association")
    account = world.account(place, "place.admin", display_name="协会管理员", operator=True)
    for role in ("org_admin", "secretary_general"):
        world.grant(account, place, role)
    deputy = world.account(place, "place.deputy", display_name="副秘书长")
    world.grant(deputy, place)
    world.account(below, "wang.fang", display_name="王芳")
    _sent(world, place)
    _looked_after(world)
    _told(world, place, below, account)
    _happened(Hand(world, account), place, leaving, deputy)
    _filed(Hand(world, account))
    _asked(world, place)
    _transferred(world, place, account, deputy)
    _changed(world, place, account)
    watched(world, place)
    _questioned(world, place, account)
    return account


def _changed(world: World, place: Org, account: Account) -> None:
    """The administrator is a member as well, has changed an interest and asks for a new name."""
    member = world.session.scalars(select(Member).where(Member.account_id == account.id)).first()
    member = member or world.member(place, "成员001", account)
    client, headers = world.app.test_client(), world.token(account)
    mine = f"/api/v1/me/records/{member.id}"
    assert client.patch(mine, json={"interests": "篮球"}, headers=headers).status_code == 200
    wanted = {"item": "name", "values": {"name": "成员一"}, "reason": "更名"}
    assert client.post(f"{mine}/changes", json={"items": [wanted]}, headers=headers).status_code == 201


def _filed(hand: Hand) -> None:
    """A member with a post, a certificate, a measure and a record that was returned, entered twice."""
    born = {"name": "成员001", "birth_date": "2008-05-17"}
    member = hand("POST", "place/members", {**born, "phone": "13800138000"})
    hand("POST", "place/members", {**born, "workplace": "第一中学"})
    about = {"member": member["id"], "began_on": "2024-03-01", "began_by": "elected", "term_ends": "2025-03-01"}
    hand("POST", "place/posts", {**about, "title": "理事", "kind": "committee"})
    entries = f"place/members/{member['id']}/entries"
    hand("POST", entries, {"kind": "certificate", "title": "志愿者证", "day": "2025-03-01", "until": "2026-03-01"})
    hand("POST", entries, {"kind": "measure", "title": "警告", "day": "2025-06-01", "note": "缘由"})
    said = {"remarks": {"phone": "号码是家长的"}, "version": member["version"]}
    hand("POST", f"place/members/{member['id']}/review", said)


def _questioned(world: World, place: Org, account: Account) -> None:
    """Own fields of the records of members, one put away and one from a choice, and filters that were kept."""
    here: dict[str, Any] = {"org_id": place.id, "org_path": place.path, "created_at": world.clock.now()}
    options = [{"value": "c1", "label": "东校区"}, {"value": "c2", "label": "西校区"}]
    campus = MemberField(key="campus", label="校区", kind="choice", choices=options, published=True, **here)
    card = MemberField(key="card", label="银行卡号", kind="code", sensitive=True, published=True, **here)
    old = MemberField(key="old", label="旧编号", kind="text", archived_at=world.clock.now(), published=True, **here)
    asked = {"shared": True, "published": True, "owner_id": account.id, **here}
    member = world.member(place)
    world.session.add_all(
        (
            campus,
            card,
            old,
            MemberFilter(name="东校区", filters={"f_campus": "c1"}, **asked),
            MemberFilter(name="旧编号", filters={"f_old": "1"}, **asked),
        )
    )
    world.session.flush()
    held = {"org_path": place.path, "member_id": member.id}
    world.session.add(MemberFieldValue(field_id=campus.id, value="c1", key="c1", **held))
    world.session.commit()


def _asked(world: World, place: Org) -> None:
    """A survey in the making, and one that is over."""
    choices = [{"key": "yes", "label": "好"}, {"key": "no", "label": "不好"}]
    questions: list[dict[str, Any]] = [
        {"key": "q1", "kind": "single", "label": "活动办得好吗？", "required": True, "options": choices},
        {"key": "q2", "kind": "text", "label": "哪里不好？", "only_if": [{"question": "q1", "option": "no"}]},
        {"key": "q3", "kind": "scale", "label": "打几分？", "low": "很差", "high": "很好"},
    ]
    here: dict[str, Any] = {"org_id": place.id, "org_path": place.path}
    for state in ("draft", "open", "closed"):
        about = {"host": "activities.feedback", "host_id": place.id, "title": "活动反馈", "questions": questions}
        survey = Survey(state=state, created_at=world.clock.now(), **about, **here)
        world.session.add(survey)
        world.session.flush()
        if state == "closed":
            given = {"q1": "no", "q2": "地方太远", "q3": 4}
            world.session.add(SurveyAnswer(survey_id=survey.id, answers=given, channel="paper", **here))
    world.session.commit()


def _transferred(world: World, place: Org, account: Account, deputy: Account) -> None:
    """Transfers: one's own, returned; one of a batch that is late; one that is with another tree."""
    hand, other = Hand(world, account), Hand(world, deputy)
    world.org(code="elsewhere", name="辽宁省某行业协会", type="association")
    world.member(place, "成员100", account=account)
    mine = hand.own("transfers", {"to": "below", "kind": "study", "reason": "考入延边大学"})
    found = other("GET", f"place/approvals/{mine['request_id']}")
    back = {"act": "return", "opinion": "请写明院系", "version": found["version"]}
    other("POST", f"place/approvals/{mine['request_id']}/decision", back)
    batch = TransferBatch(
        title="三班毕业生", source="x", created_at=world.clock.now(), org_id=place.id, org_path=place.path
    )
    world.session.add(batch)
    world.session.commit()
    for number, to in enumerate(("below", "elsewhere"), 101):
        member = world.member(place, f"成员{number}")
        made = hand("POST", "place/transfers", {"member": str(member.id), "to": to, "kind": "work"})
        world.session.get_one(Transfer, UUID(made["id"])).batch_id = batch.id
        world.session.commit()
        if to == "below":
            hand("POST", f"place/transfers/{made['id']}/delays", {"text": "支部书记外出学习"})


class Hand:
    """Writes through the API, as a client with a token of the administrator's own."""

    def __init__(self, world: World, account: Account) -> None:
        self.client: FlaskClient = world.app.test_client()
        self.headers = world.token(account)

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call that succeeds."""
        return self._answer(self.client.open(f"/api/v1/orgs/{path}", method=method, json=body, headers=self.headers))

    def own(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call about one's own things that succeeds."""
        return self._answer(self.client.post(f"/api/v1/me/{path}", json=body, headers=self.headers))

    def upload(self, path: str, data: bytes, name: str) -> dict[str, Any]:
        """An upload that succeeds."""
        sent = {"file": (io.BytesIO(data), name)}
        return self._answer(self.client.post(f"/api/v1/orgs/{path}", data=sent, headers=self.headers))

    def _answer(self, answer: Any) -> dict[str, Any]:
        assert answer.status_code < 300, f"{answer.request.path}: {answer.text}"
        return dict(answer.get_json() or {})


def _sent(world: World, place: Org) -> None:
    """A webhook, and messages that went, wait and were given up."""
    now, where = world.clock.now(), {"org_id": place.id, "org_path": place.path, "created_at": world.clock.now()}
    words = OutgoingContent(subject="会议通知", body="周五下午两点开会。", link="http://127.0.0.1/me/notices", **where)
    world.session.add_all(
        [words, WebhookTarget(name="门户", url="https://example.org/hook", secret_sealed=b"", **where)]
    )
    world.session.flush()
    states = {"sent": "m****@example.org", "failed": "138****5678", "given_up": "139****1234"}
    for number, (state, mask) in enumerate(states.items()):
        world.session.add(
            OutgoingMessage(
                content_id=words.id, channel="sms" if number else "email", mask=mask, state=state, next_at=now,
                tries=number, error="HTTP 503" if number else "", **where,
            )
        )  # fmt: skip
    world.session.commit()


def _told(world: World, place: Org, below: Org, account: Account) -> None:
    """Notices: a draft, one that is out and read by some, a public one, and the administrator's inbox."""
    now, where = world.clock.now(), {"org_id": place.id, "org_path": place.path}
    words = {"body": "周五**下午两点**开会。\n\n- 议程一\n- 议程二", "order_at": now, "created_at": now, **where}
    everybody = [{"org_id": str(place.id), "reach": "subtree", "levels": [], "filter_id": None, "role": ""}]
    out = {"state": "published", "published": True, "published_at": now, "audiences": everybody, "confirm": True}
    told = Notice(title="召开会议的通知", importance="important", **out, **words)
    public = Notice(title="放假公告", kind="announcement", public=True, **out, **words)
    gone = Notice(title="改期的通知", **{**out, "state": "withdrawn"}, reason="会议取消。", **words)
    world.session.add_all([told, public, gone, Notice(title="草稿", audiences=everybody, **words)])
    world.session.flush()
    for notice in (told, public, gone):
        for org, read_at in ((place, None), (below, now)):
            reader = account.id if org is place else world.account(org).id
            row = {"reader_id": reader, "account_id": reader, "at": now, "read_at": read_at}
            world.session.add(NoticeRecipient(notice_id=notice.id, org_id=org.id, org_path=org.path, **row))
    world.session.commit()


def _looked_after(world: World) -> None:
    """Maintenance that everybody is told of, and one that is over."""
    now = world.clock.now()
    words = {"zh_Hans": "22:00 至 23:00 可以查看，暂不能修改。"}
    for begins in (timedelta(hours=12), timedelta(days=-3)):
        window = {"begins_at": now + begins, "ends_at": now + begins + timedelta(hours=1), "announced_at": now}
        world.session.add(ServiceWindow(kind="maintenance", effects=words, **window))
    world.session.commit()


def _happened(hand: Hand, place: Org, leaving: Org, deputy: Account) -> None:
    application = hand(
        "POST",
        "below/administrator-applications",
        {"person_in_charge": "赵书记", "phone": "0431-88880000", "administrator": "李雷", "sign_in_name": "li.lei",
         "administrator_phone": "13800000000", "reason": "新设组织"},
    )["id"]  # fmt: skip
    hand.upload(f"below/administrator-applications/{application}/scan", PDF, "盖章.pdf")
    hand("POST", f"below/administrator-applications/{application}/send")
    hand("POST", "leaving/administrator-applications/invitations", {"note": "李雷"})
    hand("POST", "below/registration-codes", {"role": "org_admin", "note": "李雷"})
    body = hand(
        "POST",
        "place/external-bodies",
        {"kind": "registration", "name": "吉林省民政厅", "since": "2019-03-01", "phone": "0431-88880000"},
    )["id"]
    today = hand.client.application.extensions["banyan.runtime"].clock.now().date()
    sent_on, until = today.isoformat(), (today + timedelta(days=30)).isoformat()
    hand("POST", "place/filings", {"body": body, "subject": "章程修改备案", "sent_on": sent_on, "due_days": 5})
    hand.upload("place/importables/organisations", CSV, "组织.csv")
    hand("POST", "leaving/life/revocation", {"decided_on": sent_on, "number": "协发〔2026〕8号"})
    hand("POST", "place/delegations", {"deputy": deputy.sign_in_name, "until": until})
    hand("POST", "place/own-roles", {"name": "联络员", "permissions": ["tenancy.org:read"]})
