"""Enter, edit and end the external bodies of an organisation (ORG-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.externals import rules
from banyan.modules.externals.events import BodyChanged
from banyan.modules.externals.models import ExternalBody, ExternalFiling
from banyan.modules.externals.permissions import BODY_READ, BODY_UPDATE
from banyan.modules.tenancy.models import Org

EDITABLE = ("name", "contact", "phone", "address", "since")
STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")


def subject(body: ExternalBody) -> Subject:
    """An external body as the audit log names it."""
    return Subject("external_body", str(body.id), body.name)


def snapshot(body: ExternalBody) -> dict[str, Any]:
    """The values that its history shows."""
    return {"body_kind": body.kind, **{key: getattr(body, key) for key in (*EDITABLE, "until")}}


def find(ctx: Context, body_id: UUID) -> ExternalBody:
    """An external body within reach; raises `NotFound` and `Forbidden` as everywhere."""
    return load(ctx, BODY_READ.name, ExternalBody, body_id)


def current(ctx: Context) -> Sequence[ExternalBody]:
    """The external bodies that the organisation of the request itself has today, those to come among them."""
    day = today(ctx.clock)
    statement = select(ExternalBody).where(ExternalBody.org_id == ctx.here.id)
    lasting = statement.where(func.coalesce(ExternalBody.until, day) >= day)
    return ctx.session.scalars(lasting.order_by(ExternalBody.kind, ExternalBody.since, ExternalBody.id)).all()


def create(ctx: Context, data: Mapping[str, Any]) -> ExternalBody:
    """Enter an external body of the organisation of the request.

    :param data: of `BodyCreate`. :raises Invalid: another one of its kind holds on some of these days.
    :raises Refused: a branch office is registered with its association, not by itself.
    """
    require(ctx, BODY_UPDATE.name, ctx.here)
    org = _locked(ctx, ctx.here.id)
    if org.link == "branch_office" and data["kind"] == "registration":
        raise Refused(
            lazy("A branch office is no legal person and has no registration of its own; see that of its association.")
        )
    body = ExternalBody(
        org_id=org.id,
        org_path=org.path,
        kind=data["kind"],
        until=None,
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **{key: data[key] for key in EDITABLE},
    )
    _check(ctx, body)
    ctx.session.add(body)
    ctx.session.flush()
    record(ctx, "externals.body.create", subject(body), org=body.org, after=snapshot(body))
    publish(ctx, body.org, BodyChanged(str(body.id), body.kind))
    return body


def update(ctx: Context, body_id: UUID, data: Mapping[str, Any]) -> ExternalBody:
    """Edit an external body.

    :param data: of `BodyUpdate`. :raises Conflict: somebody edited it since ``data["version"]`` was read.
    """
    body = _changeable(ctx, body_id, data["version"])
    before = snapshot(body)
    for key in EDITABLE:
        setattr(body, key, data[key])
    old, new = changes(before, snapshot(body))
    if not new:
        return body
    with ctx.session.no_autoflush:
        _check(ctx, body, moved="since" in new)
    ctx.session.flush()
    record(ctx, "externals.body.update", subject(body), org=body.org, before=old, after=new)
    publish(ctx, body.org, BodyChanged(str(body.id), body.kind))
    return body


def end(ctx: Context, body_id: UUID, data: Mapping[str, Any]) -> ExternalBody:
    """Say which day was, or will be, an external body's last; it stays in the history.

    :param data: of `BodyEnd`. :raises Invalid: a day before its first. :raises Refused: it has ended, or filings wait.
    """
    body = _changeable(ctx, body_id, data["version"])
    if body.until is not None:
        raise Refused(lazy("This external body has ended already."))
    if data["until"] < body.since:
        raise Invalid({"until": [lazy("This lies before its first day.")]})
    waiting = ctx.session.scalar(
        select(func.count()).where(ExternalFiling.body_id == body.id, ExternalFiling.outcome == "waiting")
    )
    if waiting:
        raise Refused(lazy("%(n)s filings still wait for its reply. Record the replies first.", n=waiting))
    body.until = data["until"]
    ctx.session.flush()
    record(ctx, "externals.body.end", subject(body), org=body.org, before={"until": None}, after={"until": body.until})
    publish(ctx, body.org, BodyChanged(str(body.id), body.kind))
    return body


def merge(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """What ``org`` had and the organisation it is merged into has as well ends today; the rows go over afterwards."""
    day = today(ctx.clock)
    kept = select(ExternalBody.kind).where(ExternalBody.org_id == into.id, ExternalBody.until.is_(None))
    double = ctx.session.scalars(
        select(ExternalBody).where(
            ExternalBody.org_id == org.id, ExternalBody.until.is_(None), ExternalBody.kind.in_(kept)
        )
    )
    for body in double.all():
        body.until = max(day, body.since)
        after = {"until": body.until}
        record(ctx, "externals.body.end", subject(body), org=org, before={"until": None}, after=after)
    ctx.session.flush()


def _changeable(ctx: Context, body_id: UUID, version: int) -> ExternalBody:
    body = load(ctx, BODY_UPDATE.name, ExternalBody, body_id)
    _locked(ctx, body.org_id)
    ctx.session.refresh(body, with_for_update=True)
    if body.version != version:
        raise Conflict(STALE)
    return body


def _locked(ctx: Context, org_id: UUID) -> Org:
    """Two people who enter bodies of one organisation wait for each other, so that their days cannot overlap."""
    statement = select(Org).where(Org.id == org_id).with_for_update(key_share=True)
    return ctx.session.scalars(statement).one()


def _check(ctx: Context, body: ExternalBody, *, moved: bool = True) -> None:
    """:param moved: whether its days are new; those that a merger brought together stay as they were."""
    problems: dict[str, list[Text]] = {}
    if body.since > today(ctx.clock):
        problems["since"] = [lazy("This date lies in the future.")]
    if body.until is not None and body.until < body.since:
        problems["since"] = [lazy("This lies after its last day.")]
    others = ctx.session.execute(
        select(ExternalBody.since, ExternalBody.until, ExternalBody.name).where(
            ExternalBody.org_id == body.org_id,
            ExternalBody.kind == body.kind,
            ExternalBody.id.is_distinct_from(body.id),
        )
    ).all()
    for since, until, name in others:
        if moved and "since" not in problems and rules.overlaps(body.since, body.until, [(since, until)]):
            values = {"name": name, "kind": rules.KINDS[body.kind]}
            problems["since"] = [lazy("%(name)s is the %(kind)s on some of these days; end it first.", **values)]
    if problems:
        raise Invalid(problems)
