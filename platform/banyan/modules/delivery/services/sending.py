"""Send what waits. A message is claimed before it is sent, in a transaction of its own, and only its claim may note how
it went: two workers never hold the same one, and one that dies leaves a message that nobody sends again unasked,
unless the sender knows a second copy by its id (NOT-01)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, text, update

from banyan.kernel.context import Context
from banyan.kernel.crypto import Unreadable
from banyan.kernel.db.base import new_id
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.runtime import runtime
from banyan.kernel.sealing import unseal
from banyan.kernel.sending import CHANNELS, Channel, Letter, Send, Sender, SendingFailed
from banyan.modules.delivery import rules
from banyan.modules.delivery.models import RECIPIENT, WEBHOOK_SECRET, OutgoingContent, OutgoingMessage, WebhookTarget
from banyan.modules.delivery.senders import senders

REASON = "messages of every organisation"
BATCH = 20
TURN_SECONDS = 45.0
MINUTE = timedelta(minutes=1)
LONGEST_ERROR = 300
INTERRUPTED = "interrupted: it may have gone out"
# Whoever claims waits for whoever claims: a limit is for all workers together.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('banyan.delivery'))")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """A message that this worker holds. :ivar letter: None where it cannot be sent; ``why`` says why."""

    id: UUID
    claim: UUID
    tries: int
    letter: Letter | None
    why: str = ""


def run(ctx: Context) -> None:
    """Send in turns, each channel a batch, until nothing is due, the limit is reached or the time is over."""
    recover(ctx)
    ends, waiting = time.monotonic() + TURN_SECONDS, list(CHANNELS)
    while waiting and time.monotonic() < ends:
        waiting = [channel for channel in waiting if _batch(ctx, channel, senders()[channel])]


def recover(ctx: Context) -> int:
    """Take back what workers that died held; returns how many messages."""
    now, count = ctx.clock.now(), 0
    with runtime().db.session(Whole(REASON)) as session:
        for channel, sender in senders().items():
            again: dict[str, Any] = {"state": "failed", "next_at": now, "error": INTERRUPTED}
            lost = again if sender.repeatable else {"state": "given_up", "error": INTERRUPTED}
            taken = session.execute(
                update(OutgoingMessage)
                .where(
                    OutgoingMessage.state == "sending",
                    OutgoingMessage.channel == channel,
                    OutgoingMessage.claimed_at < now - rules.HELD_AT_MOST,
                )
                .values(**lost, claim=None)
                .returning(OutgoingMessage.id)
                .execution_options(synchronize_session=False)
            )
            count += len(taken.all())
        session.commit()
    if count:
        log.warning("messages of a worker that died", count=count)
    return count


def _batch(ctx: Context, channel: Channel, sender: Sender) -> bool:
    """Send one batch; False when nothing more of this channel can be sent now."""
    held = claim(ctx, channel)
    if not held:
        return False
    done: set[UUID] = set()
    try:
        with sender.open() as send:
            for one in held:
                _one(ctx, one, send)
                done.add(one.id)
    except SendingFailed as error:
        log.warning("sender failed", sender=sender.name, channel=channel, error=str(error)[:LONGEST_ERROR])
        _left(ctx, held, done, error)
    except Exception as error:
        log.exception("sender failed", sender=sender.name, channel=channel)
        _left(ctx, held, done, SendingFailed(type(error).__name__))
    return len(held) == BATCH


def _left(ctx: Context, held: Sequence[Held], done: set[UUID], error: SendingFailed) -> None:
    """What a connection that broke did not get to."""
    for one in held:
        if one.id not in done:
            note(ctx, one, failed=error)


def _one(ctx: Context, held: Held, send: Send) -> None:
    if held.letter is None:
        note(ctx, held, failed=SendingFailed(held.why, final=True))
        return
    try:
        provider_id = send(held.letter)
    except SendingFailed as error:
        note(ctx, held, failed=error)
    except Exception as error:
        log.exception("message not sent", message=str(held.id))
        note(ctx, held, failed=SendingFailed(type(error).__name__))
    else:
        note(ctx, held, provider_id=provider_id)


def claim(ctx: Context, channel: Channel, most: int = BATCH) -> list[Held]:
    """Take messages that are due, urgent ones first, as many as the limit of this minute leaves."""
    now, token = ctx.clock.now(), new_id()
    with runtime().db.session(Whole(REASON)) as session:
        session.execute(_ALONE)
        room = min(most, _room(session, channel, ctx))
        if room <= 0:
            return []
        # Ids first: within one statement the subselect with the limit might be run more than once.
        identities = session.scalars(
            select(OutgoingMessage.id)
            .where(
                OutgoingMessage.channel == channel,
                OutgoingMessage.state.in_(rules.WAITING),
                OutgoingMessage.next_at <= now,
            )
            .order_by(OutgoingMessage.lane, OutgoingMessage.next_at, OutgoingMessage.id)
            .limit(room)
            .with_for_update(skip_locked=True)
        ).all()
        session.execute(
            update(OutgoingMessage)
            .where(OutgoingMessage.id.in_(identities))
            .values(state="sending", claim=token, claimed_at=now, tries=OutgoingMessage.tries + 1)
            .execution_options(synchronize_session=False)
        )
        found = list(_read(session, identities, token))
        session.commit()
    return found


def _room(session: ScopedSession, channel: Channel, ctx: Context) -> int:
    since = ctx.clock.now() - MINUTE
    used = session.scalar(
        select(func.count()).where(OutgoingMessage.channel == channel, OutgoingMessage.claimed_at > since)
    )
    return runtime().settings.sending.a_minute[channel] - (used or 0)


def _read(session: ScopedSession, identities: Sequence[UUID], token: UUID) -> Iterator[Held]:
    rows = session.execute(
        select(OutgoingMessage, OutgoingContent, WebhookTarget)
        .join(OutgoingContent, OutgoingContent.id == OutgoingMessage.content_id)
        .outerjoin(WebhookTarget, WebhookTarget.id == OutgoingMessage.target_id)
        .where(OutgoingMessage.id.in_(identities))
        .order_by(OutgoingMessage.lane, OutgoingMessage.next_at, OutgoingMessage.id)
        .execution_options(populate_existing=True)
    )
    for message, content, target in rows:
        held = Held(message.id, token, message.tries, None)
        try:
            yield replace(held, letter=_letter(message, content, target))
        except (Unreadable, SendingFailed) as error:
            yield replace(held, why=str(error))


def _letter(message: OutgoingMessage, content: OutgoingContent, target: WebhookTarget | None) -> Letter:
    if message.recipient_sealed is None:
        raise SendingFailed("the recipient was erased", final=True)
    if message.target_id is not None and (target is None or not target.active):
        raise SendingFailed("the webhook was switched off", final=True)
    return Letter(
        id=message.id,
        recipient=unseal(RECIPIENT, message.recipient_sealed, message.id),
        subject=content.subject,
        body=content.body,
        html=content.html,
        link=content.link,
        secret=unseal(WEBHOOK_SECRET, target.secret_sealed, target.id) if target is not None else "",
        data={**content.data, "kind": content.thing_type or "message"},
    )


def note(ctx: Context, held: Held, *, provider_id: str = "", failed: SendingFailed | None = None) -> bool:
    """Note how it went; False where the claim was lost meanwhile, and nothing is noted."""
    now = ctx.clock.now()
    values: dict[str, Any] = {"state": "sent", "sent_at": now, "provider_id": provider_id, "error": ""}
    if failed is not None:
        wait = None if failed.final else rules.pause(held.tries)
        values = {"state": "given_up" if wait is None else "failed", "error": str(failed)[:LONGEST_ERROR]}
        values |= {"next_at": now + wait} if wait is not None else {}
    with runtime().db.session(Whole(REASON)) as session:
        noted = session.execute(
            update(OutgoingMessage)
            .where(OutgoingMessage.id == held.id, OutgoingMessage.claim == held.claim)
            .where(OutgoingMessage.state == "sending")
            .values(**values, claim=None)
            .returning(OutgoingMessage.id)
            .execution_options(synchronize_session=False)
        ).first()
        session.commit()
    if noted is None:
        log.warning("claim of a message lost", message=str(held.id))
    return noted is not None
