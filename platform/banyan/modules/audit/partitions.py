"""The audit log's monthly partitions, made ahead by the owner of the tables (`banyan db upgrade`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

TABLE = "audit_entry"
REST = "audit_entry_rest"
MONTHS_AHEAD = 24


def ensure_partitions(connection: Connection, today: date) -> list[str]:
    """Make the partitions that are missing from the month of ``today`` to `MONTHS_AHEAD` months later.

    Entries that had to go to the default partition meanwhile move to where they belong. Runs in the transaction of
    ``connection``, which belongs to the owner of the tables; the caller commits.

    :return: names of the partitions made.
    """
    made = []
    for first, following in _months(today):
        name = f"{TABLE}_{first:%Y_%m}"
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is None:
            _make(connection, name, _instant(first), _instant(following))
            made.append(name)
    return made


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


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
