"""Roles and what they mean: the matrix of roles and permissions at an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef, Permission, Rights
from banyan.modules.access import policy
from banyan.modules.access.models import OrgRole
from banyan.modules.access.neighbours import ORG
from banyan.modules.access.services import grants
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules

Cell = Literal["allow", "deny", ""]


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role that can be held at an organisation.

    :ivar own: defined by an organisation, this one or one above. :ivar defined_at: name of that organisation.
    """

    key: str
    label: Text
    description: Text
    own: bool
    defined_at: str
    defined_at_path: str
    rights: Rights

    def cell(self, permission: Permission) -> Cell:
        """What the role says of a permission."""
        if permission.name in self.rights.denied:
            return "deny"
        return "allow" if permission.name in self.rights.allowed else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Permissions of one module."""

    module: str
    label: Text
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All roles of an organisation against all permissions of its modules."""

    roles: tuple[RoleView, ...]
    groups: tuple[Group, ...]


def matrix(ctx: Context) -> Matrix:
    """The matrix at the organisation of the request: built-in roles, its own ones and those of the levels above."""
    return Matrix(tuple(usable_roles(ctx, ctx.here)), tuple(groups(ctx, ctx.here)))


def usable_roles(ctx: Context, org: OrgRef) -> list[RoleView]:
    """Roles that can be held at ``org``: built-in ones first, then own ones from the top of the tree down."""
    store = policy.store()
    own = ctx.session.execute(
        select(OrgRole.id, OrgRole.name, OrgRole.description, OrgRole.org_path, ORG.c.name)
        .join(ORG, ORG.c.id == OrgRole.org_id)
        .where(OrgRole.org_path.in_(lineage(org.path)), OrgRole.withdrawn_at.is_(None))
        .order_by(OrgRole.org_path, OrgRole.name)
    ).all()
    rights = store.rights(ctx.session, [*store.roles, *(str(row[0]) for row in own)]).roles
    builtin = [
        RoleView(key, role.label, role.description, False, "", "", rights[key]) for key, role in store.roles.items()
    ]
    return builtin + [RoleView(str(row[0]), row[1], row[2], True, row[4], row[3], rights[str(row[0])]) for row in own]


def delegable_roles(ctx: Context, org: OrgRef) -> list[RoleView]:
    """Those of the usable roles that the actor may grant at ``org``, at least for it alone."""
    return [role for role in usable_roles(ctx, org) if not grants.not_delegable(ctx, ctx.actor, role.key, org, False)]


def groups(ctx: Context, org: OrgRef, among: Sequence[str] | None = None) -> list[Group]:
    """Permissions of the modules that are on at ``org``, by module.

    :param among: only these permissions.
    """
    modules = manager.current()
    on = enabled_modules(ctx.session, modules, org)
    found: dict[str, list[Permission]] = {}
    for permission in policy.store().permissions.values():
        if permission.module in on and (among is None or permission.name in among):
            found.setdefault(permission.module, []).append(permission)
    return [Group(name, modules.manifests[name].label, tuple(items)) for name, items in found.items()]
