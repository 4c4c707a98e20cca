"""What the file of a member adds to its page: tabs, panels and actions for posts, entries, timeline and review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import may
from banyan.modules.people import permissions
from banyan.modules.people.models import Member
from banyan.modules.people.panels import ACTIONS, PANELS, TABS, HeadAction, Panel, Tab
from banyan.modules.people.rules import entries as entry_rules
from banyan.modules.people.rules import posts as post_rules
from banyan.modules.people.services import file_entries, posts, reviewing
from banyan.modules.people.services.bulk import BulkAct, each, register
from banyan.modules.people.services.comparing import label

UPDATE, REVIEW = permissions.POST_UPDATE.name, permissions.MEMBER_REVIEW.name


def _posts(ctx: Context, member: Member) -> Mapping[str, Any]:
    day = today(ctx.clock)
    held = [(post, post_rules.state(post.term_ends, post.ended_on, day)) for post in posts.of_member(ctx, member)]
    return {
        "posts": held,
        "states": post_rules.STATES,
        "tones": post_rules.STATE_TONES,
        "adds": member.status == "active" and may(ctx, UPDATE, member.org),
    }


def _entries(ctx: Context, member: Member) -> Mapping[str, Any]:
    day = today(ctx.clock)
    found = [
        (entry, entry_rules.state(entry.until, entry.withdrawn_at is not None, day))
        for entry in file_entries.of_member(ctx, member)
    ]
    return {
        "entries": found,
        "kinds": entry_rules.KINDS,
        "states": entry_rules.STATES,
        "tones": entry_rules.STATE_TONES,
        "adds": member.status != "merged" and member.erased_at is None and may(ctx, UPDATE, member.org),
    }


def _returned(ctx: Context, member: Member) -> Mapping[str, Any] | None:
    if member.review != "returned":
        return None
    said = [(label(key), reason) for key, reason in reviewing.returned_for(ctx, member).items()]
    return {"remarks": said, "hands_in": may(ctx, permissions.MEMBER_UPDATE.name, member.org)}


def _waits(_ctx: Context, member: Member) -> bool:
    return member.review == "pending" and member.status == "active"


TABS.extend(
    (
        Tab("timeline", lazy("Timeline"), "people_file_pages.timeline", 20),
        Tab("review", lazy("First review"), "people_file_pages.review", 30, REVIEW),
    )
)
PANELS.extend(
    (
        Panel("returned", lazy("Returned for correction"), 5, None, "people/_panels/returned.html", _returned),
        Panel("posts", lazy("Posts"), 30, None, "people/_panels/posts.html", _posts, side=True),
        Panel(
            "entries",
            lazy("Awards, measures, certificates"),
            40,
            None,
            "people/_panels/entries.html",
            _entries,
            side=True,
        ),
    )
)
ACTIONS.append(
    HeadAction("review", lazy("Review"), "people_file_pages.review", "clipboard-check", 5, REVIEW, "primary", _waits)
)


def _accept(ctx: Context, member: Member, _values: Mapping[str, Any]) -> None:
    reviewing.accept(ctx, member.id)


register(BulkAct("accept", lazy("Accept in the first review"), "clipboard-check", REVIEW, do=each(_accept)))
