"""The chain of the audit log: what the database keeps of it, read in bounded memory.

Every entry stands in a lane at a position; its hash covers all of its columns, lane and position among them, and the
hash of the entry before it in the lane: ``sha256(previous_hash || sha256(text))`` (the function ``audit_hash`` of the
database, which says what the text is). The trigger ``audit_chain`` writes them, for the owner of the tables as for the
application; ``audit_lane`` holds the end of each lane. Lane 0 holds what was written before there was a chain.

**The seam of signed heads and proofs** (SYS-01): `heads` gives the end of every lane at the instant it is read, from
one statement; every verification keeps the heads it began with. Whoever keeps them elsewhere can hold a later log
against them: the entry at that lane and position must still have that hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from banyan.modules.audit.rules import Head, Stretch

ENTRIES_AT_ONCE = 200_000
BEFORE_THE_CHAIN = 0
_VALUES = (
    "at, id, org_id, org_path, account_id, account_name, via, address, request_id, action, outcome, subject_type,"
    " subject_id, subject_label, before, after, decision"
)
SOUND = f"hash = audit_hash(previous_hash, lane, position, {_VALUES})"

# Hashes are looked at before sorting (OFFSET 0), so that the sort carries no values. What comes out are the ends of
# unbroken stretches and entries whose hash is not theirs: a few rows for a sound log.
_WINDOW = f"""
SELECT lane, position, at, id, previous_hash, hash, sound, starts, ends, entries, old FROM (
    SELECT *, count(*) OVER () AS entries, count(*) FILTER (WHERE lane = 0) OVER () AS old,
           lag(position) OVER w IS DISTINCT FROM position - 1 OR lag(hash) OVER w IS DISTINCT FROM previous_hash
               AS starts,
           lead(position) OVER w IS DISTINCT FROM position + 1 OR lead(previous_hash) OVER w IS DISTINCT FROM hash
               AS ends
    FROM (SELECT lane, position, at, id, previous_hash, hash, {SOUND} AS sound FROM audit_entry
          WHERE at >= :since AND at < :until OFFSET 0) AS e
    WINDOW w AS (PARTITION BY lane ORDER BY position, at, id)
) AS e
WHERE starts OR ends OR sound IS NOT TRUE
ORDER BY lane, position, at, id
"""  # noqa: S608 - names of our own
_NEXT = text("SELECT at FROM audit_entry WHERE at > :since ORDER BY at OFFSET :entries LIMIT 1")
_FIRST = text("SELECT min(at) FROM audit_entry WHERE at >= :since")
_HEADS = text("SELECT lane, position, hash FROM audit_lane ORDER BY lane")
_ARCHIVED = text(
    "SELECT lane, first, last, previous_hash, hash, first_at, last_at, first_id, last_id FROM audit_archive"
)
_EXPECTED = text(
    "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class JOIN pg_inherits ON inhrelid = oid"
    " WHERE inhparent = 'audit_entry'::regclass"
)
LONG_AGO, NEVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """What a span of time holds of the chain.

    :ivar until: where the next window begins; None after the last one. :ivar entries: how many were read.
    :ivar old: those of them that were sealed after they had been written. :ivar broken: whose hash is not theirs.
    """

    until: datetime | None
    entries: int = 0
    old: int = 0
    stretches: tuple[Stretch, ...] = ()
    broken: tuple[Stretch, ...] = ()


def heads(session: Session) -> dict[int, Head]:
    """The end of every lane, at one instant."""
    return {lane: Head(position, value.hex()) for lane, position, value in session.execute(_HEADS)}


def archived(session: Session) -> list[Stretch]:
    """What was taken out of the log by rule; see `banyan.modules.audit.partitions.archive`."""
    return [_stretch(row, row.first, row.last) for row in session.execute(_ARCHIVED)]


def expected(session: Session) -> int:
    """How many entries there are by what the database remembers, for showing progress."""
    return int(session.execute(_EXPECTED).scalar_one())


def first_instant(session: Session, since: datetime | None) -> datetime | None:
    """When the first entry was written, at or after ``since``; None if there is none."""
    found: datetime | None = session.execute(_FIRST, {"since": since or LONG_AGO}).scalar_one()
    return found


def window(session: Session, since: datetime, size: int = ENTRIES_AT_ONCE) -> Window:
    """Read about ``size`` entries from ``since`` on; more only when they were all written at one instant."""
    until = session.execute(_NEXT, {"since": since, "entries": size}).scalar_one_or_none()
    return between(session, since, until)


def between(session: Session, since: datetime, until: datetime | None) -> Window:
    """Read the entries of a span of time."""
    rows = session.execute(text(_WINDOW), {"since": since, "until": until or NEVER}).all()
    if not rows:
        return Window(until)
    broken = tuple(_single(row) for row in rows if not row.sound)
    return Window(until, rows[0].entries, rows[0].old, tuple(_stretches(rows)), broken)


def _stretches(rows: Sequence[Any]) -> Iterator[Stretch]:
    start: Any = None
    for row in rows:
        if row.starts:
            start = row
        if row.ends:
            yield _joined(start, row)


def _joined(start: Any, end: Any) -> Stretch:
    return Stretch(
        start.lane if start.lane is not None else -1,
        start.position or 0,
        end.position or 0,
        (start.previous_hash or b"").hex(),
        (end.hash or b"").hex(),
        start.at.astimezone(UTC).isoformat(),
        end.at.astimezone(UTC).isoformat(),
        str(start.id),
        str(end.id),
    )


def _single(row: Any) -> Stretch:
    return _joined(row, row)


def _stretch(row: Any, first: int, last: int) -> Stretch:
    return Stretch(
        row.lane,
        first,
        last,
        row.previous_hash.hex(),
        row.hash.hex(),
        row.first_at.astimezone(UTC).isoformat(),
        row.last_at.astimezone(UTC).isoformat(),
        str(row.first_id),
        str(row.last_id),
    )
