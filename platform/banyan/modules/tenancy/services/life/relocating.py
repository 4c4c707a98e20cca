"""Giving a subtree another place in the tree: paths, what repeats them, search tokens, figures, and telling modules.

Tables that belong to an organisation follow by their foreign keys (``ON UPDATE CASCADE``); a row written meanwhile for
the old place fails and is tried again. Whoever opens an organisation holds its parent, whoever moves one holds all of
the subtree: no child is left behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select, text

from banyan.kernel import treepath
from banyan.kernel.context import Context
from banyan.kernel.counting import hold_folding
from banyan.kernel.errors import Conflict
from banyan.kernel.i18n import lazy
from banyan.kernel.pinyin import tokens_of
from banyan.kernel.treepath import upper
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services.organisations import locked
from banyan.plugins import manager

# Requests plan each statement for its own range; the checks of foreign keys would then be planned for every row.
_KEEP_PLANS = "SELECT set_config('plan_cache_mode', 'auto', true)"
_OWN_PLANS = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"
_LOOKS = 20

_PATHS = """
UPDATE org SET path = CAST(:new AS text) || substr(path, CAST(:cut AS integer)),
    depth = depth + CAST(:deeper AS bigint),
    parent_id = CASE WHEN id = :id THEN CAST(:parent AS uuid) ELSE parent_id END,
    ordinal = CASE WHEN id = :id THEN CAST(:ordinal AS bigint) ELSE ordinal END,
    version = CASE WHEN id = :id THEN version + 1 ELSE version END,
    updated_at = CASE WHEN id = :id THEN CAST(:now AS timestamptz) ELSE updated_at END
WHERE path >= :old AND path < :hi
"""
# By the whole key, token by token: the index leads with the token, and a range of paths alone would read all of it.
_TOKENS = """
UPDATE org_token t SET org_path = CAST(:new AS text) || substr(t.org_path, CAST(:cut AS integer))
FROM unnest(CAST(:tokens AS text[]), CAST(:paths AS text[]), CAST(:ids AS uuid[])) AS m (token, path, id)
WHERE t.token = m.token COLLATE "C" AND t.org_path = m.path COLLATE "C" AND t.org_id = m.id
"""
_PART = 20_000


def hold(ctx: Context, orgs: Iterable[UUID]) -> dict[UUID, Org]:
    """Hold organisations until the transaction ends, in the order of the tree, and read them as they are now.

    Figures that wait are not folded meanwhile: their place must not change under the hands of who folds them.
    """
    hold_folding(ctx.session)
    asked = set(orgs)
    statement = select(Org).where(Org.id.in_(asked)).order_by(Org.path).with_for_update()
    found = ctx.session.scalars(statement.execution_options(populate_existing=True)).all()
    return {org.id: org for org in found}


def hold_subtree(ctx: Context, org: Org) -> int:
    """Hold ``org`` and all below it, also those that were opened while we waited; returns how many they are."""
    lo, hi = org.path, upper(org.path)
    inside = (Org.path >= lo, Org.path < hi)
    for _look in range(_LOOKS):
        held = len(ctx.session.execute(select(Org.id).where(*inside).order_by(Org.path).with_for_update()).all())
        # Read anew: who opened one below had to hold its parent, which we hold now.
        if held == ctx.session.scalar(select(func.count()).select_from(Org).where(*inside)):
            return held
    raise Conflict(lazy("This is busy at the moment. Please try again."))


def relocate(ctx: Context, org: Org, parent: Org) -> str:
    """Put ``org`` with all below it under ``parent``, both held and checked; returns the path it had.

    Modules hear of it through ``banyan_org_moved``, in this transaction: a module that fails stops the move.
    """
    old = org.path
    hold_subtree(ctx, org)
    parent = locked(ctx, parent.id)
    parent.last_ordinal += 1
    new = treepath.child(parent.path, parent.last_ordinal)
    ctx.session.flush()
    _move_tokens(ctx, old, new)
    session = ctx.session
    session.execute(text(_KEEP_PLANS))
    values = {"id": org.id, "parent": parent.id, "ordinal": parent.last_ordinal, "now": ctx.clock.now()}
    place = {"old": old, "hi": upper(old), "new": new, "cut": len(old) + 1, "deeper": parent.depth + 1 - org.depth}
    session.execute(text(_PATHS), {**values, **place})
    session.execute(text(_OWN_PLANS))
    # What was read before repeats paths that are no more.
    session.expire_all()
    tell(ctx, "banyan_org_moved", org=org.ref, old_path=old)
    return old


def tell(ctx: Context, hook: str, **arguments: object) -> None:
    """Tell every installed module, on or off, in this transaction; a failure of one is the failure of all."""
    plugins = manager.current()
    for name in plugins.manifests:
        plugins.tell(hook, name, ctx=ctx, **arguments)


def _move_tokens(ctx: Context, old: str, new: str) -> None:
    rows = ctx.session.execute(
        select(Org.id, Org.path, Org.name, Org.sort_name)
        .where(Org.path >= old, Org.path < upper(old))
        .order_by(Org.path)
    ).all()
    keys = [(token, path, identity) for identity, path, name, key in rows for token in tokens_of(name, key)]
    keys.sort()
    for start in range(0, len(keys), _PART):
        part = keys[start : start + _PART]
        lists = {"tokens": [key[0] for key in part], "paths": [key[1] for key in part], "ids": [key[2] for key in part]}
        ctx.session.execute(text(_TOKENS), {**lists, "new": new, "cut": len(old) + 1})
