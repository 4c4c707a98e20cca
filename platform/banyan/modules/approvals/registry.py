"""The flows of all installed modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import current_app

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.flows import Flow, Step
from banyan.kernel.values import OrgRef
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules
from banyan.plugins.manager import PluginError

_KEY = "banyan.flows"


def flows() -> Mapping[str, Flow]:
    """Name → flow, of the running application.

    :raises PluginError: two flows share a name, one has no step, or names a module that does not declare it.
    """
    found: dict[str, Flow] | None = current_app.extensions.get(_KEY)
    if found is None:
        found = current_app.extensions[_KEY] = _collected()
    return found


def _collected() -> dict[str, Flow]:
    found: dict[str, Flow] = {}
    for module, declared in manager.current().start("banyan_flows"):
        for flow in declared:
            checked = _checked(module, flow)
            if checked.name in found:
                raise PluginError(f"two flows are called {checked.name!r}")
            found[checked.name] = checked
    return found


def _checked(module: str, flow: Any) -> Flow:
    if not isinstance(flow, Flow):
        raise PluginError(f"{flow!r} of {module!r} is not a Flow")
    if flow.module != module or not flow.steps or len({step.key for step in flow.steps}) < len(flow.steps):
        raise PluginError(f"flow {flow.name!r} of {module!r} needs its module's name and steps with keys of their own")
    return flow


def step_of(flow: Flow | None, number: int) -> Step | None:
    """A step by its number; None where the flow is gone or has become shorter."""
    return flow.steps[number] if flow is not None and number < len(flow.steps) else None


def step_called(flow: str, key: str) -> Text:
    """What a step is called; its key where its flow is not installed any more."""
    known = flows().get(flow)
    return next((step.label for step in known.steps if step.key == key), key) if known else key


def permissions() -> frozenset[str]:
    """All permissions that some step asks for."""
    return frozenset(step.permission for flow in flows().values() for step in flow.steps)


class FlowTitles(Mapping[str, Text]):
    """Flow → what people call it, asked when it is read."""

    def __getitem__(self, key: str) -> Text:
        return flows()[key].title

    def __iter__(self) -> Iterator[str]:
        return iter(flows())

    def __len__(self) -> int:
        return len(flows())


class StepLabels(Mapping[str, Text]):
    """``flow step`` as lists select it → what people call the step."""

    def __getitem__(self, key: str) -> Text:
        flow, _space, step = key.partition(" ")
        if flow not in flows():
            raise KeyError(key)
        return step_called(flow, step)

    def __iter__(self) -> Iterator[str]:
        return (f"{flow.name} {step.key}" for flow in flows().values() for step in flow.steps)

    def __len__(self) -> int:
        return sum(len(flow.steps) for flow in flows().values())


def is_on(ctx: Context, module: str, org: OrgRef) -> bool:
    """Whether the module of a flow is on at ``org``."""
    plugins = manager.current()
    return module in plugins.always_on or module in enabled_modules(ctx.session, plugins, org)
