"""The hooks of the module ``delivery``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint as PageBlueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import Binding, Health, ModuleManifest, NavItem, Permission, Role
from banyan.modules.delivery import jobs, labels, lists, models, permissions
from banyan.modules.delivery.api import api
from banyan.modules.delivery.pages import pages
from banyan.modules.delivery.services import operating
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "delivery",
        lazy("Messages"),
        lazy("E-mail, SMS and webhooks: sent with retries, kept in a log"),
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("What was sent to whom by e-mail, SMS and webhook, addresses sealed, for 90 days"),),
        always_on=True,
        icon="mail",
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.OutgoingContent, models.OutgoingMessage, models.WebhookTarget)


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return (), permissions.BINDINGS


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages,)


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return jobs.JOBS


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return lists.EXPORTS


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return labels.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return labels.FIELDS


@hookimpl
def banyan_health(ctx: Context) -> Health:
    return operating.health(ctx)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return {"messages": operating.of_person(ctx, UUID(person_id))}


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return {"outgoing_message": operating.erase_person(ctx, UUID(person_id))}


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    read, webhooks = permissions.MESSAGE_READ.name, permissions.WEBHOOK_READ.name
    shown = [
        NavItem(lazy("Messages sent"), "delivery_pages.messages", "mail", "system", 70, read),
        NavItem(lazy("Webhooks"), "delivery_pages.webhooks", "plug-connected", "system", 75, webhooks),
    ]
    if ctx.actor.operator:
        label = lazy("Messages of the installation")
        shown.append(NavItem(label, "delivery_pages.operated", "send", "system", 91))
    return shown
