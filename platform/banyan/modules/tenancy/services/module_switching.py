"""An organisation switches a module on and off for itself, with what it needs (ORG-07, PLG-04)."""

from __future__ import annotations

from banyan.kernel.context import Context
from banyan.kernel.errors import Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.modules.audit.services import record
from banyan.modules.tenancy.events import ModuleSwitched
from banyan.modules.tenancy.services.modules import ModuleView, any_view, asked, lock, setter, subject, view
from banyan.plugins import enablement, manager
from banyan.plugins.manager import Plugins


def switch(ctx: Context, name: str, *, on: bool, with_needed: bool = False) -> ModuleView:
    """Switch a module on or off at the organisation of the request; nothing happens if it stands so already.

    :param with_needed: switch on whatever it needs as well, first; all of it or nothing.
    :raises Refused: with every reason.
    """
    lock(ctx)
    found, plugins = view(ctx, name), manager.current()
    if not on:
        return _switch_off(ctx, found, plugins)
    first = missing(ctx, name)
    reasons: list[Text] = [] if with_needed else [_off_here(one) for one in first]
    for one in [*first, found] if with_needed else [found]:
        reasons += _against_on(ctx, one, plugins)
    if reasons:
        raise Refused(*reasons)
    for one in [*first, found]:
        _turn(ctx, one, plugins, on=True)
    return view(ctx, name)


def missing(ctx: Context, name: str) -> list[ModuleView]:
    """Modules that ``name`` needs and that are off at the organisation of the request, in the order to switch on."""
    plugins = manager.current()
    on = enablement.enabled_modules(ctx.session, plugins, ctx.here)
    order: list[str] = []

    def visit(one: str) -> None:
        for wanted in plugins.needs(one):
            if wanted not in on and wanted not in order:
                visit(wanted)
                order.append(wanted)

    visit(name)
    return [any_view(ctx, one) for one in order]


def _switch_off(ctx: Context, found: ModuleView, plugins: Plugins) -> ModuleView:
    reasons = _against_off(ctx, found, plugins)
    if reasons:
        raise Refused(*reasons)
    _turn(ctx, found, plugins, on=False)
    return view(ctx, found.name)


def _turn(ctx: Context, found: ModuleView, plugins: Plugins, *, on: bool) -> None:
    if found.standing.switched_on == on or (on and found.on):
        return
    enablement.set_switch(ctx.session, ctx.here, found.name, on=on, by=ctx.actor.account_id, at=ctx.clock.now())
    ctx.session.flush()
    plugins.tell("banyan_enabled" if on else "banyan_disabled", found.name, ctx=ctx, org=ctx.here)
    action = "tenancy.module.switch_on" if on else "tenancy.module.switch_off"
    record(ctx, action, subject(found), before={"on": found.on}, after={"on": on})
    publish(ctx, ctx.here, ModuleSwitched(found.name, on))


def _off_here(found: ModuleView) -> Text:
    return lazy("It needs the module “%(name)s”, which is off here.", name=found.manifest.label)


def _against_on(ctx: Context, found: ModuleView, plugins: Plugins) -> list[Text]:
    """Reasons against switching ``found`` on that lie in itself, not in what it needs."""
    reasons: list[Text] = []
    if found.standing.everywhere_off:
        reasons.append(lazy("“%(name)s” is switched off for all organisations at present.", name=found.manifest.label))
    elif found.name in plugins.unmigrated:
        reasons.append(lazy("“%(name)s” is not ready: its tables are not up to date.", name=found.manifest.label))
    if found.standing.policy == "forbidden":
        reasons.append(
            lazy("%(setter)s forbids the module “%(name)s”.", setter=setter(found), name=found.manifest.label)
        )
    if found.on:
        return reasons
    return [*reasons, *asked(ctx, found, plugins)]


def _against_off(ctx: Context, found: ModuleView, plugins: Plugins) -> list[Text]:
    reasons: list[Text] = []
    if found.standing.policy == "mandatory":
        reasons.append(lazy("%(name)s has laid down this module as mandatory.", name=setter(found)))
    on = enablement.enabled_modules(ctx.session, plugins, ctx.here)
    for name in sorted(on):
        if found.name in plugins.needs(name):
            label = plugins.manifests[name].label
            reasons.append(lazy("The module “%(name)s” needs it and is on here.", name=label))
    return reasons
