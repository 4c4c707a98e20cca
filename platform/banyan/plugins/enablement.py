"""Which modules are on at an organisation: its own switch, bounded by what its upper levels lay down.

A policy set at several organisations of a line: the highest setter wins; unset means allowed and off. Above all of
them stands the operator, who may switch a plugin off for everybody. What is laid down ends at a
link of guidance, see `banyan.plugins.governing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from banyan.kernel.db.base import Base, Identified
from banyan.kernel.db.prepared import Prepared
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.guidance import Range, inside
from banyan.kernel.treepath import lineage, upper
from banyan.kernel.values import OrgRef
from banyan.plugins.governing import governing, governs
from banyan.plugins.manager import Plugins

Policy = Literal["mandatory", "allowed", "forbidden"]
POLICIES: tuple[Policy, ...] = ("mandatory", "allowed", "forbidden")
_POLICY: dict[str, Policy] = {policy: policy for policy in POLICIES}


class ModuleState(Identified, OrgPair, Base):
    """An organisation's own switch for a module. A directory table."""

    __tablename__ = "module_state"
    ORG_ID_LEADS_AN_INDEX = True
    __table_args__ = (UniqueConstraint("org_id", "module"),)

    module: Mapped[str]
    enabled: Mapped[bool]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime]


class ModulePolicy(Identified, OrgPair, Base):
    """What an organisation lays down for itself and all below. A directory table."""

    __tablename__ = "module_policy"
    ORG_ID_LEADS_AN_INDEX = True
    __table_args__ = (UniqueConstraint("org_id", "module"),)

    module: Mapped[str]
    policy: Mapped[str] = mapped_column()
    set_by: Mapped[UUID | None]
    set_at: Mapped[datetime]


