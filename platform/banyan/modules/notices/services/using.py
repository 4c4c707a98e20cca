"""Which notices still need a saved filter of members (UI-03)."""

from __future__ import annotations

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.notices.models import Notice

NAMED = 5


def of_filter(ctx: Context, filter_id: str) -> list[Text]:
    """What stands against deleting a saved filter: notices that wait for approval or for their time and name it."""
    rows = ctx.session.execute(
        select(Notice.title, Notice.audiences).where(Notice.state.in_(("waiting", "scheduled"))).order_by(Notice.id)
    )
    using = [title for title, audiences in rows if any(one.get("filter_id") == filter_id for one in audiences)]
    return [_said(title) for title in using[:NAMED]]


def _said(title: str) -> Text:
    said: Text = lazy("The notice “%(title)s” is still to be sent to whom it finds.", title=title)
    return said
