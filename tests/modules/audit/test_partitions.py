"""Monthly partitions of the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, create_engine, text

from banyan.app import CORE
from banyan.cli.db import bring_up_to_date
from banyan.kernel.clock import SystemClock, today
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.session import driver_url
from banyan.modules.audit.partitions import MONTHS_AHEAD, ensure_partitions
from banyan.plugins import manager

FAR = date(2091, 11, 30)
ENTRY = text(
    "INSERT INTO audit_entry (at, id, account_name, via, address, request_id, action, outcome, subject_type,"
    " subject_id, subject_label) VALUES (:at, gen_random_uuid(), '', '', '', '', 'a.b.c', 'done', '', '', '')"
)

MADE = """
    SELECT inhrelid::regclass::text FROM pg_inherits
    WHERE inhparent = 'audit_entry'::regclass AND inhrelid <> 'audit_entry_rest'::regclass
"""


@pytest.fixture
def owner(urls: Urls) -> Iterator[Connection]:
    """The owner of the tables; nothing is kept."""
    engine = create_engine(driver_url(urls.owner))
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def rows(owner: Connection, table: str) -> int:
    """How many entries a partition holds by itself."""
    return owner.scalar(text(f"SELECT count(*) FROM ONLY {table}")) or 0


def test_this_month_and_two_years_of_months_are_made_once(owner: Connection) -> None:
    made = ensure_partitions(owner, FAR)
    assert len(made) == MONTHS_AHEAD + 1
    assert (made[0], made[1], made[-1]) == ("audit_entry_2091_11", "audit_entry_2091_12", "audit_entry_2093_11")
    assert ensure_partitions(owner, FAR) == []
    assert ensure_partitions(owner, date(2091, 12, 1)) == ["audit_entry_2093_12"]


def test_entries_go_to_the_partition_of_their_month(owner: Connection) -> None:
    ensure_partitions(owner, FAR)
    for at in (datetime(2091, 12, 1, tzinfo=UTC), datetime(2091, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)):
        owner.execute(ENTRY, {"at": at})
    assert rows(owner, "audit_entry_2091_12") == 2


def test_entries_that_waited_in_the_default_partition_move_along(owner: Connection) -> None:
    owner.execute(ENTRY, {"at": datetime(2091, 12, 5, tzinfo=UTC)})
    owner.execute(ENTRY, {"at": datetime(2099, 1, 5, tzinfo=UTC)})
    waiting = rows(owner, "audit_entry_rest")
    ensure_partitions(owner, FAR)
    assert rows(owner, "audit_entry_2091_12") == 1
    assert rows(owner, "audit_entry_rest") == waiting - 1


def test_partitions_have_the_indexes_of_the_log_and_no_rights_of_their_own(owner: Connection) -> None:
    ensure_partitions(owner, FAR)
    indexes = "SELECT count(*) FROM pg_index WHERE indrelid = '{}'::regclass"
    wanted = owner.scalar(text(indexes.format("audit_entry")))
    assert owner.scalar(text(indexes.format("audit_entry_2091_12"))) == wanted
    right = "SELECT has_table_privilege('banyan_app', 'audit_entry_2091_12', 'SELECT, INSERT, UPDATE, DELETE')"
    assert owner.scalar(text(right)) is False


def test_an_upgrade_makes_them_and_can_be_repeated(urls: Urls) -> None:
    plugins = manager.load(CORE)
    for _time in range(2):
        bring_up_to_date(urls.owner, plugins)
    name = f"audit_entry_{today(SystemClock()):%Y_%m}"
    engine = create_engine(driver_url(urls.owner))
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None
        for table in connection.scalars(text(MADE)).all():
            connection.execute(text(f"DROP TABLE {table}"))
    engine.dispose()
