"""Hand a request in, take it back, correct it and send it again (APR-01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Conflict, Forbidden, Refused, Text
from banyan.kernel.files import StoredFile
from banyan.kernel.flows import Act, Flow, State
from banyan.kernel.i18n import lazy, msgid
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import decide
from banyan.modules.approvals import registry, rules
from banyan.modules.approvals.events import RequestSubmitted, RequestWithdrawn, tell
from banyan.modules.approvals.models import ApprovalFile, ApprovalRequest
from banyan.modules.approvals.permissions import REQUEST_UPDATE
from banyan.modules.approvals.services import desks, history, telling
from banyan.modules.approvals.services.history import Said
from banyan.modules.approvals.services.reading import find
from banyan.modules.audit.services import Subject, plain


def submit(
    ctx: Context,
    flow: str,
    subject: Subject,
    *,
    title: str,
    sides: Mapping[str, OrgRef],
    details: Mapping[str, str] | None = None,
    data: Mapping[str, Any] | None = None,
    files: Sequence[StoredFile] = (),
) -> ApprovalRequest:
    """Hand a request in. Whether the actor may ask is the module's to decide, before it calls this.

    :param flow: name of a declared flow. :param subject: what it is about, as the module calls it.
    :param title: what people read in the inbox. :param sides: the organisations that the flow's steps name.
    :param details: label as msgid → value, for the panel. :param data: given back with each `Outcome`; JSON.
    :param files: kept files of this transaction or before, shown and served with the request.
    :raises Refused: nobody could decide its first step.
    """
    declared = registry.flows()[flow]
    asking = sides[declared.asks]
    request = ApprovalRequest(
        id=new_id(),
        org_id=asking.id,
        org_path=asking.path,
        flow=flow,
        subject_type=subject.kind,
        subject_id=subject.id,
        title=title,
        sides={name: str(org.id) for name, org in sides.items()},
        details=_shown(details or {}),
        data=plain(data) or {},
        asked_by=ctx.actor.account_id,
        asked_at=ctx.clock.now(),
        sent_by=ctx.actor.account_id,
    )
    ctx.session.add(request)
    for name, org in sides.items():
        desks.name_party(ctx, request, org, name)
    _keep(ctx, request, files)
    history.write(ctx, request, Act.SUBMIT)
    desks.open_step(ctx, request, declared)
    telling.audited(ctx, request, Act.SUBMIT, after={"title": title, "flow": flow})
    tell(ctx, request.org, RequestSubmitted(str(request.id), flow, title, request.round))
    ctx.session.flush()
    return request


def resubmit(
    ctx: Context,
    request_id: UUID,
    *,
    title: str | None = None,
    details: Mapping[str, str] | None = None,
    data: Mapping[str, Any] | None = None,
    files: Sequence[StoredFile] | None = None,
    note: str = "",
    version: int | None = None,
    vouched: bool = False,
) -> ApprovalRequest:
    """Send a returned request again, from its first step on. What is not given stays as it was.

    :param note: what was corrected, for those who decide. :param version: as it was read, where a form carries it.
    :param vouched: the module has decided that whoever acts may: somebody with a code instead of an account.
    :raises Conflict: it is not returned (any more). :raises Forbidden: somebody else's.
    :raises Refused: its flow is not installed or switched off, or nobody could decide it.
    """
    request = _own(ctx, request_id, vouched)
    move = _move(request, Act.RESUBMIT, version)
    flow = require_flow(ctx, request)
    request.title = request.title if title is None else title
    request.details = request.details if details is None else _shown(details)
    request.data = request.data if data is None else plain(data) or {}
    request.state, request.step, request.round = move.state.value, move.step, request.round + 1
    request.partly = False
    request.sent_by = ctx.actor.account_id
    _keep(ctx, request, files or ())
    history.write(ctx, request, Act.RESUBMIT, said=Said(opinion=note))
    desks.open_step(ctx, request, flow)
    telling.audited(ctx, request, Act.RESUBMIT, before={"state": State.RETURNED.value}, after={"state": request.state})
    tell(ctx, request.org, RequestSubmitted(str(request.id), request.flow, request.title, request.round))
    telling.heard(ctx, request, flow, move, said=Said(opinion=note))
    ctx.session.flush()
    return request


def withdraw(
    ctx: Context, request_id: UUID, *, note: str = "", version: int | None = None, vouched: bool = False
) -> ApprovalRequest:
    """Take a request back: whoever asked, or a colleague of the asking organisation with the permission.

    :param vouched: as for `resubmit`.

    A request whose flow is not installed any more can be withdrawn as well; there is nobody left to hear of it.

    :raises Conflict: it is decided already. :raises Forbidden: somebody else's.
    """
    request = _own(ctx, request_id, vouched)
    move = _move(request, Act.WITHDRAW, version)
    before = request.state
    desks.clear(ctx, request)
    request.state, request.closed_at = move.state.value, ctx.clock.now()
    history.write(ctx, request, Act.WITHDRAW, said=Said(opinion=note))
    telling.audited(ctx, request, Act.WITHDRAW, before={"state": before}, after={"state": request.state})
    tell(ctx, request.org, RequestWithdrawn(str(request.id), request.flow, request.title))
    flow = registry.flows().get(request.flow)
    if flow is not None:
        telling.heard(ctx, request, flow, move, said=Said(opinion=note))
    ctx.session.flush()
    return request


def own(ctx: Context, request: ApprovalRequest) -> bool:
    """Whether the actor asked for it, or may correct and withdraw what colleagues of the asking organisation did."""
    mine = request.asked_by is not None and request.asked_by == ctx.actor.account_id
    return mine or ctx.actor.via in ("job", "cli") or decide(ctx, REQUEST_UPDATE.name, request.org).allowed


def require_flow(ctx: Context, request: ApprovalRequest) -> Flow:
    """The flow of a request, installed and on at the organisation that asks.

    :raises Refused: it is neither decided nor sent again meanwhile; it can be withdrawn.
    """
    flow = registry.flows().get(request.flow)
    if flow is None or registry.step_of(flow, request.step) is None:
        reason: Text = lazy("The module that this request belongs to is not installed. It can only be withdrawn.")
        raise Refused(reason)
    if not registry.is_on(ctx, flow.module, request.org):
        reason = lazy("The module that this request belongs to is switched off at the organisation that asks.")
        raise Refused(reason)
    return flow


def _own(ctx: Context, request_id: UUID, vouched: bool) -> ApprovalRequest:
    if vouched:
        return ctx.session.get_one(ApprovalRequest, request_id, with_for_update=True, populate_existing=True)
    request = find(ctx, request_id, lock=True)
    if not own(ctx, request):
        raise Forbidden(lazy("Only whoever asked for this can do that."))
    return request


def _move(request: ApprovalRequest, act: Act, version: int | None) -> rules.Move:
    move = rules.move(State(request.state), act, request.step, request.step + 1)
    if move is None or (version is not None and version != request.version):
        raise Conflict(lazy("This request has moved on meanwhile. Load the page again."))
    return move


def _shown(details: Mapping[str, str]) -> list[Any]:
    return [[msgid(label), str(value)] for label, value in details.items()]


def _keep(ctx: Context, request: ApprovalRequest, files: Sequence[StoredFile]) -> None:
    ctx.session.flush()
    for file in files:
        kept = {key: getattr(file, key) for key in ("key", "name", "media_type", "extension", "size", "created_at")}
        ctx.session.add(ApprovalFile(request_id=request.id, round=request.round, file_id=file.id, **kept))
