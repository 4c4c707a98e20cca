"""Write to the audit log by hand, and meddle with it as its owner can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from banyan.kernel.db.embedded import Urls

ENTRY = (
    "INSERT INTO audit_entry (at, id, account_name, via, address, request_id, action, outcome, subject_type,"
    " subject_id, subject_label, before, after) SELECT clock_timestamp(), gen_random_uuid(), 'somebody', 'session',"
    " '10.0.0.1', 'r', 'a.b.c', 'done', 'org', 'x', '某物', '{{\"name\": \"旧\"}}', '{{\"name\": \"新\"}}'"
    " FROM generate_series(1, {n})"
)


def write(urls: Urls, number: int, start: datetime | None = None, apart: timedelta = timedelta(seconds=1)) -> None:
    """Write ``number`` entries as the application, in one transaction, ``apart`` from each other."""
    first = start or datetime.now(UTC) - timedelta(days=1)
    with psycopg.connect(urls.app) as app:
        for n in range(number):
            app.execute(ENTRY.format(n=1).replace("clock_timestamp()", f"'{(first + n * apart).isoformat()}'"))


@contextmanager
def meddling(urls: Urls) -> Iterator[psycopg.Connection[Any]]:
    """The owner with the trigger off; what is done is kept."""
    with psycopg.connect(urls.owner) as hand:
        hand.execute("SET lock_timeout = '10s'")
        hand.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_chain")
        yield hand
        hand.execute("ALTER TABLE audit_entry ENABLE TRIGGER audit_chain")
