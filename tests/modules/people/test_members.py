"""Members are admitted, edited, leave and return, as services, API clients and browsers do it (PPL-01)."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, text

from banyan.kernel.db.scoped import Subtree, Whole
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people.models import Member, Membership, MemberToken
from banyan.modules.people.services import members
from tests.modules.people.conftest import Registry, identity_number

NUMBER = identity_number()


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


@pytest.mark.clause("PPL-01")
def test_an_identity_number_fills_what_the_form_leaves_empty(inside: Registry) -> None:
    made = inside.admit(
        name="张　三", document_number=" 220104 20080517 " + NUMBER[14:].lower(), phone="+86 138-0013-8000"
    )
    assert (made.name, made.sort_name) == ("张三", "zhang san")
    assert (made.document_type, made.birth_date, made.gender) == ("resident_id", date(2008, 5, 17), "male")
    assert members.shown(made).document_number == f"220*************{NUMBER[-2:]}"
    assert members.shown(made).phone == "138****8000"
    assert made.admitted_on == date(2026, 2, 12)


@pytest.mark.clause("PPL-01")
def test_what_disagrees_is_told_with_every_reason_at_once(inside: Registry) -> None:
    ctx = inside.ctx(inside.branch)
    with pytest.raises(Invalid) as refused:
        members.admit(
            ctx,
            inside.branch.ref,
            {
                "name": "·",
                "document_number": NUMBER,
                "birth_date": date(2008, 5, 18),
                "gender": "female",
                "phone": "12",
                "joined_on": date(1999, 1, 1),
            },
        )
    assert set(refused.value.fields) == {"name", "birth_date", "gender", "phone", "joined_on"}


def test_nothing_readable_of_a_document_is_kept_anywhere(inside: Registry, urls: Any) -> None:
    made = inside.admit(
        document_number=NUMBER, phone="13800138000", email="a.b@example.org", address="吉林省长春市某路1号"
    )
    ctx = inside.ctx(inside.branch)
    changed = {"phone": "13900139000", "address": "吉林省长春市某街2号"}
    assert members.edit(ctx, made.id, changed, made.version).id == made.id
    ctx.session.commit()
    with psycopg.connect(urls.owner) as owner:
        for table in ("member", "membership", "person", "member_token", "audit_entry", "outbox_event"):
            for row in owner.execute(f"SELECT t::text FROM {table} t").fetchall():
                for secret in (NUMBER, "13800138000", "13900139000", "a.b@example.org", "某路1号", "某街2号"):
                    assert secret not in row[0], table
                    assert secret.encode().hex() not in row[0], table


def test_a_second_person_with_the_number_is_refused_with_where_the_first_is(inside: Registry) -> None:
    inside.admit(document_number=NUMBER)
    above = inside.ctx(inside.city)
    with pytest.raises(Invalid, match="第一支部"):
        members.admit(above, inside.other.ref, {"name": "成员002", "document_number": NUMBER})
    above.session.rollback()
    beside = inside.ctx(inside.other, scope=Subtree(inside.other.ref))
    with pytest.raises(Invalid) as refused:
        members.admit(beside, inside.other.ref, {"name": "成员002", "document_number": NUMBER})
    assert "第一支部" not in str(refused.value)
    assert "长春市" in str(refused.value)


def test_who_left_is_linked_when_admitted_elsewhere(inside: Registry) -> None:
    first = inside.admit(document_number=NUMBER)
    ctx = inside.ctx(inside.branch)
    members.leave(ctx, first.id, {"kind": "left", "ended_on": date(2026, 2, 12), "version": first.version})
    ctx.session.commit()
    second = inside.admit(inside.other, document_number=NUMBER)
    assert second.person_id == first.person_id
    ctx = inside.ctx(inside.city)
    with pytest.raises(Refused, match="第二支部"):
        members.restore(ctx, first.id, {"restored_on": date(2026, 2, 12)})


def test_where_several_memberships_are_allowed_a_person_has_several_records(inside: Registry) -> None:
    from banyan.plugins import manager, settings

    first = inside.admit(document_number=NUMBER)
    session = inside.world.session
    settings.set_value(
        session,
        manager.current(),
        inside.other.ref,
        "people.single_membership",
        False,
        by=None,
        at=inside.world.clock.now(),
    )
    session.commit()
    second = inside.admit(inside.other, document_number=NUMBER)
    assert second.person_id == first.person_id
    with pytest.raises(Invalid):
        inside.admit(inside.other, document_number=NUMBER)


def test_leaving_and_returning_are_periods_that_only_end(inside: Registry, urls: Any) -> None:
    made = inside.admit()
    ctx = inside.ctx(inside.branch)
    with pytest.raises(Invalid):
        members.leave(ctx, made.id, {"kind": "left", "ended_on": date(2026, 2, 13)})
    ctx.session.rollback()
    left = members.leave(ctx, made.id, {"kind": "deceased", "ended_on": date(2026, 2, 12), "version": made.version})
    assert left.status == "deceased"
    with pytest.raises(Conflict):
        members.restore(ctx, made.id, {"restored_on": date(2026, 2, 12), "version": 1})
    members.restore(ctx, made.id, {"restored_on": date(2026, 2, 12), "version": left.version})
    ctx.session.commit()
    periods = ctx.session.scalars(select(Membership).order_by(Membership.id)).all()
    assert [(one.began_by, one.ended_by) for one in periods] == [("admission", "deceased"), ("restored", None)]
    with psycopg.connect(urls.owner) as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("UPDATE membership SET ended_on = '2026-02-13' WHERE ended_on IS NOT NULL")
    with psycopg.connect(urls.owner) as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("UPDATE membership SET began_on = '2020-01-01'")


def test_the_database_lets_nobody_be_in_two_organisations_or_in_none(inside: Registry, urls: Any) -> None:
    made = inside.admit()
    for statement in (
        "UPDATE member SET status = 'left'",
        f"UPDATE member SET org_id = '{inside.other.id}', org_path = '{inside.other.path}'",
        "UPDATE membership SET ended_on = began_on, ended_by = 'left'",
    ):
        with psycopg.connect(urls.owner) as owner:
            owner.execute(statement)
            with pytest.raises(psycopg.errors.CheckViolation, match="open memberships"):
                owner.commit()
    with psycopg.connect(urls.owner) as owner, pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(
            "INSERT INTO membership (id, org_id, org_path, member_id, person_id, began_on, began_by)"
            " SELECT gen_random_uuid(), org_id, org_path, member_id, person_id, began_on, 'x' FROM membership"
        )
    assert made.status == "active"


def test_a_move_takes_everything_along_in_one_transaction(inside: Registry) -> None:
    made = inside.admit(number="7", document_number=NUMBER)
    account = inside.world.account(inside.branch, person_id=made.person_id)
    session = inside.world.session
    session.execute(text("UPDATE member SET account_id = :a"), {"a": account.id})
    session.commit()
    inside.admit(inside.other, number="7", name="成员002")
    ctx = inside.ctx(inside.city, scope=Whole("test"))
    member = members.find(ctx, made.id)
    period = members.move(ctx, member, inside.other.ref, on=date(2026, 2, 12), how="transfer")
    ctx.session.commit()
    session.expire_all()
    moved = session.get_one(Member, made.id)
    assert (moved.org_id, moved.number, period.org_id) == (inside.other.id, "", inside.other.id)
    assert account.org_id == inside.other.id
    assert set(session.scalars(select(MemberToken.org_path).where(MemberToken.member_id == made.id))) == {
        inside.other.path
    }
    assert session.scalar(select(func.count()).where(Membership.member_id == made.id)) == 2
    with pytest.raises(Refused):
        members.move(ctx, member, inside.other.ref, on=date(2026, 2, 12), how="transfer")


def test_another_organisations_member_is_not_there(inside: Registry) -> None:
    made = inside.admit()
    ctx = inside.ctx(inside.other, scope=Subtree(inside.other.ref))
    with pytest.raises(NotFound):
        members.find(ctx, made.id)


def test_one_sees_ones_own_record_wherever_one_signs_in(inside: Registry, urls: Any) -> None:
    made = inside.admit()
    account = inside.world.account(inside.other)
    inside.world.session.execute(text("UPDATE member SET account_id = :a"), {"a": account.id})
    inside.world.session.commit()
    with psycopg.connect(urls.app) as raw:
        raw.execute(
            "SELECT set_config('app.lo', %s, true), set_config('app.hi', %s, true), set_config('app.me', %s, true)",
            (inside.other.path, inside.other.path + "!", str(account.id)),
        )
        assert raw.execute("SELECT id FROM member").fetchall() == [(made.id,)]
        assert raw.execute("SELECT member_id FROM membership").fetchall() == [(made.id,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("UPDATE member SET interests = 'x'")


def test_two_who_enter_one_number_at_the_same_instant_make_one_member(inside: Registry) -> None:
    answers: list[str] = []
    start = threading.Barrier(2)
    contexts = [inside.ctx(place) for place in (inside.branch, inside.other)]

    def enter(place: Any, ctx: Any) -> None:
        with inside.world.app.test_request_context():
            start.wait()
            try:
                members.admit(ctx, place.ref, {"name": "成员001", "document_number": NUMBER})
                ctx.session.commit()
                answers.append("done")
            except Invalid as error:
                ctx.session.rollback()
                answers.append(next(iter(error.fields)))

    threads = [
        threading.Thread(target=enter, args=pair) for pair in zip((inside.branch, inside.other), contexts, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["document_number", "done"]
    assert inside.world.session.scalar(select(func.count()).select_from(Member)) == 1


def test_an_edit_is_audited_field_by_field_and_masked(inside: Registry) -> None:
    made = inside.admit(phone="13800138000")
    ctx = inside.ctx(inside.branch)
    found = members.apply_changes(
        ctx, members.changeable(ctx, made.id, None), {"name": "阿依古丽・买买提", "phone": "13900139000", "gender": ""}
    )
    ctx.session.commit()
    assert found == {"name": ("成员001", "阿依古丽·买买提"), "phone": ("138****8000", "139****9000")}
    entry = inside.world.session.scalars(select(AuditEntry).where(AuditEntry.action == "people.member.update")).one()
    assert entry.after == {"name": "阿依古丽·买买提", "phone": "139****9000"}
    tokens = set(inside.world.session.scalars(select(MemberToken.token)))
    assert {"古丽", "丽买", "gl", "阿"} <= tokens


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("张三", {"张三丰", "张三"}),
        ("三丰", {"张三丰"}),
        ("张", {"张三丰", "张三"}),
        ("zs", {"张三丰", "张三"}),
        ("zsf", {"张三丰"}),
        ("zhangsanf", {"张三丰"}),
        ("Zhang San", {"张三丰", "张三"}),
        ("三张", set()),
        (NUMBER, {"张三"}),
        ("138 0013 8000", {"张三"}),
        ("13800138", set()),
        ("A-7", {"张三丰"}),
        ("%", set()),
    ],
)
def test_members_are_found_by_what_people_know_of_them(inside: Registry, typed: str, found: set[str]) -> None:
    inside.admit(name="张三", document_number=NUMBER, phone="13800138000")
    inside.admit(name="张三丰", number="A-7")
    inside.admit(name="李四")
    headers = inside.world.token(inside.world.admin(inside.city))
    client = inside.world.app.test_client()
    answer = client.get(f"/api/v1/orgs/{inside.city.code}/members", query_string={"q": typed}, headers=headers)
    assert answer.status_code == 200, answer.get_json()
    assert {row["name"] for row in answer.get_json()["items"]} == found


def test_a_member_is_admitted_edited_and_leaves_in_the_browser(registry: Registry) -> None:
    browser = registry.world.sign_in(registry.world.admin(registry.branch, "branch_secretary", "self"))
    base = f"/orgs/{registry.branch.code}/members/"
    assert "还没有" in browser.get(base).get_data(as_text=True) or browser.get(base).status_code == 200
    wrong = browser.post(base + "new", data={"name": "成员001", "document_number": NUMBER[:-1] + "?", "phone": "1"})
    assert wrong.status_code == 422
    assert NUMBER[:-1] in wrong.get_data(as_text=True)
    made = browser.post(base + "new", data={"name": "成员001", "document_number": NUMBER, "phone": "13800138000"})
    assert made.status_code == 303
    member = registry.world.session.scalars(select(Member)).one()
    page = browser.get(made.location)
    assert page.status_code == 200
    assert NUMBER not in page.get_data(as_text=True)
    assert "138****8000" in page.get_data(as_text=True)
    form = browser.get(made.location + "edit").get_data(as_text=True)
    assert "13800138000" not in form
    stale = browser.post(made.location + "edit", data={"name": "成员002", "version": "7"})
    assert stale.status_code == 422
    saved = browser.post(
        made.location + "edit",
        data={
            "name": "成员002",
            "gender": "male",
            "birth_date": "2008-05-17",
            "clear": "phone",
            "version": member.version,
        },
    )
    assert saved.status_code == 303, saved.get_data(as_text=True)
    registry.world.session.refresh(member)
    assert (member.name, member.phone_sealed is None, member.document_sealed is None) == ("成员002", True, False)
    for path, data in (
        ("leave", {"kind": "left", "ended_on": "2026-02-12", "version": member.version}),
        ("restore", {"restored_on": "2026-02-12"}),
    ):
        registry.world.session.refresh(member)
        assert browser.get(made.location + path).status_code == 200
        answer = browser.post(made.location + path, data={**data, "version": member.version})
        assert answer.status_code == 303, answer.get_data(as_text=True)
    assert browser.get(base + "?q=cy").get_data(as_text=True).count("成员002") >= 1
