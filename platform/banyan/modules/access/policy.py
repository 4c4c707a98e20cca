"""What roles mean: policy lines evaluated by Casbin once per policy version into an immutable snapshot."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import casbin
from casbin.model import Model
from flask import Flask, current_app
from sqlalchemy import ColumnElement, Connection, Uuid, and_, bindparam, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from banyan.kernel.db.prepared import Prepared
from banyan.kernel.guidance import Guidance
from banyan.kernel.values import EMPTY_SNAPSHOT, NO_RIGHTS, Binding, Grant, Permission, Rights, Role, Snapshot
from banyan.modules.access.models import OrgRole, OrgRolePermission, PolicyStamp, RoleGrant
from banyan.modules.access.neighbours import guided_paths


class PolicyError(RuntimeError):
    """A policy file that must not be served."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A role that means everything another one means."""

    role: str
    included: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Policy lines of built-in roles."""

    bindings: tuple[Binding, ...]
    inclusions: tuple[Inclusion, ...]


def read_lines(source: Path) -> Lines:
    """Read ``roles.csv``; raises `PolicyError` naming file and line. Blank fields could match everything: refused."""
    bindings, inclusions = [], []
    with source.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.reader(stream, skipinitialspace=True), 1):
            match row:
                case []:
                    continue
                case [first, *_] if first.startswith("#"):
                    continue
                case ["p", str(role), str(permission), "allow" | "deny" as effect] if role and permission:
                    bindings.append(Binding(role, permission, effect))
                case ["g", str(role), str(included)] if role and included:
                    inclusions.append(Inclusion(role, included))
                case _:
                    raise PolicyError(f"{source.name}:{number}: not a policy line: {','.join(row)}")
    return Lines(tuple(bindings), tuple(inclusions))


def read_conflicts(source: Path) -> tuple[tuple[str, str], ...]:
    """Pairs of roles one person may not hold together at one place, from ``conflicts.csv`` (role, role, reason).

    Raises `PolicyError` naming file and line.
    """
    pairs = []
    with source.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.reader(stream, skipinitialspace=True), 1):
            if not row or row[0].startswith("#"):
                continue
            if len(row) != 3 or not row[0] or not row[1] or row[0] == row[1]:
                raise PolicyError(f"{source.name}:{number}: not a pair of roles with a reason: {','.join(row)}")
            pairs.append((row[0], row[1]))
    return tuple(pairs)


def evaluate(model_file: Path, lines: Lines, roles: Sequence[str], permissions: Sequence[str]) -> dict[str, Rights]:
    """Ask Casbin what each of ``roles`` may do with each of ``permissions``: role → rights with the deciding lines."""
    return {role: _rights(_enforcer(model_file, _concerning(lines, role)), role, permissions) for role in roles}


def _enforcer(model_file: Path, lines: Lines) -> casbin.Enforcer:
    model = Model()
    model.load_model(str(model_file))
    enforcer = casbin.Enforcer(model)
    for line in lines.bindings:
        enforcer.add_policy(line.role, line.permission, line.effect)
    for inclusion in lines.inclusions:
        enforcer.add_grouping_policy(inclusion.role, inclusion.included)
    return enforcer


def _concerning(lines: Lines, role: str) -> Lines:
    """The lines of ``role`` and of what it includes: Casbin tries every line it is given on every question."""
    known = {role}
    while found := {line.included for line in lines.inclusions if line.role in known} - known:
        known |= found
    return Lines(
        tuple(line for line in lines.bindings if line.role in known),
        tuple(line for line in lines.inclusions if line.role in known),
    )


def _rights(enforcer: casbin.Enforcer, role: str, permissions: Iterable[str]) -> Rights:
    allowed: set[str] = set()
    denied: set[str] = set()
    deciding: dict[str, str] = {}
    for permission in permissions:
        answer, line = enforcer.enforce_ex(role, permission)
        if line:
            (allowed if answer else denied).add(permission)
            deciding[permission] = "p, " + ", ".join(line)
    return Rights(frozenset(allowed), frozenset(denied), deciding)


class PolicyStore:
    """The policy of one process: built-in roles once, organisations' own roles as they are needed.

    Casbin's enforcer is used under a lock and thrown away; what is published is finished and never changes.
    """

    def __init__(
        self, folder: Path, permissions: Sequence[Permission], roles: Sequence[Role], bindings: Sequence[Binding]
    ) -> None:
        self.permissions = {permission.name: permission for permission in permissions}
        self.roles = {role.key: role for role in roles}
        self.conflicts = frozenset(read_conflicts(folder / "conflicts.csv"))
        self._model_file = folder / "model.conf"
        read = read_lines(folder / "roles.csv")
        included = (Inclusion(role.key, role.includes) for role in roles if role.includes)
        self._builtin = Lines((*read.bindings, *bindings), (*read.inclusions, *included))
        named = {line.role for line in self._builtin.bindings}
        named |= {role for line in self._builtin.inclusions for role in (line.role, line.included)}
        named |= {role for pair in self.conflicts for role in pair}
        unknown = named - self.roles.keys()
        if unknown:
            raise PolicyError(f"policy lines name roles that do not exist: {', '.join(sorted(unknown))}")
        self._lock = threading.Lock()
        evaluated = evaluate(self._model_file, self._builtin, list(self.roles), list(self.permissions))
        self._across = frozenset(permission.name for permission in permissions if permission.guidance)
        self._snapshot = Snapshot(0, evaluated, None, self._across)

    @property
    def snapshot(self) -> Snapshot:
        """The newest published snapshot."""
        return self._snapshot

    def conflicting(self, role: str, other: str) -> bool:
        """Whether one person may not hold both roles at one place."""
        return (role, other) in self.conflicts or (other, role) in self.conflicts

    def current(self, session: Session | Connection, stamp: int, needed: Iterable[str]) -> Snapshot:
        """The snapshot of version ``stamp`` with at least the roles ``needed``; rebuilds changed roles only."""
        snapshot = self._snapshot
        missing = {role for role in needed if role not in snapshot.roles}
        if snapshot.version == stamp and not missing:
            return snapshot
        with self._lock:
            self._snapshot = self._rebuilt(session, self._snapshot, stamp, missing)
            return self._snapshot

    def _rebuilt(self, session: Session | Connection, old: Snapshot, stamp: int, missing: set[str]) -> Snapshot:
        held = _own_ids(role for role in old.roles if role not in self.roles)
        stale = and_(OrgRole.stamp > old.version, OrgRole.id.in_(held))
        changed = self._own_roles(session, or_(OrgRole.id.in_(_own_ids(missing)), stale))
        # What is not found means nothing, and is remembered: an unknown role costs one look, not one a request.
        nothing = dict.fromkeys(missing, NO_RIGHTS)
        # A link or place of a guided organisation that changes takes the stamp along: the database sees to it.
        guidance = old.guidance if stamp == old.version else _guidance(session)
        return Snapshot(max(stamp, old.version), {**old.roles, **nothing, **changed}, guidance, self._across)

    def rights(self, session: Session | Connection, roles: Iterable[str]) -> Snapshot:
        """What ``roles`` mean in the transaction of ``session``, with what it has not committed yet; publishes nothing.

        For services that write: a snapshot published from an uncommitted change would outlive its rollback.
        """
        asked = set(roles)
        own = self._own_roles(session, OrgRole.id.in_(_own_ids(asked - self.roles.keys())))
        builtin = {role: self._snapshot.roles[role] for role in asked & self.roles.keys()}
        meaning = {**dict.fromkeys(asked, NO_RIGHTS), **builtin, **own}
        return Snapshot(self._snapshot.version, meaning, self._snapshot.guidance, self._across)

    def _own_roles(self, session: Session | Connection, which: ColumnElement[bool]) -> dict[str, Rights]:
        rows = session.execute(
            select(OrgRole.id, OrgRole.withdrawn_at, OrgRolePermission.permission)
            .outerjoin(OrgRolePermission, OrgRolePermission.role_id == OrgRole.id)
            .where(which)
        ).all()
        lines: dict[str, list[Binding]] = {}
        for identity, withdrawn, permission in rows:
            own = lines.setdefault(str(identity), [])
            if permission in self.permissions and withdrawn is None:
                own.append(Binding(str(identity), permission))
        return {role: self._own_rights(role, own) for role, own in lines.items()}

    def _own_rights(self, role: str, lines: Sequence[Binding]) -> Rights:
        asked = [line.permission for line in lines]
        return evaluate(self._model_file, Lines(tuple(lines), ()), [role], asked)[role]


def _guidance(session: Session | Connection) -> Guidance | None:
    paths = guided_paths(session)
    return Guidance(paths) if paths else None


def own_id(role: str) -> UUID | None:
    """The id of an organisation's own role out of the key that grants use; None for every other key."""
    try:
        identity = UUID(role)
    except ValueError:
        return None
    return identity if str(identity) == role else None


