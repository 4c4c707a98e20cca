"""The hooks of the module ``tenancy``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable
from banyan.kernel.values import Metric, ModuleManifest, NavItem, Permission
from banyan.modules.tenancy import cli, events, life_models, models, permissions, stats
from banyan.modules.tenancy.api import api
from banyan.modules.tenancy.events import ACTIONS, FIELDS
from banyan.modules.tenancy.exports import EXPORTS
from banyan.modules.tenancy.file_api import api as file_api
from banyan.modules.tenancy.imports import IMPORTS
from banyan.modules.tenancy.life_api import api as life_api
from banyan.modules.tenancy.link_api import api as link_api
from banyan.modules.tenancy.manifest.telling import OrganisationsApplied
from banyan.modules.tenancy.module_api import api as module_api
from banyan.modules.tenancy.pages import pages
from banyan.modules.tenancy.services import settings
from banyan.modules.tenancy.setting_api import api as setting_api
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "tenancy",
        lazy("Organisations"),
        lazy("The tree of organisations and their modules"),
        __version__,
        author=lazy("Banyan"),
        holds=(
            lazy("The tree of organisations: names, codes, links, and what became of them"),
            lazy("Which modules are on, and what was laid down"),
        ),
        always_on=True,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    tree = (models.Level, models.OrgType, models.Org, models.OrgToken, models.OrgLinkChange)
    return (*tree, life_models.OrgChange, life_models.OrgRevocation)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api, file_api, life_api, link_api, module_api, setting_api)


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return (*events.EVENTS, OrganisationsApplied)


@hookimpl
def banyan_cli() -> Sequence[click.Command]:
    return (cli.tree,)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return {**FIELDS, **settings.words()}


@hookimpl
def banyan_metrics() -> Sequence[Metric]:
    return stats.METRICS


@hookimpl
def banyan_stats(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    return stats.counted(ctx, lo, hi)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return EXPORTS


@hookimpl
def banyan_imports() -> Sequence[Importable]:
    return IMPORTS


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return (
        NavItem(
            lazy("Organisations"), "tenancy_pages.listing", "sitemap", "organisation", 10, permissions.ORG_READ.name
        ),
        NavItem(
            lazy("Profile"),
            "tenancy_pages.profile",
            "building",
            "organisation",
            20,
            permissions.ORG_READ.name,
            also=("life",),
        ),
        NavItem(
            lazy("Revocations"), "tenancy_pages.revocations", "ban", "organisation", 70, permissions.ORG_REVOKE.name
        ),
        NavItem(lazy("Modules"), "tenancy_pages.modules", "puzzle", "system", 10, permissions.MODULE_READ.name),
        NavItem(lazy("Settings"), "tenancy_pages.settings", "settings", "system", 20, permissions.SETTING_READ.name),
    )
