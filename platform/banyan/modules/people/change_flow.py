"""The flow of what members ask for: one step at the branch, answered item by item within five working days."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.flows import Flow, Step
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import may
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ, MEMBER_REVIEW
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.services.change_answers import heard
from banyan.modules.people.services.changes import BRANCH, FLOW
from banyan.modules.tenancy.models import Org


def _page(ctx: Context, subject_id: str) -> str | None:
    """The member's file, for those who may read it."""
    member = ctx.session.get(Member, UUID(subject_id))
    if member is None or not may(ctx, MEMBER_READ.name, member.org):
        return None
    code = ctx.session.scalar(select(Org.code).where(Org.id == member.org_id))
    return url_for("people_pages.member", code=code, member_id=member.id)


def _answer(ctx: Context, request_id: UUID) -> str:
    """Where it is answered: at the organisation of the reader's request."""
    code = ctx.session.scalar(select(Org.code).where(Org.id == ctx.here.id))
    return url_for("people_change_pages.asked", code=code, request_id=request_id)


STEP = Step(
    "branch",
    lazy("Answer of the branch"),
    BRANCH,
    MEMBER_REVIEW.name,
    working_days=rules.WORKING_DAYS,
    returns=False,
)
FLOWS = (
    Flow(
        FLOW,
        lazy("Change of a member's record"),
        BRANCH,
        (STEP,),
        heard,
        reader=MEMBER_READ.name,
        page=_page,
        answer=_answer,
    ),
)
