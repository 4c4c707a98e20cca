"""The audit log's monthly partitions, made ahead by the owner of the tables (`banyan db upgrade`).

**What may be taken out**: a whole month, and only by `archive`, which writes down the stretches of the chain that go
with it. Such stretches count as read; whatever else is missing was dropped, and a verification says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.modules.audit import chain
from banyan.modules.audit.models import AuditArchive
from banyan.modules.audit.rules import Finding, joined

TABLE = "audit_entry"
REST = "audit_entry_rest"
MONTHS_AHEAD = 24
_PARTITIONS = text("""
    SELECT c.relname, i.inhrelid IS NOT NULL FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND c.relname ~ '^audit_entry_\\d{4}_\\d\\d$'
""")
_ATTACHED = text("SELECT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(:name))")


def ensure_partitions(connection: Connection, today: date) -> list[str]:
    """Make the partitions that are missing from the month of ``today`` to `MONTHS_AHEAD` months later.

    Entries that had to go to the default partition meanwhile move to where they belong. Runs in the transaction of
    ``connection``, which belongs to the owner of the tables; the caller commits.

    :return: names of the partitions made.
    """
    made = []
    for first, following in _months(today):
        name = _name(first)
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is None:
            _make(connection, name, _instant(first), _instant(following))
            made.append(name)
    return made


def absent(session: Session, found: Sequence[Finding]) -> list[Finding]:
    """Partitions that stand beside the log instead of in it, and months that are not there where entries are missing.

    :param found: what else does not hold.
    """
    rows = session.execute(_PARTITIONS).all()
    attached = {name for name, within in rows if within}
    aside = {name for name, within in rows if not within}
    gaps = [one for one in found if one.kind == "dropped"]
    named = {_name(day) for one in gaps for day in _months_inside(one)}
    kept = set(session.execute(text("SELECT partition FROM audit_archive")).scalars())
    return [Finding("partition", name=name) for name in sorted((aside | (named - attached)) - kept)]


def archive(session: Session, month: date, now: datetime) -> tuple[str, int]:
    """Take a month out of the log: its stretches are written down, its table is detached and stays beside the log.

    Runs as the owner of the tables; the caller commits, and then may copy the table elsewhere and drop it.

    :return: the name of the table, and how many entries it holds.
    :raises Refused: there is no such month, it is not over, or its entries do not hold.
    """
    name, (start, end) = _name(month), _bounds(month)
    if end > now or not session.execute(_ATTACHED, {"name": name}).scalar_one():
        raise Refused(lazy("The audit log holds no month %(month)s that is over.", month=f"{month:%Y-%m}"))
    session.execute(text(f"LOCK TABLE {TABLE} IN SHARE MODE"))
    found = chain.between(session, start, end)
    if found.broken:
        raise Refused(lazy("%(n)s entries of this month do not hold; verify the chain.", n=len(found.broken)))
    for one in joined(found.stretches):
        session.add(
            AuditArchive(
                partition=name,
                lane=one.lane,
                first=one.first,
                last=one.last,
                previous_hash=bytes.fromhex(one.previous),
                hash=bytes.fromhex(one.hash),
                first_at=datetime.fromisoformat(one.first_at),
                last_at=datetime.fromisoformat(one.last_at),
                first_id=UUID(one.first_id),
                last_id=UUID(one.last_id),
                archived_at=now,
            )
        )
    session.flush()
    session.execute(text(f"ALTER TABLE {TABLE} DETACH PARTITION {name}"))
    return name, found.entries


def _make(connection: Connection, name: str, start: datetime, end: datetime) -> None:
    """Beside the table first, then attached: readers and writers of the log wait for the attaching alone."""
    connection.execute(text(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL)"))
    moved = f"DELETE FROM {REST} WHERE at >= :start AND at < :end RETURNING *"  # noqa: S608 - names of our own
    connection.execute(
        text(f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved"),  # noqa: S608 - names of our own
        {"start": start, "end": end},
    )
    bounds = f"FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
    connection.execute(text(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES {bounds}"))


def _months(today: date) -> Iterator[tuple[date, date]]:
    """First days of each month and of the next one."""
    number = today.year * 12 + today.month - 1
    for month in range(number, number + MONTHS_AHEAD + 1):
        yield date(month // 12, month % 12 + 1, 1), date((month + 1) // 12, (month + 1) % 12 + 1, 1)


def _name(month: date) -> str:
    return f"{TABLE}_{month:%Y_%m}"


def _bounds(month: date) -> tuple[datetime, datetime]:
    return _instant(month.replace(day=1)), _instant(_following(month))


def _following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _months_inside(gap: Finding) -> Iterator[date]:
    """Months of which nothing is left between the entries on both sides of a gap."""
    if not gap.at or not gap.until:
        return
    month, end = _following(datetime.fromisoformat(gap.at).date()), datetime.fromisoformat(gap.until).date()
    while month < end.replace(day=1):
        yield month
        month = _following(month)


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
