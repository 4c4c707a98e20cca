"""Announce, begin, move and end maintenance; sound the alarm in an emergency (NOT-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app, has_app_context
from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.i18n import LANGUAGES, lazy
from banyan.kernel.values import OrgRef
from banyan.modules.audit.services import Subject, record
from banyan.modules.operators.models import ServiceWindow
from banyan.modules.operators.services import standing

NOTHING = lazy("There is nothing here, or it is not within your reach.")
STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")
LONGEST = timedelta(days=7)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class WindowView:
    """A window and how it stands. :ivar state: ``coming``, ``running`` or ``over``."""

    window: ServiceWindow
    state: str


def subject(window: ServiceWindow) -> Subject:
    """A window as the audit log names it."""
    return Subject("service_window", str(window.id), str(window.effects[LANGUAGES[0]])[:100])


def state(window: ServiceWindow, now: datetime) -> str:
    """How a window stands: ``coming``, ``running`` or ``over``."""
    if window.ended_at is not None or now >= window.ends_at:
        return "over"
    return "running" if now >= window.begins_at else "coming"


def listing(ctx: Context) -> Sequence[WindowView]:
    """The latest windows of maintenance and emergencies, newest first."""
    _operated(ctx)
    rows = ctx.session.scalars(select(ServiceWindow).order_by(ServiceWindow.id.desc()).limit(SHOWN))
    return [view(ctx, row) for row in rows]


def view(ctx: Context, window: ServiceWindow) -> WindowView:
    """A window and how it stands."""
    return WindowView(window, state(window, ctx.clock.now()))


def find(ctx: Context, window_id: UUID) -> ServiceWindow:
    """A window. :raises NotFound: there is none, or the actor does not run the installation."""
    _operated(ctx)
    found = ctx.session.get(ServiceWindow, window_id)
    if found is None:
        raise NotFound(NOTHING)
    return found


def announce(ctx: Context, data: Mapping[str, Any]) -> ServiceWindow:
    """Announce maintenance: everybody reads of it from now on, and nothing can be written while it lasts.

    :param data: of `WindowCreate`. :raises Invalid: the times do not fit, or others are there already.
    """
    _operated(ctx)
    _check(ctx, data["begins_at"], data["ends_at"])
    return _made(ctx, "maintenance", "operators.maintenance.announce", data, None)


def alarm(
    ctx: Context, effects: Mapping[str, str], until: datetime, place: OrgRef | None, action: str
) -> ServiceWindow:
    """Tell everybody, or an organisation and all below, of an emergency on every page, from now on.

    The caller has decided that it may be so, and names the ``action`` for the audit log.
    """
    now = ctx.clock.now()
    if not now < until <= now + LONGEST:
        raise Invalid({"until": [lazy("Within the next %(days)s days.", days=LONGEST.days)]})
    data = {"effects": dict(effects), "begins_at": now, "ends_at": until}
    return _made(ctx, "emergency", action, data, place)


def _made(ctx: Context, kind: str, action: str, data: Mapping[str, Any], place: OrgRef | None) -> ServiceWindow:
    window = ServiceWindow(
        kind=kind,
        effects={name: text for name, text in data["effects"].items() if text},
        begins_at=data["begins_at"],
        ends_at=data["ends_at"],
        place_id=place.id if place else None,
        place_path=place.path if place else None,
        announced_at=ctx.clock.now(),
        announced_by=ctx.actor.account_id,
    )
    ctx.session.add(window)
    ctx.session.flush()
    record(ctx, action, subject(window), org=place, after=_told(window))
    _changed()
    return window


def change(ctx: Context, window_id: UUID, data: Mapping[str, Any]) -> ServiceWindow:
    """Move, lengthen or reword what is not over; ``version`` is the one that was read.

    :raises Refused: it is over. :raises Invalid: as `announce`.
    """
    window = _locked(ctx, window_id)
    if window.version != data["version"]:
        raise Conflict(STALE)
    begun = ctx.clock.now() >= window.begins_at
    begins_at = window.begins_at if begun else data["begins_at"]
    if window.kind == "maintenance":
        _check(ctx, begins_at, data["ends_at"], but=window, begun=begun)
    before = _told(window)
    window.begins_at, window.ends_at = begins_at, data["ends_at"]
    window.effects = {name: text for name, text in data["effects"].items() if text}
    ctx.session.flush()
    record(ctx, "operators.maintenance.change", subject(window), before=before, after=_told(window))
    _changed()
    return window


def begin(ctx: Context, window_id: UUID) -> ServiceWindow:
    """Begin announced maintenance now; it ends when it was to end.

    :raises Refused: it has begun, or is over.
    """
    window = _locked(ctx, window_id)
    if ctx.clock.now() >= window.begins_at:
        raise Refused(lazy("It has begun already."))
    before, window.begins_at = window.begins_at, ctx.clock.now()
    ctx.session.flush()
    record(
        ctx,
        "operators.maintenance.begin",
        subject(window),
        before={"begins_at": before},
        after={"begins_at": window.begins_at},
    )
    _changed()
    return window


def end(ctx: Context, window_id: UUID) -> ServiceWindow:
    """End what runs, or call off what was announced: nobody is told of it any more, and writing goes on.

    :raises Refused: it is over.
    """
    window = _locked(ctx, window_id)
    window.ended_at, window.ended_by = ctx.clock.now(), ctx.actor.account_id
    ctx.session.flush()
    record(ctx, f"operators.{window.kind}.end", subject(window), after={"ended_at": window.ended_at})
    _changed()
    return window


def running_or_next(ctx: Context) -> ServiceWindow | None:
    """The maintenance that runs, else the next one announced: what the command line means by "it"."""
    return ctx.session.scalar(
        select(ServiceWindow)
        .where(
            ServiceWindow.kind == "maintenance",
            ServiceWindow.ended_at.is_(None),
            ServiceWindow.ends_at > ctx.clock.now(),
        )
        .order_by(ServiceWindow.begins_at)
        .limit(1)
    )


def _locked(ctx: Context, window_id: UUID) -> ServiceWindow:
    window = find(ctx, window_id)
    ctx.session.refresh(window, with_for_update=True)
    if state(window, ctx.clock.now()) == "over":
        raise Refused(lazy("It is over."))
    return window


def _check(
    ctx: Context, begins_at: datetime, ends_at: datetime, *, but: ServiceWindow | None = None, begun: bool = False
) -> None:
    problems: dict[str, list[Text]] = {}
    now = ctx.clock.now()
    if not begun and begins_at < now - timedelta(minutes=1):
        problems["begins_at"] = [lazy("This lies in the past.")]
    if ends_at <= max(begins_at, now):
        problems["ends_at"] = [lazy("It has to end after it begins, and not in the past.")]
    elif ends_at - begins_at > LONGEST:
        problems["ends_at"] = [lazy("Maintenance lasts %(days)s days at most.", days=LONGEST.days)]
    other = ctx.session.scalar(
        select(ServiceWindow.id).where(
            ServiceWindow.kind == "maintenance",
            ServiceWindow.ended_at.is_(None),
            ServiceWindow.begins_at < ends_at,
            ServiceWindow.ends_at > max(begins_at, now),
            ServiceWindow.id.is_distinct_from(but.id if but else None),
        )
    )
    if other is not None:
        problems.setdefault("begins_at", []).append(lazy("Other maintenance has been announced for this time."))
    if problems:
        raise Invalid(problems)


def _told(window: ServiceWindow) -> dict[str, Any]:
    return {
        "effects": " / ".join(window.effects.values()),
        "begins_at": window.begins_at,
        "ends_at": window.ends_at,
    }


def _operated(ctx: Context) -> None:
    if not ctx.actor.operator and ctx.actor.via != "cli":
        raise NotFound(NOTHING)


def _changed() -> None:
    if has_app_context() and standing.KEY in current_app.extensions:
        standing.keeper().forget()
