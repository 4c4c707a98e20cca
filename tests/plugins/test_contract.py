"""The contract with plugins: signatures and names are added, never changed or removed.

After adding a hook or a name, write the golden files anew and look at the difference:
``BANYAN_WRITE_GOLDEN=1 pytest tests/plugins/test_contract.py``
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import banyan.sdk
from banyan.app import CORE
from banyan.kernel.flows import Flow
from banyan.kernel.values import ModuleManifest, Service
from banyan.plugins import hookimpl, hookspecs, manager, scaffold
from banyan.plugins.deprecations import Deprecated
from banyan.plugins.manager import PluginError
from tests.plugins.banyan_guestbook import plugin as guestbook

GOLDEN = Path(__file__).parent / "golden"
PLUGIN = Path(str(guestbook.__file__)).parent


def hooks() -> list[str]:
    found = inspect.getmembers(hookspecs, lambda one: inspect.isfunction(one) and one.__module__ == hookspecs.__name__)
    return [signature(name, function) for name, function in sorted(found) if name.startswith("banyan_")]


def signature(name: str, function: Callable[..., Any]) -> str:
    """Written out here, since Python's own words for it change between versions."""
    found = inspect.signature(function)
    parameters = ", ".join(f"{one.name}: {one.annotation}" for one in found.parameters.values())
    return f"{name}({parameters}) -> {found.return_annotation}"


def compare(name: str, lines: list[str]) -> None:
    golden, text = GOLDEN / name, "\n".join(lines) + "\n"
    if os.environ.get("BANYAN_WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


def test_signatures_of_hooks_stand() -> None:
    compare("hooks.txt", hooks())


def promised(name: str) -> str:
    """A name of the sdk as it is promised: functions with their arguments, dataclasses with their fields."""
    found = getattr(banyan.sdk, name)
    if inspect.isfunction(found):
        return signature(name, found)
    if dataclasses.is_dataclass(found) and isinstance(found, type):
        fields = ", ".join(f"{one.name}: {one.type}" for one in dataclasses.fields(found))
        return f"{name}({fields})"
    return name


def test_names_of_the_sdk_stand_with_their_signatures() -> None:
    assert sorted(banyan.sdk.__all__) == sorted(set(banyan.sdk.__all__))
    assert all(hasattr(banyan.sdk, name) for name in banyan.sdk.__all__)
    compare("sdk.txt", [promised(name) for name in sorted(banyan.sdk.__all__)])


def test_a_plugin_that_uses_what_will_be_gone_is_named_and_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(banyan.sdk.DEPRECATED, "old_name", Deprecated(42, "new_name", 2))

    class Dated(Manifested):
        @hookimpl
        def banyan_jobs(self) -> object:
            assert banyan.sdk.old_name == 42  # type: ignore[attr-defined]
            return ()

    found = manager.load({}, {"dated": Dated(manifest("dated"))})
    assert "dated" in found.manifests
    (said,) = found.warnings["dated"]
    assert "old_name" in said
    assert "new_name" in said
    assert "tests" in said, "the package that asks is named"
    with pytest.raises(AttributeError, match="no attribute"):
        _ = banyan.sdk.never_was  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(line.partition("(")[0] for line in hooks()))
def test_every_hook_is_documented(name: str) -> None:
    said = inspect.getdoc(getattr(hookspecs, name)) or ""
    arguments = [one for one in inspect.signature(getattr(hookspecs, name)).parameters if one != "ctx"]
    assert said
    assert not [one for one in arguments if f":param {one}:" not in said]


def test_every_hook_is_used_by_a_module() -> None:
    """What nobody uses is not known to work. The guestbook and the kit's plugin are modules like any other."""
    used = {name for module in (*CORE.values(), guestbook) for name in dir(module) if name.startswith("banyan_")}
    template = Path(str(scaffold.__file__)).parent / "template" / "banyan_sample" / "plugin.py"
    used |= set(re.findall(r"def (banyan_\w+)\(", template.read_text(encoding="utf-8")))
    assert {line.partition("(")[0] for line in hooks()} - used == set()


def test_the_example_imports_the_sdk_alone() -> None:
    for source in PLUGIN.rglob("*.py"):
        tree = ast.parse(source.read_text(encoding="utf-8"))
        names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert {name for name in names if name.startswith("banyan")} <= {"banyan.sdk"}, source


class Manifested:
    """A plugin that says of itself what a test wants."""

    def __init__(self, manifest: ModuleManifest) -> None:
        self._manifest = manifest

    @hookimpl
    def banyan_manifest(self) -> ModuleManifest:
        return self._manifest


