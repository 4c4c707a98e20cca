"""Rules about a plugin's files: what it imports, what it says to people, what it tells of itself."""

from __future__ import annotations

import ast
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from banyan.kernel.i18n import LANGUAGES
from banyan.plugins.manager import ENTRY_POINTS
from banyan.testing.catalogues import messages, path_of
from banyan.testing.conformity.findings import Finding, Subject

SDK = "banyan.sdk"
TESTING = "banyan.testing"
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def imports(subject: Subject) -> Iterator[Finding]:
    """Nothing of the platform but the sdk, and nothing of another plugin."""
    others = _other_packages(subject)
    for source in _sources(subject):
        allowed = {SDK, TESTING} if source.name == "testing.py" else {SDK}
        for name, line in _imported(source):
            where = f"{source.relative_to(subject.package.parent)}:{line}"
            if name.partition(".")[0] == "banyan" and name not in allowed:
                yield Finding(
                    "imports", where, f"it imports {name}", f"Take what you need from {SDK}, or ask for it to be added"
                )
            elif name.partition(".")[0] in others:
                plugin = others[name.partition(".")[0]]
                yield Finding(
                    "imports",
                    where,
                    f"it imports {name}, which is private to the plugin {plugin!r}",
                    "Require a service of that plugin and find it with banyan.sdk.service, or listen to its events",
                )


def _sources(subject: Subject) -> list[Path]:
    return sorted(
        path for path in subject.package.rglob("*.py") if "tests" not in path.parts[len(subject.package.parts) :]
    )


def _imported(source: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"), str(source))):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            module = node.module or ""
            names = [module] if module not in ("banyan",) else [f"banyan.{alias.name}" for alias in node.names]
            yield from ((name, node.lineno) for name in names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


def _other_packages(subject: Subject) -> dict[str, str]:
    """Top-level package → plugin, of all other plugins."""
    own = subject.package.name
    found = {
        entry.value.partition(":")[0].partition(".")[0]: entry.name
        for entry in importlib.metadata.entry_points(group=ENTRY_POINTS)
    }
    return {package: name for package, name in found.items() if package not in (own, "banyan") and name != subject.name}


def catalogues(subject: Subject) -> Iterator[Finding]:
    """Every message of the code stands translated in all three languages, with the same places for values."""
    wanted = {text: _places(text) for text in messages(subject.package)}
    for language in LANGUAGES if wanted else ():
        path = path_of(subject.package, language)
        where = str(path.relative_to(subject.package.parent))
        if not path.exists():
            yield Finding("catalogues", where, "there is no such catalogue", "Run `banyan plugin catalogues`")
            continue
        with path.open("rb") as stream:
            held = {entry.id: entry for entry in read_po(stream, locale=language) if entry.id}
        for text, places in wanted.items():
            told = text if isinstance(text, str) else text[0]
            entry = held.get(text)
            strings = _strings(entry.string if entry is not None else None)
            if entry is None or not all(strings) or not strings:
                yield Finding("catalogues", where, f"{told!r} is not translated", "Fill it in")
            elif any(_places(one) != places for one in strings):
                yield Finding("catalogues", where, f"{told!r} has other places for values", "Use the same %(names)s")


def _strings(translated: object) -> list[str]:
    if isinstance(translated, (tuple, list)):
        return [str(one) for one in translated]
    return [translated] if isinstance(translated, str) else []


def _places(text: object) -> frozenset[str]:
    last = text if isinstance(text, str) else text[-1] if isinstance(text, (tuple, list)) else ""
    return frozenset(PLACEHOLDER.findall(str(last)))


def manifest(subject: Subject) -> Iterator[Finding]:
    """Administrators learn who is behind it, what it does and what it keeps."""
    told = subject.manifest
    if told is None:
        return
    for field, remedy in (
        ("description", "Say in a sentence what it does"),
        ("author", "Name who answers for it"),
        ("version", "Give it a version"),
    ):
        if not str(getattr(told, field)):
            yield Finding("manifest", "banyan_manifest", f"it has no {field}", remedy)
    if subject.platform is not None and subject.models and not told.holds:
        yield Finding("manifest", "banyan_manifest", "it has tables and says nothing of its data", "Fill `holds`")
