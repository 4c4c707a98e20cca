"""Taking a manifest apart: the YAML at once, the rows of its tables as a stream; every mistake with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.tenancy.links import LINKS
from banyan.modules.tenancy.manifest import csvfile, yamlfile
from banyan.modules.tenancy.manifest.cells import clean, code_problems, field_problems
from banyan.modules.tenancy.manifest.csvfile import NEEDED
from banyan.modules.tenancy.manifest.values import (
    COLUMNS,
    FIELDS,
    AccountEntry,
    GrantEntry,
    LevelEntry,
    Manifest,
    OrgRow,
    Problems,
    Table,
    TypeEntry,
    Where,
)
from banyan.modules.tenancy.manifest.yamlfile import Document


def read(path: Path, today: date) -> Manifest:
    """Read the manifest at ``path``; its tables are only looked for.

    :param today: no organisation is founded after it. Mistakes are in ``problems`` of what is returned.
    """
    problems = Problems()
    document = yamlfile.read(path, problems)
    manifest = Manifest(
        path=path,
        title=str(document.data.get("title", path.name)) if isinstance(document.data, dict) else path.name,
        levels=tuple(_level(document, n, entry) for n, entry in document.good("levels")),
        types=tuple(_type(document, n, entry) for n, entry in document.good("types")),
        inline=tuple(_inline(document, n, entry, today, problems) for n, entry in document.good("organisations")),
        tables=tuple(_tables(document, path, problems)),
        accounts=tuple(_account(document, n, entry) for n, entry in document.good("accounts")),
        problems=problems,
        level_keys=document.keys("levels"),
        type_keys=document.keys("types"),
        codes=document.keys("organisations", "code"),
    )
    _check_definitions(manifest)
    return manifest


def rows(manifest: Manifest, today: date) -> Iterator[OrgRow]:
    """All organisations of the manifest in the order of their writing; mistakes go to its ``problems``."""
    yield from manifest.inline
    for table in manifest.tables:
        name = table.where.file
        for line, cells in csvfile.rows(table, manifest.problems):
            yield _row(name, line, cells, today, manifest.problems)


# Cells in which nothing can be wrong, known at a glance: in a big table nearly all of them.
_USUAL = {
    "name": re.compile("[0-9A-Za-z\u4e00-\u9fff]{1,100}"),
    "level": re.compile("[a-z][a-z0-9_]{0,31}"),
    "type": re.compile("[a-z][a-z0-9_]{0,31}"),
    "division_code": re.compile("[0-9]{2,12}"),
    "link": re.compile("|".join(LINKS)),
}
_NOTHING: Sequence[Text] = ()
# What an empty cell says where nothing cannot be said.
_EMPTY: dict[str, str] = {"link": LINKS[0]}


def _row(name: str, line: int, cells: list[str | None], today: date, problems: Problems) -> OrgRow:
    code, parent = (cells[0] or "").strip(), (cells[1] or "").strip()
    for reason in code_problems(code):
        problems.add(Where(name, line), reason)
    for reason in _parent_problems(parent):
        problems.add(Where(name, line), reason)
    values: list[str | None] = []
    for key, cell in zip(FIELDS, cells[2:], strict=True):
        if cell is None and key not in NEEDED:
            values.append(None)
            continue
        usual = _USUAL.get(key)
        if cell and usual and usual.fullmatch(cell):
            values.append(cell)
            continue
        text, wrong = _checked(key, cell or _EMPTY.get(key, ""), today)
        values.append(text)
        for reason in wrong:
            problems.add(Where(name, line), reason)
    return OrgRow(name, line, code, parent, values)


@lru_cache(maxsize=20_000)
def _parent_problems(code: str) -> tuple[Text, ...]:
    if not code or not code_problems(code):
        return ()
    return (lazy("The code of the parent, “%(code)s”, is no code.", code=code),)


def _checked(key: str, cell: str, today: date) -> tuple[str, Sequence[Text]]:
    text, wrong = clean(cell) if cell else ("", _NOTHING)
    return text, wrong or field_problems(key, text, today)


def _inline(document: Document, n: int, entry: dict[str, Any], today: date, problems: Problems) -> OrgRow:
    line = document.where("organisations", n).line
    cells = [entry.get(key) for key in COLUMNS]
    return _row(document.name, line, cells, today, problems)


def _level(document: Document, n: int, entry: dict[str, Any]) -> LevelEntry:
    return LevelEntry(document.where("levels", n), entry["key"], entry["rank"], entry["label"], entry["mark"])


def _type(document: Document, n: int, entry: dict[str, Any]) -> TypeEntry:
    parents = tuple(entry.get("parents", ()))
    where = document.where("types", n)
    links = tuple(entry.get("links", ()))
    root, ending = bool(entry.get("root", False)), entry.get("ending", "revoked")
    return TypeEntry(where, entry["key"], entry["label"], parents, root, links, ending)


def _tables(document: Document, path: Path, problems: Problems) -> Iterator[Table]:
    folder = path.resolve().parent
    seen: set[Path] = set()
    for n, entry in document.good("tables"):
        where = document.where("tables", n, "file")
        target = (folder / entry["file"]).resolve()
        if not target.is_relative_to(folder):
            problems.add(where, lazy("The table must lie in the folder of the manifest or below."))
        elif not target.is_file():
            problems.add(where, lazy("There is no file %(file)s beside the manifest.", file=entry["file"]))
        elif target in seen:
            problems.add(where, lazy("The table %(file)s is here twice.", file=entry["file"]))
        else:
            seen.add(target)
            name = target.relative_to(folder).as_posix()
            yield Table(Where(name, where.line), target, entry.get("encoding", ""))


def _account(document: Document, n: int, entry: dict[str, Any]) -> AccountEntry:
    home = entry["organisation"]
    grants = tuple(
        GrantEntry(
            document.where("accounts", n, "grants", m), grant["role"], grant["reach"], grant.get("organisation", home)
        )
        for m, grant in enumerate(entry.get("grants", ()))
    )
    where = document.where("accounts", n)
    return AccountEntry(where, entry["sign_in_name"], entry["display_name"], home, entry.get("phone", ""), grants)


def _check_definitions(manifest: Manifest) -> None:
    """Levels, types and accounts among themselves."""
    problems = manifest.problems
    keys: dict[str, Where] = {}
    ranks: dict[int, Where] = {}
    for level in manifest.levels:
        if level.key in keys:
            problems.add(level.where, lazy("The level “%(key)s” is here twice.", key=level.key))
        if level.rank in ranks:
            problems.add(level.where, lazy("Two levels have the rank %(rank)s.", rank=level.rank))
        keys.setdefault(level.key, level.where)
        ranks.setdefault(level.rank, level.where)
    types: set[str] = set()
    for kind in manifest.types:
        if kind.key in types:
            problems.add(kind.where, lazy("The type “%(key)s” is here twice.", key=kind.key))
        types.add(kind.key)
    names: set[str] = set()
    for account in manifest.accounts:
        folded = account.sign_in_name.casefold()
        if folded in names:
            problems.add(account.where, lazy("The account “%(name)s” is here twice.", name=folded))
        names.add(folded)
