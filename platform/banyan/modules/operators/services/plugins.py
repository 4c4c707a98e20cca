"""Plugins as the operator sees them: what is loaded, how it is, what failed, and switching one off for all (PLG-03)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Health, ModuleManifest
from banyan.modules.audit.services import Subject, record
from banyan.plugins import enablement, failures, known, manager, migrate
from banyan.plugins.enablement import ModulePolicy, ModuleState, PluginOff
from banyan.plugins.failures import OFFER_FROM, PluginFailure
from banyan.plugins.manager import Plugins
from banyan.plugins.migrate import State

HEALTH = "banyan_health"
KIND = "plugin"


@dataclass(frozen=True, slots=True)
class PluginView:
    """A plugin as it stands in this installation.

    :ivar manifest: None where it could not be loaded; then ``reason`` says why.
    :ivar source: distribution and version it came in. :ivar off: how it was switched off for all, if it was.
    :ivar migration: how far its tables are; None without tables. :ivar organisations: that have switched it on.
    :ivar laid_down: organisations that have laid it down as mandatory for those below.
    :ivar gone: it was uninstalled, and its data is still here.
    :ivar lately: failures today and yesterday. :ivar warnings: what its author should change.
    """

    name: str
    manifest: ModuleManifest | None
    source: str
    reason: str = ""
    off: PluginOff | None = None
    migration: State | None = None
    organisations: int = 0
    laid_down: int = 0
    lately: int = 0
    warnings: tuple[str, ...] = ()
    health: Health | None = None
    gone: bool = False

    @property
    def state(self) -> str:
        """``gone``, ``not_loaded``, ``off``, ``behind``, ``failing``, ``ill`` or ``ok``: the first that is true."""
        if self.gone:
            return "gone"
        if self.manifest is None:
            return "not_loaded"
        if self.off is not None:
            return "off"
        if self.migration is not None and self.migration.pending:
            return "behind"
        if self.lately >= OFFER_FROM:
            return "failing"
        return "ill" if self.health is not None and not self.health.ok else "ok"


def listing(ctx: Context) -> list[PluginView]:
    """All plugins, those first that need somebody. Six statements however many there are, and one per health."""
    _operator(ctx)
    plugins = manager.current()
    seen = _Seen.of(ctx, plugins)
    views = [seen.plugin(ctx, plugins, name) for name in plugins.manifests if name not in plugins.core]
    views += [
        PluginView(name, None, plugins.sources.get(name, ""), reason) for name, reason in plugins.failures.items()
    ]
    views += [
        PluginView(row.module, None, row.source, "", gone=True) for row in known.left_behind(ctx.session, plugins)
    ]
    return sorted(views, key=lambda view: (view.state == "ok", view.name))


def one(ctx: Context, name: str) -> PluginView:
    """One plugin. :raises NotFound: there is none of that name."""
    found = next((view for view in listing(ctx) if view.name == name), None)
    if found is None:
        raise NotFound(lazy("There is no such plugin in this installation."))
    return found


def failed(ctx: Context, name: str) -> Sequence[PluginFailure]:
    """What went wrong in a plugin, newest first."""
    _operator(ctx)
    return failures.of_module(ctx.session, name)


def switch_off(ctx: Context, name: str, reason: str) -> PluginView:
    """Switch a plugin off for every organisation, at once and in every process; its data stays.

    :raises Refused: it is off already, or part of the platform.
    """
    found = _switchable(ctx, name)
    by, at = ctx.actor.account_id, ctx.clock.now()
    if not enablement.set_everywhere_off(ctx.session, name, reason, by=by, at=at):
        raise Refused(lazy("It is switched off for all already."))
    record(ctx, "operators.plugin.switch_off", _subject(found), after={"reason": reason})
    return one(ctx, name)


def switch_on(ctx: Context, name: str) -> PluginView:
    """Leave a plugin to the organisations again: where it was on before, it is on again.

    :raises Refused: it is not switched off.
    """
    found = _switchable(ctx, name)
    if not enablement.lift_everywhere_off(ctx.session, name):
        raise Refused(lazy("It is not switched off for all."))
    record(ctx, "operators.plugin.switch_on", _subject(found))
    return one(ctx, name)


def forget_failures(ctx: Context, name: str) -> PluginView:
    """Count a plugin's failures anew, after it was mended."""
    found = one(ctx, name)
    failures.forget(ctx.session, name)
    record(ctx, "operators.plugin.forget_failures", _subject(found), before={"failures": found.lately})
    return one(ctx, name)


def _switchable(ctx: Context, name: str) -> PluginView:
    if name in manager.current().core:
        _operator(ctx)
        raise Refused(lazy("This module is part of the platform."))
    return one(ctx, name)


def _subject(view: PluginView) -> Subject:
    return Subject(KIND, view.name, str(view.manifest.label) if view.manifest else view.name)


def _operator(ctx: Context) -> None:
    if not ctx.actor.operator:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known about all plugins together."""

    off: dict[str, PluginOff]
    lately: dict[str, int]
    switched: dict[str, int]
    mandatory: dict[str, int]
    migrations: dict[str, State]

    @classmethod
    def of(cls, ctx: Context, plugins: Plugins) -> _Seen:
        session = ctx.session
        switched = select(ModuleState.module, func.count()).where(ModuleState.enabled.is_(True))
        laid_down = select(ModulePolicy.module, func.count()).where(ModulePolicy.policy == "mandatory")
        return cls(
            enablement.everywhere_off(session),
            failures.lately(session, ctx.clock),
            dict(session.execute(switched.group_by(ModuleState.module)).all()),
            dict(session.execute(laid_down.group_by(ModulePolicy.module)).all()),
            {state.owner: state for state in migrate.states(session.connection(), plugins)},
        )

    def plugin(self, ctx: Context, plugins: Plugins, name: str) -> PluginView:
        migration = self.migrations.get(name)
        asked = not (migration is not None and migration.pending) and name not in self.off
        return PluginView(
            name,
            plugins.manifests[name],
            plugins.sources.get(name, ""),
            off=self.off.get(name),
            migration=migration,
            organisations=self.switched.get(name, 0),
            laid_down=self.mandatory.get(name, 0),
            lately=self.lately.get(name, 0),
            warnings=tuple(plugins.warnings.get(name, ())),
            health=_health(ctx, plugins, name) if asked else None,
        )


def _health(ctx: Context, plugins: Plugins, name: str) -> Health | None:
    if name not in plugins.implementing(HEALTH):
        return None
    for _name, answer in plugins.ask(HEALTH, {name}, ctx=ctx):
        if isinstance(answer, Health):
            return answer
    return Health(ok=False, detail="")