def _own_ids(roles: Iterable[str]) -> list[UUID]:
    return [identity for role in roles if (identity := own_id(role)) is not None]


AUTHORITY = (
    PolicyStamp.version,
    *(RoleGrant.id, RoleGrant.role, RoleGrant.org_id, RoleGrant.org_path, RoleGrant.reach),
)


def valid_grants(account: ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """The predicate of grants that ``account`` holds at the instant of the parameter ``now``."""
    return and_(
        RoleGrant.account_id == account,
        RoleGrant.ended_at.is_(None),
        RoleGrant.not_before <= bindparam("now"),
        or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > bindparam("now")),
    )


_OF_ACCOUNT = Prepared(
    select(*AUTHORITY).select_from(PolicyStamp).outerjoin(RoleGrant, valid_grants(bindparam("account", type_=Uuid)))
)


def authority(
    session: Session | Connection, store: PolicyStore, account_id: UUID, now: datetime
) -> tuple[tuple[Grant, ...], Snapshot]:
    """An account's grants valid at ``now`` and the policy they are to be read with, stamp and grants in one query."""
    return read(session, store, _OF_ACCOUNT.rows(session, {"account": account_id, "now": now}))


def read(
    session: Session | Connection, store: PolicyStore, rows: Sequence[Sequence[Any]]
) -> tuple[tuple[Grant, ...], Snapshot]:
    """`authority` from rows of the columns `AUTHORITY`."""
    if not rows or rows[0][0] is None:
        return (), EMPTY_SNAPSHOT
    held = [row for row in rows if row[1] is not None]  # without any grant the join still gives the stamp
    grants = tuple(Grant(row[1], row[2], row[3], row[4], row[5] == "subtree") for row in held)
    return grants, store.current(session, rows[0][0], {grant.role for grant in grants})


_KEY = "banyan.policy"


def install(app: Flask, store: PolicyStore) -> None:
    """Make ``store`` the policy of ``app``."""
    app.extensions[_KEY] = store


def store() -> PolicyStore:
    """The policy of the running application."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, PolicyStore)
    return found
