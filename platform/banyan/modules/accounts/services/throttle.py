"""Slowing down guessing: tries are counted before they are made, so that many at once are not more than one by one.

Which counters a try runs against, and why nobody can lock others out with them, is told in `guard`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import ColumnElement, and_, case, delete, func, literal, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.context import Context
from banyan.modules.accounts.models import Throttle


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures of one kind lead to how long a pause.

    :ivar kind: what is counted: ``name``, ``address`` … :ivar by_address: the source is an address.
    """

    kind: str
    failures: int
    pause: timedelta = timedelta(minutes=15)
    by_address: bool = False

    def key(self, source: str) -> bytes:
        """The key of ``source`` as it is kept: nobody reads names or addresses out of the table."""
        source = network(source) if self.by_address else source
        return hashlib.sha256(f"{self.kind}:{source}".encode()).digest()


BY_NAME = Limit("name", 5)
BY_STRANGERS = Limit("strangers", 20)
BY_DEVICE = Limit("device", 10)
BY_ADDRESS = Limit("address", 30, by_address=True)
BY_SESSION = Limit("session", 5)
BY_REGISTRATION = Limit("register", 30, by_address=True)
BY_RESET = Limit("reset", 10, by_address=True)
EVERYWHERE = Limit("everywhere", 60)


def network(address: str) -> str:
    """What one visitor can choose addresses from: an IPv4 address, a /64 of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Network((found, 64), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def reserve(ctx: Context, limit: Limit, source: str) -> int | None:
    """Count a try that is about to be made as if it had failed.

    :param ctx: in a transaction of its own: the count holds whatever becomes of the try.
    :return: failures so far with this one; the one that reaches the limit begins the pause. None during a pause.
    """
    now = ctx.clock.now()
    paused = and_(Throttle.locked_until.is_not(None), Throttle.locked_until > now)
    stale = or_(Throttle.since <= now - limit.pause, Throttle.locked_until.is_not(None))
    failures: ColumnElement[int] = case((stale, 1), else_=Throttle.failures + 1)
    begun = insert(Throttle).values(key=limit.key(source), failures=1, since=now, locked_until=None)
    counted = begun.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "failures": failures,
            "since": case((stale, literal(now)), else_=Throttle.since),
            "locked_until": case((failures >= limit.failures, literal(now + limit.pause)), else_=null()),
        },
        where=~paused,
    )
    return ctx.session.execute(counted.returning(Throttle.failures)).scalar_one_or_none()


def paused(ctx: Context, limit: Limit, source: str) -> bool:
    """Whether tries of ``source`` wait at present."""
    running = Throttle.locked_until > ctx.clock.now()
    return ctx.session.scalar(select(literal(1)).where(Throttle.key == limit.key(source), running)) is not None


def clear(ctx: Context, limit: Limit, source: str) -> None:
    """Forget the failures of ``source``: it has proved itself."""
    ctx.session.execute(delete(Throttle).where(Throttle.key == limit.key(source)))


def give_back(ctx: Context, limit: Limit, source: str) -> None:
    """Take back one `reserve`d try that did not fail; earlier failures still count."""
    ctx.session.execute(
        update(Throttle)
        .where(Throttle.key == limit.key(source))
        .values(failures=func.greatest(Throttle.failures - 1, 0), locked_until=None)
        .execution_options(synchronize_session=False)
    )
