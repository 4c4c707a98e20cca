"""The hooks of the module ``audit``."""

from __future__ import annotations

from collections.abc import Sequence

from banyan import __version__
from banyan.kernel.db.base import Base
from banyan.kernel.i18n import lazy
from banyan.kernel.values import ModuleManifest, Permission
from banyan.modules.audit import models, permissions
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest("audit", lazy("Audit log"), lazy("Who did what, where and when"), __version__, always_on=True)


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.AuditEntry,)
