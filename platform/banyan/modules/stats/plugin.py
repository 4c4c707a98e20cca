"""The hooks of the module ``stats``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import ModuleManifest, NavItem, OrgRef, Permission
from banyan.modules.stats import models, permissions
from banyan.modules.stats.api import api
from banyan.modules.stats.pages import pages
from banyan.modules.stats.services import fold_all, merge, move
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "stats",
        lazy("Figures"),
        lazy("Numbers over a subtree"),
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("Numbers by organisation, about no person"),),
        always_on=True,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.Stat,)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return {"stats.figure.rebuild": lazy("Counted figures anew")}


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    reason = "waiting numbers of every organisation, into those above it"
    return (Job("stats.fold", lazy("Add up figures"), periodic=fold_all, cron="* * * * *", reason=reason),)


@hookimpl
def banyan_org_moved(ctx: Context, org: OrgRef, old_path: str) -> None:
    move(ctx, org, old_path)


@hookimpl
def banyan_org_merging(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    merge(ctx, org, into)


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return (NavItem(lazy("Dashboard"), "stats_pages.dashboard", "home", "", 0, permissions.FIGURE_READ.name),)
