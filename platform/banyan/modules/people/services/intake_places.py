"""Which organisation a row of an import means: by code or by full name, and whether one may admit people there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import upper
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import decide
from banyan.modules.people.permissions import MEMBER_CREATE, MEMBER_UPDATE
from banyan.modules.people.services import ages
from banyan.modules.people.services.ages import Limits
from banyan.modules.people.services.periods import ENDED
from banyan.modules.people.settings import SINGLE
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services.organisations import among
from banyan.plugins import manager
from banyan.plugins.settings import values

NOWHERE: Text = lazy("There is no such organisation within your reach.")
SEVERAL: Text = lazy("Several organisations here have this name. Write the code.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row goes. :ivar against: why nobody can be admitted there by the actor. :ivar changes: may edit there.

    :ivar exclusive: its members are members of nothing else. :ivar age: the limits in force there.
    """

    ref: OrgRef
    code: str
    name: str
    against: tuple[Text, ...] = ()
    changes: bool = False
    exclusive: bool = True
    age: Limits | None = None


@dataclass(slots=True)
class Places:
    """The organisations that the rows of a chunk name."""

    found: dict[str, Place] = field(default_factory=dict)
    wrong: dict[str, Text] = field(default_factory=dict)
    by_id: dict[str, Place] = field(default_factory=dict)


def look_up(ctx: Context, written: Iterable[str]) -> Places:
    """Find the organisations called by code or by full name among ``written``; "" is that of the request."""
    asked = {text for text in written if text}
    lowered = sorted({text.lower() for text in asked})
    names = sorted(asked)
    rows = ctx.session.scalars(
        select(Org).where(
            Org.path >= ctx.here.path,
            Org.path < upper(ctx.here.path),
            or_(Org.code == among(lowered), Org.name == among(names), Org.id == ctx.here.id),
        )
    ).all()
    by_code: dict[str, Org] = {org.code: org for org in rows}
    by_name: dict[str, list[Org]] = {}
    for org in rows:
        by_name.setdefault(org.name, []).append(org)
    places, kept = Places(), dict[str, Place]()
    for text in (*asked, ""):
        meant = _meant(ctx, text, rows, by_code, by_name, places)
        if meant is not None:
            places.found[text] = kept.setdefault(meant.code, _place(ctx, meant))
    places.by_id = {str(place.ref.id): place for place in places.found.values()}
    return places


def _meant(
    ctx: Context,
    text: str,
    rows: Iterable[Org],
    by_code: dict[str, Org],
    by_name: dict[str, list[Org]],
    places: Places,
) -> Org | None:
    if not text:
        return next(org for org in rows if org.id == ctx.here.id)
    named = by_name.get(text, [])
    living = [org for org in named if org.status == "active"] or named
    org = by_code.get(text.lower()) or (living[0] if len(living) == 1 else None)
    if org is None or not decide(ctx, MEMBER_CREATE.name, org.ref).allowed:
        places.wrong[text] = SEVERAL if len(living) > 1 else NOWHERE
        return None
    return org


def _place(ctx: Context, org: Org) -> Place:
    against = () if org.status == "active" else (ENDED,)
    exclusive, age = _laid_down(ctx, org)
    changes = decide(ctx, MEMBER_UPDATE.name, org.ref).allowed
    return Place(org.ref, org.code, org.name, against, changes, exclusive, age)


def _laid_down(ctx: Context, org: Org) -> tuple[bool, Limits | None]:
    """What is laid down for an organisation, asked once in the life of a session: a job's is that of its import."""
    known: dict[UUID, tuple[bool, Limits | None]] = ctx.session.info.setdefault(__name__, {})
    if org.id not in known:
        found = values(ctx.session, manager.current(), org.ref)
        known[org.id] = bool(found[SINGLE.key]), ages.limits_of(found, org.type)
    return known[org.id]
