"""The hooks of the module ``imports``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import ModuleManifest, NavItem, Permission
from banyan.modules.imports import models, permissions
from banyan.modules.imports.api import api
from banyan.modules.imports.exports import EXPORTS
from banyan.modules.imports.jobs import JOBS
from banyan.modules.imports.pages import pages
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    what = lazy("Rows from spreadsheets: checked, shown, and written once they are confirmed")
    return ModuleManifest(
        "imports",
        lazy("Imports"),
        what,
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("Spreadsheets and their rows, for 30 days"),),
        always_on=True,
        icon="file-import",
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.Import, models.StagedRow, models.StagedSecret)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return EXPORTS


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return JOBS


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return {
        "imports.import.upload": lazy("Uploaded a file for an import"),
        "imports.import.confirm": lazy("Confirmed an import"),
        "imports.import.finish": lazy("Import finished"),
        "imports.import.discard": lazy("Discarded an import"),
        "imports.rows.download": lazy("Downloaded rows of an import"),
        "imports.handout.make": lazy("Made and downloaded what an import hands out once"),
    }


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return {
        "import": lazy("Import"),
        "sha256": lazy("Fingerprint"),
        "size": lazy("Size"),
        "rows": lazy("Rows"),
        "rows=all": lazy("All"),
        "rows=wrong": lazy("Wrong"),
        "new": lazy("New"),
        "changed": lazy("Changed"),
        "same": lazy("Same"),
        "wrong": lazy("Wrong"),
        "written": lazy("Written"),
        "failed": lazy("Wrong only when written"),
    }


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    label, needed = lazy("Imports"), permissions.IMPORT_READ.name
    return (NavItem(label, "imports_pages.listing", "file-import", "work", 80, needed),)
