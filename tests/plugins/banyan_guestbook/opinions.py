"""What visitors think of the book: a survey about an entry."""

from __future__ import annotations

from uuid import UUID

from banyan.sdk import Context, SurveyHost, lazy

from .models import Entry
from .permissions import CREATE


def may_answer(ctx: Context, entry_id: UUID) -> bool:
    """Those at home where the entry stands."""
    entry = ctx.session.get(Entry, entry_id)
    return entry is not None and ctx.actor.home is not None and ctx.actor.home.id == entry.org_id


OPINION = SurveyHost("guestbook.opinion", lazy("Opinions on an entry"), CREATE.name, may_answer)
