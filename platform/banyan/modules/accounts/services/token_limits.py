"""What tokens are limited to: chosen out of what the maker holds, checked, and told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import upper
from banyan.kernel.values import OrgRef, Permission
from banyan.modules.access import policy, rules
from banyan.modules.accounts.models import ApiToken
from banyan.modules.tenancy.models import Org
from banyan.plugins import manager

MOST_PLACES = 20


def offered(ctx: Context, among: Iterable[Permission] | None = None) -> list[tuple[str, Text, Text]]:
    """Permissions that the actor holds anywhere, as options of a form: name, label, module."""
    labels = {name: manifest.label for name, manifest in manager.current().manifests.items()}
    found = policy.store().permissions.values() if among is None else among
    held = [item for item in found if rules.ranges(ctx.actor.grants, ctx.actor.policy, item.name)[0]]
    return [(item.name, item.label, labels.get(item.module, item.module)) for item in held]


def places(ctx: Context, codes: Sequence[str]) -> list[OrgRef]:
    """The organisations called ``codes``.

    :raises Invalid: unknown or out of reach, told apart by nothing; too many.
    """
    asked = list(dict.fromkeys(code.strip().lower().replace("\x00", "") for code in codes))
    if len(asked) > MOST_PLACES:
        raise Invalid({"organisations": [lazy("At most %(most)s organisations.", most=MOST_PLACES)]})
    rows = ctx.session.execute(select(Org.code, Org.id, Org.path).where(Org.code.in_(asked))).all() if asked else ()
    found = {code: OrgRef(identity, path) for code, identity, path in rows if rules.covered(ctx.actor.grants, path)}
    missing = [code for code in asked if code not in found]
    if missing:
        reasons = [lazy("There is no organisation “%(code)s” within your reach.", code=code[:40]) for code in missing]
        raise Invalid({"organisations": reasons})
    return [found[code] for code in asked]


def check_held(ctx: Context, permissions: Iterable[str], where: Sequence[OrgRef]) -> None:
    """Raise `Invalid` for every permission that the actor does not hold anywhere in ``where`` (none: anywhere at all).

    A personal token never has more than its account, whatever it names; this spares its maker a token of no use.
    """
    wrong: list[Text] = []
    for name in permissions:
        held, _denied = rules.ranges(ctx.actor.grants, ctx.actor.policy, name)
        near = [org for org in where if rules.clipped(held, org.path, upper(org.path))]
        if not held or (where and not near):
            wrong.append(lazy("You do not hold “%(permission)s” there.", permission=_label(name)))
    if wrong:
        raise Invalid({"permissions": wrong})


def missing(ctx: Context, permissions: Iterable[str], where: Sequence[OrgRef], subtree: bool) -> list[Text]:
    """Labels of what the actor would need to hold throughout ``where`` to hand it on, and does not: delegation."""
    wanted = set(permissions)
    lacking = {
        name for org in where for name in rules.missing(ctx.actor.grants, ctx.actor.policy, wanted, org.path, subtree)
    }
    return [_label(name) for name in sorted(lacking)]


def told(ctx: Context, token: ApiToken) -> dict[str, Any]:
    """The values of a token that its history shows: no secrets."""
    names = names_of(ctx, token)
    reach = token.places[0].reach if token.places else None
    return {
        "name": token.name,
        "expires_at": token.expires_at,
        **({"permissions": token.permissions} if token.permissions is not None else {}),
        **({"organisations": [name for _code, name in names], "reach": reach} if names else {}),
    }


def names_of(ctx: Context, token: ApiToken) -> list[tuple[str, str]]:
    """Code and name of the organisations that a token is limited to, in the order of the tree."""
    ids = [place.org_id for place in token.places]
    rows = ctx.session.execute(select(Org.code, Org.name).where(Org.id.in_(ids)).order_by(Org.path)) if ids else ()
    return [(code, name) for code, name in rows]


def labels(token: ApiToken) -> list[Text]:
    """What the permissions of a token are called; those of modules that are gone as they are."""
    return [_label(name) for name in token.permissions or ()]


def _label(name: str) -> Text:
    known = policy.store().permissions.get(name)
    return known.label if known is not None else name[:80]
