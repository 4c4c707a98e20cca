"""Put messages in the queue: the words once, a row for each address, in the transaction of who has something to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from banyan.kernel import masks
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.jobs import enqueue
from banyan.kernel.sealing import blind_index, seal
from banyan.kernel.sending import Channel
from banyan.kernel.values import OrgRef
from banyan.modules.delivery import rules
from banyan.modules.delivery.models import (
    ORDINARY,
    RECIPIENT,
    URGENT,
    OutgoingContent,
    OutgoingMessage,
    WebhookTarget,
    unique,
)

SEND = "delivery.send"
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says.

    :ivar thing_type: with ``thing_id``, what it belongs to. :ivar data: what webhooks are told beside the words.
    """

    subject: str
    body: str
    html: str = ""
    link: str = ""
    thing_type: str = ""
    thing_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom it goes to: an address, and whose it is."""

    address: str
    account_id: UUID | None = None
    person_id: UUID | None = None
    target_id: UUID | None = None


def words(ctx: Context, org: OrgRef, said: Words) -> UUID:
    """Keep the words of a message of ``org``; returns their id, for `address`."""
    row = OutgoingContent(
        org_id=org.id,
        org_path=org.path,
        subject=said.subject,
        body=said.body,
        html=said.html,
        link=said.link,
        thing_type=said.thing_type,
        thing_id=said.thing_id,
        data=dict(said.data),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row.id


def address(
    ctx: Context, org: OrgRef, content_id: UUID, channel: Channel, to: Iterable[Recipient], *, urgent: bool = False
) -> int:
    """Queue the words for each of ``to``; what is no address is left out, one address gets them once.

    :returns: how many messages are new.
    """
    made = 0
    for rows in _batches(_rows(ctx, org, content_id, channel, to, urgent)):
        statement = insert(OutgoingMessage).values(rows).on_conflict_do_nothing().returning(OutgoingMessage.id)
        made += len(ctx.session.execute(statement).all())
    if made:
        enqueue(ctx, SEND)
    return made


def post(
    ctx: Context, org: OrgRef, channel: Channel, said: Words, to: Iterable[Recipient], *, urgent: bool = False
) -> int:
    """Queue a message of ``org`` to a few recipients: `words` and `address` in one."""
    return address(ctx, org, words(ctx, org, said), channel, to, urgent=urgent)


def webhooks(ctx: Context, orgs: Iterable[UUID]) -> list[Recipient]:
    """Where the webhooks of ``orgs`` lead, of those the session sees."""
    found = ctx.session.execute(
        select(WebhookTarget.id, WebhookTarget.url).where(WebhookTarget.org_id.in_(list(orgs)), WebhookTarget.active)
    )
    return [Recipient(url, target_id=identity) for identity, url in found]


def withdraw(ctx: Context, thing_type: str, thing_id: str) -> int:
    """Keep back what has not gone out yet of a thing's messages; returns how many."""
    of_thing = select(OutgoingContent.id).where(
        OutgoingContent.thing_type == thing_type, OutgoingContent.thing_id == thing_id
    )
    kept = ctx.session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.content_id.in_(of_thing), OutgoingMessage.state.in_(rules.WAITING))
        .values(state="withdrawn")
        .returning(OutgoingMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(kept.all())


def masked(channel: Channel, text: str) -> str:
    """What is shown of an address."""
    if channel == "email":
        return masks.email(text)
    return masks.phone(text) if channel == "sms" else urlsplit(text).hostname or ""


def _rows(
    ctx: Context, org: OrgRef, content_id: UUID, channel: Channel, to: Iterable[Recipient], urgent: bool
) -> Iterator[dict[str, Any]]:
    now = ctx.clock.now()
    for one in to:
        known = rules.address(channel, one.address)
        if known is None:
            continue
        identity = new_id()
        yield {
            "id": identity,
            "org_id": org.id,
            "org_path": org.path,
            "content_id": content_id,
            "channel": channel,
            "lane": URGENT if urgent else ORDINARY,
            "recipient_sealed": seal(RECIPIENT, known, identity),
            "recipient_index": blind_index(RECIPIENT, unique(known, one.target_id)),
            "mask": masked(channel, known),
            "account_id": one.account_id,
            "person_id": one.person_id,
            "target_id": one.target_id,
            "state": "queued",
            "tries": 0,
            "next_at": now,
            "created_at": now,
        }


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
