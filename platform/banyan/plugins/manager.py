"""Loading modules and asking their hooks: sorted, isolated from each other's failures, reported by name.

The core's modules must be whole: what is wrong with one of them is a failure of the start. What is wrong with a
plugin is recorded against that plugin, which is left out; only a name that is taken twice refuses to start, since
nobody could say which of the two an organisation has switched on.
"""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from flask import Flask, current_app
from pluggy import PluginManager

from banyan.kernel.context import Context
from banyan.kernel.values import ModuleManifest, Service
from banyan.plugins import PROJECT, hookspecs
from banyan.plugins.isolation import Isolated, Report, unreported
from banyan.plugins.startup import API_VERSION, START_HOOKS, PluginError, check, check_dependencies

__all__ = ["API_VERSION", "ENTRY_POINTS", "PluginError", "Plugins", "current", "install", "load"]

ENTRY_POINTS = "banyan.plugins"
log = structlog.get_logger(__name__)


@dataclass
class Plugins:
    """All modules of this process: core modules and third parties' plugins.

    :ivar manifests: module name → manifest, in the order of loading. :ivar core: names of the core's modules.
    :ivar answers: what each module answered to the hooks that are asked at start.
    :ivar services: ``name@version`` → module that offers it, and what it offers.
    :ivar failures: plugin name → why it could not be loaded. :ivar warnings: plugin name → what it should change.
    :ivar sources: plugin name → distribution and its version.
    :ivar unmigrated: plugins whose tables are older than their code: off everywhere until they are migrated.
    :ivar blueprints: blueprint name → module that brought it. :ivar report: told when a hook of a module fails.
    """

    pm: PluginManager
    manifests: dict[str, ModuleManifest] = field(default_factory=dict)
    core: frozenset[str] = frozenset()
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, tuple[str, Service]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    unmigrated: frozenset[str] = frozenset()
    blueprints: dict[str, str] = field(default_factory=dict)
    report: Report = unreported

    def module_of(self, blueprint: str) -> str | None:
        """Which module brought ``blueprint``; None for the shell's own."""
        return self.blueprints.get(blueprint)

    @property
    def optional(self) -> list[ModuleManifest]:
        """Modules that organisations switch on and off."""
        return [manifest for manifest in self.manifests.values() if not manifest.always_on]

    @property
    def always_on(self) -> frozenset[str]:
        """Names of modules that are part of every organisation."""
        return frozenset(name for name, manifest in self.manifests.items() if manifest.always_on)

    def needs(self, name: str) -> tuple[str, ...]:
        """Names of the modules that must be on for ``name``: required themselves, or for a service they offer."""
        wanted = (self.provider(one) for one in self.manifests[name].requires)
        return tuple(dict.fromkeys(one for one in wanted if one is not None and one != name))

    def provider(self, required: str) -> str | None:
        """The module behind an entry of ``requires``: a module, or a service as ``name@version``; None: not here."""
        if "@" in required:
            found = self.services.get(required)
            return found[0] if found else None
        return required if required in self.manifests else None

    def module(self, name: str) -> Any:
        """The object that implements module ``name``'s hooks."""
        return self.pm.get_plugin(name)

    def start(self, hook: str) -> Iterator[tuple[str, Any]]:
        """What each module answers to a hook that is not about an organisation: module name, answer.

        The hooks of `START_HOOKS` were asked when the modules were loaded; the others are asked now.
        """
        if hook not in START_HOOKS:
            yield from self.ask(hook, self.manifests.keys())
            return
        for name in self.manifests:
            if hook in self.answers[name]:
                yield name, self.answers[name][hook]

    def ask(
        self,
        hook: str,
        among: Container[str],
        *,
        ctx: Context | None = None,
        reading: Callable[[Any], Any] | None = None,
        **arguments: Any,
    ) -> Iterator[tuple[str, Any]]:
        """Ask ``hook`` of the modules ``among``: module name, answer. A hook that raises costs its module only.

        What a plugin's hook did to the transaction of ``ctx`` before it raised is undone.

        :param reading: makes what the caller needs of an answer; an answer it cannot read is a failure of the module.
        """
        with Isolated(self.report, ctx) as isolated:
            for name in self.manifests:
                implementation = self._implementation(name, hook) if name in among else None
                if implementation is None:
                    continue
                trusted = name in self.core
                with isolated.one(name, hook, trusted=trusted) as answer:
                    value = _call(implementation, {"ctx": ctx, **arguments})
                    answer.value = value if value is None or reading is None else reading(value)
                if answer.value is not None:
                    yield name, answer.value

    def tell(self, hook: str, module: str, /, **arguments: Any) -> Any:
        """Ask one module, whose failure is the caller's."""
        implementation = self._implementation(module, hook)
        return _call(implementation, arguments) if implementation is not None else None

    def implementing(self, hook: str) -> frozenset[str]:
        """Names of the modules that implement ``hook``."""
        return frozenset(name for name in self.manifests if self._implementation(name, hook) is not None)

    def leave_out(self, name: str, reason: str) -> None:
        """Take out a module that cannot be served, and write down why."""
        self.failures[name] = reason
        if self.pm.has_plugin(name):
            self.pm.unregister(name=name)
        self.manifests.pop(name, None)
        self.answers.pop(name, None)
        for key in [key for key, (module, _service) in self.services.items() if module == name]:
            del self.services[key]

    def _implementation(self, module: str, hook: str) -> Callable[..., Any] | None:
        found: Callable[..., Any] | None = getattr(self.module(module), hook, None)
        return found


