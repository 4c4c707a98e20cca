"""What a module must be to be loaded: the hooks asked at start, and everything seen wrong in the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from banyan.kernel.values import ModuleManifest
from banyan.plugins import PROJECT, hookspecs

if TYPE_CHECKING:
    from banyan.plugins.manager import Plugins

API_VERSION = 1
_MARK = f"{PROJECT}_impl"
_SPEC = f"{PROJECT}_spec"
HOOKS = frozenset(name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), _SPEC))
# Asked once, when a module is loaded; all others are asked when there is something to ask about.
START_HOOKS = (
    "banyan_manifest",
    "banyan_models",
    "banyan_migrations",
    "banyan_api_blueprints",
    "banyan_page_blueprints",
    "banyan_permissions",
    "banyan_roles",
    "banyan_services",
    "banyan_settings",
    "banyan_flows",
    "banyan_jobs",
    "banyan_exports",
    "banyan_event_types",
    "banyan_senders",
    "banyan_metrics",
    "banyan_cli",
    "banyan_catalogues",
)


class PluginError(RuntimeError):
    """A plugin that breaks the contract; the message says how, for its author."""


def check(plugins: Plugins, name: str, implementation: Any) -> dict[str, Any]:
    """Ask a module's start-up hooks and hold the answers against the contract.

    :return: hook → answer. :raises PluginError: with everything that is wrong.
    """
    unknown = sorted(_implemented(implementation) - HOOKS)
    if unknown:
        raise PluginError(f"module {name!r} implements what is no hook of this platform: {', '.join(unknown)}")
    manifest = _manifest(name, implementation)
    answers = {"banyan_manifest": manifest}
    for hook in START_HOOKS[1:]:
        found = getattr(implementation, hook, None)
        if found is not None:
            answer = found()
            if answer is not None:
                answers[hook] = answer
    problems = [
        *_tables(plugins, name, manifest, answers),
        *_names(plugins, name, answers),
        *_flows(plugins, name, answers),
    ]
    if problems:
        raise PluginError("; ".join(problems))
    return answers


def _implemented(implementation: Any) -> set[str]:
    return {name for name in dir(implementation) if hasattr(getattr(implementation, name, None), _MARK)}


def _manifest(name: str, implementation: Any) -> ModuleManifest:
    if not hasattr(implementation, "banyan_manifest"):
        raise PluginError(f"module {name!r} has no manifest: it must implement banyan_manifest")
    manifest = implementation.banyan_manifest()
    if not isinstance(manifest, ModuleManifest):
        raise PluginError(f"the manifest of module {name!r} is no ModuleManifest")
    if manifest.name != name:
        raise PluginError(f"module {name!r} calls itself {manifest.name!r}")
    if manifest.api_version != API_VERSION:
        raise PluginError(
            f"module {name!r} speaks API version {manifest.api_version}, this platform {API_VERSION}:"
            " install the version of the plugin that goes with this platform"
        )
    return manifest


def _tables(plugins: Plugins, name: str, manifest: ModuleManifest, answers: Mapping[str, Any]) -> Iterator[str]:
    models = answers.get("banyan_models", ())
    if models and name not in plugins.core and not manifest.prefix:
        yield f"plugin {name!r} brings tables and names no prefix for them"
    taken = {prefix: other for other, one in plugins.manifests.items() if (prefix := one.prefix)}
    for prefix, other in taken.items():
        if manifest.prefix and (manifest.prefix.startswith(prefix) or prefix.startswith(manifest.prefix)):
            yield f"the prefix {manifest.prefix!r} of {name!r} cannot be told from {prefix!r} of {other!r}"
    for model in models:
        if manifest.prefix and not model.__tablename__.startswith(manifest.prefix):
            yield f"table {model.__tablename__!r} of {name!r} does not begin with {manifest.prefix!r}"


def _names(plugins: Plugins, name: str, answers: Mapping[str, Any]) -> Iterator[str]:
    """Names that are kept for ever, or that two modules could fight over."""
    if name not in plugins.core:
        for kind, found in _dotted(answers):
            if not found.startswith(f"{name}."):
                yield f"{kind} {found!r} of {name!r} does not begin with {name + '.'!r}"
    for hook in ("banyan_api_blueprints", "banyan_page_blueprints"):
        theirs = {one.name: other for other in plugins.manifests for one in plugins.answers[other].get(hook, ())}
        for blueprint in answers.get(hook, ()):
            if blueprint.name in theirs:
                yield f"blueprint {blueprint.name!r} of {name!r} is one of {theirs[blueprint.name]!r} already"
    for service in answers.get("banyan_services", ()):
        if service.key in plugins.services:
            yield f"service {service.key!r} of {name!r} is offered by {plugins.services[service.key][0]!r} already"


def _flows(plugins: Plugins, name: str, answers: Mapping[str, Any]) -> Iterator[str]:
    """What would keep somebody waiting for a decision."""
    taken = {one.name for other in plugins.manifests for one in plugins.answers[other].get("banyan_flows", ())}
    for flow in answers.get("banyan_flows", ()):
        if flow.name in taken:
            yield f"flow {flow.name!r} of {name!r} is declared already"
        taken.add(flow.name)
        if not flow.steps or len({step.key for step in flow.steps}) < len(flow.steps):
            yield f"flow {flow.name!r} of {name!r} needs steps, each with a key of its own"


def _dotted(answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from (("permission", one.name) for one in answers.get("banyan_permissions", ()))
    yield from (("flow", one.name) for one in answers.get("banyan_flows", ()))
    yield from (("job", one.name) for one in answers.get("banyan_jobs", ()))
    yield from (("event", one.NAME) for one in answers.get("banyan_event_types", ()))
    yield from (("metric", one.key) for one in answers.get("banyan_metrics", ()))
    yield from (("service", one.name) for one in answers.get("banyan_services", ()))


def check_dependencies(plugins: Plugins) -> None:
    """Leave out modules whose requirements are not here, whatever requires those in turn, and those in a circle."""
    incomplete = True
    while incomplete:
        incomplete = False
        for name, manifest in list(plugins.manifests.items()):
            missing = [wanted for wanted in manifest.requires if plugins.provider(wanted) is None]
            if missing:
                plugins.leave_out(name, f"requires {', '.join(missing)}, which is not installed")
                incomplete = True
    for circle in _circles(plugins):
        for name in circle:
            plugins.leave_out(name, f"requires itself, by way of {', '.join(sorted(circle))}")
    if any(plugins.provider(wanted) is None for one in plugins.manifests.values() for wanted in one.requires):
        check_dependencies(plugins)


def _circles(plugins: Plugins) -> Iterator[set[str]]:
    """Sets of modules each of which needs all the others of its set."""
    reached = {name: _reached(plugins, name) for name in plugins.manifests}
    seen: set[str] = set()
    for name, found in reached.items():
        if name in found and name not in seen:
            circle = {other for other in found if name in reached[other]}
            seen |= circle
            yield circle


def _reached(plugins: Plugins, name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(plugins.needs(name))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += plugins.needs(one)
    return found
