"""What plugins/README.md says is so: every hook with its signature, every rule, every room of the kit."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from banyan.plugins import hookspecs
from banyan.plugins.scaffold import ROOM_FILES, TEMPLATE
from banyan.testing import RULES
from tests.plugins.test_contract import hooks

README = (Path(__file__).parents[2] / "plugins" / "README.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.clause("PLG-01", "PLG-02")


def section(text: str, title: str) -> str:
    return text.partition(f"{title}\n")[2].partition("\n###")[0].partition("\n## ")[0]


def test_every_hook_is_documented_with_its_signature_and_nothing_else_is() -> None:
    assert sorted(re.findall(r"^\| `(banyan_\w+\(.*?\) -> .*?)` \|", README, re.MULTILINE)) == hooks()


@pytest.mark.parametrize("title", ["Asked once", "Asked per organisation", "Asked of every installed plugin"])
def test_hooks_stand_in_the_part_that_says_when_they_are_asked(title: str) -> None:
    parts = re.split(r"^# ---- ", inspect.getsource(hookspecs), flags=re.MULTILINE)[1:]
    (part,) = [one for one in parts if one.lower().startswith(title.lower())]
    told = section(README, next(line for line in README.splitlines() if line.startswith(f"### {title}")))
    assert set(re.findall(r"^\| `(banyan_\w+)\(", told, re.MULTILINE)) == set(re.findall(r"def (banyan_\w+)\(", part))


def test_every_rule_of_the_house_is_told_and_no_other() -> None:
    told = re.findall(r"^\| `(\w+)` \| (.*)\. \|$", section(README, "| rule | |"), re.MULTILINE)
    assert told == [(rule.key, rule.title) for rule in RULES]


def test_every_room_of_the_kit_is_told() -> None:
    files = {file for room in ROOM_FILES.values() for file in room if file.endswith(".py")}
    files |= {path.name for path in (TEMPLATE / "banyan_sample").glob("*.py")} - {"__init__.py"}
    rooms = section(README, "## Rooms")
    assert [file for file in sorted(files) if f"`{file}`" not in rooms] == []
    of_the_kit = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    assert [file for file in sorted(files) if f"`{file}`" not in of_the_kit] == []


@pytest.mark.parametrize("name", ["begins_with", "module_on", "setting", "service", "publish", "record", "visible"])
def test_names_of_the_sdk_that_are_told_are_there(name: str) -> None:
    import banyan.sdk

    assert f"`{name}" in README
    assert name in banyan.sdk.__all__
