"""What members do with their own records: change what takes effect at once, ask for what waits (ACC-03, PPL-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import select

from banyan.kernel import workdays
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.files import StoredFile
from banyan.kernel.i18n import DEFAULT_LANGUAGE, lazy, translate
from banyan.modules.approvals import services as approvals
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.people.change_events import ChangeAsked
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.models import Member
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.rules import records
from banyan.modules.people.services import change_fields, change_values
from banyan.modules.people.services.changing import subject

FLOW, BRANCH = "people.change", "branch"
STALE: Text = lazy("Your record was changed meanwhile. Load the page again and repeat your change.")
NOTHING: Text = lazy("There is nothing here, or it is not within your reach.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that a member asks to have changed.

    :ivar data: its fields with their new values. :ivar proof: a kept file that shows it.
    """

    item: str
    data: Mapping[str, Any]
    reason: str
    proof: StoredFile | None = None


def mine(ctx: Context, member_id: UUID, *, hold: bool = False) -> Member:
    """One's own record.

    :param hold: until the transaction ends, to change it. :raises NotFound: it is somebody else's, or does not exist.
    """
    member = ctx.session.get(Member, member_id)
    me = ctx.actor.account_id
    if member is None or me is None or member.account_id != me:
        raise NotFound(NOTHING)
    if hold:
        ctx.session.refresh(member, with_for_update=True)
        if member.account_id != me:
            raise NotFound(NOTHING)
        if member.status != "active" or member.erased_at is not None:
            raise Refused(lazy("You are not a member here any more: your record can be read, not changed."))
    return member


def change_own(ctx: Context, member_id: UUID, data: Mapping[str, Any], version: int | None = None) -> Member:
    """Change what is the member's own: it takes effect at once, and the branch checks it within 5 working days.

    Old and new value are kept. What was changed before and is not checked yet is replaced: put back would then be what
    the branch checked last.

    :param data: any of `rules.AT_ONCE`, and ``fields``: values of own fields that members fill in, by key; what is not
        named stays. :param version: of the record, as it was read.
    :raises Invalid: with every reason, by field. :raises Conflict: the record was changed since.
    """
    member = mine(ctx, member_id, hold=True)
    if version is not None and member.version != version:
        raise Conflict(STALE)
    given = {key: value for key, value in data.items() if key in rules.AT_ONCE}
    given |= _own_fields(ctx, member, data.get("fields") or {})
    before = {item: change_values.current(ctx, member, item) for item in given}
    change_values.put(ctx, member, given, "people.own.update")
    for item, old in before.items():
        new = change_values.current(ctx, member, item)
        if not rules.same(old, new):
            _note(ctx, member, item, old, new)
    ctx.session.flush()
    return member


def _own_fields(ctx: Context, member: Member, data: Mapping[str, Any]) -> dict[str, Any]:
    known = {one.key for one in change_fields.own(ctx, member.org_path)} if data else set()
    strange = {f"fields.{key}": [lazy("There is no such field here.")] for key in data.keys() - known}
    if strange:
        raise Invalid(dict(strange))
    return {rules.CUSTOM + key: value for key, value in data.items()}


