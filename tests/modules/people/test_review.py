"""The first review of records: field by field, returned with reasons, handed in again, accepted (PPL-03)."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from banyan.kernel.db.scoped import Subtree
from banyan.kernel.errors import Conflict, Invalid, Refused
from banyan.kernel.events import OutboxEvent
from banyan.modules.people.file_models import RecordReview
from banyan.modules.people.models import Member
from banyan.modules.people.rules import review as rules
from banyan.modules.people.services import members, reviewing
from banyan.plugins import manager
from banyan.plugins.settings import set_value
from tests.modules.people.conftest import Registry, identity_number

WHOLE: dict[str, Any] = {
    "document_number": identity_number(), "ethnicity": "01", "joined_on": date(2022, 5, 4), "phone": "13800138000",
}  # fmt: skip


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


@pytest.mark.clause("PPL-03")
def test_a_record_is_returned_field_by_field_corrected_and_accepted(inside: Registry) -> None:
    member = inside.admit(**WHOLE)
    assert member.review == "pending"
    ctx = inside.ctx(inside.branch)
    said = {"remarks": {"joined_on": "与入团志愿书不一致"}, "note": "", "version": member.version}
    assert reviewing.review(ctx, member.id, said).outcome == "returned"
    ctx.session.commit()
    found = members.find(ctx, member.id)
    assert found.review == "returned"
    assert reviewing.remarks(ctx, found) == {"joined_on": "与入团志愿书不一致"}
    with pytest.raises(Refused):
        reviewing.review(ctx, member.id, {"remarks": {}, "version": found.version})
    ctx.session.rollback()

    writer = inside.ctx(inside.branch)
    members.edit(writer, member.id, {"phone": "13900139000"}, found.version)
    assert found.review == "returned", "contact is checked on its own"
    members.edit(writer, member.id, {"joined_on": date(2022, 5, 5)}, None)
    writer.session.commit()
    again = inside.ctx(inside.branch)
    waiting = members.find(again, member.id)
    assert waiting.review == "pending", "a change waits for its review"
    accepted = reviewing.review(again, member.id, {"remarks": {}, "version": waiting.version})
    again.session.commit()
    assert (accepted.outcome, waiting.review) == ("accepted", "accepted")
    assert [one.outcome for one, _name in reviewing.history(again, member.id)] == ["accepted", "returned"]
    assert reviewing.remarks(again, waiting) == {}
    names = again.session.scalars(select(OutboxEvent.name).where(OutboxEvent.name.like("people.record.%"))).all()
    assert sorted(names) == ["people.record.reviewed"] * 2


@pytest.mark.clause("PPL-03")
def test_what_is_missing_or_wrong_is_found_and_handed_in_again_as_it_is(inside: Registry) -> None:
    member = inside.admit(name="成员001")
    ctx = inside.ctx(inside.branch)
    findings = {one.key: [str(text) for text in one.findings] for one in reviewing.fields(ctx, member)}
    assert {key for key, found in findings.items() if found} == set(rules.NEEDED) - {"name"}
    with pytest.raises(Invalid, match="remarks"):
        reviewing.review(ctx, member.id, {"remarks": {"interests": "x"}, "version": member.version})
    reviewing.review(ctx, member.id, {"remarks": {"phone": "缺"}, "version": member.version})
    ctx.session.commit()
    fresh = members.find(ctx, member.id)
    with pytest.raises(Conflict):
        reviewing.resubmit(ctx, member.id, {"version": fresh.version + 1})
    assert reviewing.resubmit(ctx, member.id, {"version": fresh.version}).review == "pending"
    with pytest.raises(Refused):
        reviewing.resubmit(ctx, member.id, {"version": fresh.version})


@pytest.mark.clause("PPL-03")
def test_where_it_is_laid_down_nobody_reviews_what_they_entered(inside: Registry) -> None:
    ctx = inside.ctx(inside.branch)
    member = members.admit(ctx, inside.branch.ref, {"name": "成员001"})
    assert reviewing.against(ctx, member) == []
    at, by = ctx.clock.now(), None
    set_value(ctx.session, manager.current(), inside.root.ref, reviewing.BY_ANOTHER, True, by=by, at=at)
    ctx.session.commit()
    with pytest.raises(Refused):
        reviewing.review(ctx, member.id, {"remarks": {}, "version": member.version})
    assert reviewing.accept_many(ctx, [member.id])[0][1] != ()
    ctx.session.rollback()
    other = inside.ctx(inside.branch)
    members.edit(other, member.id, {"workplace": "第一中学"}, None)
    other.session.commit()
    assert reviewing.against(ctx, members.find(ctx, member.id)) == [], "who wrote last does not review"
    assert len(reviewing.against(other, members.find(other, member.id))) == 1


@pytest.mark.clause("PPL-03")
def test_many_are_accepted_at_once_but_for_those_that_need_a_look(inside: Registry) -> None:
    good = [inside.admit(name=f"成员00{n}", **{**WHOLE, "document_number": identity_number(n)}) for n in (1, 2)]
    bad = inside.admit(name="成员003")
    elsewhere = inside.admit(inside.other, name="成员004")
    client, headers = inside.world.app.test_client(), inside.world.token(inside.world.admin(inside.branch))
    address = f"/api/v1/orgs/{inside.branch.code}/members/review"
    ids = [str(one.id) for one in (*good, bad, elsewhere)]
    told = client.post(address, json={"ids": ids}, headers=headers).get_json()
    assert [row["accepted"] for row in told] == [True, True, False, False]
    assert all(row["reasons"] for row in told[2:])
    assert inside.world.session.scalars(select(RecordReview.outcome)).all() == ["accepted"] * 2


@pytest.mark.clause("PPL-03")
def test_two_who_review_at_once_are_not_both_right(registry: Registry) -> None:
    member = registry.admit(**WHOLE)
    world, answers = registry.world, []
    tokens = [world.token(world.admin(registry.branch)) for _each in range(2)]
    gate = threading.Barrier(2)
    address = f"/api/v1/orgs/{registry.branch.code}/members/{member.id}/review"

    def say(headers: dict[str, str], remarks: dict[str, str]) -> None:
        client = world.app.test_client()
        gate.wait()
        body = {"remarks": remarks, "version": member.version}
        answers.append(client.post(address, json=body, headers=headers).status_code)

    said = ({}, {"phone": "缺"})
    each = [threading.Thread(target=say, args=pair) for pair in zip(tokens, said, strict=True)]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    assert sorted(answers) == [201, 409]
    assert len(world.session.scalars(select(RecordReview.id)).all()) == 1


@pytest.mark.clause("PPL-03")
def test_the_page_wants_a_tick_or_a_reason_for_every_field(inside: Registry) -> None:
    member = inside.admit(**WHOLE)
    second = inside.admit(name="成员002")
    browser = inside.world.sign_in(inside.world.admin(inside.city))
    base = f"/orgs/{inside.city.code}/members"
    page = browser.get(f"{base}/{member.id}/review")
    assert page.status_code == 200
    assert WHOLE["document_number"] not in page.text
    assert f"{base}/?review=pending" in browser.get(f"{base}/").text, "the list says how many wait"
    ticked = {f"ok.{key}": "true" for key in rules.REVIEWED}
    both = {**ticked, "reason.name": "与证件不符", "version": str(member.version)}
    refused = browser.post(f"{base}/{member.id}/review", data=both)
    assert refused.status_code == 422
    assert 'value="与证件不符"' in refused.text
    neither = {key: value for key, value in ticked.items() if key != "ok.phone"}
    assert browser.post(f"{base}/{member.id}/review", data={**neither, "version": "1"}).status_code == 422
    stale = browser.post(f"{base}/{member.id}/review", data={**ticked, "version": "99"})
    assert stale.status_code == 422
    good = {**neither, "reason.phone": "号码是家长的", "version": str(member.version)}
    on = browser.post(f"{base}/{member.id}/review", data=good)
    assert on.status_code == 303
    assert str(second.id) in on.headers["Location"], "on to the next"
    shown = browser.get(f"{base}/{member.id}/").text
    assert "号码是家长的" in shown
    fresh = inside.world.session.get_one(Member, member.id)
    back = browser.post(f"{base}/{member.id}/review/resubmit", data={"version": str(fresh.version)})
    assert back.status_code == 303
    branch = inside.ctx(inside.branch, "org_auditor", scope=Subtree(inside.branch.ref))
    assert reviewing.waiting(branch) == 0, "an auditor reviews nothing"
