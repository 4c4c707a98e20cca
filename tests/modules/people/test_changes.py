"""Members change their records: at once what is theirs, through the branch what is not (ACC-03, PPL-02)."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from banyan.kernel.db.scoped import Exact, Subtree, Whole
from banyan.kernel.errors import Conflict, DomainError, Invalid, NotFound, Refused
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.field_models import MemberField
from banyan.modules.people.models import Member
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.rules.changes import Answer
from banyan.modules.people.services import (
    change_answers,
    change_counts,
    change_fields,
    change_values,
    changes,
    members,
    reviewing,
    values,
)
from tests.modules.people.conftest import identity_number
from tests.modules.people.own import NUMBER, Branch


def states(branch: Branch) -> dict[str, str]:
    session = branch.registry.world.session
    session.expire_all()
    rows = session.scalars(select(MemberChange).order_by(MemberChange.id))
    return {row.item: row.state for row in rows}


@pytest.mark.clause("ACC-03")
def test_contact_holds_at_once_and_waits_to_be_checked_with_old_and_new_kept(branch: Branch) -> None:
    with branch.as_member() as ctx:
        changes.change_own(ctx, branch.member.id, {"phone": "13900139000", "interests": "篮球", "name": "x"})
    record = branch.record()
    assert values.record_of(record)["phone"] == "13900139000"
    assert (record.interests, record.name) == ("篮球", "成员001"), "the name is none of what takes effect at once"
    assert states(branch) == {"phone": "unchecked", "interests": "unchecked"}
    [row] = branch.registry.world.session.scalars(select(MemberChange).where(MemberChange.item == "phone"))
    assert (change_values.old_of(row), change_values.new_of(row)) == (
        {"phone": "13800138000"},
        {"phone": "13900139000"},
    )
    assert row.due_on == date(2026, 2, 26), "five working days after 12 February 2026"
    with branch.as_branch() as ctx:
        change_answers.confirm(ctx, row.id)
    assert states(branch)["phone"] == "confirmed"


@pytest.mark.clause("ACC-03")
def test_what_is_put_back_is_what_the_branch_checked_last(branch: Branch) -> None:
    for phone in ("13900139000", "13700137000"):
        with branch.as_member() as ctx:
            changes.change_own(ctx, branch.member.id, {"phone": phone})
    rows = list(branch.registry.world.session.scalars(select(MemberChange).order_by(MemberChange.id)))
    assert [row.state for row in rows] == ["replaced", "unchecked"]
    with branch.as_branch() as ctx:
        with pytest.raises(Conflict):
            change_answers.confirm(ctx, rows[0].id)
        with pytest.raises(Invalid):
            change_answers.put_back(ctx, rows[1].id, "  ")
        change_answers.put_back(ctx, rows[1].id, "空号")
    assert values.record_of(branch.record())["phone"] == "13800138000"
    assert states(branch) == {"phone": "put_back"}
    with branch.as_member() as ctx:
        changes.change_own(ctx, branch.member.id, {"phone": "13900139000"})
        changes.change_own(ctx, branch.member.id, {"phone": "13800138000"})
    assert list(states(branch).values()) == ["replaced"], "back at what the branch knows: nothing to check"


@pytest.mark.clause("ACC-03", "PPL-02")
def test_key_fields_wait_and_each_is_answered_with_a_reason(branch: Branch) -> None:
    request = branch.ask(name="成员一", workplace="第二中学")
    assert branch.record().name == "成员001"
    with pytest.raises(Invalid) as refused:
        branch.answer(request, name=True, workplace="")
    assert list(refused.value.fields) == ["workplace"]
    with pytest.raises(Invalid) as refused:
        branch.answer(request, name=True)
    assert list(refused.value.fields) == ["workplace"]
    branch.answer(request, name=True, workplace="没有证明")
    record = branch.record()
    assert (record.name, record.sort_name, record.workplace) == ("成员一", "cheng yuan yi", "第一中学")
    assert states(branch) == {"name": "agreed", "workplace": "refused"}
    approval = branch.registry.world.session.get_one(ApprovalRequest, request)
    assert (approval.state, approval.partly) == ("approved", True)
    with branch.as_member() as ctx:
        told = {one.row.item: one for one in [change_values.told(ctx, row) for row in changes.of_request(ctx, request)]}
        assert (told["name"].old, told["name"].new) == ("成员001", "成员一")
        assert told["workplace"].row.answer == "没有证明"


@pytest.mark.clause("PPL-02")
def test_all_refused_is_a_rejection_and_one_who_answers_the_whole_answers_each(branch: Branch) -> None:
    request = branch.ask(name="成员一")
    branch.answer(request, name="没有证明")
    session = branch.registry.world.session
    assert session.get_one(ApprovalRequest, request).state == "rejected"
    again = branch.ask(name="成员二", workplace="第二中学")
    from banyan.kernel.flows import Act
    from banyan.modules.approvals.services import decide

    with branch.as_branch() as ctx:
        decide(ctx, again, Act.APPROVE, version=1)
    assert branch.record().name == "成员二"
    assert set(states(branch).values()) == {"agreed"}


@pytest.mark.clause("PPL-01", "PPL-02")
def test_what_is_asked_for_obeys_the_rules_of_records_when_asked_and_when_answered(branch: Branch) -> None:
    with pytest.raises(Invalid) as refused:
        branch.ask(birth_date=date(1990, 1, 1))
    assert list(refused.value.fields) == ["birth_date"], "the document says another day"
    branch.registry.admit(branch.registry.other, name="成员002", document_number=identity_number(9))
    with pytest.raises(Invalid) as refused:
        branch.ask(document_number={"document_type": "resident_id", "document_number": identity_number(9)})
    assert list(refused.value.fields) == ["document_number"], "somebody else has it"
    with pytest.raises(Invalid) as refused:
        branch.ask(name="成员001", workplace="第一中学")
    assert set(refused.value.fields) == {"name", "workplace"}, "nothing new"
    born = identity_number(11, date(2009, 3, 3))
    request = branch.ask(
        document_number={"document_type": "resident_id", "document_number": born}, birth_date=date(2009, 3, 3)
    )
    with pytest.raises(Invalid) as refused:
        branch.answer(request, document_number=True, birth_date="没有证明")
    assert list(refused.value.fields) == ["document_number"], "the one without the other does not agree"
    assert branch.record().birth_date != date(2009, 3, 3)
    branch.answer(request, document_number=True, birth_date=True)
    assert values.record_of(branch.record())["document_number"] == born


@pytest.mark.clause("PPL-02")
def test_one_open_request_per_item_and_it_can_be_taken_back(branch: Branch) -> None:
    request = branch.ask(name="成员一")
    with pytest.raises(Invalid) as refused:
        branch.ask(name="成员二")
    assert list(refused.value.fields) == ["name"]
    with branch.as_member() as ctx:
        changes.withdraw(ctx, request)
    assert states(branch) == {"name": "withdrawn"}
    again = branch.ask(name="成员二")
    branch.answer(again, name=True)
    with pytest.raises(Conflict), branch.as_member() as ctx:
        changes.withdraw(ctx, again)


@pytest.mark.clause("PPL-02")
def test_an_edit_of_the_branch_in_between_is_told(branch: Branch) -> None:
    request = branch.ask(workplace="第二中学")
    with branch.as_branch() as ctx:
        version, record = branch.versions(ctx, request)
        members.edit(ctx, branch.member.id, {"workplace": "第三中学"})
    answers = {"workplace": Answer(True)}
    with pytest.raises(Conflict), branch.as_branch() as ctx:
        change_answers.answer(ctx, request, answers, version=version, record_version=record)
    with branch.as_branch() as ctx:
        [told] = [change_values.told(ctx, row, branch.record()) for row in changes.of_request(ctx, request)]
        assert told.now == "第三中学"
    from banyan.kernel.flows import Act
    from banyan.modules.approvals.services import decide

    with pytest.raises(Refused), branch.as_branch() as ctx:
        decide(ctx, request, Act.APPROVE, version=version)
    branch.answer(request, workplace=True)
    assert branch.record().workplace == "第二中学"


@pytest.mark.clause("PPL-05", "PPL-02")
def test_nothing_readable_of_a_sensitive_value_is_kept_on_the_way(branch: Branch, urls: Any) -> None:
    number = identity_number(8)
    request = branch.ask(document_number={"document_type": "resident_id", "document_number": number})
    with branch.as_member() as ctx:
        changes.change_own(ctx, branch.member.id, {"phone": "13911112222", "email": "b.c@example.org"})
    branch.answer(request, document_number="没有证明")
    tables = ("member_change", "approval_request", "approval_entry", "approval_desk", "audit_entry", "outbox_event")
    with psycopg.connect(urls.owner) as owner:
        for table in tables:
            for row in owner.execute(f"SELECT t::text FROM {table} t").fetchall():
                for secret in (number, NUMBER, "13911112222", "b.c@example.org"):
                    assert secret not in row[0], table
                    assert secret.encode().hex() not in row[0], table


@pytest.mark.clause("ACC-03", "PPL-02")
def test_nobody_reaches_the_record_or_the_requests_of_somebody_else(branch: Branch) -> None:
    world = branch.registry.world
    request = branch.ask(name="成员一")
    neighbour = world.account(branch.org)
    for org in (branch.org, branch.registry.other):
        with branch.as_member(neighbour, org) as ctx:
            with pytest.raises(NotFound):
                changes.mine(ctx, branch.member.id)
            with pytest.raises(NotFound):
                changes.withdraw(ctx, request)
            with pytest.raises(NotFound):
                changes.change_own(ctx, branch.member.id, {"phone": "13900139000"})
    stranger = world.admin(branch.registry.other)
    with branch.as_branch(stranger, branch.registry.other) as ctx:
        assert ctx.session.scalars(select(MemberChange)).all() == []
    with branch.as_member(org=branch.registry.other) as ctx:
        assert [row.item for row in ctx.session.scalars(select(MemberChange))] == ["name"], "one's own, wherever it is"
        assert changes.mine(ctx, branch.member.id).id == branch.member.id


@pytest.mark.clause("PPL-02")
def test_what_is_late_is_counted_at_every_level_and_the_level_above_may_answer(branch: Branch) -> None:
    from banyan.modules.approvals.services import deadlines

    world = branch.registry.world
    request = branch.ask(name="成员一")
    with branch.as_member() as ctx:
        changes.change_own(ctx, branch.member.id, {"phone": "13900139000"})
    with branch.as_branch(branch.chief, branch.registry.city) as ctx:
        assert [(one.name, one.asked, one.unchecked, one.overdue) for one in change_counts.below(ctx)] == [
            ("第一支部", 1, 1, 0)
        ]
    with pytest.raises(DomainError):
        branch.answer(request, world.admin(branch.registry.other), name=True)
    world.clock.instant += timedelta(days=21)
    with branch.as_branch(branch.chief, branch.registry.city) as ctx:
        assert change_counts.here(ctx).overdue == 2
        with world.app.app_context():
            deadlines.watch(ctx)
    listed = world.app.test_client().get(
        f"/api/v1/orgs/{branch.registry.root.code}/member-changes?urgency=overdue",
        headers=world.token(world.admin(branch.registry.root)),
    )
    assert sorted(row["item"] for row in listed.get_json()["items"]) == ["name", "phone"]
    with branch.as_branch(branch.chief, branch.registry.city) as ctx:
        version, record = branch.versions(ctx, request)
        change_answers.answer(ctx, request, {"name": Answer(True)}, version=version, record_version=record)
    assert branch.record().name == "成员一"


@pytest.mark.clause("PPL-02")
def test_of_two_who_answer_at_once_one_decides_and_the_other_is_told(branch: Branch) -> None:
    world = branch.registry.world
    request = branch.ask(name="成员一", workplace="第二中学")
    both = [branch.secretary, world.admin(branch.org, "branch_secretary", "self")]
    gate, outcomes = threading.Barrier(2), []

    def answer(account: Any, agreed: bool) -> None:
        scope = replace(Subtree(branch.org.ref), me=str(account.id))
        with world.app.test_request_context():
            ctx = world.context(account, branch.org, scope)
            try:
                version, record = branch.versions(ctx, request)
                answers = {item: Answer(agreed, "不行") for item in ("name", "workplace")}
                gate.wait(10)
                change_answers.answer(ctx, request, answers, version=version, record_version=record)
                ctx.session.commit()
                outcomes.append(agreed)
            except (Conflict, NotFound) as error:
                outcomes.append(type(error).__name__)
            finally:
                ctx.session.close()

    threads = [threading.Thread(target=answer, args=pair) for pair in zip(both, (True, False), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    [agreed] = [one for one in outcomes if isinstance(one, bool)]
    assert len(outcomes) == 2
    record = branch.record()
    assert (record.name, record.workplace) == (("成员一", "第二中学") if agreed else ("成员001", "第一中学"))
    assert set(states(branch).values()) == {"agreed" if agreed else "refused"}


@pytest.mark.clause("PPL-02")
def test_of_two_who_ask_for_the_same_at_once_one_is_told(branch: Branch) -> None:
    world = branch.registry.world
    gate, outcomes = threading.Barrier(2), list[str]()

    def ask(name: str) -> None:
        with world.app.test_request_context():
            ctx = world.context(branch.account, branch.org, replace(Exact(branch.org.ref), me=str(branch.account.id)))
            try:
                gate.wait(10)
                changes.ask(ctx, branch.member.id, [branch.wanted("name", name)])
                ctx.session.commit()
                outcomes.append("asked")
            except Invalid:
                outcomes.append("told")
            finally:
                ctx.session.close()

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("成员一", "成员二")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["asked", "told"]


VALUES: dict[str, list[Any]] = {
    "name": ["成员一", "阿卜杜拉·买买提"],
    "workplace": ["第二中学", ""],
    "education": ["senior", "bachelor"],
    "political_status": ["03", "13"],
    "ethnicity": ["01", "56"],
    "joining_place": ["长春市"],
}


@pytest.mark.clause("PPL-02")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_record_holds_what_was_agreed_to_and_nothing_else(branch: Branch, data: st.DataObject) -> None:
    before = values.record_of(branch.record())
    items = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4, unique=True))
    asked = {item: data.draw(st.sampled_from(VALUES[item])) for item in items}
    drawn = {item: data.draw(st.booleans()) for item in asked}
    asked = {item: value for item, value in asked.items() if (value or None) != (before[item] or None)}
    if not asked:
        return
    agreed = {item: drawn[item] for item in asked}
    branch.answer(branch.ask(**asked), **{item: yes or "不行" for item, yes in agreed.items()})
    expected = {**before, **{item: value for item, value in asked.items() if agreed[item]}}
    assert values.record_of(branch.record()) == expected
    answers = {item: Answer(yes, "不行") for item, yes in agreed.items()}
    assert {**before, **rules.agreed_to({item: {item: value} for item, value in asked.items()}, answers)} == expected


@pytest.mark.clause("ACC-03", "PPL-01")
def test_own_fields_marked_for_the_member_hold_at_once_and_others_do_not(served: Branch) -> None:
    branch = served
    world = branch.registry.world
    for key, by in (("shoe_size", "member"), ("file_number", "branch")):
        world.session.add(
            MemberField(
                org_id=branch.registry.city.id, org_path=branch.registry.city.path, key=key, label=key, kind="text",
                filled_by=by, published=True, created_at=world.clock.now(),
            )
        )  # fmt: skip
    world.session.commit()
    client, headers = world.app.test_client(), world.token(branch.account)
    mine = f"/api/v1/me/records/{branch.member.id}"
    answer = client.patch(mine, json={"fields": {"shoe_size": "42"}}, headers=headers)
    assert answer.status_code == 200, answer.get_json()
    facts = {one["item"]: (one["value"], one["way"]) for one in answer.get_json()["facts"]}
    assert (facts["fields.shoe_size"], facts["fields.file_number"]) == (("42", "at_once"), ("", ""))
    assert client.patch(mine, json={"fields": {"file_number": "1"}}, headers=headers).status_code == 422
    page = world.sign_in(branch.account).get(f"/me/records/{branch.member.id}/contact").text
    assert 'name="fields.shoe_size"' in page
    assert 'name="fields.file_number"' not in page
    [row] = world.session.scalars(select(MemberChange))
    assert (row.item, row.state) == ("fields.shoe_size", "unchecked")
    with branch.as_branch() as ctx:
        assert change_values.told(ctx, row).new == "42"
        change_answers.put_back(ctx, row.id, "不对")
        assert change_fields.current(ctx, branch.record(), row.item) == {row.item: None}


@pytest.mark.clause("PPL-02", "TRF-02")
def test_what_was_asked_ends_with_the_membership_and_what_took_effect_goes_along(served: Branch) -> None:
    branch = served
    world, other = branch.registry.world, branch.registry.other
    request = branch.ask(name="成员一")
    with branch.as_member() as ctx:
        changes.change_own(ctx, branch.member.id, {"phone": "13900139000"})
    ctx = branch.registry.ctx(branch.registry.root, scope=Whole("a transfer"))
    with world.app.test_request_context():
        record = ctx.session.get_one(Member, branch.member.id)
        members.move(ctx, record, other.ref, on=date(2026, 2, 12), how="transfer")
        ctx.session.commit()
    assert states(branch) == {"name": "withdrawn", "phone": "unchecked"}
    assert world.session.get_one(ApprovalRequest, request).state == "withdrawn"
    with branch.as_branch() as ctx:
        assert ctx.session.scalars(select(MemberChange)).all() == []
    there = world.admin(other, "branch_secretary", "self")
    with branch.as_branch(there, other) as ctx:
        [row] = ctx.session.scalars(select(MemberChange).where(MemberChange.state == "unchecked"))
        change_answers.confirm(ctx, row.id)
    listed = world.app.test_client().get("/api/v1/me/records", headers=world.token(branch.account)).get_json()
    assert [one["org_name"] for one in listed["items"]] == ["第二支部"]


@pytest.mark.clause("ACC-03")
def test_a_member_reads_who_may_see_the_record_and_shows_own_values_only_after_proof(served: Branch) -> None:
    branch = served
    world = branch.registry.world
    detail = world.app.test_client().get(
        f"/api/v1/me/records/{branch.member.id}", headers={**world.token(branch.account), "Accept-Language": "en"}
    )
    assert detail.status_code == 200, detail.get_json()
    readers = [(one["organisation"], one["people"], one["own"]) for one in detail.get_json()["readers"]]
    assert ("第一支部", 1, True) in [(place, people, own) for place, people, own in readers if people == 1]
    assert ("长春市", 1, False) in readers
    assert NUMBER not in detail.text
    assert "13800138000" not in detail.text
    browser = world.sign_in(branch.account)
    world.clock.instant += timedelta(minutes=11)
    page = browser.get(f"/me/records/{branch.member.id}")
    assert page.status_code == 200
    assert NUMBER not in page.text
    asked = browser.post(f"/me/records/{branch.member.id}/show")
    assert (asked.status_code, asked.headers["Location"].partition("?")[0]) == (303, "/me/confirm")
    fresh = world.sign_in(branch.account).post(f"/me/records/{branch.member.id}/show")
    assert NUMBER in fresh.text
    assert "13800138000" in fresh.text
    assert "no-store" in fresh.headers["Cache-Control"]
    actions = world.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == str(branch.member.id)))
    assert "people.own.show" in set(actions)


@pytest.mark.clause("ACC-03", "PPL-02")
def test_pages_of_members_need_no_role_and_show_nothing_of_others(served: Branch) -> None:
    branch = served
    world = branch.registry.world
    browser = world.sign_in(branch.account)
    home = browser.get("/")
    assert (home.status_code, home.headers["Location"]) == (303, "/me")
    page = browser.get("/me").text
    assert "第一支部" in page
    assert f"/me/records/{branch.member.id}" in page
    assert "/orgs/" not in page, "there is nothing of an organisation that a member may enter"
    request = branch.ask(name="成员一")
    address = f"/me/changes/{request}"
    assert browser.get(address).status_code == 200
    stranger = world.account(branch.org)
    other = world.sign_in(stranger)
    assert "成员001" not in other.get("/me").text
    for url in (address, f"/me/records/{branch.member.id}", f"/me/records/{branch.member.id}/ask"):
        assert other.get(url).status_code == 404, url
    assert other.post(f"{address}/withdraw", data={}).status_code == 404
    assert browser.post(f"{address}/withdraw", data={"note": "", "version": "1"}).status_code == 303
    for url in ("/me/changes", f"/me/records/{branch.member.id}/contact", f"/me/records/{branch.member.id}/ask"):
        assert browser.get(url).status_code == 200, url
    world.grant(branch.account, branch.org)
    both = world.sign_in(branch.account).get(f"/orgs/{branch.org.code}/").text
    assert 'href="/me"' in both


@pytest.mark.clause("PPL-03", "ACC-03")
def test_a_returned_record_is_corrected_where_it_was_objected_to_and_handed_in(served: Branch) -> None:
    branch = served
    world = branch.registry.world
    with branch.as_branch() as ctx:
        said = {"workplace": "请写全称", "joining_place": "缺"}
        data = {"remarks": said, "version": branch.record().version}
        reviewing.review(ctx, branch.member.id, data)
    browser, headers = world.sign_in(branch.account), world.token(branch.account)
    home = browser.get("/me").text
    assert f'href="/me/records/{branch.member.id}/correct"' in home
    assert "请写全称" in browser.get(f"/me/records/{branch.member.id}").text
    form = browser.get(f"/me/records/{branch.member.id}/correct").text
    assert 'name="workplace"' in form
    assert 'name="name"' not in form, "what was not objected to stays"
    client, url = world.app.test_client(), f"/api/v1/me/records/{branch.member.id}/corrections"
    assert client.post(url, json={"values": {"name": "成员一"}}, headers=headers).status_code == 422
    typed = {"workplace": "长春市第一中学", "joining_place": "长春市", "version": str(branch.record().version)}
    assert browser.post(f"/me/records/{branch.member.id}/correct", data=typed).status_code == 303
    record = branch.record()
    assert (record.workplace, record.joining_place, record.review) == ("长春市第一中学", "长春市", "pending")
    assert client.post(url, json={"values": {}}, headers=headers).status_code == 409, "it is handed in already"
    with branch.as_branch() as ctx:
        reviewing.review(ctx, branch.member.id, {"remarks": {}, "version": branch.record().version})
    branch.answer(branch.ask(name="成员一"), name=True)
    assert branch.record().review == "accepted", "what the branch agreed to needs no second review"
