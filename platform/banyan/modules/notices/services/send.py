"""Tell accounts, or an audience, something on behalf of another module (NOT-01)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID, uuid5

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import LazyText, msgid
from banyan.kernel.values import OrgRef
from banyan.modules.notices.models import Notice
from banyan.modules.notices.permissions import PUBLISH
from banyan.modules.notices.services import recipients, spreading, telling
from banyan.modules.people.services import audience
from banyan.modules.people.services.audience import Audience

# Makes of an event's id the id of what was told of it: telling twice is telling once.
_OF_EVENTS = UUID("01931f3a-0000-7000-8000-6e6f74696365")


def notify(
    ctx: Context,
    *,
    to: Audience | Sequence[UUID],
    title: Text,
    body: Text,
    link: str = "",
    kind: Literal["notice", "announcement"] = "notice",
    urgent: bool = False,
    org: OrgRef | None = None,
    once: str = "",
) -> UUID | None:
    """Put something into the inboxes of accounts, or of an audience, in the transaction of ``ctx``.

    Accounts also get it by e-mail and SMS where ``urgent``. Lazy texts are read in each reader's language.

    :param to: ids of accounts, or an `Audience` (then the actor needs the right to publish there).
    :param link: a path within the platform, shown as a button. :param org: who tells it: that of the request, else the
        actor's home. :param once: an id, such as an event's: the same is told once, however often it is called.
    :returns: the notice's id; None where it was told before.
    """
    place = org or ctx.org or ctx.actor.home
    if place is None:
        raise ValueError("a notice is told by an organisation: name one")
    held = []
    if isinstance(to, Audience):
        audience.admit(ctx, to, PUBLISH.name)
        held = [audience.to_json(to)]
    now = ctx.clock.now()
    notice = Notice(
        org_id=place.id,
        org_path=place.path,
        origin="system",
        kind=kind,
        importance="urgent" if urgent else "ordinary",
        title=msgid(title),
        body=msgid(body),
        words={"title": telling.kept(title), "body": telling.kept(body)} if _lazy(title, body) else None,
        link=link,
        channels=["email", "sms"] if urgent else [],
        audiences=held,
        state="published",
        published=False,
        order_at=now,
        published_at=now,
        published_by=ctx.actor.account_id,
        created_by=ctx.actor.account_id,
        created_at=now,
    )
    if once:
        notice.id = uuid5(_OF_EVENTS, once)
        if ctx.session.get(Notice, notice.id) is not None:
            return None
    ctx.session.add(notice)
    ctx.session.flush()
    if not isinstance(to, Audience):
        recipients.add_accounts(ctx, notice, list(to))
    if held or urgent:
        spreading.begin(ctx, notice)
    return notice.id


def _lazy(*texts: Text) -> bool:
    return any(isinstance(text, LazyText) for text in texts)
