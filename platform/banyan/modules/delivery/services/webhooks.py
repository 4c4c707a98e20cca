"""Where webhooks of an organisation lead (NOT-01)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Conflict, Invalid
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import runtime
from banyan.kernel.sealing import seal
from banyan.kernel.sending import SendingFailed
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.delivery.models import WEBHOOK_SECRET, WebhookTarget
from banyan.modules.delivery.permissions import WEBHOOK_READ, WEBHOOK_UPDATE
from banyan.modules.delivery.senders.http import reachable
from banyan.modules.delivery.services import posting

EDITED = ("name", "url", "active")


@dataclass(frozen=True, slots=True)
class Made:
    """A webhook that has just been set up. :ivar secret: shown once, and never again."""

    target: WebhookTarget
    secret: str


def subject(target: WebhookTarget) -> Subject:
    """A webhook as the audit log names it."""
    return Subject("webhook", str(target.id), target.name)


def find(ctx: Context, target_id: UUID) -> WebhookTarget:
    """A webhook within reach; raises `NotFound` and `Forbidden` as everywhere."""
    return load(ctx, WEBHOOK_READ.name, WebhookTarget, target_id)


def create(ctx: Context, data: Mapping[str, Any]) -> Made:
    """Set up a webhook of the organisation of the request, with a secret made here.

    :raises Invalid: the address is none that may be told things.
    """
    require(ctx, WEBHOOK_UPDATE.name, ctx.here)
    _check(data["url"])
    identity, secret = new_id(), secrets.token_urlsafe(32)
    target = WebhookTarget(
        id=identity,
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        name=data["name"],
        url=data["url"],
        secret_sealed=seal(WEBHOOK_SECRET, secret, identity),
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(target)
    ctx.session.flush()
    record(ctx, "delivery.webhook.create", subject(target), org=target.org, after=_told(target))
    return Made(target, secret)


def update(ctx: Context, target_id: UUID, data: Mapping[str, Any]) -> WebhookTarget:
    """Edit a webhook, or switch it off; ``version`` is the one that was read."""
    target = load(ctx, WEBHOOK_UPDATE.name, WebhookTarget, target_id)
    if target.version != data["version"]:
        raise Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    _check(data["url"])
    before = _told(target)
    for key in EDITED:
        setattr(target, key, data[key])
    ctx.session.flush()
    old, new = changes(before, _told(target))
    if new:
        record(ctx, "delivery.webhook.update", subject(target), org=target.org, before=old, after=new)
    return target


def renew(ctx: Context, target_id: UUID) -> Made:
    """Give a webhook a new secret; the old one signs nothing more."""
    target, secret = load(ctx, WEBHOOK_UPDATE.name, WebhookTarget, target_id), secrets.token_urlsafe(32)
    target.secret_sealed = seal(WEBHOOK_SECRET, secret, target.id)
    ctx.session.flush()
    record(ctx, "delivery.webhook.renew", subject(target), org=target.org)
    return Made(target, secret)


def test(ctx: Context, target_id: UUID) -> int:
    """Send a webhook a message that says it is a test."""
    target = load(ctx, WEBHOOK_UPDATE.name, WebhookTarget, target_id)
    said = posting.Words(
        str(lazy("A test")), str(lazy("This webhook was set up in Banyan.")), data={"test": True}, thing_type="test"
    )
    to = [posting.Recipient(target.url, target_id=target.id)]
    record(ctx, "delivery.webhook.test", subject(target), org=target.org)
    return posting.post(ctx, target.org, "webhook", said, to)


def _told(target: WebhookTarget) -> dict[str, Any]:
    """What the audit log keeps: addresses of webhooks may hold a secret behind the question mark."""
    return {"name": target.name, "address": target.url.partition("?")[0], "active": target.active}


def _check(url: str) -> None:
    parts, private = urlsplit(url), runtime().settings.sending.private
    problem = None
    try:
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
            problem = lazy("An address such as https://example.org/hook is wanted.")
        elif parts.scheme == "http" and not private:
            problem = lazy("Only encrypted addresses (https) are told anything.")
        else:
            reachable(parts.hostname, parts.port or 443, private=private)
    except SendingFailed:
        problem = lazy("This leads to an address that is not public.")
    except (OSError, ValueError):
        problem = lazy("This address cannot be found.")
    if problem is not None:
        raise Invalid({"url": [problem]})
