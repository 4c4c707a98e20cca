"""An accepted transfer is carried out: the one step that touches both sides, by a job that sees both (TRF-01).

The job is queued in the transaction that accepts, so that it runs at once or not at all, and once a minute besides, for
those whose day has come and for what a killed worker left. Each member is moved in a transaction of its own, in which
everything is asked again. What stands in the way ends the transfer with the reason; the member stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import DBAPIError

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.failures import explained, lost_race
from banyan.kernel.db.scoped import Whole
from banyan.kernel.errors import DomainError, Invalid, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import enqueue
from banyan.kernel.runtime import runtime
from banyan.modules.people.models import Member
from banyan.modules.people.services import members
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers import rules, stats
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import crossing, places, roles, telling

JOB = "transfers.carry_out"
REASON = "a transfer touches the two organisations between which it moves a member"
CHUNK = 200
log = structlog.get_logger(__name__)


def hand_over(ctx: Context) -> None:
    """Let the job look after what was accepted as soon as this transaction is committed."""
    enqueue(ctx, JOB)


def carry_out(ctx: Context) -> None:
    """The job: move everybody whose transfer is accepted and whose day has come. Run twice it does nothing more."""
    after: UUID | None = None
    while True:
        found = _due(ctx, after)
        for transfer_id in found:
            attempt(ctx, transfer_id)
        if len(found) < CHUNK:
            return
        after = found[-1]


def attempt(ctx: Context, transfer_id: UUID) -> None:
    """Carry out one transfer in a transaction of its own; what a rule forbids ends it, what the machine does waits."""
    try:
        with runtime().db.session(Whole(REASON)) as session:
            one(replace(ctx, session=session), transfer_id)
            session.commit()
    except DomainError as error:
        named = [reason for reasons in error.fields.values() for reason in reasons]
        _fail(ctx, transfer_id, " ".join(map(str, [*error.reasons, *named])))
    except DBAPIError as error:
        known = explained(error)
        if isinstance(known, Invalid):
            _fail(ctx, transfer_id, str(next(iter(known.fields.values()))[0]))
        elif not lost_race(error):
            log.exception("transfer not carried out", transfer=str(transfer_id))
    except Exception:
        log.exception("transfer not carried out", transfer=str(transfer_id))


def one(ctx: Context, transfer_id: UUID) -> None:
    """Carry out one transfer in the transaction of ``ctx``, which sees both sides.

    :raises Refused: with every reason why it cannot be.
    """
    transfer = ctx.session.get(Transfer, transfer_id, with_for_update={"skip_locked": True}, populate_existing=True)
    if transfer is None or transfer.state != "accepted" or not rules.is_due(transfer.effective_on, today(ctx.clock)):
        return
    if transfer.direction == "inward":
        crossing.admit(ctx, transfer)
    else:
        _move(ctx, transfer)
    finish(ctx, transfer)


def finish(ctx: Context, transfer: Transfer) -> None:
    """Note that the member has moved, and count it."""
    before = {"state": transfer.state}
    transfer.state, transfer.opinion, transfer.closed_at = "done", "", ctx.clock.now()
    transfer.moved_on = transfer.moved_on or today(ctx.clock)
    ctx.session.flush()
    after = {"state": "done", "from_name": transfer.from_name, "to_name": transfer.to_name}
    telling.entry(ctx, transfer, "move", before=before, after={**after, "moved_on": transfer.moved_on})
    for metric, org_id in ((stats.OUT, transfer.from_id), (stats.IN, transfer.to_id)):
        if org_id is not None:
            stats.note(ctx, ctx.session.get_one(Org, org_id).ref, metric, transfer.moved_on)
    telling.changed(ctx, transfer)


def _move(ctx: Context, transfer: Transfer) -> None:
    assert transfer.from_id is not None
    assert transfer.to_id is not None
    held = places.hold(ctx, {transfer.from_id, transfer.to_id})
    member = ctx.session.get_one(Member, transfer.member_id, with_for_update=True, populate_existing=True)
    origin, to = held[transfer.from_id], held[transfer.to_id]
    reasons = _against(ctx, transfer, member, to)
    if reasons:
        raise Refused(*reasons)
    day = today(ctx.clock)
    roles.end(ctx, transfer.account_id, origin.ref)
    members.move(ctx, member, to.ref, on=day, how="transfer", request_id=transfer.request_id, reason=transfer.reason)
    transfer.name, transfer.moved_on = member.name, day


def _against(ctx: Context, transfer: Transfer, member: Member, to: Org) -> Sequence[Text]:
    reasons: list[Text] = []
    if member.status != "active":
        reasons.append(lazy("%(name)s is no member any more.", name=transfer.name))
    elif member.org_id != transfer.from_id:
        reasons.append(lazy("%(name)s does not belong to the sending branch any more.", name=transfer.name))
    reasons.extend(places.against(ctx, to))
    if transfer.from_id is not None:
        reasons.extend(roles.against(ctx, transfer.account_id, transfer.org))
    return reasons


def _fail(ctx: Context, transfer_id: UUID, why: str) -> None:
    with runtime().db.session(Whole(REASON)) as session:
        of_one = replace(ctx, session=session)
        transfer = session.get(Transfer, transfer_id, with_for_update=True, populate_existing=True)
        if transfer is None or transfer.state != "accepted":
            return
        end_failed(of_one, transfer, why)
        if transfer.direction == "inward":
            crossing.answer(of_one, transfer, "refuse", why)
        session.commit()


def end_failed(ctx: Context, transfer: Transfer, why: str) -> None:
    """End a transfer that cannot be carried out; everybody concerned reads why."""
    before = {"state": transfer.state}
    transfer.state, transfer.opinion, transfer.closed_at = "failed", why, ctx.clock.now()
    ctx.session.flush()
    telling.entry(ctx, transfer, "fail", before=before, after={"state": "failed", "opinion": why})
    telling.changed(ctx, transfer)


def _due(ctx: Context, after: UUID | None) -> list[UUID]:
    due = or_(Transfer.effective_on.is_(None), Transfer.effective_on <= today(ctx.clock))
    statement = select(Transfer.id).where(Transfer.state == "accepted", due)
    if after is not None:
        statement = statement.where(Transfer.id > after)
    with runtime().db.session(Whole(REASON)) as session:
        return list(session.scalars(statement.order_by(Transfer.id).limit(CHUNK)))
