"""A working plugin to begin with, made from the template beside this file (PLG-02).

The template is a plugin called ``sample``, whole and runnable. Its name is replaced by the new one's; parts that belong
to a room stand between ``# <room>`` and ``# </room>`` and go with it.
"""

from __future__ import annotations

import keyword
import re
import shutil
from collections.abc import Collection
from pathlib import Path

TEMPLATE = Path(__file__).parent / "template"
ROOM_FILES: dict[str, tuple[str, ...]] = {
    "api": ("api.py",),
    "card": ("card.py", "templates/sample/card.html"),
    "events": ("events.py", "hearing.py"),
    "health": ("health.py",),
    "jobs": ("jobs.py",),
    "offers": ("offers.py",),
    "pages": ("pages.py", "templates/sample/notes.html", "templates/sample/new.html", "templates/sample/edit.html"),
    "privacy": ("privacy.py",),
    "search": ("search.py",),
    "settings": ("settings.py",),
    "stats": ("stats.py",),
    "timeline": ("timeline.py",),
}
_LEADS_TO = {"search": "pages", "timeline": "privacy"}
ROOMS = tuple(ROOM_FILES)
"""Rooms that a plugin can do without."""
NAME = re.compile(r"[a-z][a-z0-9_]{1,30}[a-z0-9]")
_MARK = re.compile(r"^\s*(?:#|\{#|<!--) <(/?)(\w+)>")
_LABEL = re.compile(r"\bSample\b")
_LABELS = ("示例", "範例")
_AUTHOR = 'author="Author"'


class NameRefused(ValueError):
    """A plugin cannot be called that; the message says why."""


def create(
    name: str, into: Path, *, label: str, author: str = "", without: Collection[str] = (), taken: Collection[str] = ()
) -> Path:
    """Make a plugin called ``name`` in a new folder of that name.

    :param into: where the folder is made. :param label: what people call the module, in every language at first.
    :param author: who answers for it. :param without: rooms of `ROOMS` to leave out.
    :param taken: names of modules that there are already.
    :return: the new folder. :raises NameRefused: :raises FileExistsError: the folder is there already.
    """
    _check(name, taken)
    target = into / name
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    without = {*without, *(room for room, needed in _LEADS_TO.items() if needed in without)}
    left_out = {f"banyan_sample/{file}" for room in without for file in ROOM_FILES[room]}
    try:
        for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
            inside = source.relative_to(TEMPLATE).as_posix()
            if inside in left_out or "__pycache__" in inside:
                continue
            made = target / inside.replace("sample", name)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(_rewritten(source, name, label, author, without), encoding="utf-8")
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return target


def _check(name: str, taken: Collection[str]) -> None:
    if not NAME.fullmatch(name):
        raise NameRefused(f"{name!r} is no name for a plugin: 3 to 32 of a–z, 0–9 and _, beginning with a letter")
    if keyword.iskeyword(name) or name == "sample":
        raise NameRefused(f"a plugin cannot be called {name!r}")
    if name in taken:
        raise NameRefused(f"there is a module called {name!r} already")


def _rewritten(source: Path, name: str, label: str, author: str, without: Collection[str]) -> str:
    lines: list[str] = []
    skipped = ""
    for line in source.read_text(encoding="utf-8").splitlines():
        mark = _MARK.match(line)
        if mark is None:
            lines += [] if skipped else [line]
        elif not mark[1] and mark[2] in without:
            skipped = mark[2]
        elif mark[1] and mark[2] == skipped:
            skipped = ""
    text = "\n".join(lines).rstrip("\n") + "\n"
    text = _LABEL.sub(label, text)
    for one in _LABELS:
        text = text.replace(one, label)
    text = text.replace(_AUTHOR, f"author={author!r}" if author else _AUTHOR)
    return text.replace("banyan-sample", f"banyan-{name.replace('_', '-')}").replace("sample", name)
