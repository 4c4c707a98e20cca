"""Modules of an organisation: how they stand, and what is laid down from above (ORG-07)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.guidance import Guidance, inside, led
from banyan.kernel.i18n import lazy
from banyan.kernel.values import ModuleManifest, OrgRef
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy import rules
from banyan.modules.tenancy.events import ModulePolicySet
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.rules import Area, Turned
from banyan.modules.tenancy.services import place as places
from banyan.modules.tenancy.services.place import Place
from banyan.plugins import enablement, manager
from banyan.plugins.enablement import OFF, POLICIES, Policy, Standing
from banyan.plugins.governing import guidance_below
from banyan.plugins.manager import Plugins

POLICY_LABELS: Mapping[str, Text] = {
    "mandatory": lazy("Mandatory"),
    "allowed": lazy("Allowed"),
    "forbidden": lazy("Forbidden"),
}


@dataclass(frozen=True, slots=True)
class ModuleView:
    """A module as it stands at the organisation of the request.

    :ivar on: what comes of switch, policy and dependencies. :ivar setter: who laid down the policy in force.
    :ivar own: what this organisation itself has laid down. :ivar requires: what else must be on.
    """

    manifest: ModuleManifest
    on: bool
    standing: Standing
    setter: Place | None
    own: Policy | None
    requires: tuple[Text, ...]

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def switchable(self) -> bool:
        """Whether the switch decides: nobody has laid down otherwise."""
        laid_down = self.standing.policy not in (None, "allowed")
        return not (self.manifest.always_on or laid_down or self.standing.everywhere_off)


def listing(ctx: Context) -> list[ModuleView]:
    """All installed modules, those that can be switched first."""
    plugins = manager.current()
    found = enablement.standings(ctx.session, ctx.here)
    on = enablement.enabled_modules(ctx.session, plugins, ctx.here)
    own = enablement.own_policies(ctx.session, ctx.here)
    line = {place.path: place for place in places.line(ctx.session, ctx.here.path)}
    views = []
    for name, manifest in plugins.manifests.items():
        standing = found.get(name, OFF)
        setter = line.get(standing.setter_path or "")
        requires = tuple(plugins.manifests[wanted].label for wanted in plugins.needs(name))
        views.append(ModuleView(manifest, name in on, standing, setter, own.get(name), requires))
    return sorted(views, key=lambda view: (view.manifest.always_on, view.name))


def any_view(ctx: Context, name: str) -> ModuleView:
    """One module, also one that is always on. :raises NotFound: it is not installed."""
    found = next((one for one in listing(ctx) if one.name == name), None)
    if found is None:
        raise NotFound(lazy("There is no such module here."))
    return found


def view(ctx: Context, name: str) -> ModuleView:
    """One module that can be switched on and off.

    :raises NotFound: it is not installed. :raises Refused: it is always on.
    """
    found = any_view(ctx, name)
    if found.manifest.always_on:
        raise Refused(lazy("This module is part of every organisation and cannot be switched."))
    return found


def lock(ctx: Context) -> None:
    """Switches of one organisation wait for each other: two that depend on each other cannot cross."""
    ctx.session.execute(select(Org.id).where(Org.id == ctx.here.id).with_for_update(key_share=True))


def subject(found: ModuleView) -> Subject:
    """A module as the audit log names it."""
    return Subject("module", found.name, str(found.manifest.label))


def asked(ctx: Context, found: ModuleView, plugins: Plugins) -> list[Text]:
    """The module's own reasons against being switched on at the organisation of the request."""
    return list(plugins.tell("banyan_can_enable", found.name, ctx=ctx, org=ctx.here) or ())


def setter(found: ModuleView) -> str:
    """Name of the organisation whose policy is in force."""
    return found.setter.name if found.setter is not None else ""


def preview(ctx: Context, name: str) -> dict[Policy | None, Turned]:
    """What each policy would do if it were laid down here: organisations at which the module goes on, and off."""
    view(ctx, name)
    highest = enablement.standings(ctx.session, ctx.here).get(name, OFF)
    above = highest.policy if highest.setter_path not in (None, ctx.here.path) else None
    found = areas(ctx, ctx.here, name)
    now = enablement.own_policies(ctx.session, ctx.here).get(name)
    choices: tuple[Policy | None, ...] = (*POLICIES, None)
    return {choice: rules.turned(found, above or now, above or choice) for choice in choices}


def areas(ctx: Context, org: OrgRef, name: str) -> list[Area]:
    """What ``org`` leads by what is laid down below: every area has one policy of its own, the rest none.

    What it only guides takes no part: nothing laid down there reaches so far.
    """
    guided = guidance_below(ctx.session, org)
    setters = enablement.policies_below(ctx.session, org, name)
    laid = [
        Area(policy, *_numbers(ctx, name, path, guided)) for path, policy in setters.items() if not guided.edge(path)
    ]
    total, switched = _numbers(ctx, name, org.path, guided)
    rest = Area(None, total - sum(area.total for area in laid), switched - sum(area.switched for area in laid))
    return [*laid, rest]


def _numbers(ctx: Context, name: str, path: str, guided: Guidance) -> tuple[int, int]:
    ranges = led(guided, path)
    total = ctx.session.scalar(select(func.count()).select_from(Org).where(inside(Org.path, ranges))) or 0
    return total, enablement.switched_on(ctx.session, name, ranges)


def lay_down(ctx: Context, name: str, policy: Policy | None) -> ModuleView:
    """Lay down a module for the organisation of the request and all below; None lifts what it had laid down.

    What an organisation above has laid down stays in force; this takes effect when that is lifted.

    :raises Refused: with every reason.
    """
    lock(ctx)
    found, plugins = view(ctx, name), manager.current()
    if found.own == policy:
        return found
    reasons = _against_policy(ctx, found, plugins, policy)
    if reasons:
        raise Refused(*reasons)
    enablement.set_policy(ctx.session, ctx.here, name, policy, by=ctx.actor.account_id, at=ctx.clock.now())
    ctx.session.flush()
    record(ctx, "tenancy.module.lay_down", subject(found), before={"policy": found.own}, after={"policy": policy})
    publish(ctx, ctx.here, ModulePolicySet(name, policy))
    return view(ctx, name)


def _against_policy(ctx: Context, found: ModuleView, plugins: Plugins, policy: Policy | None) -> list[Text]:
    if policy is None or policy == "allowed":
        return []
    mandatory = {one.name for one in listing(ctx) if one.manifest.always_on or one.standing.policy == "mandatory"}
    reasons: list[Text] = []
    if policy == "mandatory":
        for wanted in plugins.needs(found.name):
            if wanted not in mandatory:
                label = plugins.manifests[wanted].label
                reasons.append(lazy("It needs the module “%(name)s”, which is not mandatory here.", name=label))
        if not found.on:
            reasons.extend(asked(ctx, found, plugins))
        return reasons
    for name in sorted(mandatory):
        if found.name in plugins.needs(name):
            label = plugins.manifests[name].label
            reasons.append(lazy("The module “%(name)s” needs it and is mandatory here.", name=label))
    return reasons
