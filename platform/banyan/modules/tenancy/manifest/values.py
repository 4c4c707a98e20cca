"""What a manifest says, as values; and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from banyan.kernel.errors import Refused, Text
from banyan.kernel.i18n import lazy

MOST_PROBLEMS = 200
FIELDS = ("name", "short_name", "level", "type", "division_code", "founded_on", "person_in_charge", "phone", "link")
COLUMNS = ("code", "parent", *FIELDS)


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A line of a file. :ivar file: its name beside the manifest. :ivar line: counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake: where, and what to do about it."""

    where: Where
    reason: Text

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class ManifestRefused(Refused):
    """A manifest that cannot be taken; ``problems`` are all of them, up to `MOST_PROBLEMS`.

    :ivar more: how many others there are.
    """

    def __init__(self, problems: list[Problem], more: int = 0) -> None:
        rest = [lazy("and %(number)s more", number=more)] if more else []
        super().__init__(*problems, *rest)
        self.problems = problems
        self.more = more

    def __str__(self) -> str:
        return "\n".join(map(str, self.reasons))


class Problems:
    """Collects mistakes, each once, and counts those beyond the bound."""

    def __init__(self) -> None:
        self._found: dict[tuple[Where, str], Problem] = {}
        self.more = 0

    def add(self, where: Where, reason: Text) -> None:
        """Note a mistake."""
        key = (where, str(reason))
        if key in self._found:
            return
        if len(self._found) >= MOST_PROBLEMS:
            self.more += 1
            return
        self._found[key] = Problem(where, reason)

    @property
    def full(self) -> bool:
        """Whether there is no use in looking for more."""
        return len(self._found) >= MOST_PROBLEMS

    def __bool__(self) -> bool:
        return bool(self._found)

    def refuse(self) -> None:
        """Raise `ManifestRefused` if there is any, in the order of files and lines."""
        if self._found:
            raise ManifestRefused(sorted(self._found.values(), key=lambda problem: problem.where), self.more)


@dataclass(frozen=True, slots=True)
class LevelEntry:
    """A level; see `banyan.modules.tenancy.models.Level`."""

    where: Where
    key: str
    rank: int
    label: Mapping[str, str]
    mark: str


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """A type; see `banyan.modules.tenancy.models.OrgType`."""

    where: Where
    key: str
    label: Mapping[str, str]
    parents: tuple[str, ...]
    root: bool
    links: tuple[str, ...]
    ending: str


@dataclass(frozen=True, slots=True)
class GrantEntry:
    """A role that an account is to hold.

    :ivar organisation: code of where. :ivar reach: ``self`` or ``subtree``.
    """

    where: Where
    role: str
    reach: str
    organisation: str


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account that is to exist; passwords are never part of a manifest.

    :ivar organisation: code of its home.
    """

    where: Where
    sign_in_name: str
    display_name: str
    organisation: str
    phone: str
    grants: tuple[GrantEntry, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file of organisations.

    :ivar encoding: ``utf-8``, ``gb18030``, or empty to find out.
    """

    where: Where
    path: Path
    encoding: str


class OrgRow(NamedTuple):
    """An organisation as a manifest says it. What the manifest does not mention is None and is left alone.

    :ivar parent: code; empty for a root. :ivar values: of `FIELDS`, as text; dates as ``YYYY-MM-DD``.
    """

    file: str
    line: int
    code: str
    parent: str
    values: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest whose YAML has been read; the rows of its tables are read when they are needed.

    :ivar problems: mistakes found so far; refused before anything is changed.
    :ivar level_keys: :ivar type_keys: :ivar codes: what the YAML names, whether right or wrong, so that one mistake is
        not told again by everything that refers to it.
    """

    path: Path
    title: str
    levels: tuple[LevelEntry, ...]
    types: tuple[TypeEntry, ...]
    inline: tuple[OrgRow, ...]
    tables: tuple[Table, ...]
    accounts: tuple[AccountEntry, ...]
    problems: Problems = field(default_factory=Problems)
    level_keys: frozenset[str] = frozenset()
    type_keys: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
