"""Which modules are on at an organisation: its own switch, bounded by what its upper levels lay down.

A policy set at several organisations of a line: the highest setter wins; unset means allowed and off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, UniqueConstraint, func, literal, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from banyan.kernel.db.base import Base, Identified
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.treepath import lineage, upper
from banyan.kernel.values import OrgRef
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


@dataclass(frozen=True, slots=True)
class Standing:
    """How a module stands at an organisation.

    :ivar policy: the one in force, None when nobody set one. :ivar setter_path: who set it.
    :ivar switched_on: the organisation's own switch. :ivar on: what comes of it.
    """

    policy: Policy | None
    setter_path: str | None
    switched_on: bool
    on: bool


OFF = Standing(None, None, False, False)


def standings(session: Session | Connection, org: OrgRef) -> dict[str, Standing]:
    """Module name → standing at ``org``, for every module anyone ever touched; others are `OFF`. One statement."""
    policies = select(ModulePolicy.module, ModulePolicy.policy, ModulePolicy.org_path).where(
        ModulePolicy.org_path.in_(lineage(org.path))
    )
    states = select(ModuleState.module, literal("switch"), literal("")).where(
        ModuleState.org_id == org.id, ModuleState.enabled.is_(True)
    )
    switched: set[str] = set()
    highest: dict[str, tuple[str, Policy]] = {}
    for module, kind, path in session.execute(union_all(policies, states)):
        if kind == "switch":
            switched.add(module)
        elif module not in highest or len(path) < len(highest[module][0]):
            highest[module] = (path, _POLICY[kind])
    return {module: _standing(module in switched, highest.get(module)) for module in switched | highest.keys()}


def _standing(switched_on: bool, highest: tuple[str, Policy] | None) -> Standing:
    path, policy = highest or (None, None)
    on = policy == "mandatory" or (switched_on and policy != "forbidden")
    return Standing(policy, path, switched_on, on)


def enabled_modules(session: Session | Connection, plugins: Plugins, org: OrgRef) -> frozenset[str]:
    """Names of all modules that are on at ``org``, those always on among them.

    A module whose dependency is off is off as well, whatever its own switch says.
    """
    if not plugins.optional:
        return plugins.always_on
    found = standings(session, org)
    on = plugins.always_on | {name for name in plugins.manifests if found.get(name, OFF).on}
    while True:
        kept = {name for name in on if all(wanted in on for wanted in plugins.manifests[name].requires)}
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


def switched_on(session: Session | Connection, module: str, lo: str, hi: str) -> int:
    """How many organisations within ``[lo, hi)`` have switched ``module`` on themselves."""
    return session.execute(
        select(func.count())
        .select_from(ModuleState)
        .where(ModuleState.org_path >= lo, ModuleState.org_path < hi)
        .where(ModuleState.module == module, ModuleState.enabled.is_(True))
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


def _policy(text: str) -> Policy:
    return next(policy for policy in POLICIES if policy == text)
