"""What a manifest would change: created, changed field by field, the same, and there but absent from the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.kernel.treepath import upper
from banyan.modules.tenancy.manifest import checking, placing, staging
from banyan.modules.tenancy.manifest.values import FIELDS, AccountEntry, GrantEntry, Manifest, Problems
from banyan.modules.tenancy.models import Level, OrgType

Fields = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """A difference.

    :ivar thing: ``level``, ``type`` or ``organisation``. :ivar key: its key or code.
    :ivar kind: ``absent`` ones are told and left alone. :ivar fields: name → before, after.
    """

    thing: Literal["level", "type", "organisation"]
    kind: Literal["create", "change", "absent"]
    key: str
    name: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class AccountChange:
    """An account that is missing (``new``), or lacks ``grants``."""

    entry: AccountEntry
    new: bool
    grants: tuple[GrantEntry, ...]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that was created; the only moment at which its password is known."""

    sign_in_name: str
    display_name: str
    organisation: str
    password: str


class Accounts(Protocol):
    """The step that creates accounts. Accounts stand above the tree, so whoever calls brings it along."""

    def missing(self, session: Session, entries: Sequence[AccountEntry], problems: Problems) -> list[AccountChange]:
        """What is missing of ``entries``; what is wrong with them goes to ``problems``."""
        ...

    def create(self, ctx: Context, changes: Sequence[AccountChange]) -> list[NewAccount]:
        """Create what is missing, in the transaction of ``ctx``."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """The differences between a manifest and the tree.

    :ivar created: :ivar changed: :ivar same: organisations of the manifest.
    :ivar absent: organisations below those of the manifest that it does not name.
    """

    definitions: tuple[Change, ...]
    created: int
    changed: int
    same: int
    absent: int
    accounts: tuple[AccountChange, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.definitions or self.created or self.changed or self.accounts)


_CHANGED = " OR ".join(
    [
        *(f"(r.{field} IS NOT NULL AND r.{field} <> o.{field})" for field in FIELDS if field != "founded_on"),
        "(r.founded_on IS NOT NULL AND CAST(nullif(r.founded_on, '') AS date) IS DISTINCT FROM o.founded_on)",
    ]
)
_AFTER = ", ".join(
    "CASE WHEN r.founded_on IS NULL THEN o.founded_on ELSE CAST(nullif(r.founded_on, '') AS date) END AS founded_on"
    if field == "founded_on"
    else f"coalesce(r.{field}, o.{field}) AS {field}"
    for field in FIELDS
)
_BEFORE = ", ".join(f"o.{field} AS old_{field}" for field in FIELDS)
# Built of our own column names alone.
_COMPARE = f"""
CREATE TEMPORARY TABLE man_change ON COMMIT DROP AS
SELECT r.n, o.id, o.path, o.code, r.sort_name, r.plain, r.initials, {_AFTER}, {_BEFORE}
FROM man_row r JOIN org o ON o.code = r.code WHERE {_CHANGED}
"""  # noqa: S608
# Waits for those who are editing the same organisations, and sees what they wrote.
_LOCK = f"""
SELECT count(*) FROM (
    SELECT o.id FROM man_row r JOIN org o ON o.code = r.code WHERE {_CHANGED} ORDER BY o.path FOR UPDATE OF o
) AS locked
"""  # noqa: S608
_TOPS = """
SELECT o.path FROM man_row r JOIN org o ON o.code = r.code
WHERE NOT EXISTS (SELECT 1 FROM man_row p WHERE p.code = r.parent) ORDER BY o.path
"""
_ABSENT = """
CREATE TEMPORARY TABLE man_absent ON COMMIT DROP AS
SELECT o.path, o.code, o.name FROM man_top t JOIN org o ON o.path >= t.lo AND o.path < t.hi
WHERE NOT EXISTS (SELECT 1 FROM man_row r WHERE r.code = o.code)
"""


def prepare(
    session: Session, manifest: Manifest, today: date, accounts: Accounts | None = None, *, lock: bool = False
) -> Plan:
    """Stage ``manifest``, check it and compare it with the tree, in temporary tables of the session's transaction.

    :param lock: keep others from changing what will be changed, until the transaction ends.
    :raises ManifestRefused: with every mistake.
    """
    number = staging.stage(session, manifest, today)
    checking.define(session, manifest)
    created, circled = placing.place(session, manifest, lock=lock)
    checking.check(session, manifest, circled)
    missing = accounts.missing(session, manifest.accounts, manifest.problems) if accounts else []
    manifest.problems.refuse()
    if lock:
        session.execute(text(_LOCK))
    session.execute(text(_COMPARE))
    changed = int(session.scalar(text("SELECT count(*) FROM man_change")) or 0)
    absent = _find_absent(session)
    definitions = (*_levels(session, manifest), *_types(session, manifest))
    return Plan(definitions, created, changed, number - created - changed, absent, tuple(missing))


def _find_absent(session: Session) -> int:
    session.execute(text('CREATE TEMPORARY TABLE man_top (lo text COLLATE "C", hi text COLLATE "C") ON COMMIT DROP'))
    tops: list[dict[str, str]] = []
    for path in session.scalars(text(_TOPS)):
        if not tops or not path < tops[-1]["hi"]:
            tops.append({"lo": path, "hi": upper(path)})
    if tops:
        session.execute(text("INSERT INTO man_top VALUES (:lo, :hi)"), tops)
    session.execute(text("ANALYZE man_top"))
    session.execute(text(_ABSENT))
    return int(session.scalar(text("SELECT count(*) FROM man_absent")) or 0)


def _levels(session: Session, manifest: Manifest) -> Iterator[Change]:
    there = {level.key: level for level in session.scalars(select(Level))}
    for entry in manifest.levels:
        after = {"rank": entry.rank, "label": dict(entry.label), "mark": entry.mark}
        found = there.get(entry.key)
        before = {"rank": found.rank, "label": found.label, "mark": found.mark} if found else {}
        yield from _definition("level", entry.key, before, after)


def _types(session: Session, manifest: Manifest) -> Iterator[Change]:
    there = {kind.key: kind for kind in session.scalars(select(OrgType))}
    for entry in manifest.types:
        after = {"label": dict(entry.label), "parents": list(entry.parents), "root": entry.root}
        after |= {"links": list(entry.links), "ending": entry.ending}
        found = there.get(entry.key)
        before = {key: getattr(found, key) for key in after} if found else {}
        yield from _definition("type", entry.key, before, after)


def _definition(
    thing: Literal["level", "type"], key: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    fields = {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}
    if fields:
        name = str(next(iter(after["label"].values())))
        yield Change(thing, "change" if before else "create", key, name, fields)


def changes(session: Session) -> Iterator[Change]:
    """The differences of organisations, in the order of the tree: created, changed, absent. Read as a stream."""
    yield from _created(session)
    yield from changed(session)
    for code, name in _stream(session, "SELECT code, name FROM man_absent ORDER BY path"):
        yield Change("organisation", "absent", code, name, {})


def _created(session: Session) -> Iterator[Change]:
    columns = ", ".join(f"r.{field}" for field in FIELDS)
    statement = f"SELECT p.code, r.parent, {columns} FROM man_place p JOIN man_row r ON r.n = p.n ORDER BY p.path"  # noqa: S608
    for code, parent, *values in _stream(session, statement):
        said = {"parent": parent, **dict(zip(FIELDS, values, strict=True))}
        yield Change("organisation", "create", code, said["name"], {key: (None, v) for key, v in said.items() if v})


def changed(session: Session) -> Iterator[Change]:
    """The organisations that change, with what differs."""
    for row in _stream(session, "SELECT * FROM man_change ORDER BY path"):
        pairs = {field: (getattr(row, f"old_{field}"), getattr(row, field)) for field in FIELDS}
        differing = {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}
        yield Change("organisation", "change", row.code, row.name, differing)


def _stream(session: Session, statement: str) -> Iterator[Any]:
    yield from session.execute(text(statement), execution_options={"yield_per": 1000})
