"""Console pages of messages and webhooks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import true

from banyan.kernel.access_marks import operator, permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import load, may, visible
from banyan.modules.audit.history import history
from banyan.modules.delivery import lists, permissions, rules, schemas
from banyan.modules.delivery.models import OutgoingMessage, WebhookTarget
from banyan.modules.delivery.services import operating, webhooks
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

pages = Blueprint("delivery_pages", __name__, template_folder="templates")
MESSAGE_READ = permissions.MESSAGE_READ.name
READ, UPDATE = permissions.WEBHOOK_READ.name, permissions.WEBHOOK_UPDATE.name
WEBHOOK = "delivery/webhook.html"


@pages.get("/orgs/<code>/messages")
@permission(MESSAGE_READ)
def messages() -> ResponseReturnValue:
    """What this organisation and those below sent."""
    ctx = current()
    view = present(
        ctx.session,
        lists.MESSAGES,
        request.args,
        visible(ctx, MESSAGE_READ, OutgoingMessage.org_path, within=ctx.here),
        url=url_for("delivery_pages.messages"),
        columns=may_see(lists.MESSAGES, lambda name: may(ctx, name)),
        links={"subject": lambda row: url_for("delivery_pages.message", message_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.MESSAGE_EXPORT.name) else None,
        empty=lazy("Nothing has been sent by e-mail, SMS or webhook yet."),
    )
    return render_template("delivery/messages.html", view=view), view.status


@pages.get("/orgs/<code>/messages/<uuid:message_id>")
@permission(MESSAGE_READ)
def message(message_id: UUID) -> ResponseReturnValue:
    """A message and how it went."""
    return render_template("delivery/message.html", view=operating.own(current(), message_id), **_words())


@pages.get("/operator/messages")
@operator
def operated() -> ResponseReturnValue:
    """Every message of the installation, and what it would have said where nothing leaves."""
    with operating.everywhere(current()) as ctx:
        view = present(
            ctx.session,
            lists.MESSAGES,
            request.args,
            true(),
            url=url_for("delivery_pages.operated"),
            links={"subject": lambda row: url_for("delivery_pages.operated_message", message_id=row["id"])},
            empty=lazy("Nothing has been sent yet."),
        )
        channels = operating.standing(ctx)
    return render_template("delivery/operated.html", view=view, channels=channels, **_words()), view.status


@pages.get("/operator/messages/<uuid:message_id>")
@operator
def operated_message(message_id: UUID) -> ResponseReturnValue:
    """One message, with its words where it went to this page instead of out."""
    with operating.everywhere(current()) as ctx:
        view = operating.operated(ctx, message_id)
    return render_template("delivery/message.html", view=view, **{**_words(), "operating": True})


@pages.post("/operator/messages/<uuid:message_id>/again")
@operator
def operated_again(message_id: UUID) -> ResponseReturnValue:
    """Send a message again."""
    with operating.everywhere(current()) as ctx:
        operating.again(ctx, message_id)
    return done(lazy("It is in the queue again."), "delivery_pages.operated_message", message_id=message_id)


@pages.get("/orgs/<code>/webhooks", endpoint="webhooks")
@permission(READ)
def listing() -> ResponseReturnValue:
    """Where webhooks of this organisation and those below lead."""
    ctx = current()
    view = present(
        ctx.session,
        lists.WEBHOOKS,
        request.args,
        visible(ctx, READ, WebhookTarget.org_path, within=ctx.here),
        url=url_for("delivery_pages.webhooks"),
        links={"name": lambda row: url_for("delivery_pages.webhook", webhook_id=row["id"])},
        empty=lazy("No webhooks yet: a webhook hands notices on to another system of yours."),
    )
    return render_template("delivery/webhooks.html", view=view), view.status


@pages.get("/orgs/<code>/webhooks/new")
@permission(UPDATE)
def webhook_new() -> ResponseReturnValue:
    """The form of a new webhook."""
    return render_template("delivery/webhook_new.html", form=BoundForm(schemas.WebhookCreate()))


@pages.post("/orgs/<code>/webhooks/new")
@permission(UPDATE)
def webhook_create() -> ResponseReturnValue:
    """Set up a webhook; its secret is shown once."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        return _secret(webhooks.create(current(), data))

    return submit(BoundForm(schemas.WebhookCreate()), use, "delivery/webhook_new.html")


@pages.get("/orgs/<code>/webhooks/<uuid:webhook_id>")
@permission(READ)
def webhook(webhook_id: UUID) -> ResponseReturnValue:
    """A webhook, and its history."""
    ctx = current()
    found = webhooks.find(ctx, webhook_id)
    return render_template(WEBHOOK, form=BoundForm(schemas.WebhookUpdate(), obj=found), **_about(ctx, found))


@pages.post("/orgs/<code>/webhooks/<uuid:webhook_id>")
@permission(UPDATE)
def webhook_update(webhook_id: UUID) -> ResponseReturnValue:
    """Edit a webhook, or switch it off."""
    ctx = current()
    found = load(ctx, UPDATE, WebhookTarget, webhook_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        webhooks.update(ctx, webhook_id, data)
        return done(lazy("Saved."), "delivery_pages.webhook", webhook_id=webhook_id)

    return submit(BoundForm(schemas.WebhookUpdate(), obj=found), use, WEBHOOK, **_about(ctx, found))


@pages.post("/orgs/<code>/webhooks/<uuid:webhook_id>/secret")
@permission(UPDATE)
def webhook_secret(webhook_id: UUID) -> ResponseReturnValue:
    """Give a webhook a new secret, shown once."""
    return _secret(webhooks.renew(current(), webhook_id))


@pages.post("/orgs/<code>/webhooks/<uuid:webhook_id>/test")
@permission(UPDATE)
def webhook_test(webhook_id: UUID) -> ResponseReturnValue:
    """Send a webhook a message that says it is a test."""
    webhooks.test(current(), webhook_id)
    said = lazy("The test is in the queue; the log of messages shows how it went.")
    return done(said, "delivery_pages.webhook", webhook_id=webhook_id)


def _secret(made: webhooks.Made) -> ResponseReturnValue:
    answer = make_response(render_template("delivery/webhook_secret.html", webhook=made.target, secret=made.secret))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _about(ctx: Context, found: WebhookTarget) -> dict[str, Any]:
    return {
        "webhook": found,
        "changeable": may(ctx, UPDATE, found.org),
        "history": history(ctx, "webhook", str(found.id)),
    }


def _words() -> dict[str, Any]:
    return {"names": rules.CHANNELS, "states": rules.STATES, "tones": rules.TONES, "operating": False}
