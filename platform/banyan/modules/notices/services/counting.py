"""Who has read a notice: figures by organisation, with a way down, and a reminder to those who have not (NOT-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, func, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import upper
from banyan.modules.access.decision import require
from banyan.modules.audit.services import record
from banyan.modules.delivery.services import posting
from banyan.modules.delivery.services.posting import Words
from banyan.modules.notices import rules
from banyan.modules.notices.models import Notice, NoticeRecipient, NoticeTally
from banyan.modules.notices.permissions import PUBLISH
from banyan.modules.notices.services.spreading import ONCE, address, contacts
from banyan.modules.notices.services.telling import said, subject
from banyan.modules.tenancy.models import Org

FIGURES = ("reached", "without", "read", "confirmed", "gone")
_SUMS = tuple(func.coalesce(func.sum(getattr(NoticeTally, name)), 0).cast(BigInteger).label(name) for name in FIGURES)
MOST_CHILDREN = 500


@dataclass(frozen=True, slots=True)
class Figures:
    """How a notice stands among some people.

    :ivar reached: whom it is for. :ivar without: of them, those without an account.
    """

    reached: int = 0
    without: int = 0
    read: int = 0
    confirmed: int = 0
    gone: int = 0

    @property
    def missing(self) -> int:
        """Those who still have to read it."""
        return rules.missing(self.reached, self.without, self.read, self.gone)

    @property
    def rate(self) -> int:
        """Of a hundred whom it can reach, so many have read it."""
        able = self.reached - self.without - self.gone
        return round(100 * self.read / able) if able > 0 else 0


@dataclass(frozen=True, slots=True)
class Below:
    """Figures of a lower organisation with all below it."""

    code: str
    name: str
    figures: Figures


def total(ctx: Context, notice: Notice) -> Figures:
    """How a notice stands at the organisation of the request and below."""
    lo, hi = ctx.here.path, upper(ctx.here.path)
    row = ctx.session.execute(
        select(*_SUMS).where(NoticeTally.notice_id == notice.id, NoticeTally.org_path >= lo, NoticeTally.org_path < hi)
    ).one()
    return Figures(**row._asdict())


def breakdown(ctx: Context, notice: Notice) -> Sequence[Below]:
    """The same for each organisation directly below, those where most is missing first. One statement."""
    end = func.concat(func.left(Org.path, func.length(Org.path) - 1), "/")
    rows = ctx.session.execute(
        select(Org.code, Org.name, *_SUMS)
        .join(NoticeTally, (NoticeTally.org_path >= Org.path) & (NoticeTally.org_path < end))
        .where(NoticeTally.notice_id == notice.id, Org.parent_id == ctx.here.id)
        .group_by(Org.id)
        .order_by(Org.path)
        .limit(MOST_CHILDREN)
    )
    found = [_below(*row) for row in rows]
    return sorted(found, key=lambda one: -one.figures.missing)


def _below(code: str, name: str, *figures: int) -> Below:
    return Below(code, name, Figures(*figures))


def remind(ctx: Context, notice_id: UUID) -> int:
    """Remind those who have not read a notice, here and below: by e-mail and SMS, as they like to be told.

    In the inbox it stands first for them anyway. :returns: how many messages. :raises Refused: it was done lately.
    """
    notice = ctx.session.get(Notice, notice_id)
    require(ctx, PUBLISH.name, ctx.here)
    if notice is None or notice.state != "published":
        raise Refused(lazy("It is not published."))
    now, lo, hi = ctx.clock.now(), ctx.here.path, upper(ctx.here.path)
    lately = NoticeRecipient.reminded_at > now - rules.REMIND_AFTER
    due = ctx.session.execute(
        update(NoticeRecipient)
        .where(
            NoticeRecipient.notice_id == notice.id,
            NoticeRecipient.org_path >= lo,
            NoticeRecipient.org_path < hi,
            NoticeRecipient.read_at.is_(None),
            NoticeRecipient.gone_at.is_(None),
            NoticeRecipient.account_id.is_not(None),
            ~func.coalesce(lately, False),
        )
        .values(reminded_at=now)
        .returning(NoticeRecipient.reader_id)
        .execution_options(synchronize_session=False)
    )
    readers = list(due.scalars())
    if not readers:
        raise Refused(lazy("Everybody has read it, or was reminded within the last twelve hours."))
    title, _body = said(notice)
    made = 0
    for channel in ONCE:
        to = contacts(ctx, notice, channel, readers)
        if to:
            words = Words(
                str(lazy("Reminder: %(title)s", title=title)),
                str(lazy("You have not read this notice yet.")),
                link=address(notice),
                thing_type="notice",
                thing_id=str(notice.id),
            )
            made += posting.post(ctx, ctx.here, channel, words, to)
    record(ctx, "notices.notice.remind", subject(notice), org=ctx.here, after={"reminded": len(readers)})
    return len(readers)
