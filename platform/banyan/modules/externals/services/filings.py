"""Record what was filed with an external body, and what it replied (ORG-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import Subject, record
from banyan.modules.externals import rules
from banyan.modules.externals.events import FilingRecorded, FilingReplied
from banyan.modules.externals.models import NEVER, ExternalBody, ExternalFiling, ExternalReply
from banyan.modules.externals.permissions import FILING_CREATE, FILING_DECIDE, FILING_READ
from banyan.modules.externals.services import documents
from banyan.modules.externals.services.documents import Upload
from banyan.modules.tenancy.models import Org

SHOWN = 20


@dataclass(frozen=True, slots=True)
class FilingView:
    """A filing with what is around it.

    :ivar state: see `rules.STATES`. :ivar late: working days that the reply came too late.
    :ivar corrected: the filing that answered a return for correction.
    """

    filing: ExternalFiling
    body: ExternalBody
    org: Org
    state: str
    reply: ExternalReply | None
    late: int
    corrects: ExternalFiling | None
    corrected: ExternalFiling | None


def subject(filing: ExternalFiling) -> Subject:
    """A filing as the audit log names it."""
    return Subject("external_filing", str(filing.id), filing.subject)


def find(ctx: Context, filing_id: UUID) -> ExternalFiling:
    """A filing within reach; raises `NotFound` and `Forbidden` as everywhere."""
    return load(ctx, FILING_READ.name, ExternalFiling, filing_id)


def view(ctx: Context, filing_id: UUID) -> FilingView:
    """A filing, how it stands, its reply, and what corrected it."""
    filing = find(ctx, filing_id)
    session = ctx.session
    reply = session.scalar(select(ExternalReply).where(ExternalReply.filing_id == filing.id))
    return FilingView(
        filing=filing,
        body=session.get_one(ExternalBody, filing.body_id),
        org=session.get_one(Org, filing.org_id),
        state=rules.state(filing.outcome, filing.due_on, today(ctx.clock)),
        reply=reply,
        late=rules.late(filing.due_on, reply.received_on) if reply else 0,
        corrects=session.get(ExternalFiling, filing.corrects) if filing.corrects else None,
        corrected=session.scalar(select(ExternalFiling).where(ExternalFiling.corrects == filing.id)),
    )


def of_body(ctx: Context, body: ExternalBody) -> Sequence[tuple[ExternalFiling, str]]:
    """The latest filings with an external body, each with how it stands."""
    day = today(ctx.clock)
    found = ctx.session.scalars(
        select(ExternalFiling)
        .where(ExternalFiling.body_id == body.id)
        .order_by(ExternalFiling.sent_on.desc(), ExternalFiling.id.desc())
        .limit(SHOWN)
    )
    return [(filing, rules.state(filing.outcome, filing.due_on, day)) for filing in found]


def create(ctx: Context, data: Mapping[str, Any], upload: Upload | None = None) -> ExternalFiling:
    """Record a filing of the organisation of the request.

    :param data: of `FilingCreate`. :param upload: the paper, checked but not yet kept.
    :raises Invalid: with every reason.
    """
    require(ctx, FILING_CREATE.name, ctx.here)
    body = _check(ctx, data)
    due = rules.due(data["sent_on"], data["due_days"])
    filing = ExternalFiling(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        body_id=body.id,
        subject=data["subject"],
        sent_on=data["sent_on"],
        reference=data["reference"],
        due_days=data["due_days"],
        due_on=due.day if due else None,
        due_order=due.day if due else NEVER,
        provisional=bool(due and due.provisional),
        document=documents.kept(ctx, ctx.here, data, upload),
        outcome="waiting",
        corrects=data["corrects"],
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(filing)
    ctx.session.flush()
    keys = ("subject", "sent_on", "reference", "due_on", "document", "corrects")
    after = {"body": body.name, **{key: getattr(filing, key) for key in keys}}
    record(ctx, "externals.filing.create", subject(filing), org=filing.org, after=after)
    publish(ctx, filing.org, FilingRecorded(str(filing.id), body.kind))
    return filing


def _check(ctx: Context, data: Mapping[str, Any]) -> ExternalBody:
    problems: dict[str, list[Text]] = {}
    body = ctx.session.get(ExternalBody, data["body"], with_for_update={"key_share": True})
    if body is None or body.org_id != ctx.here.id:
        raise Invalid({"body": [lazy("The organisation has no such external body.")]})
    if not rules.overlaps(data["sent_on"], data["sent_on"], [(body.since, body.until)]):
        problems["body"] = [lazy("It was not the organisation's external body on that day.")]
    if data["sent_on"] > today(ctx.clock):
        problems["sent_on"] = [lazy("This date lies in the future.")]
    if data["corrects"] is not None:
        problems |= _against_correction(ctx, data, body)
    if problems:
        raise Invalid(problems)
    return body


def _against_correction(ctx: Context, data: Mapping[str, Any], body: ExternalBody) -> dict[str, list[Text]]:
    earlier = ctx.session.get(ExternalFiling, data["corrects"], with_for_update=True)
    if earlier is None or earlier.org_id != ctx.here.id or earlier.body_id != body.id:
        return {"corrects": [lazy("There is no such filing with this body.")]}
    if earlier.outcome != "returned":
        return {"corrects": [lazy("It was not returned for correction.")]}
    if ctx.session.scalar(select(ExternalFiling.id).where(ExternalFiling.corrects == earlier.id)) is not None:
        return {"corrects": [lazy("It has been corrected already.")]}
    return {}


def reply(ctx: Context, filing_id: UUID, data: Mapping[str, Any], upload: Upload | None = None) -> ExternalReply:
    """Record the reply to a filing.

    :param data: of `ReplyCreate`. :param upload: the reply as a scan, checked but not yet kept.
    :raises Invalid: a day before the filing or in the future. :raises Refused: there is a reply already.
    """
    filing = load(ctx, FILING_DECIDE.name, ExternalFiling, filing_id)
    ctx.session.refresh(filing, with_for_update=True)
    if filing.outcome != "waiting":
        raise Refused(lazy("The reply to this filing has been recorded already."))
    _check_reply(filing.sent_on, data, today(ctx.clock))
    row = ExternalReply(
        org_id=filing.org_id,
        org_path=filing.org_path,
        filing_id=filing.id,
        received_on=data["received_on"],
        outcome=data["outcome"],
        reference=data["reference"],
        note=data["note"],
        document=documents.kept(ctx, filing.org, data, upload),
        recorded_by=ctx.actor.account_id,
        recorded_at=ctx.clock.now(),
    )
    filing.outcome = row.outcome
    ctx.session.add(row)
    ctx.session.flush()
    after = {key: getattr(row, key) for key in ("outcome", "received_on", "reference", "note", "document")}
    record(ctx, "externals.filing.reply", subject(filing), org=filing.org, before={"outcome": "waiting"}, after=after)
    publish(ctx, filing.org, FilingReplied(str(filing.id), row.outcome))
    return row


def _check_reply(sent_on: date, data: Mapping[str, Any], day: date) -> None:
    problems: dict[str, list[Text]] = {}
    if data["received_on"] > day:
        problems["received_on"] = [lazy("This date lies in the future.")]
    if data["received_on"] < sent_on:
        problems["received_on"] = [lazy("This lies before the day on which it was sent.")]
    if data["outcome"] != "acknowledged" and not data["note"]:
        problems["note"] = [lazy("Say why: what is to be corrected, or the reason of the refusal.")]
    if problems:
        raise Invalid(problems)


def waiting(ctx: Context, org: OrgRef) -> int:
    """How many filings of an organisation itself wait for a reply."""
    return (
        ctx.session.scalar(
            select(func.count()).where(ExternalFiling.org_id == org.id, ExternalFiling.outcome == "waiting")
        )
        or 0
    )
