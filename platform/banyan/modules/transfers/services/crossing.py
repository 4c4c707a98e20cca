"""Transfers between two trees, on different machines one day: messages that each side answers for (TRF-03).

Each side writes only its own rows, in its own transaction: its transfer, and what it says as a message going ``out``.
The post (`run`) hands each message over as one that came ``in``, then notes that it was delivered; then each side takes
what came in, once. Every step is committed alone and may be repeated: a message is known by its id.

Nobody is lost on the way: the receiver admits and says so in one transaction, and only when that has arrived the
sender's membership ends, with the day the receiver named. What cannot be delivered stays, is tried again, and is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.db.scoped import Whole
from banyan.kernel.errors import DomainError, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import enqueue
from banyan.kernel.runtime import runtime
from banyan.kernel.sealing import seal, unseal
from banyan.modules.audit.services import record
from banyan.modules.transfers.events import TransferMessageQueued
from banyan.modules.transfers.models import Transfer, TransferMessage
from banyan.modules.transfers.services import leaving, places, telling
from banyan.modules.transfers.services.reading import subject

JOB = "transfers.messages"
REASON = "messages between two trees are delivered"
PURPOSE = "transfers.message"
CHUNK = 200
log = structlog.get_logger(__name__)


def offer(ctx: Context, transfer: Transfer) -> None:
    """Tell the other tree of somebody who would come; it holds no more of the person than admission needs."""
    _say(ctx, transfer, "offer", leaving.offered(ctx, transfer))


def answer(ctx: Context, transfer: Transfer, kind: str, why: str = "", on: date | None = None) -> None:
    """Answer the other tree: ``accept`` with the day of admission, ``refuse`` with the reason, ``recalled``."""
    _say(ctx, transfer, kind, {"why": why, "on": on.isoformat() if on else ""})


def recall(ctx: Context, transfer: Transfer) -> None:
    """Call a transfer back that is with the other tree; it holds until that has answered.

    :raises Refused: it was called back already.
    """
    if transfer.recalled_at is not None:
        raise Refused(lazy("The other tree has been asked already; its answer is on the way."))
    transfer.recalled_at = ctx.clock.now()
    ctx.session.flush()
    telling.entry(ctx, transfer, "recall")
    _say(ctx, transfer, "recall", {})


def admit(ctx: Context, transfer: Transfer) -> None:
    """Admit whom another tree let go, and say so to it, in one transaction."""
    day = today(ctx.clock)
    leaving.admit(ctx, transfer, content(ctx, _offer_of(ctx, transfer)), day)
    transfer.moved_on = day
    answer(ctx, transfer, "accept", on=day)


def messages(ctx: Context, transfer: Transfer) -> list[TransferMessage]:
    """What passed between the trees about a transfer, as this side keeps it, oldest first."""
    if transfer.crossing_id is None:
        return []
    statement = select(TransferMessage).where(
        TransferMessage.crossing_id == transfer.crossing_id, TransferMessage.org_id == transfer.org_id
    )
    return list(ctx.session.scalars(statement.order_by(TransferMessage.id)))


def content(ctx: Context, message: TransferMessage) -> dict[str, Any]:
    """What a message says; empty where its content was erased with the person it is about."""
    if message.body is None:
        return {}
    found: dict[str, Any] = orjson.loads(unseal(PURPOSE, message.body, message.id))
    return found


def run(ctx: Context) -> None:
    """The job: deliver what waits, then take what has come in. Killed anywhere, it goes on there."""
    _each(ctx, "out", deliver)
    _each(ctx, "in", take)


def deliver(ctx: Context, message_id: UUID) -> None:
    """Hand one message over to the addressed organisation; the sender's note of it is a transaction of its own."""
    with _session() as session:
        message = session.get_one(TransferMessage, message_id)
        to = places.named(replace(ctx, session=session), message.to_code)
        if to is None:
            raise Refused(lazy("There is no organisation with the code %(code)s.", code=message.to_code))
        to = places.standing(replace(ctx, session=session), to)
        copy, kept = new_id(), content(ctx, message)
        held = {
            key: getattr(message, key) for key in ("message_id", "crossing_id", "kind", "from_code", "to_code", "at")
        }
        statement = insert(TransferMessage).values(
            id=copy,
            org_id=to.id,
            org_path=to.path,
            direction="in",
            body=seal(PURPOSE, orjson.dumps(kept).decode(), copy),
            tries=0,
            error="",
            **held,
        )
        session.execute(statement.on_conflict_do_nothing())
        session.commit()
    _note(ctx, message_id, "")


