"""Publish a notice: at once, at a time, or once it has been approved (NOT-01)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Subtree
from banyan.kernel.errors import Invalid, Refused
from banyan.kernel.events import publish as tell
from banyan.kernel.flows import Flow, Heard, Outcome, Step
from banyan.kernel.i18n import lazy, message
from banyan.kernel.runtime import runtime
from banyan.kernel.values import OrgRef, SettingDef
from banyan.modules.approvals.services import submit
from banyan.modules.audit.services import record
from banyan.modules.notices.events import NoticePublished
from banyan.modules.notices.models import Notice
from banyan.modules.notices.permissions import DECIDE, PUBLISH, READ
from banyan.modules.notices.services import recipients, spreading
from banyan.modules.notices.services.telling import subject
from banyan.modules.notices.services.writing import changeable, end, told
from banyan.modules.people.services import audience
from banyan.plugins.settings import setting

APPROVAL = SettingDef(
    "notices.approval",
    lazy("Notices are approved before they are published"),
    "boolean",
    False,
    help=lazy("By somebody at the same organisation who did not write them."),
    wins="highest",
)
FLOW = "notices.publication"
DUE_AT_ONCE = 100


def publish(ctx: Context, notice_id: UUID, version: int) -> Notice:
    """Publish a draft, or send it for approval where that has been laid down.

    :raises Invalid: nobody is meant, or it would be over. :raises Refused: it is no draft.
    """
    notice = changeable(ctx, notice_id, PUBLISH.name, version)
    if notice.state != "draft":
        raise Refused(lazy("It is no draft any more."))
    _check(ctx, notice)
    if setting(ctx, APPROVAL.key, notice.org):
        return _ask(ctx, notice)
    return _out(ctx, notice)


def _check(ctx: Context, notice: Notice) -> None:
    if not notice.audiences and not notice.public:
        raise Invalid({"audiences": [lazy("Say for whom it is.")]})
    for held in notice.audiences:
        audience.admit(ctx, audience.from_json(ctx, held), PUBLISH.name)
    if notice.valid_until is not None and notice.valid_until <= max(
        ctx.clock.now(), notice.publish_at or ctx.clock.now()
    ):
        raise Invalid({"valid_until": [lazy("It would be over before anybody reads it.")]})


def _ask(ctx: Context, notice: Notice) -> Notice:
    notice.state = "waiting"
    details = {
        message("Title"): notice.title,
        message("For whom"): "; ".join(recipients.described(ctx, notice.audiences)),
        message("Text of the notice"): notice.body[:1000],
    }
    submit(ctx, FLOW, subject(notice), title=notice.title, sides={"publisher": notice.org}, details=details)
    record(ctx, "notices.notice.submit", subject(notice), org=notice.org, after=told(ctx, notice))
    ctx.session.flush()
    return notice


def _out(ctx: Context, notice: Notice) -> Notice:
    """It goes out now, or at its time."""
    now = ctx.clock.now()
    if notice.publish_at is not None and notice.publish_at > now:
        notice.state = "scheduled"
        ctx.session.flush()
        record(ctx, "notices.notice.schedule", subject(notice), org=notice.org, after=told(ctx, notice))
        return notice
    return now_published(ctx, notice)


def now_published(ctx: Context, notice: Notice) -> Notice:
    """The notice is out, in this transaction; a task writes down whom it is for."""
    notice.state, notice.published = "published", True
    notice.published_at = notice.order_at = ctx.clock.now()
    notice.published_by = ctx.actor.account_id
    if notice.replaces is not None:
        earlier = ctx.session.get(Notice, notice.replaces, with_for_update=True)
        if earlier is not None and earlier.state == "published":
            end(ctx, earlier, str(lazy("A new version has been published.")))
    spreading.begin(ctx, notice)
    ctx.session.flush()
    record(ctx, "notices.notice.publish", subject(notice), org=notice.org, after=told(ctx, notice))
    tell(ctx, notice.org, NoticePublished(str(notice.id), notice.kind, notice.importance))
    return notice


def due(ctx: Context) -> None:
    """Publish what was scheduled and is due; two runs at once never publish the same one twice."""
    rows = ctx.session.execute(
        select(Notice.id, Notice.org_id, Notice.org_path)
        .where(Notice.state == "scheduled", Notice.publish_at <= ctx.clock.now())
        .order_by(Notice.publish_at, Notice.id)
        .limit(DUE_AT_ONCE)
    ).all()
    for identity, org_id, org_path in rows:
        with runtime().db.session(Subtree(OrgRef(org_id, org_path))) as session:
            of_one = replace(ctx, session=session, org=OrgRef(org_id, org_path))
            notice = session.scalar(
                select(Notice)
                .where(Notice.id == identity, Notice.state == "scheduled")
                .with_for_update(skip_locked=True)
            )
            if notice is not None:
                now_published(of_one, notice)
                session.commit()


def heard(ctx: Context, outcome: Outcome) -> None:
    """What became of a request to publish, in the transaction of the decision."""
    notice = ctx.session.get(Notice, UUID(outcome.subject_id), with_for_update=True)
    if notice is None or notice.state != "waiting":
        return
    if outcome.kind is Heard.APPROVED:
        if notice.valid_until is not None and notice.valid_until <= ctx.clock.now():
            raise Refused(lazy("It would be over before anybody reads it."))
        _out(ctx, notice)
    elif outcome.kind in (Heard.REJECTED, Heard.WITHDRAWN):
        notice.state = "draft"
        ctx.session.flush()


FLOWS = (
    Flow(
        name=FLOW,
        title=lazy("Publication of a notice"),
        asks="publisher",
        steps=(
            Step(
                "decide", lazy("Approval before publication"), "publisher", DECIDE.name, working_days=2, returns=False
            ),
        ),
        heard=heard,
        reader=READ.name,
    ),
)
