"""How much an act touches: counted by index, whatever the size of the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.files import StoredFile
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import LIVE, LongTask
from banyan.kernel.treepath import upper
from banyan.kernel.values import OrgRef
from banyan.modules.access.models import OrgRole, RoleGrant
from banyan.modules.access.neighbours import ACCOUNT
from banyan.modules.tenancy import rules
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services import modules
from banyan.modules.tenancy.services.life.shown import ModuleTurn, Number
from banyan.plugins import enablement, manager
from banyan.plugins.enablement import OFF

Path = InstrumentedAttribute[str] | ColumnElement[str]
LABELS: Mapping[str, Text] = {
    "organisations": lazy("Organisations in all"),
    "accounts": lazy("Accounts"),
    "grants": lazy("Grants in force"),
    "roles": lazy("Own roles"),
    "files": lazy("Files"),
    "tasks": lazy("Long tasks under way"),
}


def numbers(ctx: Context, ranges: Sequence[tuple[str, str]]) -> list[Number]:
    """What lies within these ranges of paths."""

    def inside(path: Path) -> ColumnElement[bool]:
        return or_(*(and_(path >= lo, path < hi) for lo, hi in ranges))

    now = ctx.clock.now()
    valid = and_(RoleGrant.ended_at.is_(None), or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now))
    counted = {
        "organisations": _count(Org.__table__, inside(Org.path), Org.status == "active"),
        "accounts": _count(ACCOUNT, inside(ACCOUNT.c.org_path)),
        "grants": _count(RoleGrant.__table__, inside(RoleGrant.org_path), valid),
        "roles": _count(OrgRole.__table__, inside(OrgRole.org_path), OrgRole.withdrawn_at.is_(None)),
        "files": _count(StoredFile.__table__, inside(StoredFile.org_path)),
        "tasks": _count(LongTask.__table__, inside(LongTask.org_path), LongTask.state.in_(LIVE)),
    }
    row = ctx.session.execute(select(*counted.values())).one()
    return [Number(key, LABELS[key], int(n)) for key, n in zip(counted, row, strict=True)]


def _count(table: object, *where: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(table).where(*where).scalar_subquery()  # type: ignore[arg-type]


def subtree(org: Org) -> tuple[str, str]:
    """The range of an organisation with all below it."""
    return org.path, upper(org.path)


def alone(org: Org) -> tuple[str, str]:
    """The range of an organisation without those below it."""
    return org.path, org.path + "!"


def turns(ctx: Context, orgs: Sequence[Org], before: OrgRef, after: OrgRef, *, keep_own: bool) -> list[ModuleTurn]:
    """Where modules go on and off when ``orgs`` with all below come under ``after`` instead of ``before``.

    :param keep_own: what ``orgs`` themselves lay down goes along.
    """
    plugins = manager.current()
    old, new = enablement.standings(ctx.session, before), enablement.standings(ctx.session, after)
    found = []
    for manifest in plugins.optional:
        was, becomes = old.get(manifest.name, OFF).policy, new.get(manifest.name, OFF).policy
        on = off = 0
        for org in orgs if was != becomes else ():
            if org.link == "guidance":  # what is laid down above does not reach it, wherever it stands
                continue
            own = enablement.own_policies(ctx.session, org.ref).get(manifest.name) if keep_own else None
            areas = modules.areas(ctx, org.ref, manifest.name)
            turned = rules.turned(areas, was or own, becomes or own)
            on, off = on + turned.on, off + turned.off
        if on or off:
            found.append(ModuleTurn(manifest.name, manifest.label, on, off))
    return found
