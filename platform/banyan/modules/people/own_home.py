"""A member's home: organisations, what waits, and what modules put there through the hook ``banyan_me``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app, url_for
from sqlalchemy import select

from banyan.kernel import runtime as rt
from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OwnTile
from banyan.modules.people.models import Member
from banyan.modules.people.services import own
from banyan.modules.tenancy.models import Org
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as the page draws it."""

    title: Text
    text: Text
    url: str
    icon: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation that one is a member of.

    :ivar waiting: what waits for the member there. :ivar tiles: where one can go.
    """

    member: Member
    name: str
    waiting: Sequence[Tile]
    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Home:
    """:ivar name: what one is called: by the record, else by the account. :ivar places: none without a record."""

    name: str
    places: Sequence[Place]
    works: bool


def home(ctx: Context) -> Home:
    """What the home of whoever is signed in shows. The request goes on in the session of the last organisation."""
    found = own.records(ctx)
    works = bool(ctx.actor.grants)
    places = [_place(member) for member in found]
    return Home(found[0].name if found else "", places, works)


def _place(member: Member) -> Place:
    ctx = rt.inside(member.org)
    org = ctx.session.get_one(Org, member.org_id)

    def reading(answer: Iterable[OwnTile]) -> list[tuple[OwnTile, Tile]]:
        return [(one, Tile(one.title, one.text, _address(one, org.code), one.icon, one.count)) for one in answer]

    on = enabled_modules(ctx.session, manager.current(), member.org)
    asked = manager.current().ask("banyan_me", on, ctx=ctx, reading=reading, member_id=str(member.id))
    tiles = sorted((pair for _name, found in asked for pair in found), key=lambda pair: (pair[0].order, pair[0].key))
    waiting = [tile for one, tile in tiles if one.waiting]
    return Place(member, org.name, waiting, [tile for one, tile in tiles if not one.waiting])


def _address(tile: OwnTile, code: str) -> str:
    values: dict[str, Any] = dict(tile.values)
    if current_app.url_map.is_endpoint_expecting(tile.endpoint, "code"):
        values["code"] = code
    return url_for(tile.endpoint, **values)


def account_ways() -> Sequence[Tile]:
    """The ways to what belongs to the account and not to a record."""
    account = lazy("Sign-in name, language, roles")
    security = lazy("Password, second factor, sign-ins")
    return (
        Tile(lazy("My account"), account, url_for("accounts_pages.me"), "user"),
        Tile(lazy("Security"), security, url_for("accounts_pages.security"), "shield-check"),
    )


def names(ctx: Context, records: Sequence[Member]) -> dict[UUID, str]:
    """What the organisations of records are called."""
    ids = [member.org_id for member in records]
    return {row.id: row.name for row in ctx.session.execute(select(Org.id, Org.name).where(Org.id.in_(ids)))}
