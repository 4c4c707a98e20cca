"""What the two trees do when a message between them is taken: each to its own rows, and to its own members."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.i18n import lazy
from banyan.kernel.masks import document
from banyan.modules.approvals import services as approvals
from banyan.modules.people.models import Member
from banyan.modules.people.services import members
from banyan.modules.people.services.values import record_of
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers import rules, stats
from banyan.modules.transfers.models import Transfer, TransferMessage
from banyan.modules.transfers.services import joining, places, roles, telling
from banyan.modules.transfers.services.reading import subject

# What goes to the other tree: enough to know who it is and to admit them, and no more (PPL-05).
GIVEN = (
    *("name", "gender", "ethnicity", "birth_date", "document_type", "document_number"),
    *("joined_on", "joining_place", "political_status"),
)
DATES = ("birth_date", "joined_on")


def offered(ctx: Context, transfer: Transfer) -> dict[str, Any]:
    """What the sender tells of a member who would go to another tree."""
    record = record_of(ctx.session.get_one(Member, transfer.member_id))
    return {
        "record": {key: _plain(record[key]) for key in GIVEN if record[key]},
        "kind": transfer.kind,
        "reason": transfer.reason,
        "effective_on": _plain(transfer.effective_on),
        "from_name": transfer.from_name,
        "applied_at": transfer.applied_at.isoformat(),
    }


def begin(ctx: Context, message: TransferMessage, said: Mapping[str, Any]) -> Transfer:
    """An offer has come in: the receiving branch gets a request of its own, in its own tree.

    One that takes nobody has rejected it at once.
    """
    to = ctx.session.get_one(Org, message.org_id)
    transfer = _inward(ctx, message, to, said)
    reasons = places.against(ctx, to)
    if reasons:
        why = " ".join(map(str, reasons))
        transfer.state, transfer.opinion, transfer.closed_at = "rejected", why, ctx.clock.now()
        ctx.session.flush()
        telling.changed(ctx, transfer)
        return transfer
    title = lazy("Transfer of %(name)s from %(place)s", name=transfer.name, place=transfer.from_name)
    request = approvals.submit(
        ctx,
        "transfers.inward",
        subject(transfer),
        title=str(title),
        sides={"to": to.ref},
        details=_details(transfer, said),
    )
    transfer.request_id = request.id
    ctx.session.flush()
    telling.changed(ctx, transfer)
    return transfer


def admit(ctx: Context, transfer: Transfer, said: Mapping[str, Any], day: date) -> None:
    """Make whom the other tree let go a member here.

    :raises DomainError: with every reason why the person cannot be admitted.
    """
    assert transfer.to_id is not None
    to = places.hold(ctx, {transfer.to_id})[transfer.to_id]
    record = dict(said["record"])
    for key in DATES:
        record[key] = date.fromisoformat(record[key]) if record.get(key) else None
    member = members.enter(ctx, to.ref, {**record, "admitted_on": day}, how="transfer")
    transfer.member_id, transfer.person_id = member.id, member.person_id
    ctx.session.flush()


def leave(ctx: Context, crossing_id: UUID, day: date) -> None:
    """The other tree has admitted the member: the membership here ends with that day. Taken once."""
    transfer = _outward(ctx, crossing_id)
    if transfer is None or transfer.state != "offered":
        return
    member = ctx.session.get_one(Member, transfer.member_id, with_for_update=True, populate_existing=True)
    if member.status == "active":
        roles.end(ctx, transfer.account_id, member.org)
        members.depart(ctx, member, on=day, how="transfer", request_id=transfer.request_id, reason=transfer.to_name)
    before = {"state": transfer.state}
    transfer.state, transfer.closed_at, transfer.moved_on = "done", ctx.clock.now(), day
    ctx.session.flush()
    telling.entry(ctx, transfer, "move", before=before, after={"state": "done", "moved_on": day})
    stats.note(ctx, transfer.org, stats.OUT, day)
    telling.changed(ctx, transfer)


def stay(ctx: Context, crossing_id: UUID, state: str, why: str) -> None:
    """The other tree does not take the member, who has stayed here all the time."""
    transfer = _outward(ctx, crossing_id)
    if transfer is None or transfer.state != "offered":
        return
    before = {"state": transfer.state}
    transfer.state, transfer.opinion, transfer.closed_at = state, why, ctx.clock.now()
    ctx.session.flush()
    telling.entry(ctx, transfer, "change", before=before, after={"state": state, "opinion": why})
    telling.changed(ctx, transfer)


def call_back(ctx: Context, message: TransferMessage) -> None:
    """The other tree wants its offer back: granted as long as it has not been decided here."""
    transfer = _of(ctx, message.crossing_id, "inward")
    if transfer is None or transfer.state not in rules.DECIDABLE or transfer.request_id is None:
        return  # its answer is on the way already
    note = str(lazy("Called back by the other tree."))
    approvals.withdraw(ctx, transfer.request_id, note=note, vouched=True)


def _inward(ctx: Context, message: TransferMessage, to: Org, said: Mapping[str, Any]) -> Transfer:
    effective_on = said.get("effective_on")
    transfer = Transfer(
        id=new_id(),
        org_id=to.id,
        org_path=to.path,
        direction="inward",
        origin="outside",
        kind=said["kind"],
        name=said["record"]["name"],
        from_name=said["from_name"],
        to_id=to.id,
        to_path=to.path,
        to_name=to.name,
        away_code=message.from_code,
        reason=said["reason"],
        effective_on=date.fromisoformat(effective_on) if effective_on else None,
        state="receiving",
        crossing_id=message.crossing_id,
        applied_at=ctx.clock.now(),
    )
    ctx.session.add(transfer)
    joining.add_party(ctx, transfer, to.ref, "to")
    shown = ("kind", "direction", "origin", "from_name", "to_name", "effective_on", "state")
    telling.entry(ctx, transfer, "apply", after={key: getattr(transfer, key) for key in shown})
    return transfer


def _details(transfer: Transfer, said: Mapping[str, Any]) -> dict[Any, str]:
    record = said["record"]
    shown = {
        lazy("Member"): transfer.name,
        lazy("Document number"): document(record.get("document_number", "")),
        lazy("Joined on"): record.get("joined_on", ""),
        lazy("Sending organisation"): transfer.from_name,
        lazy("Receiving organisation"): transfer.to_name,
        lazy("Kind of transfer"): str(rules.KINDS[transfer.kind]),
        lazy("To move on"): str(transfer.effective_on or lazy("at once")),
        lazy("Reason"): transfer.reason,
    }
    return {label: value for label, value in shown.items() if value}


def _outward(ctx: Context, crossing_id: UUID) -> Transfer | None:
    return _of(ctx, crossing_id, "outward")


def _of(ctx: Context, crossing_id: UUID, direction: str) -> Transfer | None:
    statement = select(Transfer).where(Transfer.crossing_id == crossing_id, Transfer.direction == direction)
    return ctx.session.scalar(statement.with_for_update().execution_options(populate_existing=True))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
