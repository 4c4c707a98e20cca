"""Where this module shows itself: the rail, a member's page, one's own page."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Card, NavItem, OwnTile
from banyan.modules.access.decision import may
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ, SENSITIVE_REVEAL
from banyan.modules.privacy import permissions
from banyan.modules.privacy.services import consents

# The first of these pages that somebody may open is where the entry of the rail leads.
_SECTIONS = (
    (permissions.LOOK_READ.name, "privacy_pages.looks"),
    (permissions.REQUEST_READ.name, "privacy_pages.requests"),
    (permissions.NOTICE_READ.name, "privacy_pages.notices"),
    (permissions.REGISTER_READ.name, "privacy_pages.register"),
)


def navigation(ctx: Context) -> Sequence[NavItem]:
    """One entry, for whoever may open any of its pages."""
    for permission, endpoint in _SECTIONS:
        if may(ctx, permission):
            label = lazy("Personal data")
            return (NavItem(label, endpoint, "shield-check", "organisation", 70, permission, also=("privacy",)),)
    return ()


def panels(_ctx: Context, _member_id: str) -> Sequence[Card]:
    """The panel of a member's page."""
    title = lazy("Personal data")
    return (Card("privacy", title, "privacy_pages.panel", width=4, order=80, permission=MEMBER_READ.name),)


def actions(_ctx: Context, _member_id: str) -> Sequence[NavItem]:
    """What can be done with a member."""
    label = lazy("Show in clear")
    return (NavItem(label, "privacy_pages.reveal", "eye", "", 30, SENSITIVE_REVEAL.name),)


def tiles(ctx: Context, member_id: str) -> Sequence[OwnTile]:
    """One's own data; first of all a notice to take note of."""
    member = ctx.session.get_one(Member, UUID(member_id))
    waiting = consents.standing(ctx, member).waiting
    found = [
        OwnTile(
            "privacy.data",
            lazy("My data"),
            "privacy_own_pages.home",
            lazy("A copy, who looked, consent, erasure"),
            "shield-check",
            order=80,
        )
    ]
    if waiting:
        told = lazy("Please read how your data is used")
        found.append(
            OwnTile(
                "privacy.notice", lazy("Privacy notice"), "privacy_own_pages.notice", told, "file-text", waiting=True
            )
        )
    return found
