"""Who is meant: the members, or the holders of a role, of an organisation and of those it leads (NOT-01).

An `Audience` is kept by whoever sends a notice or runs a campaign. `of` makes the select of all it means and refuses a
sender who may not see them all; `includes` says of one record whether it is meant, without asking who wants to know, so
that a reader below can be told. Both say the same of every record: what is meant never depends on grants, and never
reaches across a link of guidance.

Plans, as ``banyan_app`` with 2,000,000 members: a subtree by ``ix_member_org_path…``, levels by a hash of the
organisations of that level inside, a saved filter by the indexes that the list of members has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, func, null, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from banyan.kernel import guidance
from banyan.kernel.context import Context
from banyan.kernel.errors import Forbidden, NotFound, Refused
from banyan.kernel.i18n import _, lazy
from banyan.kernel.treepath import lineage, upper
from banyan.kernel.values import OrgRef
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.policy import store
from banyan.modules.access.rules import covered, holds_throughout
from banyan.modules.access.services.names import label
from banyan.modules.accounts.models import Account
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import filters as saved
from banyan.modules.people.services.cards import MemberCard
from banyan.modules.tenancy.lists import level_choices
from banyan.modules.tenancy.models import Org
from banyan.plugins.governing import guidance_below

Reach = Literal["self", "subtree"]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is meant.

    :ivar org: whose members. :ivar reach: of it alone, or of all it leads as well. :ivar levels: only of organisations
        of these levels. :ivar filter_id: only those whom a saved filter finds. :ivar role: instead of members, those
        who hold this role there.
    """

    org: OrgRef
    reach: Reach = "subtree"
    levels: tuple[str, ...] = ()
    filter_id: UUID | None = None
    role: str = ""


class Reached(NamedTuple):
    """How many are meant, and how many of them have an account."""

    all: int
    with_account: int

    @property
    def without(self) -> int:
        """Those whom nothing reaches inside the platform."""
        return self.all - self.with_account


def of(ctx: Context, audience: Audience, *, permission: str = MEMBER_READ.name) -> Select[Any]:
    """All who are meant: columns ``member_id, person_id, account_id, org_id, org_path``; of a role each account once.

    :param permission: what the sender needs wherever they are. Jobs of the platform itself need none.
    :raises NotFound: :raises Forbidden: the place, or a part of it, or the filter is not the sender's to use.
    """
    admit(ctx, audience, permission)
    return _holders(ctx, audience) if audience.role else _members(ctx, audience)


def count(ctx: Context, audience: Audience, *, permission: str = MEMBER_READ.name) -> int:
    """How many are meant."""
    return reached(ctx, audience, permission=permission).all


def reached(ctx: Context, audience: Audience, *, permission: str = MEMBER_READ.name) -> Reached:
    """How many are meant, and how many of them have an account. One statement."""
    found = of(ctx, audience, permission=permission).subquery()
    row = ctx.session.connection().execute(select(func.count(), func.count(found.c.account_id))).one()
    return Reached(*row)


def includes(ctx: Context, audience: Audience, member: Member | MemberCard) -> bool:
    """Whether a record is among those that are meant, whoever asks. Holders of roles are no records.

    A filter that was deleted, or names a field that is gone, finds nobody any more.
    """
    lasts = member.active if isinstance(member, MemberCard) else member.status == "active"
    if audience.role or not lasts or not _led_there(ctx, audience, member.org.path):
        return False
    if not audience.levels and audience.filter_id is None:
        return True
    try:
        statement = _narrowed(ctx, audience, select(Member.id)).where(Member.id == member.id)
    except (NotFound, Refused):
        return False
    return ctx.session.execute(statement).first() is not None


def admit(ctx: Context, audience: Audience, permission: str = MEMBER_READ.name) -> None:
    """Whether the sender may mean them all.

    :raises NotFound: the organisation, or the filter, is out of reach. :raises Forbidden: a part of it is.
    """
    actor, place = ctx.actor, audience.org
    outside = ctx.org is not None and not place.path.startswith(ctx.org.path)
    if outside or not (_the_platform(ctx) or covered(actor.grants, place.path)):
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    below = audience.reach == "subtree"
    everywhere = holds_throughout(actor.grants, actor.policy, permission, place.path, subtree=below)
    if not (everywhere or _the_platform(ctx)):
        raise Forbidden(lazy("Your role does not reach everybody who would be meant."))
    if audience.filter_id is not None:
        saved.usable(ctx, audience.filter_id, place)


def _the_platform(ctx: Context) -> bool:
    """Nobody's job or command: what it may do was decided when it was laid down."""
    return ctx.actor.account_id is None and ctx.actor.via in ("job", "cli")


