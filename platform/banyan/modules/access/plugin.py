"""The hooks of the module ``access``."""

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
from banyan.kernel.values import Binding, ModuleManifest, NavItem, Permission, Role
from banyan.modules.access import events, exports, labels, models, permissions
from banyan.modules.access.api import api
from banyan.modules.access.pages import pages
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    said = lazy("Who may do what, and why")
    return ModuleManifest(
        "access",
        lazy("Roles and permissions"),
        said,
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("Roles of organisations, what they allow, and who holds which role where"),),
        always_on=True,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.PolicyStamp, models.OrgRole, models.OrgRolePermission, models.RoleGrant)


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return permissions.ROLES, ()


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages,)


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return (events.RoleGranted, events.GrantEnded, events.OwnRoleChanged)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return permissions.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return labels.fields()


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return exports.EXPORTS


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return (
        NavItem(lazy("Roles"), "access_pages.roles", "shield-lock", "system", 40, permissions.ROLE_READ.name),
        NavItem(lazy("Grants"), "access_pages.grants", "user-shield", "system", 50, permissions.GRANT_READ.name),
        NavItem(lazy("Explain a decision"), "access_pages.why", "help-circle", "system", 60, permissions.EXPLAIN.name),
    )
