"""What this module itself puts on a member's home, and in the rail of members."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Card, NavItem, OwnTile
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import own


def tiles(ctx: Context, member_id: str) -> Sequence[OwnTile]:
    """Record and requests, and first of all a record that the branch has returned."""
    identity = UUID(member_id)
    member = ctx.session.get_one(Member, identity)
    waiting = ctx.session.scalar(
        select(func.count()).select_from(MemberChange).where(MemberChange.member_id == identity, MemberChange.is_open)
    )
    found = [
        OwnTile(
            "people.record",
            lazy("My record"),
            "people_own_pages.record",
            lazy("What is held about you, and who may see it"),
            "id",
            order=10,
            values={"member_id": identity},
        ),
        OwnTile(
            "people.changes",
            lazy("My requests"),
            "people_own_pages.listing",
            lazy("What you changed and asked for"),
            "clipboard-list",
            count=waiting or 0,
            order=20,
        ),
    ]
    if member.review == "returned":
        found.insert(
            0,
            OwnTile(
                "people.returned",
                lazy("Your record was returned to you"),
                "people_own_pages.correct",
                lazy("Read the reasons, correct it and send it again"),
                "alert-circle",
                waiting=True,
                order=0,
                values={"member_id": identity},
            ),
        )
    return found


def cards(_ctx: Context) -> Sequence[Card]:
    """The card of the dashboard about changes that wait."""
    title, endpoint = lazy("Changes by members"), "people_change_pages.card"
    return (Card("people.changes", title, endpoint, 4, 40, MEMBER_READ.name),)


def entries(ctx: Context) -> Sequence[NavItem]:
    """The branch's list of changes, and what is one's own: all of it for those who hold no role."""
    title, endpoint = lazy("Changes by members"), "people_change_pages.listing"
    return (NavItem(title, endpoint, "clipboard-check", "work", 15, MEMBER_READ.name), *_own(ctx))


def _own(ctx: Context) -> Sequence[NavItem]:
    if ctx.actor.account_id is None:
        return ()
    home = NavItem(lazy("My page"), "people_own_pages.me", "home", "own", 10, tab=True)
    if ctx.actor.grants:
        return (home,) if own.any_record(ctx) else ()
    return (
        home,
        NavItem(lazy("My record"), "people_own_pages.first", "id", "own", 30, tab=True),
        NavItem(lazy("My requests"), "people_own_pages.listing", "clipboard-list", "own", 40),
    )
