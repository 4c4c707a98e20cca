"""The flows of all installed modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import current_app

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.flows import Flow, Step
from banyan.kernel.values import OrgRef
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules

_KEY = "banyan.flows"


def flows() -> Mapping[str, Flow]:
    """Name → flow, of the running application."""
    found: dict[str, Flow] | None = current_app.extensions.get(_KEY)
    if found is None:
        declared = (flow for _module, flows in manager.current().start("banyan_flows") for flow in flows)
        found = current_app.extensions[_KEY] = {flow.name: flow for flow in declared}
    return found


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
