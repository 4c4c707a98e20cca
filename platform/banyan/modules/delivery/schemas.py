"""What forms and the API of messages and webhooks hold."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy


class WebhookCreate(Schema):
    """A new webhook."""

    name = Text(required=True, validate=validate.Length(1, 100), metadata={"label": lazy("Name")})
    url = Text(
        required=True,
        validate=validate.Length(1, 1000),
        metadata={
            "label": lazy("Address"),
            "widget": "url",
            "help": lazy("Notices that are sent by webhook are posted there as JSON, signed."),
            "wide": True,
        },
    )


class WebhookUpdate(WebhookCreate):
    """An edit of a webhook; ``version`` is the one that was read."""

    active = ma.fields.Boolean(load_default=True, metadata={"label": lazy("Switched on")})
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class WebhookDetail(Schema):
    """A webhook as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    name = ma.fields.String()
    url = ma.fields.String()
    active = ma.fields.Boolean()
    version = ma.fields.Integer()


class WebhookMade(WebhookDetail):
    """A webhook that was just set up."""

    secret = ma.fields.String(metadata={"description": "Signs what is sent there. Shown once."})


class Queued(Schema):
    """How many messages were put in the queue."""

    messages = ma.fields.Integer()


class MessageDetail(Schema):
    """A message as the API shows it. There is no address in it, only its mask."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    channel = ma.fields.String()
    recipient = ma.fields.String()
    state = ma.fields.String(metadata={"description": "queued, sending, sent, failed, given_up or withdrawn."})
    tries = ma.fields.Integer()
    error = ma.fields.String()
    provider_id = ma.fields.String()
    subject = ma.fields.String()
    body = ma.fields.String(allow_none=True, metadata={"description": "Null where the reader is not told."})
    link = ma.fields.String(allow_none=True)
    created_at = ma.fields.DateTime()
    next_at = ma.fields.DateTime()
    sent_at = ma.fields.DateTime(allow_none=True)


class ChannelDetail(Schema):
    """How a channel stands."""

    channel = ma.fields.String()
    sender = ma.fields.String(metadata={"description": "`page`: messages are only shown to the operator."})
    a_minute = ma.fields.Integer()
    queued = ma.fields.Integer()
    failed = ma.fields.Integer()
    given_up = ma.fields.Integer()
