"""What verifications of the chain found, as people and programs read it.

The chain runs through the entries of every organisation. What is shown of a finding says where in the chain and when,
never what an entry holds; entries that the reader may see are linked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.modules.audit import labels, verification
from banyan.modules.audit.history import readable
from banyan.modules.audit.models import AuditVerification
from banyan.modules.audit.rules import Finding

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as it is read.

    :ivar positions: in its lane, ``9`` or ``9–11``; empty where it has none.
    :ivar at: of the entry, or of the one before a gap.
    :ivar until: of the entry after a gap. :ivar entry: id of the entry, when the reader may see it; else None.
    """

    kind: str
    label: Text
    lane: int | None
    positions: str
    entries: int
    at: datetime | None
    until: datetime | None
    entry: UUID | None
    name: str


@dataclass(frozen=True, slots=True)
class Result:
    """A verification as it is read.

    :ivar intact: nothing was found. :ivar old: entries that were sealed after they had been written.
    :ivar more: how many findings are not among ``findings``.
    """

    id: UUID
    started_at: datetime
    finished_at: datetime
    since: datetime | None
    entries: int
    old: int
    lanes: int
    intact: bool
    found: int
    stopped: bool
    started_by: str
    via: Text
    findings: tuple[Found, ...] = ()
    more: int = 0

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()


def last(ctx: Context) -> Result | None:
    """The last verification of the whole log, with what it found."""
    row = verification.latest(ctx.session, whole=True)
    return _result(row, _findings(ctx, row)) if row is not None else None


def results(ctx: Context, limit: int = SHOWN) -> list[Result]:
    """The last verifications, newest first, without what they found."""
    statement = (
        select(AuditVerification)
        .order_by(AuditVerification.finished_at.desc(), AuditVerification.id.desc())
        .limit(limit)
    )
    return [_result(row) for row in ctx.session.scalars(statement)]


def _result(row: AuditVerification, found: Sequence[Found] = ()) -> Result:
    return Result(
        id=row.id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        since=row.since,
        entries=row.entries,
        old=row.old,
        lanes=sum(1 for position, _hash in row.heads.values() if position),
        intact=row.found == 0,
        found=row.found,
        stopped=row.stopped,
        started_by=row.started_by,
        via=labels.WAYS.get(row.via, row.via),
        findings=tuple(found),
        more=row.found - len(found),
    )


def _findings(ctx: Context, row: AuditVerification) -> list[Found]:
    kept = list(verification.told(row))
    seen = readable(ctx, [UUID(one.entry) for one in kept if one.entry])
    return [_found(one, seen) for one in kept]


def _found(one: Finding, seen: set[UUID]) -> Found:
    entry = UUID(one.entry) if one.entry else None
    placed = one.lane >= 0
    return Found(
        kind=one.kind,
        label=labels.FINDINGS[one.kind],
        lane=one.lane if placed else None,
        positions="" if not placed else str(one.first) if one.first == one.last else f"{one.first}–{one.last}",
        entries=one.last - one.first + 1 if placed else 0,
        at=datetime.fromisoformat(one.at) if one.at else None,
        until=datetime.fromisoformat(one.until) if one.until else None,
        entry=entry if entry in seen else None,
        name=one.name,
    )
