"""The hooks of the module ``audit``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from flask import Blueprint as PageBlueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import ModuleManifest, NavItem, Permission
from banyan.modules.audit import cli, exports, jobs, labels, models, permissions
from banyan.modules.audit.api import api
from banyan.modules.audit.pages import pages
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "audit",
        lazy("Audit log"),
        lazy("Who did what, where and when"),
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("What was done: by whom, when, from where, with the values before and after"),),
        always_on=True,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    chain = (models.AuditLane, models.AuditArchive, models.AuditVerification)
    return (models.AuditEntry, models.AuditPath, *chain)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages,)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return exports.EXPORTS


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return jobs.JOBS


@hookimpl
def banyan_cli() -> Sequence[click.Command]:
    return (cli.audit,)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return labels.OWN


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    entries = "audit_pages.entries"
    return (NavItem(lazy("Audit log"), entries, "history", "system", 80, permissions.ENTRY_READ.name),)