_COLUMNS: tuple[Any, ...] = (
    Member.id.label("member_id"),
    Member.person_id,
    Member.account_id,
    Member.org_id,
    Member.org_path,
)


def _members(ctx: Context, audience: Audience) -> Select[Any]:
    place = _within(ctx, audience, Member.org_path)
    statement: Select[Any] = select(*_COLUMNS)
    return _narrowed(ctx, audience, statement).where(Member.status == "active", place)


def _narrowed(ctx: Context, audience: Audience, statement: Select[Any]) -> Select[Any]:
    """``statement`` with what narrows an audience beside its place: levels and a saved filter."""
    if audience.filter_id is not None:
        statement = saved.narrowed(ctx, audience.filter_id, statement)
    if audience.levels:
        statement = statement.where(Member.org_id.in_(_of_levels(audience)))
    return statement


def _of_levels(audience: Audience) -> Select[Any]:
    lo, hi = _range(audience)
    return select(Org.id).where(Org.level.in_(audience.levels), Org.path >= lo, Org.path < hi)


def _range(audience: Audience) -> tuple[str, str]:
    lo = audience.org.path
    return lo, upper(lo) if audience.reach == "subtree" else lo + "!"


def _within(ctx: Context, audience: Audience, path: guidance.PathColumn) -> ColumnElement[bool]:
    """The place: the organisation alone, or its subtree without what is only guided below it."""
    if audience.reach == "self":
        lo, hi = _range(audience)
        return and_(path >= lo, path < hi)
    ranges = guidance.led(guidance_below(ctx.session, audience.org), audience.org.path)
    return guidance.inside(path, ranges, hull=[_range(audience)])


def _holders(ctx: Context, audience: Audience) -> Select[Any]:
    now = ctx.clock.now()
    statement = (
        select(
            null().cast(Uuid).label("member_id"),
            Account.person_id,
            Account.id.label("account_id"),
            RoleGrant.org_id,
            RoleGrant.org_path,
        )
        .ext(distinct_on(Account.id))
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.role == audience.role,
            RoleGrant.ended_at.is_(None),
            RoleGrant.not_before <= now,
            or_(RoleGrant.not_after.is_(None), RoleGrant.not_after > now),
            Account.status == "active",
            _within(ctx, audience, RoleGrant.org_path),
        )
        .order_by(Account.id, RoleGrant.org_path)
    )
    if audience.levels:
        statement = statement.where(RoleGrant.org_id.in_(_of_levels(audience)))
    return statement


def _led_there(ctx: Context, audience: Audience, path: str) -> bool:
    """Whether ``path`` lies inside, and no link of guidance between."""
    lo, hi = _range(audience)
    if not lo <= path < hi:
        return False
    between = [place for place in lineage(path) if len(place) > len(lo)]
    if not between:
        return True
    guided = select(Org.id).where(Org.path.in_(between), Org.link == "guidance")
    return ctx.session.scalar(guided.limit(1)) is None


def describe(ctx: Context, audience: Audience) -> str:
    """An audience in a sentence, as the sender and the log read it."""
    name = ctx.session.scalar(select(Org.name).where(Org.id == audience.org.id)) or ""
    if audience.role:
        role = label(store(), ctx.session, audience.role)
        whom = _("Holders of “%(role)s”", role=role)
    else:
        whom = _("Members")
    where = _("%(name)s itself", name=name) if audience.reach == "self" else _("%(name)s and all it leads", name=name)
    said = _("%(whom)s of %(where)s", whom=whom, where=where)
    if audience.levels:
        labels = dict(level_choices(ctx.session))
        names = "、".join(str(labels.get(one, one)) for one in audience.levels)
        said = _("%(said)s, levels: %(levels)s", said=said, levels=names)
    if audience.filter_id is not None:
        said = _("%(said)s, filter: %(filter)s", said=said, filter=saved.name_of(ctx, audience.filter_id))
    return str(said)


def to_json(audience: Audience) -> dict[str, Any]:
    """An audience as it can be kept; `from_json` reads it, wherever the organisation is by then."""
    return {
        "org_id": str(audience.org.id),
        "reach": audience.reach,
        "levels": list(audience.levels),
        "filter_id": str(audience.filter_id) if audience.filter_id else None,
        "role": audience.role,
    }


def from_json(ctx: Context, held: Mapping[str, Any]) -> Audience:
    """An audience that was kept.

    :raises NotFound: its organisation is not there any more.
    """
    org_id = UUID(held["org_id"])
    path = ctx.session.scalar(select(Org.path).where(Org.id == org_id))
    if path is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return Audience(
        OrgRef(org_id, path),
        held.get("reach", "subtree"),
        tuple(held.get("levels") or ()),
        UUID(held["filter_id"]) if held.get("filter_id") else None,
        held.get("role") or "",
    )
