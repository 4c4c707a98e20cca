"""Finding a plugin: by the name of an installed one, or by the folder of its distribution."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from banyan.plugins.manager import ENTRY_POINTS


class CannotFind(LookupError):
    """There is no such plugin; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Located:
    """A plugin that was found.

    :ivar implementation: the object with its hooks. :ivar package: folder of its code.
    """

    name: str
    implementation: Any
    package: Path


def locate(target: str) -> list[Located]:
    """The plugins behind ``target``: one that is installed under that name, or all of the distribution in that folder.

    :raises CannotFind: with what is missing. What the plugin's own import raises goes through.
    """
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        if entry.name == target:
            return [_located(entry.name, entry.value)]
    folder = Path(target)
    if not folder.is_dir():
        raise CannotFind(f"{target!r} is neither the name of an installed plugin nor a folder")
    return _in_folder(folder.resolve())


def _in_folder(folder: Path) -> list[Located]:
    project = folder / "pyproject.toml"
    if not project.exists():
        raise CannotFind(f"there is no pyproject.toml in {folder}")
    told = tomllib.loads(project.read_text(encoding="utf-8"))
    entries = told.get("project", {}).get("entry-points", {}).get(ENTRY_POINTS, {})
    if not entries:
        raise CannotFind(f'{project} names no entry point in the group "{ENTRY_POINTS}"')
    for place in (folder / "src", folder):
        if place.is_dir() and str(place) not in sys.path:
            sys.path.insert(0, str(place))
    return [_located(name, value) for name, value in sorted(entries.items())]


def _located(name: str, value: str) -> Located:
    module_name, _, attribute = value.partition(":")
    module: ModuleType = importlib.import_module(module_name)
    implementation: Any = module
    for part in filter(None, attribute.split(".")):
        implementation = getattr(implementation, part)
    top = importlib.import_module(module_name.partition(".")[0])
    return Located(name, implementation, Path(str(top.__file__)).parent)