def _note(ctx: Context, member: Member, item: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Write down what changed, for the branch to check."""
    former = ctx.session.scalar(
        select(MemberChange).where(
            MemberChange.member_id == member.id, MemberChange.item == item, MemberChange.state == rules.UNCHECKED
        )
    )
    if former is not None:
        former.state, former.decided_at = "replaced", ctx.clock.now()
        old = change_values.old_of(former)
        ctx.session.flush()
        if rules.same(old, new):
            return  # back to what the branch knows: nothing to check
    _row(ctx, member, item, old, new, kind="check", state=rules.UNCHECKED)


def ask(ctx: Context, member_id: UUID, wanted: Sequence[Wanted]) -> ApprovalRequest:
    """Ask the branch to change key fields: one request, which is answered item by item.

    Nothing changes until then. It is held to the rules of every edit now, and again when it is agreed to.

    :raises Invalid: with every reason, by item: unknown, nothing new, asked for already, against the rules of records.
    :raises Refused: nobody could decide it.
    """
    member = mine(ctx, member_id, hold=True)
    given = _given(wanted)
    _check(ctx, member, wanted, given)
    change_values.rehearse(ctx, member, given)
    with force_locale(DEFAULT_LANGUAGE):
        items = translate(lazy(", ")).join(change_values.label(ctx, one.item, member.org_path) for one in wanted)
        title = translate(lazy("%(name)s: change of %(what)s", name=member.name, what=items))
    details: dict[Any, str] = {rules.LABELS[one.item]: _told(ctx, member, one.item, given[one.item]) for one in wanted}
    request = approvals.submit(
        ctx,
        FLOW,
        subject(member),
        title=title[:200],
        sides={BRANCH: member.org},
        details=details,
        files=[one.proof for one in wanted if one.proof is not None],
    )
    for one in wanted:
        old = change_values.current(ctx, member, one.item)
        _row(ctx, member, one.item, old, given[one.item], kind="ask", state=rules.WAITING, request=request, wanted=one)
    publish(ctx, member.org, ChangeAsked(str(member.id), str(request.id)))
    ctx.session.flush()
    return request


def _given(wanted: Sequence[Wanted]) -> dict[str, dict[str, Any]]:
    """Item → its fields, normalised as records keep them; all fields of an item, also those left empty."""
    found: dict[str, dict[str, Any]] = {}
    for one in wanted:
        fields = rules.ASKED.get(one.item, ())
        plain = {field: one.data.get(field) for field in fields}
        found[one.item] = records.normalised(plain)
        if one.item == "document_number":
            whole = records.completed({**plain, **found[one.item]})
            found[one.item] = {field: whole.get(field) or "" for field in fields}
    return found


def _check(ctx: Context, member: Member, wanted: Sequence[Wanted], given: Mapping[str, Mapping[str, Any]]) -> None:
    problems: dict[str, list[Text]] = {}
    if not wanted:
        problems["items"] = [lazy("Choose what is to be changed.")]
    waiting = set(
        ctx.session.scalars(
            select(MemberChange.item).where(MemberChange.member_id == member.id, MemberChange.state == rules.WAITING)
        )
    )
    for one in wanted:
        if one.item not in rules.ASKED:
            problems[one.item] = [lazy("This cannot be asked for.")]
        elif one.item in waiting:
            problems[one.item] = [lazy("You have asked for a change of this already.")]
        elif rules.same(given[one.item], change_values.current(ctx, member, one.item)):
            problems[one.item] = [lazy("This is what the record says already.")]
        elif not one.reason.strip():
            problems[f"{one.item}_reason"] = [lazy("Say why: the branch will read it.")]
    if len({one.item for one in wanted}) < len(wanted):
        problems["items"] = [lazy("Name everything once.")]
    if problems:
        raise Invalid(problems)


def _told(ctx: Context, member: Member, item: str, new: Mapping[str, Any]) -> str:
    """Old and new value as the approvals show them: masked where sensitive."""
    old, path = change_values.current(ctx, member, item), member.org_path
    before, after = (change_values.readable(ctx, path, item, one) or "—" for one in (old, new))
    return f"{before} → {after}"


def _row(
    ctx: Context,
    member: Member,
    item: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    kind: str,
    state: str,
    request: ApprovalRequest | None = None,
    wanted: Wanted | None = None,
) -> MemberChange:
    identity = new_id()
    row = MemberChange(
        id=identity,
        org_id=member.org_id,
        org_path=member.org_path,
        member_id=member.id,
        person_id=member.person_id,
        item=item,
        kind=kind,
        state=state,
        old_sealed=change_values.sealed(old, identity),
        new_sealed=change_values.sealed(new, identity),
        request_id=request.id if request is not None else None,
        reason=wanted.reason if wanted is not None else "",
        proof_id=wanted.proof.id if wanted is not None and wanted.proof is not None else None,
        asked_by=ctx.actor.account_id,
        asked_at=ctx.clock.now(),
        due_on=workdays.after(today(ctx.clock), rules.WORKING_DAYS).day,
    )
    ctx.session.add(row)
    return row


def withdraw(ctx: Context, request_id: UUID, *, note: str = "", version: int | None = None) -> ApprovalRequest:
    """Take a request of one's own back before it is answered.

    :raises NotFound: it is somebody else's. :raises Conflict: it is answered already.
    """
    if not any(row.asked_by == ctx.actor.account_id for row in of_request(ctx, request_id)):
        raise NotFound(NOTHING)
    return approvals.withdraw(ctx, request_id, note=note, version=version)


def of_request(ctx: Context, request_id: UUID) -> Sequence[MemberChange]:
    """The items of a request, in the order of the record."""
    rows = ctx.session.scalars(select(MemberChange).where(MemberChange.request_id == request_id))
    order = list(rules.ASKED)
    return sorted(rows, key=lambda row: (order.index(row.item) if row.item in order else len(order), row.item))


def of_member(ctx: Context, member: Member, most: int = 100) -> Sequence[MemberChange]:
    """The changes of a record that was found, the latest first."""
    statement = select(MemberChange).where(MemberChange.member_id == member.id)
    return ctx.session.scalars(statement.order_by(MemberChange.id.desc()).limit(most)).all()


__all__ = ["BRANCH", "FLOW", "Wanted", "ask", "change_own", "mine", "of_member", "of_request", "withdraw"]
