"""What modules do for each other: found by name and version, never imported."""

from __future__ import annotations

from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules
from banyan.plugins.manager import Plugins


class NoSuchService(LookupError):
    """A defect of the caller: its manifest must require the service, and then it cannot be missing."""


def module_on(ctx: Context, name: str, org: OrgRef) -> bool:
    """Whether module ``name`` is on at ``org``: periodic jobs run for all and leave out where it is off.

    One statement a call: ask for organisations that have something to do.
    """
    return name in enabled_modules(ctx.session, manager.current(), org)


def admit(ctx: Context, kind: str) -> None:
    """Let a long task go on only while its module is on where it runs (ORG-07).

    :param kind: of the task. :raises Refused: the module is off there.
    """
    plugins, name = manager.current(), kind.partition(".")[0]
    if name in plugins.manifests and name not in plugins.core and not module_on(ctx, name, ctx.here):
        raise _off(plugins, name)


def _off(plugins: Plugins, name: str) -> Refused:
    return Refused(lazy("The module “%(name)s” is off here.", name=plugins.manifests[name].label))


def service(ctx: Context, name: str, version: int) -> Any:
    """What another module offers as ``name`` in ``version``, for use at the organisation of ``ctx``.

    A module whose manifest requires ``name@version`` is on only where the module that offers it is on.

    :return: the implementation; give it a type with a `typing.Protocol` of your own.
    :raises NoSuchService: nothing installed offers it. :raises Refused: the module that does is off here.
    """
    plugins = manager.current()
    found = plugins.services.get(f"{name}@{version}")
    if found is None:
        raise NoSuchService(f"no installed module offers {name!r} in version {version}")
    module, offered = found
    if not module_on(ctx, module, ctx.here):
        raise _off(plugins, module)
    return offered.implementation
