"""What stands on a member's own page."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.sdk import Context, OwnTile, lazy


def own(_ctx: Context) -> Sequence[OwnTile]:
    """The way to activities."""
    return (OwnTile("activities", lazy("Activities"), "activities_member_pages.own", icon="calendar-event"),)