class PluginOff(Base):
    """A plugin that the operator has switched off for everybody. A directory table, read with the policies."""

    __tablename__ = "plugin_off"

    module: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    switched_by: Mapped[UUID | None]
    switched_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a module stands at an organisation.

    :ivar policy: the one in force, None when nobody set one. :ivar setter_path: who set it.
    :ivar switched_on: the organisation's own switch. :ivar on: what comes of it.
    :ivar everywhere_off: the operator has switched it off for everybody.
    """

    policy: Policy | None
    setter_path: str | None
    switched_on: bool
    on: bool
    everywhere_off: bool = False


OFF = Standing(None, None, False, False)


def _everything(policies: ColumnElement[bool]) -> Select[str, str, str]:
    laid_down = select(ModulePolicy.module, ModulePolicy.policy, ModulePolicy.org_path).where(policies)
    states = select(ModuleState.module, literal("switch"), literal("")).where(
        ModuleState.org_id == bindparam("org_id"), ModuleState.enabled.is_(True)
    )
    off = select(PluginOff.module, literal("off"), literal(""))
    every = union_all(laid_down, states, off).subquery()
    return select(*every.c)


# The gate asks it of every request.
_STANDINGS = Prepared(_everything(governing(ModulePolicy.org_path)))


def _touched(session: Session | Connection, org: OrgRef, edge: str | None) -> Sequence[Sequence[Any]]:
    if edge is None:
        return _STANDINGS.rows(session, {"line": lineage(org.path), "org_id": org.id})
    asked = _everything(governs(ModulePolicy.org_path, org, edge=edge))
    return session.execute(asked, {"org_id": org.id}).all()


def standings(session: Session | Connection, org: OrgRef, *, edge: str | None = None) -> dict[str, Standing]:
    """Module name → standing at ``org``, for every module anyone ever touched; others are `OFF`. One statement.

    :param edge: as if links of guidance lay otherwise, see `governs`.
    """
    switched: set[str] = set()
    off: set[str] = set()
    highest: dict[str, tuple[str, Policy]] = {}
    for module, kind, path in _touched(session, org, edge):
        if kind == "switch":
            switched.add(module)
        elif kind == "off":
            off.add(module)
        elif module not in highest or len(path) < len(highest[module][0]):
            highest[module] = (path, _POLICY[kind])
    return {
        module: _standing(module in switched, highest.get(module), module in off)
        for module in switched | highest.keys() | off
    }


def _standing(switched_on: bool, highest: tuple[str, Policy] | None, everywhere_off: bool) -> Standing:
    path, policy = highest or (None, None)
    on = not everywhere_off and (policy == "mandatory" or (switched_on and policy != "forbidden"))
    return Standing(policy, path, switched_on, on, everywhere_off)


def enabled_modules(
    session: Session | Connection, plugins: Plugins, org: OrgRef, *, edge: str | None = None
) -> frozenset[str]:
    """Names of all modules that are on at ``org``, those always on among them.

    A module whose dependency is off is off as well, whatever its own switch says; so is a plugin that the operator
    has switched off for everybody, or whose tables have not been migrated.

    :param edge: as if links of guidance lay otherwise, see `governs`.
    """
    if plugins.manifests.keys() == plugins.core and not plugins.optional:
        return plugins.always_on
    found = standings(session, org, edge=edge)
    on = plugins.always_on | {name for name in plugins.manifests if found.get(name, OFF).on}
    on -= plugins.unmigrated | {name for name, standing in found.items() if standing.everywhere_off}
    while True:
        kept = {name for name in on if all(wanted in on for wanted in plugins.needs(name))}
        if kept == on:
            return frozenset(on)
        on = frozenset(kept)


def own_policies(session: Session | Connection, org: OrgRef) -> dict[str, Policy]:
    """Module name → what ``org`` itself has laid down."""
    found = session.execute(select(ModulePolicy.module, ModulePolicy.policy).where(ModulePolicy.org_id == org.id))
    return {module: _policy(policy) for module, policy in found}


def policies_below(session: Session | Connection, org: OrgRef, module: str) -> dict[str, Policy]:
    """Path → policy of the highest organisations strictly below ``org`` that have laid down ``module``."""
    rows = session.execute(
        select(ModulePolicy.org_path, ModulePolicy.policy)
        .where(ModulePolicy.org_path > org.path, ModulePolicy.org_path < upper(org.path))
        .where(ModulePolicy.module == module)
        .order_by(ModulePolicy.org_path)
    )
    found: dict[str, Policy] = {}
    last = None
    for path, policy in rows:
        if last is None or not path.startswith(last):
            found[path], last = _policy(policy), path
    return found


def switched_on(session: Session | Connection, module: str, ranges: Sequence[Range]) -> int:
    """How many organisations whose paths lie in ``ranges`` have switched ``module`` on themselves."""
    return session.execute(
        select(func.count())
        .select_from(ModuleState)
        .where(inside(ModuleState.org_path, ranges), ModuleState.module == module, ModuleState.enabled.is_(True))
    ).scalar_one()


def set_switch(session: Session, org: OrgRef, module: str, *, on: bool, by: UUID | None, at: datetime) -> None:
    """Keep the switch of ``org`` for ``module``; the caller has decided that it may be so."""
    row = session.scalar(select(ModuleState).where(ModuleState.org_id == org.id, ModuleState.module == module))
    if row is None:
        row = ModuleState(org_id=org.id, org_path=org.path, module=module)
        session.add(row)
    row.enabled, row.changed_by, row.changed_at = on, by, at


def set_policy(
    session: Session, org: OrgRef, module: str, policy: Policy | None, *, by: UUID | None, at: datetime
) -> None:
    """Keep what ``org`` lays down for ``module``; None lifts it."""
    row = session.scalar(select(ModulePolicy).where(ModulePolicy.org_id == org.id, ModulePolicy.module == module))
    if policy is None:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = ModulePolicy(org_id=org.id, org_path=org.path, module=module)
        session.add(row)
    row.policy, row.set_by, row.set_at = policy, by, at


def everywhere_off(session: Session | Connection) -> dict[str, PluginOff]:
    """Module name → how the operator has switched it off for everybody."""
    rows = session.execute(select(PluginOff.module, PluginOff.reason, PluginOff.switched_by, PluginOff.switched_at))
    return {row[0]: PluginOff(module=row[0], reason=row[1], switched_by=row[2], switched_at=row[3]) for row in rows}


def stopped(session: Session | Connection, plugins: Plugins) -> frozenset[str]:
    """Names of plugins that run nowhere at present: switched off for everybody, or not migrated."""
    if plugins.manifests.keys() == plugins.core:
        return frozenset()
    return plugins.unmigrated | everywhere_off(session).keys()


def set_everywhere_off(session: Session, module: str, reason: str, *, by: UUID | None, at: datetime) -> bool:
    """Switch a plugin off for everybody; False where it is off already."""
    row = {"module": module, "reason": reason, "switched_by": by, "switched_at": at}
    done = session.execute(insert(PluginOff).values(row).on_conflict_do_nothing().returning(PluginOff.module))
    return done.first() is not None


def lift_everywhere_off(session: Session, module: str) -> bool:
    """Leave a plugin to the organisations again; False where it was not off for everybody."""
    done = session.execute(delete(PluginOff).where(PluginOff.module == module).returning(PluginOff.module))
    return done.first() is not None


def _policy(text: str) -> Policy:
    return next(policy for policy in POLICIES if policy == text)
