"""Which modules are on at an organisation: its own switch, bounded by what its upper levels lay down.

A policy set at several organisations of a line: the highest setter wins; unset means allowed and off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, UniqueConstraint, literal, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from banyan.kernel.db.base import Base, Identified
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.treepath import lineage
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
