"""What becomes of transfers when organisations merge, move or end, and of what they hold about a person."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from banyan.modules.people.models import Member
from banyan.modules.stats.services import figures, fold_all
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers import privacy, stats, timeline
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import life
from tests.modules.transfers.branches import Branches
from tests.modules.transfers.sequences import Field


def field(branches: Branches, *orgs: Org) -> Field:
    admin = branches.world.admin(branches.root)
    return Field(branches, [org.id for org in orgs], [], admin, admin)


@pytest.mark.clause("TRF-02")
def test_open_transfers_stand_in_the_way_of_revocation(branches: Branches) -> None:
    empty = branches.world.org(branches.prefecture, "empty")
    branches.apply(branches.member(), "empty")
    tried = field(branches, empty)
    tried.act(("revoke", 0, 0, False))
    assert tried.done == {"refused": 1}
    with branches.whole() as ctx:
        assert [str(reason) for reason in life.in_the_way(ctx, empty.ref)] == [
            "本组织有 1 项转入或转出的组织关系转接尚未办结。"
        ]
        assert not life.in_the_way(ctx, branches.yanji.ref)


@pytest.mark.clause("TRF-02")
def test_a_transfer_follows_its_destination_into_the_one_it_is_merged_into(branches: Branches) -> None:
    small = branches.world.org(branches.prefecture, "small", name="小支部")
    branches.world.admin(small)
    going, coming = branches.member(), branches.member(small)
    transfer = branches.apply(going, "small")
    back = branches.apply(coming, "yanji")
    tried = field(branches, small, branches.yanji)
    tried.act(("merge", 0, 1, False))
    assert tried.done == {"merge": 1}
    assert (branches.state(transfer), branches.state(back)) == ("sending", "withdrawn"), "the other is there already"
    assert branches.place(coming) == "yanji"
    branches.decide(branches.sender, "guilin", transfer)
    assert branches.decide(branches.receiver, "yanji", transfer).status_code == 200
    branches.run()
    assert branches.place(going) == "yanji"
    branches.nobody_is_lost()


def test_a_transfer_goes_on_where_its_destination_has_moved_to(branches: Branches) -> None:
    member = branches.member()
    transfer = branches.apply(member)
    branches.decide(branches.sender, "guilin", transfer)
    tried = field(branches, branches.yanji, branches.city)
    tried.act(("place", 0, 1, False))
    assert tried.done == {"place": 1}
    assert branches.decide(branches.receiver, "yanji", transfer).status_code == 200
    branches.run()
    assert branches.place(member) == "yanji"
    with branches.session() as session:
        assert session.get_one(Member, member.id).org_path.startswith(branches.city.path)


def moved(branches: Branches) -> Member:
    member = branches.member()
    transfer = branches.apply(member)
    branches.decide(branches.sender, "guilin", transfer)
    branches.decide(branches.receiver, "yanji", transfer)
    branches.run()
    return member


def test_who_came_and_went_is_counted_by_month_and_a_recount_agrees(branches: Branches) -> None:
    moved(branches)
    moved(branches)
    shown = branches.api(branches.upper_to, "GET", "yanbian/transfers/months").get_json()["items"]
    assert shown[0] == {"name": "2026-02", "came": 2, "went": 0}
    with branches.whole() as ctx:
        fold_all(ctx)
        found = figures(ctx.session, [branches.root.ref], stats.IN, stats.OUT)[branches.root.id]
        assert dict(found) == {"transfers.in:2026-02": 2, "transfers.out:2026-02": 2}
        assert stats.counted(ctx, "", "~") == {
            "transfers.in:2026-02": {branches.yanji.path: 2},
            "transfers.out:2026-02": {branches.guilin.path: 2},
        }


@pytest.mark.clause("PPL-07")
def test_what_transfers_hold_about_a_person_comes_out_and_goes(branches: Branches) -> None:
    member = moved(branches)
    with branches.whole() as ctx:
        told = privacy.export(ctx, str(member.person_id))["transfers"]
        assert [(one["to_name"], one["reason"], one["moved_on"]) for one in told] == [
            ("延吉支部", "考入延边大学", "2026-02-12")
        ]
        assert privacy.erase(ctx, str(member.person_id)) == {"transfer": 1}
        ctx.session.commit()
    with branches.session() as session:
        kept = session.scalars(select(Transfer)).one()
        assert (kept.name, kept.reason, kept.moved_on) == ("", "", date(2026, 2, 12))


@pytest.mark.clause("PPL-06")
def test_a_transfer_is_in_the_timeline_and_on_the_page_of_the_member(branches: Branches) -> None:
    member = moved(branches)
    with branches.whole() as ctx:
        found = list(timeline.entries(ctx, member.person_id, 10))
        assert [(one.day, str(one.title)) for one in found] == [
            (date(2026, 2, 12), "组织关系转接：桂林街道支部 → 延吉支部")
        ]
    browser = branches.world.sign_in(branches.receiver)
    page = browser.get(f"/orgs/yanji/transfers/of/{member.id}").get_data(as_text=True)
    assert "桂林街道支部 → 延吉支部" in page


def test_two_records_of_one_person_end_the_transfer_of_the_one_that_went_into_the_other(branches: Branches) -> None:
    member, other = branches.member(), branches.member()
    transfer = branches.apply(member)
    tried = Field(branches, [], [member.id], branches.world.admin(branches.guilin), branches.sender)
    tried.act(("leave", 0, 0, False))
    with branches.whole() as ctx:
        life.together(ctx, other.person_id, member.person_id)
        ctx.session.commit()
    assert branches.state(transfer) == "withdrawn"
    assert branches.found(UUID(transfer["id"])).person_id == other.person_id
