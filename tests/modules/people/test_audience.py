"""Who is meant by a notice or a campaign: the same whoever asks, and never more than the sender may see (NOT-01)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from banyan.kernel.db.scoped import Exact, Whole
from banyan.kernel.errors import Forbidden, NotFound, Refused
from banyan.modules.notices.models import Notice
from banyan.modules.people.models import Member
from banyan.modules.people.services import audience, field_definitions, filters, members
from banyan.modules.people.services.audience import Audience
from tests.modules.people.conftest import Registry
from tests.modules.people.test_fields import definition


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


def names(ctx: Any, meant: Audience) -> set[str]:
    found = audience.of(ctx, meant).subquery()
    rows = ctx.session.execute(select(Member.name).where(Member.id.in_(select(found.c.member_id))))
    return {name for (name,) in rows}


def saved(ctx: Any, name: str = "筛选", shared: bool = True, **asked: str) -> Any:
    row = filters.save(ctx, {"name": name, "shared": shared, "filters": asked, "columns": [], "sort": ""})
    ctx.session.commit()
    return row


@pytest.mark.clause("NOT-01")
def test_an_audience_is_a_place_levels_a_filter_and_whoever_is_active(inside: Registry) -> None:
    inside.admit(inside.branch, name="成员001", gender="female")
    inside.admit(inside.branch, name="成员002", gender="male")
    inside.admit(inside.city, name="成员003", gender="female")
    gone = inside.admit(inside.branch, name="成员004", gender="female")
    ctx = inside.ctx(inside.city)
    members.leave(ctx, gone.id, {"ended_on": gone.admitted_on, "kind": "left", "version": gone.version})
    ctx.session.commit()
    here = inside.city.ref
    assert names(ctx, Audience(here)) == {"成员001", "成员002", "成员003"}
    assert names(ctx, Audience(here, "self")) == {"成员003"}
    assert names(ctx, Audience(here, levels=(inside.branch.level,))) == {"成员001", "成员002"}
    women = saved(ctx, gender="female")
    assert names(ctx, Audience(here, filter_id=women.id)) == {"成员001", "成员003"}
    assert audience.count(ctx, Audience(here, levels=(inside.branch.level,), filter_id=women.id)) == 1
    said = audience.describe(ctx, Audience(here, levels=(inside.branch.level,), filter_id=women.id))
    assert inside.city.name in said
    assert "筛选" in said


@pytest.mark.clause("NOT-01")
def test_those_without_an_account_are_counted_apart(inside: Registry) -> None:
    first = inside.admit(inside.branch, name="成员001")
    inside.admit(inside.branch, name="成员002")
    ctx = inside.ctx(inside.root)
    ctx.session.get_one(Member, first.id).account_id = inside.world.account(inside.branch).id
    ctx.session.commit()
    reached = audience.reached(ctx, Audience(inside.root.ref))
    assert (reached.all, reached.with_account, reached.without) == (2, 1, 1)


@pytest.mark.clause("NOT-01")
def test_holders_of_a_role_are_meant_once_and_only_while_they_hold_it(inside: Registry) -> None:
    world = inside.world
    secretary = world.admin(inside.branch, "branch_secretary", "self")
    world.grant(secretary, inside.other, "branch_secretary", "self")
    world.admin(inside.root, "branch_secretary", "self")
    ended = world.admin(inside.branch, "branch_secretary", "self")
    ctx = inside.ctx(inside.city)
    grant = next(one for one in ctx.session.scalars(select(_grants())) if one.account_id == ended.id)
    grant.ended_at = ctx.clock.now()
    ctx.session.flush()
    meant = Audience(inside.city.ref, role="branch_secretary")
    rows = ctx.session.execute(audience.of(ctx, meant)).all()
    assert [row.account_id for row in rows] == [secretary.id]
    assert "团支部书记" in audience.describe(ctx, meant)


def _grants() -> Any:
    from banyan.modules.access.models import RoleGrant

    return RoleGrant


@pytest.mark.clause("NOT-01")
def test_a_sender_means_nobody_beyond_reach(inside: Registry) -> None:
    narrow = inside.ctx(inside.city, "branch_secretary", "self")
    assert audience.count(narrow, Audience(inside.city.ref, "self")) == 0
    with pytest.raises(Forbidden):
        audience.of(narrow, Audience(inside.city.ref))
    with pytest.raises(NotFound):
        audience.of(inside.ctx(inside.branch), Audience(inside.other.ref))
    private = saved(inside.ctx(inside.city), shared=False, gender="male")
    with pytest.raises(NotFound):
        audience.of(inside.ctx(inside.city), Audience(inside.city.ref, filter_id=private.id))


@pytest.mark.clause("NOT-01")
def test_a_link_of_guidance_ends_what_is_meant(inside: Registry) -> None:
    guided = inside.world.org(inside.city, type="association", link="guidance")
    inside.world.session.commit()
    member = inside.admit(guided, name="成员009")
    inside.admit(inside.branch, name="成员001")
    ctx = inside.ctx(inside.city)
    assert names(ctx, Audience(inside.city.ref)) == {"成员001"}
    assert not audience.includes(ctx, Audience(inside.city.ref), member)
    assert audience.includes(ctx, Audience(guided.ref), member)


@pytest.mark.clause("NOT-01")
def test_a_reader_below_is_told_without_any_rights(inside: Registry) -> None:
    ctx = inside.ctx(inside.city)
    field = field_definitions.create(ctx, definition(label="宿舍楼", kind="choice", choices=["东楼", "西楼"]))
    ctx.session.commit()
    own = saved(ctx, shared=False, f_su_she_lou="c1")
    east = inside.admit(inside.branch, name="成员001", fields={field.key: "c1"})
    west = inside.admit(inside.branch, name="成员002", fields={field.key: "c2"})
    meant = Audience(inside.city.ref, filter_id=own.id)
    reader = inside.world.context(inside.world.account(inside.branch), inside.branch, Exact(inside.branch.ref))
    assert audience.includes(reader, meant, east)
    assert not audience.includes(reader, meant, west)
    assert audience.from_json(reader, audience.to_json(meant)) == meant
    reader.session.close()


@pytest.mark.clause("NOT-01")
def test_a_filter_whose_field_is_gone_means_nobody_and_says_so(inside: Registry) -> None:
    ctx = inside.ctx(inside.city)
    field = field_definitions.create(ctx, definition(label="特长", kind="text"))
    ctx.session.commit()
    row = saved(ctx, f_te_chang="书法")
    field_definitions.archive(ctx, field.id, field.version)
    ctx.session.commit()
    assert filters.offered(ctx)[0].gone == ("f_te_chang",)
    with pytest.raises(Refused) as refused:
        audience.of(ctx, Audience(inside.city.ref, filter_id=row.id))
    assert "f_te_chang" in str(refused.value.reasons[0])
    assert not audience.includes(ctx, Audience(inside.city.ref, filter_id=row.id), inside.admit(inside.branch))


@pytest.mark.clause("NOT-01")
def test_a_filter_that_a_notice_waits_for_is_not_deleted(inside: Registry) -> None:
    ctx = inside.ctx(inside.city)
    row = saved(ctx, gender="female")
    meant = [audience.to_json(Audience(inside.city.ref, filter_id=row.id))]
    place = {"org_id": inside.city.id, "org_path": inside.city.path}
    notice = Notice(title="开会", body="开会", state="scheduled", audiences=meant, order_at=ctx.clock.now(), **place)
    notice.created_at = notice.updated_at = ctx.clock.now()
    ctx.session.add(notice)
    ctx.session.flush()
    with pytest.raises(Refused) as refused:
        filters.delete(ctx, row.id)
    assert "开会" in str(refused.value.reasons[0])
    notice.state = "published"
    ctx.session.flush()
    filters.delete(ctx, row.id)


@pytest.mark.clause("NOT-01")
@settings(max_examples=12)
@given(data=st.data())
def test_includes_says_what_of_says_on_random_trees(data: st.DataObject, app: Any, world: Any, urls: Any) -> None:
    """Random trees with links of guidance, members of any state, and audiences of any kind."""
    with app.test_request_context():
        root = world.org(code=None)
        orgs = [root]
        for number in range(data.draw(st.integers(1, 6))):
            parent = data.draw(st.sampled_from([one for one in orgs if one.depth < 5]))
            link = data.draw(st.sampled_from(["leadership", "leadership", "guidance"]))
            orgs.append(world.org(parent, type="association", link=link, name=f"组织{number}"))
        made = []
        ctx = world.context(world.admin(root), root, Whole("arranging a test"))
        for number in range(data.draw(st.integers(1, 8))):
            place = data.draw(st.sampled_from(orgs))
            made.append(_member(ctx, place, number, data.draw(st.sampled_from(["female", "male"]))))
        ctx.session.commit()
        row = saved(world.context(world.admin(root), root), gender="female")
        base = data.draw(st.sampled_from(orgs))
        meant = Audience(
            base.ref,
            data.draw(st.sampled_from(["self", "subtree"])),
            tuple(data.draw(st.sets(st.sampled_from(sorted({one.level for one in orgs})), max_size=2))),
            data.draw(st.sampled_from([None, row.id])),
        )
        sender = world.context(world.admin(base), base)
        listed = {identity for (identity, *_rest) in sender.session.execute(audience.of(sender, meant))}
        reader = world.context(world.account(root), root, Whole("reading a test"))
        told = {one.id for one in made if audience.includes(reader, meant, one)}
        assert told == listed
        for opened in (ctx, sender, reader):
            opened.session.close()


def _member(ctx: Any, place: Any, number: int, gender: str) -> Member:
    from banyan.modules.people.services import periods, persons

    person = persons.take(ctx, place.ref, "", "")
    row = Member(
        org_id=place.id,
        org_path=place.path,
        person_id=person.id,
        name=f"成员{number:03d}",
        sort_name=f"{number:03d}",
        gender=gender,
        admitted_on=ctx.clock.now().date(),
        created_at=ctx.clock.now(),
        updated_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    periods.open_period(ctx, row, row.admitted_on, "admission")
    return row


@pytest.mark.clause("NOT-01")
def test_the_form_counts_while_it_is_filled_in(inside: Registry, client: FlaskClient) -> None:
    inside.admit(inside.branch, name="成员001")
    world, code = inside.world, inside.city.code
    admin = world.admin(inside.city)
    world.sign_in(admin, client)
    address = f"/orgs/{code}/members/audience?audience.reach=subtree&audience.levels={inside.branch.level}"
    fragment = client.get(address, headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    assert "1" in fragment.text
    assert "<html" in client.get(address).text
    wrong = client.get(f"/orgs/{code}/members/audience?audience.org=nowhere")
    assert wrong.status_code == 422
    headers = world.token(admin)
    answer = client.post(f"/api/v1/orgs/{code}/members/audience", json={"audience": {}}, headers=headers)
    assert answer.status_code == 200
    assert answer.get_json() | {"described": ""} == {"all": 1, "with_account": 0, "without": 1, "described": ""}
    below = inside.branch.code
    narrow = world.token(world.admin(inside.city, "branch_secretary", "self"))
    body = {"audience": {"org": below}}
    answer = client.post(f"/api/v1/orgs/{code}/members/audience", json=body, headers=narrow)
    assert answer.status_code == 422


def test_a_count_asks_few_statements(inside: Registry, statements: list[str]) -> None:
    ctx = inside.ctx(inside.root)
    audience.count(ctx, Audience(inside.root.ref))
    statements.clear()
    audience.reached(ctx, Audience(inside.root.ref, levels=("village",)))
    assert len([one for one in statements if "set_config" not in one]) <= 2
