"""Look after messages: who runs the installation sees them all, an organisation its own; old ones are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.errors import NotFound, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import enqueue
from banyan.kernel.runtime import runtime
from banyan.kernel.sending import CHANNELS, PAGE
from banyan.kernel.values import Health
from banyan.modules.access.decision import require
from banyan.modules.audit.services import Subject, record
from banyan.modules.delivery import rules
from banyan.modules.delivery.models import OutgoingContent, OutgoingMessage
from banyan.modules.delivery.permissions import MESSAGE_READ
from banyan.modules.delivery.senders import senders
from banyan.modules.delivery.services.posting import SEND

NOTHING = lazy("There is nothing here, or it is not within your reach.")
PURGED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message with its words. :ivar readable: whether the words are shown to whoever asks."""

    message: OutgoingMessage
    content: OutgoingContent
    readable: bool


@contextmanager
def everywhere(ctx: Context) -> Iterator[Context]:
    """``ctx`` over the messages of all organisations, for the operator: a transaction of its own with that reason."""
    if not ctx.actor.operator:
        raise NotFound(NOTHING)
    with runtime().db.session(Whole("messages of every organisation, for the operator")) as session:
        yield replace(ctx, session=session)
        session.commit()


def operated(ctx: Context, message_id: UUID) -> MessageView:
    """A message as the operator sees it; what it says only where it went to the operator's page instead of out."""
    found = _found(ctx, message_id)
    return replace(found, readable=runtime().settings.sending.sender(found.message.channel) == PAGE)  # type: ignore[arg-type]  # a checked column


def own(ctx: Context, message_id: UUID) -> MessageView:
    """A message of an organisation within reach. :raises NotFound: as everywhere."""
    found = _found(ctx, message_id)
    require(ctx, MESSAGE_READ.name, found.message.org)
    if ctx.org is not None and not found.message.org_path.startswith(ctx.org.path):
        raise NotFound(NOTHING)
    return found


def _found(ctx: Context, message_id: UUID) -> MessageView:
    row = ctx.session.execute(
        select(OutgoingMessage, OutgoingContent)
        .join(OutgoingContent, OutgoingContent.id == OutgoingMessage.content_id)
        .where(OutgoingMessage.id == message_id)
    ).first()
    if row is None:
        raise NotFound(NOTHING)
    return MessageView(row[0], row[1], readable=True)


def again(ctx: Context, message_id: UUID) -> OutgoingMessage:
    """Send a message again that was given up, as the operator asks.

    :raises Refused: it went out, is on its way, or its recipient was erased.
    """
    message = _found(ctx, message_id).message
    ctx.session.refresh(message, with_for_update=True)
    if message.state not in ("given_up", "failed"):
        raise Refused(lazy("Only what was given up, or waits for another try, can be sent again."))
    if message.recipient_sealed is None:
        raise Refused(lazy("The recipient’s data has been erased."))
    before = message.state
    message.state, message.tries, message.next_at = "queued", 0, ctx.clock.now()
    ctx.session.flush()
    subject = Subject("message", str(message.id), message.mask)
    record(ctx, "delivery.message.again", subject, org=message.org, before={"state": before}, after={"state": "queued"})
    enqueue(ctx, SEND)
    return message


def standing(ctx: Context) -> list[dict[str, Any]]:
    """Each channel: its sender, its limit, and how many messages are in which state."""
    rows = ctx.session.execute(
        select(OutgoingMessage.channel, OutgoingMessage.state, func.count())
        .where(OutgoingMessage.state != "sent")
        .group_by(OutgoingMessage.channel, OutgoingMessage.state)
    ).all()
    counts = {(channel, state): number for channel, state, number in rows}
    limits = runtime().settings.sending.a_minute
    return [
        {
            "channel": channel,
            "sender": senders()[channel].name,
            "a_minute": limits[channel],
            **{state: counts.get((channel, state), 0) for state in ("queued", "failed", "given_up")},
        }
        for channel in CHANNELS
    ]


def health(ctx: Context) -> Health:
    """Well as long as nothing waits for long and little is given up."""
    late = ctx.clock.now() - rules.HELD_AT_MOST
    with runtime().db.session(Whole("health of messages")) as session:
        waiting = session.scalar(
            select(func.count()).where(OutgoingMessage.state.in_(rules.WAITING), OutgoingMessage.next_at < late)
        )
        lost = session.scalar(
            select(func.count()).where(
                OutgoingMessage.state == "given_up", OutgoingMessage.created_at > ctx.clock.now() - rules.LATELY
            )
        )
    figures = {"waiting": waiting or 0, "given_up": lost or 0}
    return Health(not waiting, "" if not waiting else str(lazy("Messages wait for longer than ten minutes.")), figures)


def purge(ctx: Context) -> None:
    """Forget messages, and words, that are older than `rules.KEPT`."""
    old = ctx.clock.now() - rules.KEPT
    batch = select(OutgoingMessage.id).where(OutgoingMessage.created_at < old).limit(PURGED_AT_ONCE)
    ctx.session.execute(
        delete(OutgoingMessage).where(OutgoingMessage.id.in_(batch)).execution_options(synchronize_session=False)
    )
    used = select(OutgoingMessage.id).where(OutgoingMessage.content_id == OutgoingContent.id)
    ctx.session.execute(
        delete(OutgoingContent)
        .where(OutgoingContent.created_at < old, ~used.exists())
        .execution_options(synchronize_session=False)
    )


def of_person(ctx: Context, person_id: UUID) -> list[dict[str, Any]]:
    """What was sent to a person, without the addresses."""
    rows = ctx.session.execute(
        select(OutgoingMessage, OutgoingContent.subject)
        .join(OutgoingContent, OutgoingContent.id == OutgoingMessage.content_id)
        .where(OutgoingMessage.person_id == person_id)
        .order_by(OutgoingMessage.created_at, OutgoingMessage.id)
    )
    return [
        {
            "channel": message.channel,
            "recipient": message.mask,
            "subject": subject,
            "state": message.state,
            "at": message.created_at.isoformat(),
        }
        for message, subject in rows
    ]


def erase_person(ctx: Context, person_id: UUID) -> int:
    """Forget where messages to a person went, and send none that still wait; returns how many rows."""
    erased = ctx.session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.person_id == person_id)
        .values(recipient_sealed=None, recipient_index=None, mask="", person_id=None, account_id=None)
        .returning(OutgoingMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(erased.all())
