"""What modules do for each other: found by name and version, never imported."""

from __future__ import annotations

from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import lazy
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules


class NoSuchService(LookupError):
    """A defect of the caller: its manifest must require the service, and then it cannot be missing."""


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
    if module not in enabled_modules(ctx.session, plugins, ctx.here):
        raise Refused(lazy("The module “%(name)s” is off here.", name=plugins.manifests[module].label))
    return offered.implementation
