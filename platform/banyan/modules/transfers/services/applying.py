"""Ask for a transfer, correct one that was returned, take one back (TRF-01, TRF-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import require
from banyan.modules.approvals import services as approvals
from banyan.modules.people.models import Member
from banyan.modules.people.services import members, own
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers import flow, rules
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.permissions import CREATE
from banyan.modules.transfers.services import crossing, joining, places, reading, roles, telling
from banyan.modules.transfers.services.answering import hold, turn

EDITABLE = ("kind", "reason", "effective_on")


@dataclass(frozen=True, slots=True)
class Way:
    """From where to where: ``to`` is an organisation of any tree."""

    from_org: Org
    to: Org

    @property
    def outward(self) -> bool:
        """Whether it leads to another tree."""
        return places.root_of(self.from_org.path) != places.root_of(self.to.path)


def apply_own(ctx: Context, data: Mapping[str, Any]) -> Transfer:
    """The member asks for itself.

    :param data: of `OwnTransfer`. :raises Invalid: with every reason against the data. :raises Refused: with every
        reason why this member cannot be transferred. :raises NotFound: not one of the actor's own records.
    """
    record = next((one for one in own.records(ctx) if data.get("member") in (None, one.id)), None)
    if record is None:
        raise NotFound(reading.NOTHING)
    return ask(ctx, record, data, "own")


def apply_for(ctx: Context, data: Mapping[str, Any]) -> Transfer:
    """The sending branch asks for a member: with the request its own review is done.

    :param data: of `BranchTransfer`. :raises: as `apply_own`; `Forbidden` without the permission at the branch.
    """
    member = members.find(ctx, data["member"])
    require(ctx, CREATE.name, member.org)
    return ask(ctx, member, data, "branch")


def ask(ctx: Context, member: Member, data: Mapping[str, Any], origin: str, *, batch: UUID | None = None) -> Transfer:
    """Hand in the request of a transfer.

    :param data: ``to`` (a code), ``kind``, ``reason``, ``effective_on``. :param batch: what it belongs to.
    """
    to = _destination(ctx, member.org, data)
    held = places.hold(ctx, {member.org_id, to.id})
    ctx.session.refresh(member, with_for_update={"read": True})
    way = Way(held[member.org_id], held[to.id])
    _require(ctx, member, way, data.get("effective_on"), origin)
    transfer = _keep(ctx, member, way, data, origin, batch)
    _begin(ctx, transfer, way)
    telling.changed(ctx, transfer)
    return transfer


def against_member(ctx: Context, member: Member, origin: str) -> list[Text]:
    """Why this member cannot be transferred, wherever to."""
    reasons: list[Text] = []
    if member.status != "active":
        reasons.append(lazy("%(name)s is no member any more.", name=member.name))
    if reading.open_of(ctx, member.id) is not None:
        reasons.append(
            lazy("%(name)s has an open transfer already. It has to be decided or withdrawn first.", name=member.name)
        )
    if origin == "branch":
        reasons.extend(roles.against(ctx, member.account_id, member.org))
    return reasons


def against_way(ctx: Context, way: Way) -> list[Text]:
    """Why nobody can go this way."""
    if way.from_org.status != "active":
        return [lazy("%(name)s has been revoked.", name=way.from_org.name)]
    if way.from_org.id == way.to.id:
        return [lazy("The member belongs to this organisation already.")]
    return places.against(ctx, way.to)


def of_branch(ctx: Context, transfer_id: UUID) -> Transfer:
    """A transfer that the branch asked for itself, for those who may ask there.

    :raises NotFound: out of reach. :raises Forbidden: the member asked for it, who corrects and withdraws it.
    """
    transfer = reading.find(ctx, transfer_id)
    require(ctx, CREATE.name, transfer.org)
    if transfer.origin != "branch":
        raise Forbidden(lazy("The member asked for this transfer, and corrects or withdraws it."))
    return transfer


def of_member(ctx: Context, transfer_id: UUID) -> Transfer:
    """A transfer that the member who acts asked for.

    :raises NotFound: somebody else's. :raises Forbidden: the branch asked for it.
    """
    transfer = reading.of_account(ctx, transfer_id)
    if transfer.origin != "own":
        raise Forbidden(lazy("The branch asked for this transfer, and corrects or withdraws it."))
    return transfer


def correct(ctx: Context, transfer: Transfer, data: Mapping[str, Any]) -> None:
    """Correct a transfer that was returned, and send it again from its first step.

    :param data: as for `ask`, with ``version``. :raises Conflict: it has gone on meanwhile.
    """
    transfer = hold(ctx, transfer.id)
    if transfer.state != "returned" or transfer.request_id is None or data["version"] != transfer.version:
        raise Conflict(lazy("This transfer has gone on meanwhile. Load the page again."))
    if transfer.to_id is None or transfer.from_id is None:
        raise Refused(lazy("A transfer to another tree is not corrected: withdraw it and ask again."))
    to = _destination(ctx, transfer.org, data)
    held = places.hold(ctx, {transfer.from_id, to.id})
    way = Way(held[transfer.from_id], held[to.id])
    if way.outward:
        raise Invalid({"to": [lazy("This organisation is in another tree. Withdraw this and ask anew.")]})
    found = {"to": against_way(ctx, way), "effective_on": rules.against_day(data["effective_on"], today(ctx.clock))}
    if any(found.values()):
        raise Invalid({key: reasons for key, reasons in found.items() if reasons})
    if to.id != transfer.to_id:
        raise Invalid({"to": [lazy("The receiving side stays. For another one, withdraw this and ask anew.")]})
    before = {key: getattr(transfer, key) for key in EDITABLE}
    for key in EDITABLE:
        setattr(transfer, key, data[key])
    ctx.session.flush()
    telling.entry(ctx, transfer, "correct", before=before, after={key: getattr(transfer, key) for key in EDITABLE})
    details = _details(transfer, [])
    approvals.resubmit(ctx, transfer.request_id, details=details, note=data["reason"], vouched=True)


def withdrawable(transfer: Transfer) -> bool:
    """Whether it can be taken back now, as far as its state says."""
    if transfer.state == "offered":
        return transfer.recalled_at is None
    waits = transfer.state == "accepted" and transfer.effective_on is not None
    return transfer.state in rules.DECIDABLE or waits


def withdraw(ctx: Context, transfer: Transfer, note: str = "") -> None:
    """Take a transfer back before it is decided; one that is with another tree is called back, which answers.

    :raises Refused: it has been decided.
    """
    if transfer.request_id is not None and transfer.state in rules.DECIDABLE:
        approvals.withdraw(ctx, transfer.request_id, note=note, vouched=True)
        return
    transfer = hold(ctx, transfer.id)
    if transfer.state == "offered":
        crossing.recall(ctx, transfer)
        return
    if transfer.state == "accepted" and transfer.effective_on is not None:
        turn(ctx, transfer, "withdrawn", opinion=note)
        return
    raise Refused(lazy("This transfer has been decided already."))


def _destination(ctx: Context, tree: OrgRef, data: Mapping[str, Any]) -> Org:
    return places.meant(ctx, tree, data["to"])


def _require(ctx: Context, member: Member, way: Way, effective_on: date | None, origin: str) -> None:
    fields = {"to": against_way(ctx, way), "effective_on": rules.against_day(effective_on, today(ctx.clock))}
    reasons = against_member(ctx, member, origin)
    if any(fields.values()):
        raise Invalid({key: found for key, found in fields.items() if found}, *reasons)
    if reasons:
        raise Refused(*reasons)


def _keep(ctx: Context, member: Member, way: Way, data: Mapping[str, Any], origin: str, batch: UUID | None) -> Transfer:
    direction = "outward" if way.outward else "within"
    transfer = Transfer(
        id=new_id(),
        org_id=way.from_org.id,
        org_path=way.from_org.path,
        direction=direction,
        origin=origin,
        kind=data["kind"],
        member_id=member.id,
        person_id=member.person_id,
        account_id=member.account_id,
        name=member.name,
        from_id=way.from_org.id,
        from_name=way.from_org.name,
        to_id=None if way.outward else way.to.id,
        to_path=None if way.outward else way.to.path,
        to_name=way.to.name,
        away_code=way.to.code if way.outward else "",
        reason=data.get("reason", ""),
        effective_on=data.get("effective_on"),
        state=rules.begins(direction, origin),
        batch_id=batch,
        crossing_id=new_id() if way.outward else None,
        applied_by=ctx.actor.account_id,
        applied_at=ctx.clock.now(),
    )
    ctx.session.add(transfer)
    joining.add_party(ctx, transfer, way.from_org.ref, "from")
    if not way.outward:
        joining.add_party(ctx, transfer, way.to.ref, "to")
    shown = ("kind", "direction", "origin", "from_name", "to_name", "effective_on", "state")
    telling.entry(ctx, transfer, "apply", after={key: getattr(transfer, key) for key in shown})
    return transfer


def _begin(ctx: Context, transfer: Transfer, way: Way) -> None:
    """To whoever answers first."""
    if transfer.state == "offered":
        crossing.offer(ctx, transfer)
        return
    name = flow.OUTWARD if way.outward else flow.OWN if transfer.origin == "own" else flow.BY_BRANCH
    sides: dict[str, OrgRef] = {flow.FROM: way.from_org.ref}
    if not way.outward:
        sides[flow.TO] = way.to.ref
    title = lazy("Transfer of %(name)s to %(place)s", name=transfer.name, place=transfer.to_name)
    ending = roles.labels(ctx, transfer.account_id, way.from_org.ref)
    request = approvals.submit(
        ctx,
        name,
        reading.subject(transfer),
        title=str(title),
        sides=sides,
        details=_details(transfer, ending),
    )
    transfer.request_id = request.id
    ctx.session.flush()


def _details(transfer: Transfer, ending: Sequence[str]) -> dict[Any, str]:
    shown = {
        lazy("Member"): transfer.name,
        lazy("Sending organisation"): transfer.from_name,
        lazy("Receiving organisation"): transfer.to_name,
        lazy("Kind of transfer"): str(rules.KINDS[transfer.kind]),
        lazy("To move on"): str(transfer.effective_on or lazy("at once")),
        lazy("Reason"): transfer.reason,
        lazy("Roles that end"): ", ".join(ending),
    }
    return {label: value for label, value in shown.items() if value}
