"""The chain of the audit log: what the database writes, and what a verification finds when somebody meddles."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from banyan.kernel.clock import FixedClock
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database, ScopedSession
from banyan.modules.audit import chain, verification
from banyan.modules.audit.models import AuditEntry, AuditLane
from banyan.modules.audit.partitions import archive, ensure_partitions
from banyan.modules.audit.rules import Finding
from tests.factories import World
from tests.modules.audit.meddling import ENTRY, meddling, write


@pytest.fixture
def owner(urls: Urls, clean: None) -> Iterator[ScopedSession]:
    """The owner of the tables, who may do anything to them."""
    database = Database(urls.owner, pool_size=1)
    with database.session(Whole("test")) as session:
        yield session
        session.rollback()
    database.dispose()


def found(session: ScopedSession, **options: Any) -> list[Finding]:
    """What a verification says, reading a few entries at a time."""
    session.rollback()
    told = verification.verified(session, size=7, **options)[1]
    session.rollback()
    return told


def kinds(session: ScopedSession, **options: Any) -> list[str]:
    return [one.kind for one in found(session, **options)]


def at(session: ScopedSession, position: int) -> str:
    """The id of the entry at a position of the one lane that a connection writes."""
    identity = session.scalars(select(AuditEntry.id).where(AuditEntry.position == position)).one()
    session.rollback()
    return str(identity)


@pytest.mark.clause("SYS-01")
def test_what_was_written_holds(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 40)
    walk = verification.verified(owner, size=7)
    assert walk[1] == []
    assert walk[0].entries == 40
    rows = owner.scalars(select(AuditEntry).order_by(AuditEntry.lane, AuditEntry.position)).all()
    assert [row.position for row in rows] == list(range(1, 41))
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert owner.scalars(select(AuditLane.hash).where(AuditLane.lane == rows[0].lane)).one() == rows[-1].hash


@pytest.mark.parametrize(
    "column",
    [
        "at = at + interval '1 microsecond'",
        "account_name = 'another'",
        "org_path = '1.2.'",
        'after = \'{"name": "another"}\'',
        "subject_type = subject_type || subject_id, subject_id = ''",
    ],
)
def test_an_altered_entry_is_named(owner: ScopedSession, urls: Urls, column: str) -> None:
    write(urls, 20)
    with meddling(urls) as hand:
        hand.execute(f"UPDATE audit_entry SET {column} WHERE position = 9")
    assert [(one.kind, one.first, one.entry) for one in found(owner)] == [("altered", 9, at(owner, 9))]


@pytest.mark.clause("SYS-01")
def test_an_altered_entry_with_a_hash_of_its_own_is_named(owner: ScopedSession, urls: Urls) -> None:
    """Whoever rewrites an entry and its hash would have to rewrite all that follow."""
    write(urls, 20)
    again = chain.SOUND.removeprefix("hash = ")
    for position in (9, 20):
        with meddling(urls) as hand:
            hand.execute("UPDATE audit_entry SET outcome = 'failed' WHERE position = %s", [position])
            hand.execute(f"UPDATE audit_entry SET hash = {again} WHERE position = %s", [position])
    assert [(one.kind, one.first) for one in found(owner)] == [("altered", 9), ("altered", 20)]


@pytest.mark.clause("SYS-01")
def test_dropped_entries_are_named_by_their_neighbours(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 20)
    before, after = at(owner, 8), at(owner, 12)
    with meddling(urls) as hand:
        hand.execute("DELETE FROM audit_entry WHERE position BETWEEN 9 AND 11 OR position <= 2")
    first, second = found(owner)
    assert (first.kind, first.first, first.last, first.entry) == ("dropped", 1, 2, "")
    assert (second.kind, second.first, second.last, second.entry, second.then) == ("dropped", 9, 11, before, after)
    assert second.at < second.until


@pytest.mark.clause("SYS-01")
def test_an_inserted_entry_is_named(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 20)
    again = chain.SOUND.removeprefix("hash = ")
    with meddling(urls) as hand:
        hand.execute(
            "CREATE TEMP TABLE twin AS SELECT * FROM audit_entry WHERE position = 9;"
            "UPDATE twin SET id = gen_random_uuid(), outcome = 'refused';"
            f"UPDATE twin SET hash = {again}; INSERT INTO audit_entry SELECT * FROM twin"
        )
        twin = str(hand.execute("SELECT id FROM twin").fetchone()[0])  # type: ignore[index]
    assert [(one.kind, one.first, one.entry) for one in found(owner)] == [("inserted", 9, twin)]


@pytest.mark.clause("SYS-01")
def test_an_entry_appended_without_the_chain_is_named(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 20)
    again = chain.SOUND.removeprefix("hash = ")
    with meddling(urls) as hand:
        hand.execute(
            "CREATE TEMP TABLE twin AS SELECT * FROM audit_entry WHERE position = 20;"
            "UPDATE twin SET id = gen_random_uuid(), position = 21, previous_hash = hash;"
            f"UPDATE twin SET hash = {again}; INSERT INTO audit_entry SELECT * FROM twin"
        )
    assert [(one.kind, one.last) for one in found(owner)] == [("inserted", 21)]


@pytest.mark.clause("SYS-01")
def test_two_entries_that_changed_places_are_named(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 20)
    with meddling(urls) as hand:
        hand.execute(
            "CREATE TEMP TABLE pair AS SELECT * FROM audit_entry WHERE position IN (5, 6);"
            "UPDATE audit_entry AS e SET position = p.position, previous_hash = p.previous_hash, hash = p.hash"
            " FROM pair AS p WHERE p.position + e.position = 11 AND e.position IN (5, 6)"
        )
    assert [(one.kind, one.first) for one in found(owner)] == [("altered", 5), ("altered", 6)]


@pytest.mark.clause("SYS-01")
def test_a_cut_tail_is_named(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 20)
    last = at(owner, 17)
    with meddling(urls) as hand:
        hand.execute("DELETE FROM audit_entry WHERE position > 17")
    assert [(one.kind, one.first, one.last, one.entry) for one in found(owner)] == [("cut", 18, 20, last)]
    with meddling(urls) as hand:
        hand.execute("DELETE FROM audit_entry")
    assert [(one.kind, one.first, one.last, one.entry) for one in found(owner)] == [("cut", 1, 20, "")]
    with meddling(urls) as hand:
        hand.execute("DELETE FROM audit_lane")
    write(urls, 3)
    assert found(owner) == [], "without entries and heads there is nothing to prove: heads must be kept elsewhere"


def months(urls: Urls) -> None:
    """Three months of entries, the middle one in a partition of its own."""
    with psycopg.connect(urls.owner) as hand:
        hand.execute("CREATE TABLE audit_entry_2025_02 (LIKE audit_entry INCLUDING ALL)")
        hand.execute(
            "ALTER TABLE audit_entry ATTACH PARTITION audit_entry_2025_02"
            " FOR VALUES FROM ('2025-02-01Z') TO ('2025-03-01Z')"
        )
    write(urls, 30, datetime(2025, 1, 22, tzinfo=UTC), timedelta(days=2))


@pytest.fixture
def february(urls: Urls, owner: ScopedSession) -> Iterator[None]:
    """February 2025 in a partition of its own, between rows of the default partition."""
    months(urls)
    yield
    owner.rollback()
    with psycopg.connect(urls.owner) as hand:
        hand.execute("DROP TABLE audit_entry_2025_02")


@pytest.mark.usefixtures("february")
def test_a_detached_month_is_told_from_an_archived_one(owner: ScopedSession, urls: Urls) -> None:
    assert found(owner) == []
    with psycopg.connect(urls.owner) as hand:
        hand.execute("ALTER TABLE audit_entry DETACH PARTITION audit_entry_2025_02")
    absent, dropped = found(owner)
    assert (absent.kind, absent.name) == ("partition", "audit_entry_2025_02")
    assert (dropped.kind, dropped.at[:10], dropped.until[:10]) == ("dropped", "2025-01-30", "2025-03-01")
    with psycopg.connect(urls.owner) as hand:
        hand.execute(
            "ALTER TABLE audit_entry ATTACH PARTITION audit_entry_2025_02"
            " FOR VALUES FROM ('2025-02-01Z') TO ('2025-03-01Z')"
        )
    assert archive(owner, date(2025, 2, 1), datetime.now(UTC)) == ("audit_entry_2025_02", 14)
    owner.commit()
    assert found(owner) == []
    with psycopg.connect(urls.owner) as hand:
        hand.execute("DROP TABLE audit_entry_2025_02; CREATE TABLE audit_entry_2025_02 ()")
    assert found(owner) == []


@pytest.mark.clause("SYS-01")
def test_entries_that_move_to_their_month_keep_their_places(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 12, datetime(2091, 12, 5, tzinfo=UTC), timedelta(hours=1))
    ensure_partitions(owner.connection(), date(2091, 11, 30))
    assert owner.connection().exec_driver_sql("SELECT count(*) FROM ONLY audit_entry_2091_12").scalar_one() == 12
    assert verification.verified(owner, size=7)[1] == []


@pytest.mark.clause("SYS-01")
def test_since_looks_at_what_is_newer_alone(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 20, datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1))
    with meddling(urls) as hand:
        hand.execute(
            "UPDATE audit_entry SET action = 'x' WHERE position IN (3, 15); DELETE FROM audit_entry WHERE position = 6"
        )
    assert kinds(owner) == ["altered", "dropped", "altered"]
    assert kinds(owner, since=datetime(2026, 1, 10, tzinfo=UTC)) == ["altered"]
    assert kinds(owner, since=datetime(2026, 1, 18, tzinfo=UTC)) == []


@pytest.mark.clause("SYS-01")
def test_the_application_can_neither_skip_nor_forge_the_chain(owner: ScopedSession, urls: Urls) -> None:
    with psycopg.connect(urls.app) as app:
        app.execute("SELECT set_config('banyan.audit_lane', '(0,1)', false)")
        app.execute("CREATE TEMP TABLE audit_lane (lane bigint, position bigint, hash bytea)")
        app.execute(
            ENTRY.format(n=5)
            .replace("(at,", "(lane, position, previous_hash, hash, at,")
            .replace("SELECT ", "SELECT 7, 7, '', '', ")
        )
        app.commit()
        app.execute("DROP TABLE audit_lane")
        app.commit()
        for statement in (
            "UPDATE audit_lane SET position = 0",
            "DELETE FROM audit_lane",
            "INSERT INTO audit_lane (lane) VALUES (99)",
            "UPDATE audit_entry SET hash = ''",
            "INSERT INTO audit_archive SELECT FROM audit_archive",
            "UPDATE audit_verification SET found = 0",
            "ALTER TABLE audit_entry DISABLE TRIGGER audit_chain",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
            app.rollback()
    assert found(owner) == []
    assert sorted(owner.scalars(select(AuditEntry.position))) == [1, 2, 3, 4, 5]


@pytest.mark.clause("SYS-01")
def test_a_rollback_leaves_no_gap(owner: ScopedSession, urls: Urls) -> None:
    with psycopg.connect(urls.app) as app:
        for _round in range(3):
            app.execute(ENTRY.format(n=2))
            app.commit()
            app.execute(ENTRY.format(n=2))
            app.rollback()
            app.execute(ENTRY.format(n=1))
            with app.transaction(force_rollback=True):
                app.execute(ENTRY.format(n=3))
            app.execute(ENTRY.format(n=1))
            app.commit()
    assert found(owner) == []
    assert sorted(owner.scalars(select(AuditEntry.position))) == list(range(1, 13))


@pytest.mark.clause("SYS-01")
def test_two_hundred_writers_at_once_leave_a_whole_chain(owner: ScopedSession, urls: Urls) -> None:
    """They hold rows of their own besides, in opposite orders: a lane must never be what a transaction waits for."""
    with psycopg.connect(urls.owner) as hand:
        hand.execute(
            "CREATE TABLE held (n int PRIMARY KEY, m int); INSERT INTO held SELECT n, 0 FROM generate_series(0, 9) n"
        )
        hand.execute("GRANT SELECT, UPDATE ON held TO banyan_app")

    def writer(number: int) -> None:
        with psycopg.connect(urls.app) as app:
            row = f"UPDATE held SET m = m + 1 WHERE n = {number % 10}"
            steps = (ENTRY.format(n=2), row, ENTRY.format(n=1))
            for statement in steps if number % 2 else (row, ENTRY.format(n=3)):
                app.execute(statement)
            app.rollback() if number % 7 == 0 else app.commit()

    try:
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(writer, range(200)))
    finally:
        with psycopg.connect(urls.owner) as hand:
            hand.execute("DROP TABLE held")
    walk, findings = verification.verified(owner, size=50)
    assert (walk.entries, findings) == (3 * 171, [])


@pytest.mark.clause("SYS-01")
def test_a_frozen_view_of_the_database_does_not_keep_from_writing(owner: ScopedSession, urls: Urls) -> None:
    with psycopg.connect(urls.app) as frozen:
        frozen.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        frozen.execute("SELECT 1 FROM org")
        for _number in range(70):
            write(urls, 1)
        frozen.execute(ENTRY.format(n=2))
        frozen.commit()
    assert found(owner) == []


@pytest.mark.clause("SYS-01")
def test_what_is_written_during_a_verification_does_no_harm(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 20, datetime.now(UTC) - timedelta(days=1))
    walk = verification.begin(owner)
    while walk.following:
        write(urls, 3, datetime.now(UTC) - timedelta(hours=30))
        verification.step(owner, walk, 7)
    assert verification.ended(owner, walk) == []


@pytest.mark.clause("SYS-01")
def test_a_walk_can_be_put_aside_and_taken_up(owner: ScopedSession, urls: Urls) -> None:
    write(urls, 20)
    with meddling(urls) as hand:
        hand.execute("UPDATE audit_entry SET action = 'x' WHERE position = 3")
    walk = verification.begin(owner)
    while walk.following:
        verification.step(owner, walk, 7)
        walk = verification.Walk.loaded(walk.dumped())
    assert [one.first for one in verification.ended(owner, walk)] == [3]


@pytest.mark.clause("SYS-01")
def test_a_verification_is_kept_with_the_heads_it_began_with(
    world: World, owner: ScopedSession, urls: Urls, clock: FixedClock
) -> None:
    write(urls, 5)
    org = world.org()
    ctx = world.context(world.account(org), org)
    walk, none = verification.verified(ctx.session)
    verification.keep(ctx, walk, none, clock.now())
    ctx.session.commit()
    kept = verification.latest(owner)
    assert kept is not None
    assert (kept.entries, kept.found) == (5, 0)
    assert [position for position, _hash in kept.heads.values() if position] == [5]
    ctx.session.close()
    owner.execute(text("SELECT 1"))
