"""The hooks of the module ``access``."""

from __future__ import annotations

from collections.abc import Sequence

from banyan import __version__
from banyan.kernel.db.base import Base
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, ModuleManifest, Permission, Role
from banyan.modules.access import models, permissions
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest("access", lazy("Roles and permissions"), lazy("Who may do what, and why"), __version__, always_on=True)


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.PolicyStamp, models.OrgRole, models.OrgRolePermission, models.RoleGrant)


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return permissions.ROLES, ()
