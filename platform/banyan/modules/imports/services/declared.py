"""What can be imported: declared by modules through the hook ``banyan_imports``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable
from banyan.kernel.imports.reading import choice_form
from banyan.modules.access.decision import may, require
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules


def _all() -> Iterator[tuple[str, Importable]]:
    for module, found in manager.current().start("banyan_imports"):
        for item in found:
            yield module, _declared(item)


def _declared(item: Any) -> Importable:
    if not isinstance(item, Importable):
        raise TypeError(f"{item!r} is not an Importable")
    return item


def titles() -> dict[str, Text]:
    """Name → what people call it, of all modules, on or off: the record speaks of all."""
    return {item.name: item.title for _module, item in _all()}


def offered(ctx: Context) -> list[Importable]:
    """What the actor may import at the organisation of the request."""
    on = enabled_modules(ctx.session, manager.current(), ctx.here)
    return [item for module, item in _all() if module in on and may(ctx, item.permission)]


def called(ctx: Context, name: str) -> Importable:
    """The import called ``name``, of a module that is on here, after deciding here.

    :raises NotFound: there is none. :raises Forbidden: its own permission is missing here.
    """
    on = enabled_modules(ctx.session, manager.current(), ctx.here)
    for module, item in _all():
        if item.name == name and module in on:
            require(ctx, item.permission, ctx.here)
            return item.at(ctx, item) if item.at is not None else item
    raise NotFound(lazy("There is nothing here, or it is not within your reach."))


def choices(ctx: Context, item: Importable) -> dict[str, dict[str, str]]:
    """Column → what people may write → what is kept: keys and labels alike."""
    found: dict[str, dict[str, str]] = {}
    for key, pairs in item.choices(ctx).items():
        known = found.setdefault(key, {})
        for value, label in pairs:
            for written in (value, str(label)):
                known.setdefault(written, value)
                known.setdefault(choice_form(written), value)
    for key, words in item.other_words.items():
        for written, value in words.items():
            found.setdefault(key, {}).setdefault(choice_form(written), value)
    return found
