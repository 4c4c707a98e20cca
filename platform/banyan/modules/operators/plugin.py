"""The hooks of the module ``operators``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import ModuleManifest, NavItem
from banyan.modules.operators import cli, events, jobs, models, window_api
from banyan.modules.operators.api import api
from banyan.modules.operators.pages import pages
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    what = lazy("Plugins of the installation, their health and failures")
    return ModuleManifest(
        "operators",
        lazy("Operation"),
        what,
        __version__,
        author=lazy("Banyan"),
        holds=(
            lazy("Failures of plugins, without anybody’s data, for 30 days"),
            lazy("Announced maintenance and emergencies"),
        ),
        always_on=True,
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.ServiceWindow,)


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return events.FIELDS


@hookimpl
def banyan_cli() -> Sequence[click.Command]:
    return (cli.commands,)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api, window_api.api)


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return (jobs.PURGE,)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return events.ACTIONS


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    if not ctx.actor.operator:
        return ()
    return (
        NavItem(lazy("Plugins"), "operators_pages.listing", "plug", "system", 90),
        NavItem(lazy("Maintenance"), "operators_pages.maintenance", "tool", "system", 92),
    )
