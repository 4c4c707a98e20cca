"""Requests about personal data: of members about themselves, of organisations for those who left (PPL-07)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Refused
from banyan.kernel.files import StoredFile
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import load, may, require
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import members
from banyan.modules.privacy.models import DataRequest
from banyan.modules.privacy.permissions import REQUEST_CREATE, REQUEST_READ
from banyan.modules.privacy.services import copies, erasure

NOTHING = lazy("There is nothing here, or it is not within your reach.")


def find(ctx: Context, request_id: UUID) -> DataRequest:
    """A request within reach, to be looked at."""
    return load(ctx, REQUEST_READ.name, DataRequest, request_id)


def ask_for(ctx: Context, member_id: UUID, reason: str) -> DataRequest:
    """Ask for the erasure of somebody who left, for the organisation.

    :raises Refused: the membership has not ended, or an erasure is under way.
    """
    member = members.find(ctx, member_id, MEMBER_READ)
    require(ctx, REQUEST_CREATE.name, member.org)
    if member.erased_at is not None:
        raise Refused(lazy("What this record held has been erased."))
    if member.status == "active":
        raise Refused(lazy("%(name)s is a member. Note first that the membership has ended.", name=member.name))
    return erasure.begin(ctx, member, "organisation", reason)


def retry(ctx: Context, request_id: UUID) -> None:
    """Start an agreed erasure again that failed."""
    request = find(ctx, request_id)
    require(ctx, REQUEST_CREATE.name, request.org)
    ctx.session.refresh(request, with_for_update=True)
    erasure.retry(ctx, request)


def my_record(ctx: Context) -> Member:
    """The record through which the actor asks: an active one first; also whoever left has rights to the data.

    :raises NotFound: there is none.
    """
    mine = select(Member).where(Member.account_id == ctx.actor.account_id, Member.status != "merged")
    order = (Member.status != "active", Member.admitted_on, Member.id)
    found = ctx.session.scalars(mine.order_by(*order)).first() if ctx.actor.account_id is not None else None
    if found is None:
        raise NotFound(NOTHING)
    return found


def ask_copy(ctx: Context, member: Member) -> DataRequest:
    """Ask for a copy of everything held about oneself. :param member: one's own record."""
    return copies.begin(ctx, member)


def ask_erasure(ctx: Context, member: Member, reason: str) -> DataRequest:
    """Ask for one's own erasure; the organisation decides within 15 working days. :param member: one's own record."""
    return erasure.begin(ctx, member, "member", reason)


def mine(ctx: Context, person_id: UUID) -> Sequence[DataRequest]:
    """What was asked for about a person, for that person; newest first."""
    statement = select(DataRequest).where(DataRequest.person_id == person_id)
    return ctx.session.scalars(statement.order_by(DataRequest.asked_at.desc(), DataRequest.id.desc()).limit(50)).all()


def my_copy(ctx: Context, request_id: UUID) -> StoredFile:
    """The copy that the actor asked for.

    :raises NotFound: it is somebody else's, not made yet, or was deleted after its time.
    """
    request = ctx.session.get(DataRequest, request_id)
    if request is None or request.asked_by is None or request.asked_by != ctx.actor.account_id:
        raise NotFound(NOTHING)
    return copies.file_of(ctx, request)


def restartable(ctx: Context, request: DataRequest) -> bool:
    """Whether the actor may start this erasure again, which has failed."""
    failed = request.kind == "erasure" and request.state == "working" and erasure.stopped(ctx, request)
    return failed and may(ctx, REQUEST_CREATE.name, request.org)
