"""What an administrator reads about a module before switching it on (PLG-04)."""

from __future__ import annotations

from dataclasses import dataclass

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.values import Permission
from banyan.modules.access import policy
from banyan.modules.tenancy.services import module_switching, modules
from banyan.modules.tenancy.services.modules import ModuleView
from banyan.plugins import enablement, manager


@dataclass(frozen=True, slots=True)
class Wanted:
    """A permission that a module brings, and the built-in roles that have it from the start."""

    permission: Permission
    roles: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class About:
    """A module with all there is to know about it.

    :ivar needs: modules it needs, as they stand here. :ivar missing: those to be switched on with it, in order.
    :ivar needed_by: modules that are on here and need it. :ivar off_reason: why the operator switched it off for all.
    """

    view: ModuleView
    permissions: tuple[Wanted, ...]
    needs: tuple[ModuleView, ...]
    missing: tuple[ModuleView, ...]
    needed_by: tuple[ModuleView, ...]
    off_reason: str


def about(ctx: Context, name: str) -> About:
    """All there is to know about a module at the organisation of the request. :raises NotFound: it is not installed."""
    plugins = manager.current()
    views = {view.name: view for view in modules.listing(ctx)}
    found = modules.any_view(ctx, name)
    off = enablement.everywhere_off(ctx.session).get(name)
    return About(
        view=found,
        permissions=_wanted(name),
        needs=tuple(views[one] for one in plugins.needs(name)),
        missing=tuple(module_switching.missing(ctx, name)),
        needed_by=tuple(view for view in views.values() if view.on and name in plugins.needs(view.name)),
        off_reason=off.reason if off else "",
    )


def _wanted(name: str) -> tuple[Wanted, ...]:
    store = policy.store()
    roles = store.snapshot.roles
    return tuple(
        Wanted(
            permission, tuple(role.label for key, role in store.roles.items() if permission.name in roles[key].allowed)
        )
        for permission in store.permissions.values()
        if permission.module == name
    )
