"""The branch's first review of new and changed records (PPL-03).

A record waits (``pending``) until somebody has looked at every field: it is accepted, or returned with the reasons,
field by field, to its member or to whoever entered it. A change of what was reviewed makes it wait again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, DomainError, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import visible
from banyan.modules.accounts.models import Account
from banyan.modules.audit.models import AuditEntry
from banyan.modules.audit.services import record
from banyan.modules.people.file_events import RecordResubmitted, RecordReviewed
from banyan.modules.people.file_models import RecordReview
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_REVIEW, MEMBER_UPDATE
from banyan.modules.people.rules import review as rules
from banyan.modules.people.services import members, values
from banyan.modules.people.services.changing import subject
from banyan.modules.people.services.comparing import label, readable
from banyan.plugins.settings import setting

BY_ANOTHER = "people.review_by_another"
STALE = lazy("The record has changed since you looked at it. Look at it again.")
_WRITES = ("people.member.create", "people.member.update", "people.record.resubmit")
COUNTED_UP_TO = 100


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record as a reviewer sees it: masked where it is sensitive.

    :ivar findings: what a machine has against it. :ivar remark: what the last review that returned it said.
    """

    key: str
    label: Text
    value: str
    findings: Sequence[Text]
    remark: str


def fields(ctx: Context, member: Member) -> list[Field]:
    """The fields of a record as they are reviewed."""
    whole = values.record_of(member)
    found = rules.findings(whole, today(ctx.clock))
    said = remarks(ctx, member)
    return [
        Field(key, label(key), readable(key, whole), found.get(key, ()), said.get(key, "")) for key in rules.REVIEWED
    ]


def history(ctx: Context, member_id: UUID) -> Sequence[tuple[RecordReview, str]]:
    """All reviews of a record that the caller has loaded, the latest first, each with who it was."""
    statement = (
        select(RecordReview, func.coalesce(Account.display_name, ""))
        .outerjoin(Account, Account.id == RecordReview.reviewed_by)
        .where(RecordReview.member_id == member_id)
        .order_by(RecordReview.reviewed_at.desc(), RecordReview.id.desc())
    )
    return [(review, name) for review, name in ctx.session.execute(statement)]


def remarks(ctx: Context, member: Member) -> Mapping[str, str]:
    """Why a record was returned, field by field; nothing where the last review accepted it."""
    statement = select(RecordReview).where(RecordReview.member_id == member.id)
    last = ctx.session.scalars(statement.order_by(RecordReview.reviewed_at.desc(), RecordReview.id.desc())).first()
    return last.remarks if last is not None and last.outcome == "returned" else {}


def returned_for(ctx: Context, member: Member) -> Mapping[str, str]:
    """Why a record is returned now, field by field; nothing where it is not."""
    return remarks(ctx, member) if member.review == "returned" else {}


def review(ctx: Context, member_id: UUID, data: Mapping[str, Any]) -> RecordReview:
    """Say of a record that it is in order, or in which fields it is not.

    :param data: ``remarks`` (field → reason; nothing: accepted), ``note`` and the ``version`` that was looked at.
    :raises Conflict: it changed since. :raises Refused: it does not wait, or by somebody who entered it.
    """
    member = members.find(ctx, member_id, MEMBER_REVIEW)
    ctx.session.refresh(member, with_for_update=True)
    if member.version != data["version"]:
        raise Conflict(STALE)
    if reasons := against(ctx, member):
        raise Refused(*reasons)
    said = {key: reason for key, reason in data["remarks"].items() if reason}
    unknown = sorted(set(said) - set(rules.REVIEWED))
    if unknown:
        raise Invalid({"remarks": [lazy("This field is not reviewed: %(name)s.", name=name) for name in unknown]})
    return _decide(ctx, member, said, data.get("note") or "")


def accept_many(ctx: Context, identities: Sequence[UUID]) -> list[tuple[UUID, Sequence[Text]]]:
    """Accept records in which a machine finds nothing wrong; says of each that was not accepted why.

    :return: id → reasons, in the order given; without reasons it was accepted.
    """
    told: list[tuple[UUID, Sequence[Text]]] = []
    for identity in identities:
        try:
            with ctx.session.begin_nested():
                accept(ctx, identity)
            told.append((identity, ()))
        except DomainError as error:
            told.append((identity, error.reasons))
    return told


