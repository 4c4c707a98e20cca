"""Finding entries among millions: what each filter asks of the database, so that it reads little more than it shows.

Every predicate here is a plain range or equality on an indexed column of the log, with its value known when the plan
is made; the newest entries come first from ``(column, at)`` or, where many match, from the primary key ``(at, id)``.

Entries of a subtree are decided by where their organisation stands *today* (a join to ``org``), and looked for by the
path *as written*: in the subtree's range and at the former places of organisations that moved into it
(``audit_path``, which the database keeps). The first says what may be seen, the second only where to look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false, func, not_, or_, select
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import InstrumentedAttribute, Session

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.runtime import runtime
from banyan.kernel.tables import day_start
from banyan.kernel.treepath import upper
from banyan.modules.audit.models import AuditEntry, AuditPath
from banyan.modules.audit.neighbours import ACCOUNT, ORG
from banyan.modules.audit.reading import reading

# Above so many former places it is cheaper not to look at them one by one.
MOST_PLACES, MOST_ROWS = 200, 10_000
LAST = "\U0010ffff"
PERIODS = {"today": 0, "week": 6, "month": 29}
# The clock of whoever writes may be ahead of ours; months that nobody has written to yet need not be looked into.
AHEAD = timedelta(days=1)
Inside = Callable[[ColumnElement[str] | InstrumentedAttribute[Any]], ColumnElement[bool]]


def seen(ctx: Context, *permissions: str) -> ColumnElement[bool]:
    """The predicate of entries of the organisation of the request and those below, with each of ``permissions``."""

    def inside(path: Any) -> ColumnElement[bool]:
        return and_(*(reading().visible(ctx, name, path, within=ctx.here) for name in permissions))

    return and_(_places(ctx.session, inside), AuditEntry.at < _SOON)


def subtree_of(session: Session, code: str) -> ColumnElement[bool]:
    """The predicate of entries of the organisation called ``code`` and those below; nothing for an unknown code."""
    place = _row_of(session, code)
    if place is None:
        return false()
    lo, hi = place.path, upper(place.path)

    def inside(path: Any) -> ColumnElement[bool]:
        return and_(path >= lo, path < hi)

    return _places(session, inside)


def organisation_of(session: Session, code: str) -> UUID | None:
    """The id of the organisation called ``code``."""
    place = _row_of(session, code)
    return place.id if place else None


def name_of(session: Session, account: UUID) -> tuple[UUID, str | None]:
    """An account with the name it signs in by, under which its entries stand."""
    return account, session.execute(select(ACCOUNT.c.sign_in_name).where(ACCOUNT.c.id == account)).scalar()


def by_account(found: tuple[UUID, str | None]) -> ColumnElement[bool]:
    """Entries of an account; see `name_of`."""
    identity, name = found
    return and_(AuditEntry.account_id == identity, AuditEntry.account_name == name) if name else false()


def beginning(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Values that begin with ``text``, as a range."""
    return and_(column >= text, column < text + LAST)


def within_module(name: str) -> ColumnElement[bool]:
    """Actions of a module: ``module.thing.verb``."""
    return and_(AuditEntry.action >= f"{name}.", AuditEntry.action < f"{name}/")


def period(name: str) -> ColumnElement[bool]:
    """Entries since the beginning of the day, or of so many days before it; nothing for a period that is none."""
    days = PERIODS.get(name)
    if days is None:
        return false()
    start = bindparam(
        f"since_{name}",
        callable_=lambda: day_start(today(runtime().clock) - timedelta(days=days)),
        type_=TIMESTAMP(timezone=True),
    )
    return AuditEntry.at >= start


_SOON = bindparam("soon", callable_=lambda: runtime().clock.now() + AHEAD, type_=TIMESTAMP(timezone=True))


def _row_of(session: Session, code: str) -> Any:
    return session.execute(select(ORG.c.id, ORG.c.path).where(ORG.c.code == code.lower())).first()


def _places(session: Session, inside: Inside) -> ColumnElement[bool]:
    """Entries whose organisation is inside today, looked for where they were written.

    The planner takes both for independent, and would expect a tenth of a tenth of the rows. COALESCE hides the first
    from its estimates: it only decides what the second has found.
    """
    places = _former_places(session, inside)
    if places is None:
        return inside(ORG.c.path)
    written = AuditEntry.org_path
    found = or_(inside(written), *(and_(written >= lo, written < upper(lo)) for lo in places))
    return and_(func.coalesce(inside(ORG.c.path), false()), found)


def _former_places(session: Session, inside: Inside) -> Sequence[str] | None:
    """Where organisations stood before they moved inside; None for too many to look at."""
    former = (
        select(AuditPath.org_path)
        .join(ORG, ORG.c.id == AuditPath.org_id)
        .where(inside(ORG.c.path), not_(inside(AuditPath.org_path)))
        .order_by(AuditPath.org_path)
        .limit(MOST_ROWS + 1)
    )
    rows = session.execute(former).scalars().all()
    places = _outermost(rows)
    return None if len(places) > MOST_PLACES or len(rows) > MOST_ROWS else places


def _outermost(paths: Iterable[str]) -> Sequence[str]:
    """Of paths in order, those that lie in no other: an organisation moves with all below it."""
    found: list[str] = []
    for path in paths:
        if not found or not path.startswith(found[-1]):
            found.append(path)
    return found
