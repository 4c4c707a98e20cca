"""Numbers over a subtree begin here: services append a delta, the statistics module folds it into all ancestors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from banyan.kernel.db.base import Base, Identified
from banyan.kernel.db.scoped import Scoped
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.values import OrgRef


class StatDelta(Identified, Scoped, Base):
    """A change of one number at one organisation, waiting to be folded."""

    __tablename__ = "stat_delta"

    metric: Mapped[str]
    n: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


# Who folds and who moves organisations take turns: a figure must not change its place while it is being added up.
_TURN = 0x62616E79


def hold_folding(session: Session) -> None:
    """Wait until nobody folds deltas or moves organisations, and keep others from it until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(_TURN)))


def count(session: ScopedSession, org: OrgRef, metric: str, n: int = 1) -> None:
    """Append ``n`` to ``metric`` at ``org``, in the transaction of ``session``. Zero is not written."""
    if n:
        session.add(StatDelta(org_id=org.id, org_path=org.path, metric=metric, n=n))
