"""Two records turn out to be of one person, and are put together with everything that hangs on them."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.db.scoped import Whole
from banyan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from banyan.kernel.events import OutboxEvent
from banyan.modules.accounts.models import Account
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people.file_models import FileEntry, PersonMerge, Post, RecordReview
from banyan.modules.people.models import Member, Membership, MemberToken, Person
from banyan.modules.people.rules.uniting import Side, against, fate
from banyan.modules.people.services import file_entries, hanging, members, posts, reviewing, timeline, uniting, values
from banyan.plugins import manager
from tests.modules.people.conftest import Registry, identity_number
from tests.modules.people.test_file import ENTRY, POST

NUMBER = identity_number()
places, statuses = st.sampled_from(["1.1.", "1.2.", "1.3."]), st.sampled_from(["active", "left", "deceased", "merged"])
sides = st.builds(Side, places, statuses, st.booleans(), st.booleans())


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


def whole(inside: Registry, place: Any = None, role: str = "org_admin") -> Context:
    return inside.ctx(place or inside.city, role, scope=Whole("a merge"))


def asked(kept: Member, gone: Member, **more: Any) -> dict[str, Any]:
    given = {"kept": kept.id, "gone": gone.id, "take": None, "account": "", "keep_both": False, "reason": "重复录入"}
    return {**given, **more}


def done(inside: Registry, kept: Member, gone: Member, **more: Any) -> Context:
    ctx = whole(inside)
    data = asked(kept, gone, **more)
    found = uniting.preview(ctx, data)
    assert [str(reason) for reason in found.reasons] == []
    uniting.carry_out(ctx, data, found.plan)
    ctx.session.commit()
    return ctx


def fill(inside: Registry, member: Member) -> None:
    """Something in every table of the file."""
    ctx = inside.ctx(inside.city)
    posts.open_post(ctx, {**POST, "member": member.id, "title": "委员"})
    file_entries.create(ctx, member.id, {**ENTRY, "kind": "measure", "title": "警告", "note": "缘由"})
    reviewing.review(ctx, member.id, {"remarks": {"phone": "缺"}, "version": member.version})
    ctx.session.commit()


@given(kept=sides, gone=sides, others=st.lists(sides, max_size=2), keep_both=st.booleans())
def test_nobody_becomes_a_member_of_two_by_a_merge(kept: Side, gone: Side, others: list[Side], keep_both: bool) -> None:
    if against(kept, gone, others, keep_both=keep_both):
        return
    remaining = [side for side in (kept, *others) if side.active]
    if fate(kept, gone, keep_both=keep_both) == "remains" and gone.active:
        remaining.append(gone)
    assert len(remaining) <= 1 or not any(side.exclusive for side in remaining)
    assert len({side.place for side in remaining}) == len(remaining)
    assert not (gone.active and not kept.active and kept.place == gone.place), "a membership would be lost"


@pytest.mark.clause("PPL-01", "PPL-06")
def test_a_double_entry_goes_into_the_record_that_remains_with_all_that_hangs_on_it(inside: Registry) -> None:
    kept = inside.admit(name="成员001", phone="13800138000")
    gone = inside.admit(inside.other, name="成员001", document_number=NUMBER, workplace="第一中学")
    fill(inside, kept)
    fill(inside, gone)
    kept_person, gone_person = kept.person_id, gone.person_id
    ctx = done(inside, kept, gone)

    record, other = ctx.session.get_one(Member, kept.id), ctx.session.get_one(Member, gone.id)
    assert (record.status, record.workplace, record.person_id) == ("active", "第一中学", kept_person)
    assert values.clear(record, "document_number") == NUMBER
    assert values.clear(record, "phone") == "13800138000"
    assert (other.status, other.person_id) == ("merged", kept_person)
    person = ctx.session.get_one(Person, kept_person)
    assert person.document_index == record.document_index
    assert ctx.session.get_one(Person, gone_person).merged_into == kept_person
    ends = dict(ctx.session.execute(select(Membership.member_id, Membership.ended_by)).all())  # type: ignore[arg-type]
    assert ends == {kept.id: None, gone.id: "merged"}
    for model in (Post, FileEntry, RecordReview):
        assert set(ctx.session.scalars(select(model.member_id))) == {kept.id}
    assert (
        ctx.session.scalar(select(func.count()).select_from(MemberToken).where(MemberToken.member_id == gone.id)) == 0
    )
    opened = [file_entries.reveal(ctx, one, "核对") for one in ctx.session.scalars(select(FileEntry.id))]
    assert opened == ["缘由", "缘由"], "what was sealed opens in its new place"
    told = ctx.session.execute(
        select(AuditEntry.subject_id, AuditEntry.org_id).where(AuditEntry.action == "people.person.merge")
    ).all()
    assert set(told) == {(str(kept.id), inside.branch.id), (str(gone.id), inside.other.id)}
    line = timeline.of_member(inside.ctx(inside.branch), kept.id)
    assert "people.merge" in line.kinds
    assert sum(1 for one in line.entries if one.kind == "people.membership") == 3
    names = ctx.session.scalars(select(OutboxEvent.name).where(OutboxEvent.name == "people.persons.merged")).all()
    assert len(names) == 2

    found = inside.admit
    with pytest.raises(Invalid):
        found(inside.other, name="成员009", document_number=NUMBER)


@pytest.mark.clause("PPL-06")
def test_no_row_of_any_table_names_who_is_gone(inside: Registry) -> None:
    """Every column that holds a person is walked, whatever module brought it; none is listed here."""
    kept, gone = inside.admit(name="成员001"), inside.admit(name="成员002")
    fill(inside, kept)
    fill(inside, gone)
    session, person = inside.world.session, gone.person_id
    account = inside.world.account(inside.branch)
    session.execute(update(Account).where(Account.id == account.id).values(person_id=person))
    session.execute(update(Member).where(Member.id == gone.id).values(account_id=account.id))
    session.commit()
    columns = [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if hanging.is_personal(column) and table.name != "person"
    ]
    count = lambda: {  # noqa: E731
        f"{table.name}.{column.name}": session.execute(
            select(func.count()).select_from(table).where(column == person)
        ).scalar_one()
        for table, column in columns
    }
    before = count()
    for name in ("account", "member", "membership", "post", "file_entry", "record_review"):
        assert before[f"{name}.person_id"] > 0, name
    session.rollback()
    done(inside, kept, gone)
    assert {name for name, number in count().items() if number} == set()
    assert session.get_one(Member, kept.id).account_id == account.id


def test_of_two_accounts_one_stays_and_the_other_signs_in_no_more(inside: Registry) -> None:
    kept, gone = inside.admit(name="成员001"), inside.admit(name="成员002")
    session = inside.world.session
    accounts = [inside.world.account(inside.branch) for _each in range(2)]
    for member, account in zip((kept, gone), accounts, strict=True):
        session.get_one(Member, member.id).account_id = account.id
        session.get_one(Account, account.id).person_id = member.person_id
    session.commit()
    fresh = [session.get_one(Member, one.id) for one in (kept, gone)]
    undecided = uniting.preview(whole(inside), asked(*fresh))
    assert len(undecided.reasons) == 1
    done(inside, *fresh, account="gone")
    session.expire_all()
    assert [session.get_one(Account, one.id).status for one in accounts] == ["suspended", "active"]
    assert session.get_one(Member, kept.id).account_id == accounts[1].id
    assert session.get_one(Member, gone.id).account_id is None
    assert {session.get_one(Account, one.id).person_id for one in accounts} == {kept.person_id}


def test_the_same_post_held_twice_is_one_post(inside: Registry) -> None:
    kept, gone = inside.admit(name="成员001"), inside.admit(name="成员002")
    ctx = inside.ctx(inside.branch)
    for member in (kept, gone):
        posts.open_post(ctx, {**POST, "member": member.id, "title": "委员"})
    ctx.session.commit()
    ctx = done(inside, kept, gone)
    assert sorted(str(one) for one in ctx.session.scalars(select(Post.ended_by))) == ["None", "merged"]


def test_what_was_shown_is_what_is_done_and_a_changed_record_is_shown_again(inside: Registry) -> None:
    kept, gone = inside.admit(name="成员001"), inside.admit(inside.other, name="成员002", workplace="第一中学")
    ctx, data = whole(inside), asked(kept, gone, take=["name"])
    found = uniting.preview(ctx, data)
    assert (found.taken, found.standing.absorbed, found.standing.ends) == (["name"], True, True)
    ctx.session.commit()
    assert ctx.session.scalars(select(PersonMerge.id)).all() == [], "showing does nothing"
    assert ctx.session.get_one(Member, gone.id).status == "active"
    writer = inside.ctx(inside.other)
    members.edit(writer, gone.id, {"workplace": "第二中学"}, None)
    writer.session.commit()
    ctx.session.expire_all()
    with pytest.raises(Conflict):
        uniting.carry_out(ctx, data, found.plan)
    ctx.session.rollback()
    with pytest.raises(Conflict):
        uniting.carry_out(ctx, {**data, "take": []}, uniting.preview(ctx, data).plan)
    ctx.session.rollback()
    uniting.carry_out(ctx, data, uniting.preview(ctx, data).plan)
    ctx.session.commit()
    record = ctx.session.get_one(Member, kept.id)
    assert (record.name, record.workplace, record.review) == ("成员002", "", "pending")


def test_everything_against_it_is_told_at_once(inside: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = inside.admit(name="成员001"), inside.admit(name="成员002")
    ctx = whole(inside)
    with pytest.raises(Invalid):
        uniting.preview(ctx, asked(kept, kept))
    with pytest.raises(NotFound):
        uniting.preview(whole(inside, inside.other), asked(kept, gone))
    with pytest.raises(Forbidden):
        uniting.preview(whole(inside, role="org_auditor"), asked(kept, gone))

    externals, approvals = (manager.current().module(name) for name in ("externals", "approvals"))

    def refuses(ctx: Context, kept: str, gone: str) -> None:
        raise Refused("一项申请未了结")

    def fails(ctx: Context, kept: str, gone: str) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(externals, "banyan_persons_merged", refuses, raising=False)
    monkeypatch.setattr(approvals, "banyan_persons_merged", fails, raising=False)
    found = uniting.preview(ctx, asked(kept, gone))
    assert len(found.reasons) == 2
    with pytest.raises(Refused, match="一项申请未了结"):
        uniting.carry_out(ctx, asked(kept, gone), found.plan)
    ctx.session.rollback()
    monkeypatch.undo()

    members.leave(ctx, kept.id, {"ended_on": date(2026, 2, 12), "kind": "left", "version": kept.version})
    ctx.session.commit()
    left = ctx.session.get_one(Member, kept.id)
    assert len(uniting.preview(ctx, asked(left, gone)).reasons) == 1, "the one who is a member remains"
    done(inside, gone, left)
    merged = ctx.session.get_one(Member, kept.id, populate_existing=True)
    assert merged.status == "merged"
    assert len(uniting.preview(ctx, asked(gone, merged)).reasons) == 1


@pytest.mark.clause("PPL-01")
def test_two_who_put_the_same_records_together_at_once_do_it_once(registry: Registry) -> None:
    kept, gone = registry.admit(name="成员001"), registry.admit(name="成员002")
    world, answers = registry.world, list[int]()
    tokens = [world.token(world.admin(registry.city)) for _each in range(2)]
    base = f"/api/v1/orgs/{registry.city.code}/members/merge"
    gate = threading.Barrier(2)

    def act(headers: dict[str, str], one: UUID, other: UUID) -> None:
        client = world.app.test_client()
        data = {"kept": str(one), "gone": str(other), "reason": "重复录入"}
        shown = client.post(f"{base}/preview", json=data, headers=headers).get_json()
        gate.wait()
        answer = client.post(base, json={**data, "plan": shown["plan"]}, headers=headers)
        answers.append(answer.status_code)

    pairs = ((tokens[0], kept.id, gone.id), (tokens[1], gone.id, kept.id))
    each = [threading.Thread(target=act, args=pair) for pair in pairs]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    assert sorted(answers) == [200, 409]
    assert len(world.session.scalars(select(PersonMerge.id)).all()) == 1
    assert sorted(world.session.scalars(select(Member.status))) == ["active", "merged"]


@pytest.mark.clause("PPL-01")
def test_duplicates_are_found_within_reach_and_compared_on_a_page(inside: Registry) -> None:
    first = inside.admit(name="成员001", phone="13800138000", birth_date=date(2008, 5, 17))
    second = inside.admit(inside.other, name="成员001", birth_date=date(2008, 5, 17), workplace="第一中学")
    third = inside.admit(name="成员003", phone="13800138000")
    world, base = inside.world, f"/orgs/{inside.city.code}/members"
    client, headers = world.app.test_client(), world.token(world.admin(inside.city))
    rows = client.get(f"/api/v1{base}/duplicates", headers=headers).get_json()["items"]
    assert {(row["first"], row["second"], row["why"]) for row in rows} == {
        (str(first.id), str(second.id), "2"),
        (str(first.id), str(third.id), "3"),
    }
    phones = client.get(f"/api/v1{base}/duplicates?why=3", headers=headers).get_json()["items"]
    assert [row["second"] for row in phones] == [str(third.id)]
    alone = world.token(world.admin(inside.other))
    own = f"/api/v1/orgs/{inside.other.code}/members/duplicates"
    assert client.get(own, headers=alone).get_json()["items"] == []

    browser = world.sign_in(world.admin(inside.city))
    assert str(second.id) in browser.get(f"{base}/duplicates").text
    page = browser.get(f"{base}/merge?kept={first.id}&gone={second.id}")
    assert page.status_code == 200
    assert "13800138000" not in page.text
    assert browser.get(f"{base}/merge?kept=x&gone={second.id}").status_code == 404
    form = {"kept": str(first.id), "gone": str(second.id), "from.workplace": "gone", "from.phone": "kept"}
    assert browser.post(f"{base}/merge", data={**form, "reason": ""}).status_code == 422
    shown = browser.post(f"{base}/merge", data={**form, "reason": "同一人"})
    assert shown.status_code == 200
    plan = shown.text.partition('name="plan" value="')[2].partition('"')[0]
    assert len(plan) == 64
    sent = {"kept": str(first.id), "gone": str(second.id), "take": "workplace", "account": "", "reason": "同一人"}
    assert browser.post(f"{base}/merge/confirm", data={**sent, "plan": "0"}).status_code == 409
    confirmed = browser.post(f"{base}/merge/confirm", data={**sent, "plan": plan})
    assert confirmed.status_code == 303, confirmed.text
    assert world.session.get_one(Member, first.id).workplace == "第一中学"
