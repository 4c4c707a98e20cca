"""The hooks of the module ``externals``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint as PageBlueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, ModuleManifest, NavItem, OrgRef, Permission, Role
from banyan.modules.externals import events, exports, models, permissions
from banyan.modules.externals.api import api
from banyan.modules.externals.pages import pages
from banyan.modules.externals.services import bodies, filings
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    said = lazy("Sponsor, registration authority, Party-building authority: filings and replies")
    return ModuleManifest(
        "externals",
        lazy("External bodies"),
        said,
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("External bodies, what was filed with them, and their replies"),),
        always_on=True,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return (), permissions.BINDINGS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.ExternalBody, models.ExternalFiling, models.ExternalReply)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages,)


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return (events.BodyChanged, events.FilingRecorded, events.FilingReplied)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return events.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return events.FIELDS


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return exports.EXPORTS


@hookimpl
def banyan_org_merging(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    bodies.merge(ctx, org, into)


@hookimpl
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Text]:
    number = filings.waiting(ctx, org)
    return (lazy("%(n)s filings with external bodies wait for a reply.", n=number),) if number else ()


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    label, permission = lazy("External bodies"), permissions.BODY_READ.name
    return (
        NavItem(label, "externals_pages.bodies", "building-bank", "organisation", 60, permission, also=("filings",)),
    )
