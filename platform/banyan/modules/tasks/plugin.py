"""The hooks of the module ``tasks``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import ModuleManifest, NavItem, OrgRef, Permission
from banyan.modules.tasks import permissions, services
from banyan.modules.tasks.api import api
from banyan.modules.tasks.jobs import JOBS
from banyan.modules.tasks.pages import pages
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    what = lazy("Exports and other long work, with progress and results")
    return ModuleManifest(
        "tasks",
        lazy("Long tasks"),
        what,
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("Long tasks: who began them, and the files they made"),),
        always_on=True,
        icon="progress",
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return JOBS


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return {
        "tasks.task.cancel": lazy("Stopped a task"),
        "tasks.event.retry": lazy("Delivered an event again"),
        "tasks.export.start": lazy("Started an export"),
        "tasks.result.download": lazy("Downloaded a result"),
    }


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return {"filters": lazy("Filters"), "file": lazy("File")}


@hookimpl
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Text]:
    return services.against_revocation(ctx, org)


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return (NavItem(lazy("Long tasks"), "tasks_pages.listing", "progress", "work", 90, permissions.TASK_READ.name),)