_KEY = "banyan.plugins"


def install(app: Flask, plugins: Plugins) -> None:
    """Make ``plugins`` those of ``app``."""
    app.extensions[_KEY] = plugins


def current() -> Plugins:
    """The modules of the running application."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Plugins)
    return found


def _call(implementation: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    wanted = implementation.__code__.co_varnames[: implementation.__code__.co_argcount]
    return implementation(**{name: value for name, value in arguments.items() if name in wanted})


def load(core: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> Plugins:
    """All modules: the core's, then plugins in the order of their names.

    :param core: name → object with hook implementations. :param extra: plugins beside the installed ones, for tests
        and for checking one that is not installed.
    :raises PluginError: a name is taken twice, or a module of the core breaks the contract.
    """
    pm = PluginManager(PROJECT)
    pm.add_hookspecs(hookspecs)
    plugins = Plugins(pm, core=frozenset(core))
    for name, implementation in core.items():
        _register(plugins, name, implementation)
    installed = _installed(core, extra or {})
    plugins.sources = {name: _source(entry) for name, entry in installed.items()}
    finders = {**{name: entry.load for name, entry in installed.items()}, **_given(extra or {})}
    for name, find in sorted(finders.items()):
        _contained(plugins, name, find)
    check_dependencies(plugins)
    return plugins


def _given(extra: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    return {name: partial(extra.__getitem__, name) for name in extra}


def _installed(core: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, importlib.metadata.EntryPoint]:
    found: dict[str, importlib.metadata.EntryPoint] = {}
    taken = {**dict.fromkeys(core, "the core"), **dict.fromkeys(extra, "a plugin given beside the installed ones")}
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        if entry.name in taken:
            raise PluginError(
                f"two modules are called {entry.name!r}: {entry.value} of {_source(entry)} and {taken[entry.name]}."
                " Uninstall one of them"
            )
        taken[entry.name] = f"{entry.value} of {_source(entry)}"
        found[entry.name] = entry
    return found


def _source(entry: importlib.metadata.EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "nothing that is installed"


def _contained(plugins: Plugins, name: str, find: Callable[[], Any]) -> None:
    """Load one plugin; whatever goes wrong is written down under its name, and nothing of it stays."""
    if name in plugins.core:
        raise PluginError(f"two modules are called {name!r}")
    try:
        with _hearing(plugins, name):
            _register(plugins, name, find())
    except PluginError as error:
        plugins.leave_out(name, str(error))
        log.error("plugin breaks the contract", plugin=name, reason=str(error))
    except Exception as error:
        plugins.leave_out(name, f"{type(error).__name__}: {error}")
        log.exception("plugin cannot be loaded", plugin=name)


def _register(plugins: Plugins, name: str, implementation: Any) -> None:
    plugins.pm.register(implementation, name=name)
    plugins.answers[name] = check(plugins, name, implementation)
    plugins.manifests[name] = plugins.answers[name]["banyan_manifest"]
    for service in plugins.answers[name].get("banyan_services", ()):
        plugins.services[service.key] = (name, service)


@contextmanager
def _hearing(plugins: Plugins, name: str) -> Iterator[None]:
    """Write down what a plugin is told about names and hooks that will be gone."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", DeprecationWarning)
        yield
    said = [str(one.message) for one in heard if issubclass(one.category, DeprecationWarning)]
    if said:
        plugins.warnings[name] = list(dict.fromkeys(said))
        log.warning("plugin uses what will be gone", plugin=name, what=said)