class WithTables(Manifested):
    """A plugin with the guestbook's table, and permissions of that name."""

    @hookimpl
    def banyan_models(self) -> object:
        return guestbook.banyan_models()

    @hookimpl
    def banyan_permissions(self) -> object:
        return guestbook.banyan_permissions()


class Strange(Manifested):
    """A plugin with a hook that is none."""

    @hookimpl
    def banyan_teapot(self) -> None: ...


class Failing(Manifested):
    """A plugin whose start fails."""

    @hookimpl
    def banyan_jobs(self) -> object:
        return 1 // 0


class Offering(Manifested):
    """A plugin that does something for others."""

    @hookimpl
    def banyan_services(self) -> object:
        return (Service("offering.tea", 2, self),)


class Flowing(Manifested):
    """A plugin with a flow that nobody could ever decide."""

    @hookimpl
    def banyan_flows(self) -> object:
        return (Flow("odd.flow", "flow", "side", (), lambda _ctx, _outcome: None),)


def manifest(name: str, **values: object) -> ModuleManifest:
    return ModuleManifest(name, name, name, "1", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (Manifested(manifest("other")), "calls itself"),
        (Manifested(manifest("odd", api_version=2)), "API version"),
        (WithTables(manifest("odd", prefix="odd_")), "does not begin with"),
        (WithTables(manifest("odd")), "names no prefix"),
        (WithTables(manifest("odd", prefix="guestbook_")), "does not begin with 'odd.'"),
        (Flowing(manifest("odd")), "needs steps"),
        (Strange(manifest("odd")), "banyan_teapot"),
        (Failing(manifest("odd")), "ZeroDivisionError"),
        (object(), "no manifest"),
    ],
)
def test_a_plugin_that_breaks_the_rules_is_left_out_and_the_platform_starts(plugin: object, said: str) -> None:
    found = manager.load(CORE, {"odd": plugin})
    assert "odd" not in found.manifests
    assert said in found.failures["odd"]
    assert found.manifests.keys() >= CORE.keys()


def test_a_module_of_the_core_that_breaks_the_rules_keeps_the_platform_from_starting() -> None:
    with pytest.raises(PluginError, match="calls itself"):
        manager.load({"odd": Manifested(manifest("other"))})


def test_two_modules_of_one_name_keep_the_platform_from_starting() -> None:
    with pytest.raises(PluginError, match="two modules"):
        manager.load(CORE, {"audit": Manifested(manifest("audit"))})


def test_a_plugin_whose_requirement_is_missing_is_left_out_and_reported() -> None:
    needy = Manifested(manifest("needy", requires=("nobody",)))
    after = Manifested(manifest("after", requires=("needy",)))
    found = manager.load(CORE, {"needy": needy, "after": after})
    assert not {"needy", "after"} & set(found.manifests)
    assert "nobody" in found.failures["needy"]


def test_a_service_binds_whoever_requires_it_to_the_module_that_offers_it() -> None:
    offering, thirsty = Offering(manifest("offering")), Manifested(manifest("thirsty", requires=("offering.tea@2",)))
    found = manager.load({}, {"offering": offering, "thirsty": thirsty})
    assert found.needs("thirsty") == ("offering",)
    assert found.services["offering.tea@2"][1].implementation is offering

    older = manager.load({}, {"offering": offering, "old": Manifested(manifest("old", requires=("offering.tea@1",)))})
    assert "offering.tea@1" in older.failures["old"]


def test_modules_that_require_each_other_in_a_circle_are_left_out() -> None:
    one, two = Manifested(manifest("one", requires=("two",))), Manifested(manifest("two", requires=("one",)))
    after = Manifested(manifest("after", requires=("one",)))
    found = manager.load({}, {"one": one, "two": two, "after": after, "whole": Manifested(manifest("whole"))})
    assert set(found.manifests) - set(manager.load({}).manifests) == {"whole"}
    assert found.failures.keys() == {"one", "two", "after"}


def test_a_hook_that_fails_costs_its_module_only(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Manifested):
        @hookimpl
        def banyan_search(self, ctx: object, text: str) -> object:
            raise RuntimeError("broken")

    class Whole(Manifested):
        @hookimpl
        def banyan_search(self, text: str) -> object:
            return [(text, "/")]

    plugins = manager.load({}, {"broken": Broken(manifest("broken")), "whole": Whole(manifest("whole"))})
    on = frozenset({"broken", "whole"})
    assert dict(plugins.ask("banyan_search", on, ctx=None, text="x")) == {"whole": [("x", "/")]}
    assert dict(plugins.ask("banyan_search", frozenset({"broken"}), ctx=None, text="x")) == {}
    with pytest.raises(RuntimeError):
        plugins.tell("banyan_search", "broken", ctx=None, text="x")
    assert plugins.implementing("banyan_search") == on
