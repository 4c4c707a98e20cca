"""Every list that can be exported, exported: no list is forgotten because nobody listed it."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
from flask.testing import FlaskClient

from banyan.boundary import Banyan
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.jobs import LongTask
from banyan.kernel.worker import Runner, run_long_task
from banyan.modules.accounts.security_models import SignIn
from banyan.modules.delivery.models import OutgoingContent, OutgoingMessage
from banyan.modules.externals.models import ExternalBody, ExternalFiling
from banyan.modules.notices.models import Notice, NoticeRecipient
from banyan.modules.people.campaign_models import Campaign, CampaignAnswer
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.file_models import FileEntry, Post
from banyan.modules.privacy.models import DataRequest, Look
from banyan.modules.privacy.register_models import Breach, RegisterEntry
from banyan.modules.surveys.models import Survey
from banyan.modules.tasks.exports import listed
from banyan.modules.tenancy.life_models import OrgRevocation
from banyan.modules.transfers.models import Transfer, TransferParty
from banyan.plugins import manager
from tests.factories import World
from tests.modules.administrators.offices import Offices


def test_every_exportable_list_can_be_had_and_holds_a_row(
    app: Banyan, client: FlaskClient, world: World, runner: Runner, session: ScopedSession
) -> None:
    province = world.org(code="province")
    admin = world.admin(province)
    headers = world.token(admin)
    session.add(SignIn(at=world.clock.now(), account_id=admin.id, outcome="in", address="10.0.0.1", user_agent="test"))
    today = world.clock.now().date()
    session.add(
        OrgRevocation(
            org_id=province.id, org_path=province.path, act="revoked", decided_on=today, due_on=today,
            provisional=False, recorded_at=world.clock.now(), ended_grants=[],
        )
    )  # fmt: skip
    place: dict[str, Any] = {"org_id": province.id, "org_path": province.path, "created_at": world.clock.now()}
    body = ExternalBody(kind="sponsor", name="民政厅", since=today, **place)
    words = OutgoingContent(subject="会议通知", body="周五", **place)
    session.add_all([body, words])
    session.flush()
    session.add(
        OutgoingMessage(content_id=words.id, channel="sms", mask="138****5678", next_at=world.clock.now(), **place)
    )
    member = world.member(province)
    session.add(
        MemberChange(
            member_id=member.id, person_id=member.person_id, item="phone", kind="check", state="unchecked",
            old_sealed=b"x", new_sealed=b"x", asked_at=world.clock.now(), due_on=today,
            org_id=province.id, org_path=province.path,
        )
    )  # fmt: skip
    old = world.member(province, birth_date=date(1990, 5, 4))
    campaign = Campaign(kind="cleanup", title="档案清理", opened_on=today, due_on=today, **place)
    session.add(campaign)
    session.flush()
    session.add(
        CampaignAnswer(
            campaign_id=campaign.id,
            member_id=old.id,
            org_path=province.path,
            answer="doubtful",
            reason="志愿书缺失",
            answered_at=world.clock.now(),
        )
    )
    about: dict[str, Any] = {"member_id": member.id, "person_id": member.person_id, **place}
    session.add(Post(holder="成员001", title="书记", kind="head", began_on=today, began_by="elected", **about))
    session.add(FileEntry(kind="award", title="优秀团员", day=today, **about))
    about: dict[str, Any] = {"member_id": member.id, "person_id": member.person_id}
    at = world.clock.now()
    seat: dict[str, Any] = {"org_id": province.id, "org_path": province.path}
    session.add_all(
        [
            Look(account_name="x", at=at, how="page", fields=["phone"], reason="verify", **about, **seat),
            DataRequest(kind="copy", how="member", state="done", asked_at=at, **about, **seat),
            RegisterEntry(
                kind="processor", title="短信服务", party="甲", purpose="x", categories="x", measures="x", since=today,
                keep_until=today, **place,
            ),
            Breach(
                title="误发名单", what="x", categories="x", people=1, authority="x", found_at=at, due_at=at, **place
            ),
        ]
    )  # fmt: skip
    session.add(ExternalFiling(body_id=body.id, subject="章程", sent_on=today, due_order=today, **place))
    gone = Transfer(
        org_id=province.id, org_path=province.path, origin="branch", kind="study", name="成员001", from_name="甲",
        to_name="乙", state="done", applied_at=world.clock.now(),
    )  # fmt: skip
    session.add(gone)
    session.flush()
    session.add(TransferParty(transfer_id=gone.id, side="from", org_id=province.id, org_path=province.path))
    session.add(Survey(host="x", host_id=province.id, title="活动反馈", **place))
    notice = Notice(title="会议通知", body="周五", order_at=world.clock.now(), **place)
    session.add(notice)
    session.flush()
    reader = {"notice_id": notice.id, "reader_id": admin.id, "account_id": admin.id, "at": world.clock.now()}
    session.add(NoticeRecipient(org_id=province.id, org_path=province.path, **reader))
    session.commit()
    file = {"file": (io.BytesIO(b"code,name\n"), "file.csv")}
    assert client.post("/api/v1/orgs/province/importables/organisations", data=file, headers=headers).status_code == 201
    city = world.org(province, "city")
    Offices(world, client, province, city, world.org(city, "county"), world.admin(city)).sent()
    with app.app_context():
        plugins = manager.current()
        offered = [found for module, found in plugins.start("banyan_exports") if module in plugins.core]
        lists = [listed(item) for found in offered for item in found]
    assert {"organisations", "accounts", "grants", "audit_entries"} <= {one.name for one in lists}
    for one in lists:
        answer = client.post("/api/v1/orgs/province/exports", json={"list": one.name}, headers=headers)
        assert answer.status_code == 202, one.name
        identifier = answer.get_json()["id"]
        run_long_task(runner, session.get_one(LongTask, identifier).id)
        with client.get(f"/api/v1/orgs/province/tasks/{identifier}/result", headers=headers) as found:
            assert found.status_code == 200, one.name
            sheet = openpyxl.load_workbook(io.BytesIO(found.data)).worksheets[0]
        assert sheet.max_row >= 2, one.name


def test_pages_of_lists_offer_the_export_to_who_may(world: World) -> None:
    province = world.org(code="province")
    admin, member = world.sign_in(world.admin(province)), world.sign_in(world.admin(province, role="branch_secretary"))
    for page in ("organisations", "administrators", "grants", "audit"):
        address = f"/orgs/province/{page}"
        assert 'action="/orgs/province/exports"' in admin.get(address).get_data(as_text=True), page
        assert 'action="/orgs/province/exports"' not in member.get(address).get_data(as_text=True), page
