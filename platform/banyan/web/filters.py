"""Jinja filters: figures and times as people read them. Times are stored in UTC and shown in Asia/Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import Flask
from flask_babel import format_date, format_datetime, format_decimal, format_timedelta

from banyan.kernel.clock import SystemClock

NOTHING = "—"


def thousands(value: Any) -> str:
    """A figure with its separators; a dash for none."""
    return NOTHING if value is None else str(format_decimal(value))


def money(value: Any) -> str:
    """An amount kept in fen, in yuan with two decimals; a dash for none."""
    return NOTHING if value is None else str(format_decimal(value / 100, "#,##0.00"))


def local_time(value: datetime | None, pattern: str = "yyyy-MM-dd HH:mm") -> str:
    """An instant in Asia/Shanghai; without a zone it counts as UTC. A dash for none."""
    return NOTHING if value is None else str(format_datetime(_aware(value), pattern))


def local_date(value: date | None, pattern: str = "yyyy-MM-dd") -> str:
    """A civil date as it is, an instant as the day it falls on in Asia/Shanghai. A dash for none."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return local_time(value, pattern)
    return str(format_date(value, pattern, rebase=False))


def relative(value: datetime | None, now: datetime | None = None) -> str:
    """How long ago an instant was, or how far away it is, in words. A dash for none."""
    if value is None:
        return NOTHING
    return str(format_timedelta(_aware(value) - (now or SystemClock().now()), add_direction=True))


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def init_app(app: Flask) -> None:
    """Register the filters."""
    app.jinja_env.filters.update(
        thousands=thousands, money=money, local_time=local_time, local_date=local_date, relative=relative
    )