def take(ctx: Context, message_id: UUID) -> None:
    """Act upon one message that has come in, once, in a transaction of its own."""
    with _session() as session:
        of_one = replace(ctx, session=session)
        message = session.get(TransferMessage, message_id, with_for_update=True, populate_existing=True)
        if message is None or message.done_at is not None:
            return
        _ACTS[message.kind](of_one, message)
        message.done_at, message.error = ctx.clock.now(), ""
        session.commit()


def _say(ctx: Context, transfer: Transfer, kind: str, body: Mapping[str, Any]) -> None:
    assert transfer.crossing_id is not None
    identity = new_id()
    own = places.code_of(ctx, transfer.org_id)
    message = TransferMessage(
        id=identity,
        org_id=transfer.org_id,
        org_path=transfer.org_path,
        message_id=identity,
        crossing_id=transfer.crossing_id,
        direction="out",
        kind=kind,
        from_code=own,
        to_code=transfer.away_code,
        body=seal(PURPOSE, orjson.dumps(dict(body)).decode(), identity),
        at=ctx.clock.now(),
    )
    ctx.session.add(message)
    ctx.session.flush()
    record(ctx, "transfers.message.send", subject(transfer), org=transfer.org, after={"kind": kind})
    telling.tell(ctx, [transfer.org], TransferMessageQueued(str(identity), kind))
    enqueue(ctx, JOB)


def _offer_of(ctx: Context, transfer: Transfer) -> TransferMessage:
    statement = select(TransferMessage).where(
        TransferMessage.crossing_id == transfer.crossing_id,
        TransferMessage.direction == "in",
        TransferMessage.kind == "offer",
    )
    return ctx.session.scalars(statement).one()


def _offered(ctx: Context, message: TransferMessage) -> None:
    transfer = leaving.begin(ctx, message, content(ctx, message))
    if transfer.state == "rejected":
        answer(ctx, transfer, "refuse", transfer.opinion)


def _accepted(ctx: Context, message: TransferMessage) -> None:
    said = content(ctx, message)
    leaving.leave(ctx, message.crossing_id, date.fromisoformat(said["on"]))


def _refused(ctx: Context, message: TransferMessage) -> None:
    leaving.stay(ctx, message.crossing_id, "rejected", content(ctx, message).get("why", ""))


def _recalled(ctx: Context, message: TransferMessage) -> None:
    leaving.stay(ctx, message.crossing_id, "withdrawn", "")


def _called_back(ctx: Context, message: TransferMessage) -> None:
    leaving.call_back(ctx, message)


_ACTS: Mapping[str, Callable[[Context, TransferMessage], None]] = {
    "offer": _offered,
    "accept": _accepted,
    "refuse": _refused,
    "recall": _called_back,
    "recalled": _recalled,
}


def _session() -> Any:
    return runtime().db.session(Whole(REASON))


def _each(ctx: Context, direction: str, work: Callable[[Context, UUID], None]) -> None:
    """One after the other in the order they were written; a message that fails holds up nobody but its own crossing."""
    stuck: set[UUID] = set()
    for identity, crossing_id in _waiting(ctx, direction):
        if crossing_id in stuck:
            continue
        try:
            work(ctx, identity)
        except Exception as error:
            stuck.add(crossing_id)
            if not isinstance(error, DomainError):
                log.exception("message between trees failed", message=str(identity), direction=direction)
            _note(ctx, identity, str(error)[:500] or type(error).__name__)


def _waiting(ctx: Context, direction: str) -> list[tuple[UUID, UUID]]:
    """Messages to be tried now: at once, then with growing pauses, at last once a day."""
    statement = (
        select(TransferMessage.id, TransferMessage.crossing_id, TransferMessage.at, TransferMessage.tries)
        .where(TransferMessage.direction == direction, TransferMessage.done_at.is_(None))
        .order_by(TransferMessage.id)
        .limit(CHUNK * 50)
    )
    with _session() as session:
        rows = session.execute(statement).all()
    now = ctx.clock.now()
    return [(row.id, row.crossing_id) for row in rows if row.at + _pause(row.tries) <= now][:CHUNK]


def _pause(tries: int) -> timedelta:
    """When a message is tried again after it was written: every day once it has failed for long."""
    return timedelta(minutes=2**tries - 1) if tries < 11 else timedelta(days=tries - 10)


def _note(ctx: Context, message_id: UUID, error: str) -> None:
    with _session() as session:
        message = session.get(TransferMessage, message_id, with_for_update=True, populate_existing=True)
        if message is None or message.done_at is not None:
            return
        message.error = error
        if error:
            message.tries += 1
        else:
            message.done_at = ctx.clock.now()
        session.commit()
