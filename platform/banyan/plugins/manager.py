"""Loading modules and asking their hooks: sorted, isolated from each other's failures, reported by name."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import Flask, current_app
from pluggy import PluginManager

from banyan.kernel.values import ModuleManifest
from banyan.plugins import PROJECT, hookspecs

ENTRY_POINTS = "banyan.plugins"
API_VERSION = 1
log = structlog.get_logger(__name__)


class PluginError(RuntimeError):
    """A plugin that makes it unsafe to start."""


@dataclass
class Plugins:
    """All modules of this process: core modules and third parties' plugins.

    :ivar manifests: module name → manifest, sorted by name.
    :ivar failures: plugin name → why it could not be loaded.
    :ivar blueprints: blueprint name → module that brought it.
    """

    pm: PluginManager
    manifests: dict[str, ModuleManifest] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    blueprints: dict[str, str] = field(default_factory=dict)

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

    def module(self, name: str) -> Any:
        """The object that implements module ``name``'s hooks."""
        return self.pm.get_plugin(name)

    def start(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Ask a start-up hook of each module in turn: module name, answer. A failure is the start's failure."""
        for name in self.manifests:
            implementation = getattr(self.module(name), hook, None)
            if implementation is not None:
                yield name, implementation()

    def ask(self, hook: str, among: frozenset[str] | set[str], **arguments: Any) -> Iterator[tuple[str, Any]]:
        """Ask ``hook`` of the modules ``among``: module name, answer. A hook that raises costs its module only."""
        for name in self.manifests:
            implementation = getattr(self.module(name), hook, None)
            if name not in among or implementation is None:
                continue
            try:
                answer = _call(implementation, arguments)
            except Exception:
                log.exception("hook failed", hook=hook, plugin=name)
                continue
            if answer is not None:
                yield name, answer

    def tell(self, hook: str, module: str, /, **arguments: Any) -> Any:
        """Ask one module, whose failure is the caller's."""
        implementation = getattr(self.module(module), hook, None)
        return _call(implementation, arguments) if implementation is not None else None

    def implementing(self, hook: str) -> frozenset[str]:
        """Names of the modules that implement ``hook``."""
        return frozenset(name for name in self.manifests if getattr(self.module(name), hook, None) is not None)


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
    """All modules: the core's, then installed plugins in the order of their names.

    :param core: name → object with hook implementations. :param extra: the same, for tests.
    :raises PluginError: a name is taken twice, or a hook is not part of the contract.
    """
    pm = PluginManager(PROJECT)
    pm.add_hookspecs(hookspecs)
    plugins = Plugins(pm)
    for name, implementation in core.items():
        _register(plugins, name, implementation)
    for name, implementation in sorted((extra or {}).items()):
        _register(plugins, name, implementation)
    for entry in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda found: found.name):
        if entry.name in plugins.manifests:
            raise PluginError(f"two modules are called {entry.name!r}: {entry.value} cannot be loaded")
        try:
            implementation = entry.load()
        except Exception as error:
            plugins.failures[entry.name] = f"{type(error).__name__}: {error}"
            log.exception("plugin cannot be loaded", plugin=entry.name)
            continue
        _register(plugins, entry.name, implementation)
    pm.check_pending()
    _check_dependencies(plugins)
    return plugins


def _register(plugins: Plugins, name: str, implementation: Any) -> None:
    if name in plugins.manifests:
        raise PluginError(f"two modules are called {name!r}")
    plugins.pm.register(implementation, name=name)
    manifest = implementation.banyan_manifest()
    if manifest.name != name:
        raise PluginError(f"module {name!r} calls itself {manifest.name!r}")
    if manifest.api_version != API_VERSION:
        raise PluginError(f"module {name!r} speaks API version {manifest.api_version}, this platform {API_VERSION}")
    plugins.manifests[name] = manifest
    _check_tables(name, manifest, implementation)


def _check_tables(name: str, manifest: ModuleManifest, implementation: Any) -> None:
    models = implementation.banyan_models() if hasattr(implementation, "banyan_models") else ()
    for model in models:
        if manifest.prefix and not model.__tablename__.startswith(manifest.prefix):
            raise PluginError(f"table {model.__tablename__!r} of {name!r} does not begin with {manifest.prefix!r}")
    if models and not manifest.always_on and not manifest.prefix:
        raise PluginError(f"plugin {name!r} brings tables and names no prefix for them")


def _check_dependencies(plugins: Plugins) -> None:
    """Modules whose requirements are not installed are left out, and whatever requires them in turn."""
    incomplete = True
    while incomplete:
        incomplete = False
        for name, manifest in list(plugins.manifests.items()):
            missing = [wanted for wanted in manifest.requires if wanted not in plugins.manifests]
            if missing:
                plugins.pm.unregister(name=name)
                del plugins.manifests[name]
                plugins.failures[name] = f"requires {', '.join(missing)}, which is not installed"
                incomplete = True
