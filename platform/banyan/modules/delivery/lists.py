"""The log of messages, and the list of webhooks.

Plans, as ``banyan_app`` with 1,000,000 messages: newest first of a wide subtree, or of all, walks
``ix_outgoing_message_created_at_id`` backwards; a small organisation's come by ``ix_outgoing_message_org_path``; what
was given up or waits for another try is a partial index of its own. Webhooks are few for each organisation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Column, Filter, Sort, TableDef, day_after, day_start
from banyan.modules.access.decision import visible
from banyan.modules.delivery import permissions, rules
from banyan.modules.delivery.models import OutgoingContent, OutgoingMessage, WebhookTarget
from banyan.modules.tenancy.models import Org

ACTIVE: Mapping[str, Text] = {"true": lazy("On"), "false": lazy("Off")}


def _choices(known: Mapping[str, Text]) -> Sequence[tuple[str, Text]]:
    return list(known.items())


def _of_thing(value: object) -> ColumnElement[bool]:
    of_thing = select(OutgoingContent.id).where(OutgoingContent.thing_id == str(value))
    return OutgoingMessage.content_id.in_(of_thing)


def _channels(_session: Session) -> Sequence[tuple[str, Text]]:
    return _choices(rules.CHANNELS)


def _states(_session: Session) -> Sequence[tuple[str, Text]]:
    return _choices(rules.STATES)


MESSAGES = TableDef(
    name="outgoing_messages",
    title=lazy("Messages sent"),
    source=OutgoingMessage.__table__.join(OutgoingContent, OutgoingContent.id == OutgoingMessage.content_id).join(
        Org, Org.id == OutgoingMessage.org_id
    ),
    identity=OutgoingMessage.id,
    columns=(
        Column("subject", lazy("Subject"), OutgoingContent.subject, "link"),
        Column("channel", lazy("Channel"), OutgoingMessage.channel, "badge", labels=rules.CHANNELS),
        Column("recipient", lazy("Recipient"), OutgoingMessage.mask, "code"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("state", lazy("State"), OutgoingMessage.state, "badge", rules.STATES, rules.TONES),
        Column("tries", lazy("Tries"), OutgoingMessage.tries, "integer", shown=False),
        Column("error", lazy("What went wrong"), OutgoingMessage.error),
        Column("created_at", lazy("Written at"), OutgoingMessage.created_at, "datetime"),
        Column("next_at", lazy("Next try"), OutgoingMessage.next_at, "datetime", shown=False),
        Column("sent_at", lazy("Sent at"), OutgoingMessage.sent_at, "datetime", shown=False),
        Column("provider_id", lazy("The provider’s number"), OutgoingMessage.provider_id, "code", shown=False),
    ),
    sorts=(
        Sort("-created_at", (OutgoingMessage.created_at, OutgoingMessage.id), descending=True),
        Sort("created_at", (OutgoingMessage.created_at, OutgoingMessage.id)),
    ),
    filters=(
        Filter("channel", lazy("Channel"), "choice", lambda value: OutgoingMessage.channel == value, _channels),
        Filter("state", lazy("State"), "choice", lambda value: OutgoingMessage.state == value, _states),
        Filter("from", lazy("From"), "date", lambda day: OutgoingMessage.created_at >= day_start(day)),
        Filter("until", lazy("Until"), "date", lambda day: OutgoingMessage.created_at < day_after(day)),
        Filter("thing", lazy("Number of the thing"), "uuid", _of_thing, rare=True),
    ),
)

WEBHOOKS = TableDef(
    name="webhooks",
    title=lazy("Webhooks"),
    source=WebhookTarget.__table__.join(Org, Org.id == WebhookTarget.org_id),
    identity=WebhookTarget.id,
    columns=(
        Column("name", lazy("Name"), WebhookTarget.name, "link"),
        Column("url", lazy("Address"), WebhookTarget.url, "code"),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("active", lazy("State"), WebhookTarget.active, "badge", ACTIVE, {"True": "ok"}),
        Column("created_at", lazy("Set up at"), WebhookTarget.created_at, "datetime"),
    ),
    sorts=(
        Sort("-created_at", (WebhookTarget.created_at, WebhookTarget.id), descending=True),
        Sort("created_at", (WebhookTarget.created_at, WebhookTarget.id)),
    ),
)


def _exported(ctx: Context) -> ColumnElement[bool]:
    """Messages that one may both see and export."""
    both = (permissions.MESSAGE_READ, permissions.MESSAGE_EXPORT)
    seen, exported = (visible(ctx, one.name, OutgoingMessage.org_path, within=ctx.here) for one in both)
    return seen & exported


EXPORTS = (Exportable(MESSAGES, permissions.MESSAGE_EXPORT.name, _exported),)
