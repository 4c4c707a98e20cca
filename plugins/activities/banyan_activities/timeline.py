"""A person's life as activities know it: what they took part in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import url_for
from sqlalchemy import select

from banyan.sdk import Context, TimelineEntry, lazy, plural

from .models import Activity, SignUp

KIND = "activities.sign_up"


def entries(ctx: Context, person_id: str, most: int) -> Sequence[TimelineEntry]:
    """Activities the person came to, the latest first, with the time that counts for them."""
    statement = (
        select(Activity.id, Activity.title, Activity.starts_at, SignUp.minutes)
        .join(SignUp, SignUp.activity_id == Activity.id)
        .where(SignUp.person_id == UUID(person_id), SignUp.attended != "")
        .order_by(Activity.starts_at.desc(), Activity.id)
        .limit(most)
    )
    return [
        TimelineEntry(
            starts_at.date(),
            KIND,
            lazy("Took part: %(title)s", title=title),
            plural("%(num)s minute", "%(num)s minutes", minutes) if minutes else "",
            url_for("activities_pages.activity", activity_id=identity) if ctx.org is not None else "",
        )
        for identity, title, starts_at, minutes in ctx.session.execute(statement)
    ]
