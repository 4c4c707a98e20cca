"""Members in the life of organisations and of persons: moves, mergers, revocations, export, erasure, figures."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from banyan.kernel.db.scoped import Whole
from banyan.kernel.errors import Refused
from banyan.modules.people import privacy, stats
from banyan.modules.people.models import Member, Membership, MemberToken, Person
from banyan.modules.people.services import members, merging, own
from banyan.modules.stats.services import figures, fold_all
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services.life import carrying
from tests.modules.people.conftest import Registry, identity_number


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


def test_the_members_of_a_merged_organisation_go_over_and_their_past_stays(inside: Registry) -> None:
    made = inside.admit(number="7")
    inside.admit(inside.other, name="成员002", number="7")
    ctx = inside.ctx(inside.root, scope=Whole("test"))
    merging.merge(ctx, inside.branch.ref, inside.other.ref)
    carrying.carry(ctx, inside.branch.ref, inside.other.ref)
    ctx.session.commit()
    session = inside.world.session
    session.expire_all()
    member = session.get_one(Member, made.id)
    assert (member.org_id, member.number) == (inside.other.id, f"7-{inside.branch.code}")
    rows = session.scalars(select(Membership).where(Membership.member_id == made.id).order_by(Membership.id)).all()
    assert [(one.org_id, one.began_by, one.ended_by) for one in rows] == [
        (inside.branch.id, "admission", "merge"),
        (inside.other.id, "merge", None),
    ]
    assert set(session.scalars(select(MemberToken.org_path))) == {inside.other.path}


def test_who_is_a_member_of_both_keeps_organisations_from_being_merged(inside: Registry) -> None:
    first = inside.admit()
    second = inside.admit(inside.other)
    session = inside.world.session
    twin = session.get_one(Member, second.id)
    twin.exclusive = False
    twin.person_id = first.person_id
    session.commit()
    ctx = inside.ctx(inside.root, scope=Whole("test"))
    with pytest.raises(Refused, match="成员001"):
        merging.merge(ctx, inside.branch.ref, inside.other.ref)


def test_members_keep_their_organisation_from_being_revoked_and_nobody_joins_one_that_is(inside: Registry) -> None:
    made = inside.admit()
    ctx = inside.ctx(inside.root)
    assert "1" in str(merging.against_revocation(ctx, inside.branch.ref)[0])
    members.leave(ctx, made.id, {"kind": "left", "ended_on": date(2026, 2, 12)})
    assert merging.against_revocation(ctx, inside.branch.ref) == ()
    ctx.session.commit()
    session = inside.world.session
    session.get_one(Org, inside.branch.id).status = "revoked"
    session.commit()
    with pytest.raises(Refused):
        inside.admit()
    again = inside.ctx(inside.root)
    with pytest.raises(Refused):
        members.restore(again, made.id, {"restored_on": date(2026, 2, 12)})


def test_an_organisation_that_moves_takes_members_and_what_they_are_found_by_along(inside: Registry) -> None:
    made = inside.admit()
    session = inside.world.session
    elsewhere = inside.world.org(inside.root)
    path = f"{elsewhere.path}1."
    org = session.get_one(Org, inside.branch.id)
    org.parent_id, org.path = elsewhere.id, path
    session.commit()
    session.expire_all()
    assert session.get_one(Member, made.id).org_path == path
    assert set(session.scalars(select(MemberToken.org_path))) == {path}
    assert session.scalars(select(Membership.org_path)).one() == path


def test_figures_agree_with_what_is_counted_from_source(inside: Registry) -> None:
    made = inside.admit()
    inside.admit(name="成员002")
    left = inside.admit(inside.other, name="成员003")
    ctx = inside.ctx(inside.root, scope=Whole("test"))
    members.leave(ctx, left.id, {"kind": "age", "ended_on": date(2026, 2, 12)})
    members.move(ctx, members.find(ctx, made.id), inside.other.ref, on=date(2026, 2, 12), how="transfer")
    fold_all(ctx)
    refs = [inside.root.ref, inside.branch.ref, inside.other.ref]
    found = figures(ctx.session, refs, stats.MEMBERS)
    assert [found[ref.id][stats.MEMBERS] for ref in refs] == [2, 1, 1]
    assert stats.counted(ctx, "", "~") == {stats.MEMBERS: {inside.branch.path: 1, inside.other.path: 1}}
    assert found[inside.root.id] == {stats.MEMBERS: 2}


def test_everything_comes_out_for_the_person_and_nothing_readable_is_left_afterwards(inside: Registry) -> None:
    number = identity_number()
    made = inside.admit(document_number=number, phone="13800138000", interests="合唱")
    ctx = inside.ctx(inside.root, scope=Whole("test"))
    told = privacy.export(ctx, made.person_id)
    assert (told["members"][0]["document_number"], told["members"][0]["phone"]) == (number, "13800138000")
    assert told["memberships"][0]["began_by"] == "admission"
    assert privacy.erase(ctx, made.person_id)["member"] == 1
    ctx.session.commit()
    session = inside.world.session
    session.expire_all()
    member = session.get_one(Member, made.id)
    kept = {c.name: getattr(member, c.name) for c in Member.__table__.columns}
    for name in ("name", "sort_name", "interests", "gender", "birth_date", "document_sealed", "document_index"):
        assert not kept[name], name
    assert member.erased_at is not None
    assert session.get_one(Person, made.person_id).document_index is None
    assert session.scalar(select(func.count()).select_from(MemberToken)) == 0
    assert session.scalar(select(func.count()).select_from(Membership)) == 1
    browser = inside.world.sign_in(inside.world.admin(inside.branch))
    page = browser.get(f"/orgs/{inside.branch.code}/members/{made.id}/")
    assert page.status_code == 200


def test_a_member_without_any_role_is_known_by_the_record(inside: Registry) -> None:
    account = inside.world.account(inside.branch)
    made = inside.world.member(inside.branch, account=account)
    ctx = inside.world.context(account, inside.city)
    inside.opened.append(ctx)
    assert own.is_member(ctx)
    assert own.person_id(ctx) == made.person_id
    assert not own.is_member(ctx.at(inside.other.ref))


def test_pages_of_members_ask_the_database_as_often_for_fifty_as_for_one(
    registry: Registry, statements: list[str]
) -> None:
    browser = registry.world.sign_in(registry.world.admin(registry.branch))
    headers = registry.world.token(registry.world.admin(registry.branch))
    first = registry.world.member(registry.branch)
    base = f"/orgs/{registry.branch.code}/members/"

    def asked(address: str, **more: Any) -> int:
        statements.clear()
        assert browser.get(address, **more).status_code == 200
        return len(statements)

    addresses = [(base, {}), (f"/api/v1{base[:-1]}", {"headers": headers}), (f"{base}{first.id}/", {})]
    for address, more in addresses:
        asked(address, **more)
    few = [asked(address, **more) for address, more in addresses]
    for number in range(2, 40):
        registry.world.member(registry.branch, f"成员{number:03d}", phone_sealed=None)
    assert [asked(address, **more) for address, more in addresses] == few
