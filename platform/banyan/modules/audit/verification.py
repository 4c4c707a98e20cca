"""Verify the chain of the audit log (SYS-01): walk it in bounded memory, say what does not hold, keep the result.

The walk reads windows of time, oldest first; what it knows after a window is small and is JSON, so that a job that
was killed goes on where it stood. Entries that are written meanwhile do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.modules.audit import chain, partitions
from banyan.modules.audit.models import AuditEntry, AuditVerification
from banyan.modules.audit.rules import Finding, Head, Stretch, findings, joined

# A transaction does not last longer than this: entries next to each other in a lane are not further apart.
APART = timedelta(days=1)
MOST_BROKEN = 10_000
MOST_KEPT = 500


@dataclass(slots=True)
class Walk:
    """How far a verification has come.

    :ivar began: the heads before the first window. :ivar following: where the next window begins, empty at the end.
    :ivar stopped: so much is wrong that reading on would tell nothing more.
    """

    began: dict[int, Head]
    since: str = ""
    following: str = ""
    entries: int = 0
    old: int = 0
    stretches: list[Stretch] = field(default_factory=list)
    broken: list[Stretch] = field(default_factory=list)
    stopped: bool = False

    def dumped(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "began": [[lane, h.position, h.hash] for lane, h in self.began.items()]}

    @classmethod
    def loaded(cls, data: dict[str, Any]) -> Walk:
        """What `dumped` gave."""
        lists = {name: [Stretch(**one) for one in data[name]] for name in ("stretches", "broken")}
        began = {lane: Head(position, value) for lane, position, value in data["began"]}
        return cls(**{**data, **lists, "began": began})


def begin(session: Session, since: datetime | None = None) -> Walk:
    """Start a walk: note the heads, find the first entry. :param since: leave out what is older."""
    walk = Walk(chain.heads(session), since.isoformat() if since else "", stretches=chain.archived(session))
    first = chain.first_instant(session, since - APART if since else None)
    walk.following = first.isoformat() if first else ""
    return walk


def step(session: Session, walk: Walk, size: int = chain.ENTRIES_AT_ONCE) -> None:
    """Read the next window."""
    found = chain.window(session, datetime.fromisoformat(walk.following), size)
    walk.entries += found.entries
    walk.old += found.old
    walk.stretches = joined([*walk.stretches, *found.stretches])
    walk.broken += found.broken
    walk.stopped = len(walk.stretches) + len(walk.broken) > MOST_BROKEN
    walk.following = found.until.isoformat() if found.until and not walk.stopped else ""


def ended(session: Session, walk: Walk) -> list[Finding]:
    """What does not hold, once all has been read."""
    found = findings(walk.stretches, walk.broken, walk.began, chain.heads(session), since=walk.since)
    if walk.stopped:
        return [one for one in found if one.kind != "cut"]
    return [*partitions.absent(session, found), *found]


def verified(
    session: Session,
    since: datetime | None = None,
    *,
    size: int = chain.ENTRIES_AT_ONCE,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Walk, list[Finding]]:
    """Walk the whole chain at once.

    :param since: leave out what is older. :param tell: hears how many entries were read, of about how many.
    """
    walk, total = begin(session, since), chain.expected(session)
    while walk.following:
        step(session, walk, size)
        tell(walk.entries, max(total, walk.entries))
    return walk, ended(session, walk)


def keep(ctx: Context, walk: Walk, found: list[Finding], started_at: datetime) -> AuditVerification:
    """Keep the result of a walk that has come to its end."""
    row = AuditVerification(
        started_at=started_at,
        finished_at=ctx.clock.now(),
        since=datetime.fromisoformat(walk.since) if walk.since else None,
        entries=walk.entries,
        old=walk.old,
        stopped=walk.stopped,
        found=len(found),
        findings=[asdict(one) for one in found[:MOST_KEPT]],
        heads={str(lane): [head.position, head.hash] for lane, head in walk.began.items()},
        started_by=ctx.actor.name,
        via=ctx.actor.via,
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row


def latest(session: Session, *, whole: bool = False) -> AuditVerification | None:
    """The last verification, or the last one of the whole log."""
    statement = (
        select(AuditVerification).order_by(AuditVerification.finished_at.desc(), AuditVerification.id.desc()).limit(1)
    )
    return session.scalar(statement.where(AuditVerification.since.is_(None)) if whole else statement)


@dataclass(frozen=True, slots=True)
class Proof:
    """Where an entry stands in the chain.

    :ivar sound: its values are those it was chained with. :ivar verified_at: when a verification of the whole chain
        that went beyond it found nothing wrong with it; None: no such verification yet.
    """

    lane: int
    position: int
    hash: str
    previous: str
    sound: bool
    verified_at: datetime | None


def proof(session: Session, identity: UUID) -> Proof:
    """Where the entry with ``identity`` stands in the chain; the caller has seen to it that it may be seen."""
    entry = select(AuditEntry.lane, AuditEntry.position, AuditEntry.hash, AuditEntry.previous_hash, text(chain.SOUND))
    lane, position, value, previous, sound = session.execute(entry.where(AuditEntry.id == identity)).one()
    last, at = latest(session, whole=True), None
    if last is not None and last.heads.get(str(lane), [0])[0] >= position:
        wrong = any(one.lane == lane and one.first <= position <= one.last for one in told(last))
        at = last.finished_at if not wrong else None
    return Proof(lane, position, value.hex(), previous.hex(), bool(sound), at)


def told(found: AuditVerification) -> Iterator[Finding]:
    """The findings kept with a verification."""
    for one in found.findings:
        yield Finding(**one)