def accept(ctx: Context, member_id: UUID) -> None:
    """Accept a record in which a machine finds nothing wrong.

    :raises Refused: with every reason.
    """
    member = members.find(ctx, member_id, MEMBER_REVIEW)
    ctx.session.refresh(member, with_for_update=True)
    reasons = against(ctx, member)
    if rules.findings(values.record_of(member), today(ctx.clock)):
        reasons.append(lazy("%(name)s: something is missing or wrong. Look at the record itself.", name=member.name))
    if reasons:
        raise Refused(*reasons)
    _decide(ctx, member, {}, "")


def _decide(ctx: Context, member: Member, said: dict[str, str], note: str) -> RecordReview:
    outcome = "returned" if said else "accepted"
    before, member.review = member.review, outcome
    ctx.session.flush()
    found = RecordReview(
        org_id=member.org_id,
        org_path=member.org_path,
        person_id=member.person_id,
        member_id=member.id,
        outcome=outcome,
        remarks=said,
        note=note,
        record_version=member.version,
        reviewed_by=ctx.actor.account_id,
        reviewed_at=ctx.clock.now(),
    )
    ctx.session.add(found)
    ctx.session.flush()
    told = {"review": outcome, "fields": ", ".join(sorted(said)), "note": note}
    record(ctx, "people.record.review", subject(member), org=member.org, before={"review": before}, after=told)
    publish(ctx, member.org, RecordReviewed(str(member.id), str(member.person_id), outcome))
    return found


def resubmit(ctx: Context, member_id: UUID, data: Mapping[str, Any]) -> Member:
    """Hand a record that was returned in again, as it is now.

    :param data: the ``version`` that was read. :raises Refused: it was not returned.
    """
    member = members.changeable(ctx, member_id, data["version"], MEMBER_UPDATE)
    return hand_in(ctx, member)


def hand_in(ctx: Context, member: Member) -> Member:
    """Let a returned record wait for its review again; for callers who have decided that it may be, such as ``/me``."""
    if member.review != "returned":
        raise Refused(lazy("This record was not returned."))
    member.review = "pending"
    ctx.session.flush()
    before, after = {"review": "returned"}, {"review": "pending"}
    record(ctx, "people.record.resubmit", subject(member), org=member.org, before=before, after=after)
    publish(ctx, member.org, RecordResubmitted(str(member.id), str(member.person_id)))
    return member


def against(ctx: Context, member: Member) -> list[Text]:
    """Why the actor cannot review a record now."""
    reasons: list[Text] = []
    if member.status != "active":
        reasons.append(lazy("Only records of active members are reviewed."))
    if member.review != "pending":
        reasons.append(lazy("This record does not wait for a review."))
    if bool(setting(ctx, BY_ANOTHER, member.org)) and _wrote(ctx, member):
        reasons.append(lazy("You entered or changed this record: somebody else reviews it."))
    return reasons


def waiting(ctx: Context) -> int:
    """How many records at the organisation of the request and below wait for the actor; counted up to a hundred."""
    inner = seen(ctx, select(Member.id)).limit(COUNTED_UP_TO).subquery()
    return ctx.session.scalar(select(func.count()).select_from(inner)) or 0


def seen(ctx: Context, statement: Select[Any]) -> Select[Any]:
    """``statement`` over the records that wait for a review which the actor may do."""
    return statement.where(*(_waiting(ctx)))


def _waiting(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    within = visible(ctx, MEMBER_REVIEW.name, Member.org_path, within=ctx.here)
    return (Member.review == "pending", Member.status == "active", within)


def next_after(ctx: Context, member: Member) -> UUID | None:
    """The record to look at after ``member``: the next one by name that waits, else the first."""
    ordered = seen(ctx, select(Member.id)).where(Member.id != member.id).order_by(Member.sort_name, Member.id).limit(1)
    following = ordered.where(Member.sort_name >= member.sort_name)
    found: UUID | None = ctx.session.scalar(following) or ctx.session.scalar(ordered)
    return found


def _wrote(ctx: Context, member: Member) -> bool:
    """Whether the actor is whoever wrote to the record last."""
    if ctx.actor.account_id is None:
        return False
    statement = select(AuditEntry.account_id).where(
        AuditEntry.subject_id == str(member.id), AuditEntry.subject_type == "member", AuditEntry.action.in_(_WRITES)
    )
    last = ctx.session.execute(statement.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(1)).first()
    author = last[0] if last is not None else member.created_by
    return bool(author == ctx.actor.account_id)
