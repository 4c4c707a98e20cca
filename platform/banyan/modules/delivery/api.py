"""The REST API of messages and webhooks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView
from sqlalchemy import true

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import operator, permission
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may, visible
from banyan.modules.delivery import lists, permissions, schemas
from banyan.modules.delivery.models import OutgoingMessage, WebhookTarget
from banyan.modules.delivery.services import operating, webhooks
from banyan.modules.delivery.services.operating import MessageView
from banyan.modules.delivery.services.webhooks import Made

api = Blueprint("delivery_api", __name__, url_prefix="/api/v1", description="Messages and webhooks")
MESSAGE_READ = permissions.MESSAGE_READ.name
READ, UPDATE = permissions.WEBHOOK_READ.name, permissions.WEBHOOK_UPDATE.name
PAGE = api_lists.page_schema(lists.MESSAGES)
ONE = ("id", "org_id", "channel", "state", "tries", "error", "provider_id", "created_at", "next_at", "sent_at")


def shown(view: MessageView) -> dict[str, Any]:
    """A message as `MessageDetail` shows it."""
    said = {"body": view.content.body, "link": view.content.link} if view.readable else {"body": None, "link": None}
    found = {key: getattr(view.message, key) for key in ONE}
    return {**found, **said, "recipient": view.message.mask, "subject": view.content.subject}


def made(found: Made) -> tuple[dict[str, Any], int, dict[str, str]]:
    """A webhook with its secret, which no cache keeps."""
    keys = ("id", "org_id", "name", "url", "active", "version")
    told = {**{key: getattr(found.target, key) for key in keys}, "secret": found.secret}
    return told, 201, {"Cache-Control": "no-store"}


@api.route("/orgs/<code>/messages")
class Messages(MethodView):
    """Messages of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.MESSAGES))
    @api.response(200, PAGE)
    @permission(MESSAGE_READ)
    def get(self) -> Response:
        """List the messages that the organisation and those below sent by e-mail, SMS and webhook"""
        ctx = current()
        seen = visible(ctx, MESSAGE_READ, OutgoingMessage.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.MESSAGES, seen, may=lambda name: may(ctx, name))


@api.route("/orgs/<code>/messages/<uuid:message_id>")
class Message(MethodView):
    """One message."""

    @api.response(200, schemas.MessageDetail)
    @permission(MESSAGE_READ)
    def get(self, message_id: UUID) -> dict[str, Any]:
        """Show a message and how it went"""
        return shown(operating.own(current(), message_id))


@api.route("/orgs/<code>/webhooks")
class Webhooks(MethodView):
    """Webhooks of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.WEBHOOKS))
    @api.response(200, api_lists.page_schema(lists.WEBHOOKS))
    @permission(READ)
    def get(self) -> Response:
        """List the webhooks of the organisation and those below"""
        ctx = current()
        seen = visible(ctx, READ, WebhookTarget.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.WEBHOOKS, seen, may=lambda name: may(ctx, name))

    @api.arguments(schemas.WebhookCreate)
    @api.response(201, schemas.WebhookMade)
    @permission(UPDATE)
    def post(self, data: dict[str, Any]) -> Any:
        """Set up a webhook of the organisation; the answer shows its secret, once"""
        return made(webhooks.create(current(), data))


@api.route("/orgs/<code>/webhooks/<uuid:webhook_id>")
class Webhook(MethodView):
    """One webhook."""

    @api.response(200, schemas.WebhookDetail)
    @permission(READ)
    def get(self, webhook_id: UUID) -> WebhookTarget:
        """Show a webhook"""
        return webhooks.find(current(), webhook_id)

    @api.arguments(schemas.WebhookUpdate)
    @api.response(200, schemas.WebhookDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], webhook_id: UUID) -> WebhookTarget:
        """Edit a webhook, or switch it off"""
        return webhooks.update(current(), webhook_id, data)


@api.route("/orgs/<code>/webhooks/<uuid:webhook_id>/secret")
class WebhookSecret(MethodView):
    """A webhook's secret."""

    @api.response(201, schemas.WebhookMade)
    @permission(UPDATE)
    def post(self, webhook_id: UUID) -> Any:
        """Give a webhook a new secret, shown once"""
        return made(webhooks.renew(current(), webhook_id))


@api.route("/orgs/<code>/webhooks/<uuid:webhook_id>/test")
class WebhookTest(MethodView):
    """A try of a webhook."""

    @api.response(202, schemas.Queued)
    @permission(UPDATE)
    def post(self, webhook_id: UUID) -> dict[str, int]:
        """Send a webhook a message that says it is a test"""
        return {"messages": webhooks.test(current(), webhook_id)}


@api.route("/operator/channels")
class Channels(MethodView):
    """How messages leave."""

    @api.response(200, schemas.ChannelDetail(many=True))
    @operator
    def get(self) -> list[dict[str, Any]]:
        """List the channels, their senders and what waits"""
        with operating.everywhere(current()) as ctx:
            return operating.standing(ctx)


@api.route("/operator/messages")
class OperatedMessages(MethodView):
    """Messages of all organisations."""

    @api.doc(parameters=api_lists.parameters(lists.MESSAGES))
    @api.response(200, PAGE)
    @operator
    def get(self) -> Response:
        """List the messages of all organisations"""
        with operating.everywhere(current()) as ctx:
            return api_lists.respond(ctx.session, lists.MESSAGES, true())


@api.route("/operator/messages/<uuid:message_id>")
class OperatedMessage(MethodView):
    """One message of any organisation."""

    @api.response(200, schemas.MessageDetail)
    @operator
    def get(self, message_id: UUID) -> dict[str, Any]:
        """Show how a message went; what it says only where it did not leave the installation"""
        with operating.everywhere(current()) as ctx:
            return shown(operating.operated(ctx, message_id))


@api.route("/operator/messages/<uuid:message_id>/again")
class OperatedAgain(MethodView):
    """Another try."""

    @api.response(200, schemas.MessageDetail)
    @operator
    def post(self, message_id: UUID) -> dict[str, Any]:
        """Send a message again that was given up"""
        with operating.everywhere(current()) as ctx:
            operating.again(ctx, message_id)
            return shown(operating.operated(ctx, message_id))
