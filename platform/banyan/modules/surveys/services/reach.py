"""Who may do what with a survey: the permission of surveys and that of the host, both at the survey's organisation."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, NotFound
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import load, may, require
from banyan.modules.audit.services import Subject
from banyan.modules.surveys.models import Survey
from banyan.modules.surveys.permissions import SURVEY_READ, SURVEY_UPDATE
from banyan.modules.surveys.registry import hosts
from banyan.plugins.services import module_on

NOTHING = lazy("There is nothing here, or it is not within your reach.")
STALE = lazy("Somebody else has changed this meanwhile. Look at it again.")


def subject(survey: Survey) -> Subject:
    """A survey as the audit log names it."""
    return Subject("survey", str(survey.id), survey.title)


def require_host(ctx: Context, host: str, org: OrgRef, permission: str = SURVEY_UPDATE.name) -> None:
    """Decide for surveys of ``host`` at ``org``; where the host's module is gone, surveys alone decide."""
    require(ctx, permission, org)
    known = hosts().get(host)
    if known is not None:
        require(ctx, known.permission, org)


def find(ctx: Context, survey_id: UUID, permission: str = SURVEY_READ.name) -> Survey:
    """A survey of the organisation of the request or below.

    :raises NotFound: :raises Forbidden: as everywhere.
    """
    survey = load(ctx, permission, Survey, survey_id)
    require_host(ctx, survey.host, survey.org, permission)
    return survey


def changeable(ctx: Context, survey: Survey) -> bool:
    """Whether the actor may write, open and close it."""
    known = hosts().get(survey.host)
    return may(ctx, SURVEY_UPDATE.name, survey.org) and (known is None or may(ctx, known.permission, survey.org))


def locked(ctx: Context, survey_id: UUID, version: int) -> Survey:
    """A survey to be changed, with its row held.

    :raises Conflict: somebody changed it since ``version`` was read.
    """
    survey = find(ctx, survey_id, SURVEY_UPDATE.name)
    ctx.session.refresh(survey, with_for_update=True)
    if survey.version != version:
        raise Conflict(STALE)
    return survey


def of_host(ctx: Context, host: str, host_id: UUID) -> Sequence[Survey]:
    """The surveys about a thing, newest first; the host's own page has decided who may see that thing."""
    statement = select(Survey).where(Survey.host_id == host_id, Survey.host == host)
    return ctx.session.scalars(statement.order_by(Survey.created_at.desc(), Survey.id.desc())).all()


def answerable(ctx: Context, survey_id: UUID) -> Survey:
    """A survey that the account of the context may answer, open or closed, never a draft.

    :raises NotFound: for everybody else.
    """
    survey = ctx.session.get(Survey, survey_id)
    outside = survey is None or ctx.org is None or survey.org_id != ctx.org.id or survey.state == "draft"
    if survey is None or outside or ctx.actor.account_id is None:
        raise NotFound(NOTHING)
    host = hosts().get(survey.host)
    if host is None or not module_on(ctx, host.module, survey.org) or not host.may_answer(ctx, survey.host_id):
        raise NotFound(NOTHING)
    return survey
