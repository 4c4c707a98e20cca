"""Privacy notices: written by an organisation, for itself and all below; the nearest above holds (PPL-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, NotFound, Refused
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.privacy.events import NoticePublished
from banyan.modules.privacy.notice_models import PrivacyNotice
from banyan.modules.privacy.permissions import NOTICE_READ, NOTICE_UPDATE

TEXTS = ("purpose", "basis", "categories", "retention", "contact", "more")
STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")


def subject(notice: PrivacyNotice) -> Subject:
    """A notice as the audit log names it."""
    return Subject("privacy_notice", str(notice.id), str(notice.number))


def holding(ctx: Context, org: OrgRef) -> PrivacyNotice | None:
    """The notice that holds at ``org``: the newest of the nearest organisation in its line that has published one."""
    statement = select(PrivacyNotice).where(PrivacyNotice.published, PrivacyNotice.org_path.in_(lineage(org.path)))
    nearest = statement.order_by(func.length(PrivacyNotice.org_path).desc(), PrivacyNotice.number.desc()).limit(1)
    return ctx.session.scalars(nearest).first()


def versions(ctx: Context) -> Sequence[PrivacyNotice]:
    """The notices of the organisation of the request itself, newest first."""
    require(ctx, NOTICE_READ.name, ctx.here)
    statement = select(PrivacyNotice).where(PrivacyNotice.org_id == ctx.here.id)
    return ctx.session.scalars(statement.order_by(PrivacyNotice.number.desc()).limit(50)).all()


def draft(ctx: Context) -> PrivacyNotice | None:
    """The version of the organisation that is being written."""
    statement = select(PrivacyNotice).where(PrivacyNotice.org_id == ctx.here.id, PrivacyNotice.published.is_(False))
    return ctx.session.scalars(statement).first()


def find(ctx: Context, notice_id: UUID) -> PrivacyNotice:
    """A version within reach."""
    return load(ctx, NOTICE_READ.name, PrivacyNotice, notice_id)


def write(ctx: Context, data: Mapping[str, Any]) -> PrivacyNotice:
    """Begin the next version of the organisation's notice.

    :raises Refused: one is being written already.
    """
    require(ctx, NOTICE_UPDATE.name, ctx.here)
    if draft(ctx) is not None:
        raise Refused(lazy("A new version is being written already."))
    newest = select(func.max(PrivacyNotice.number)).where(PrivacyNotice.org_id == ctx.here.id)
    notice = PrivacyNotice(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        published=False,
        number=(ctx.session.scalar(newest) or 0) + 1,
        written_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **{key: data[key] for key in TEXTS},
    )
    ctx.session.add(notice)
    ctx.session.flush()
    record(ctx, "privacy.notice.create", subject(notice), after=_texts(notice))
    return notice


def edit(ctx: Context, notice_id: UUID, data: Mapping[str, Any]) -> PrivacyNotice:
    """Edit a version that is not published yet.

    :raises Refused: it is published. :raises Conflict: edited since it was read.
    """
    notice = _held(ctx, notice_id, data["version"])
    before = _texts(notice)
    for key in TEXTS:
        setattr(notice, key, data[key])
    ctx.session.flush()
    old, new = changes(before, _texts(notice))
    if new:
        record(ctx, "privacy.notice.update", subject(notice), org=notice.org, before=old, after=new)
    return notice


def announce(ctx: Context, notice_id: UUID, version: int) -> PrivacyNotice:
    """Publish a version: it holds here and below from now on, and members are asked to take note of it."""
    notice = _held(ctx, notice_id, version)
    notice.published, notice.published_at = True, ctx.clock.now()
    ctx.session.flush()
    record(ctx, "privacy.notice.publish", subject(notice), org=notice.org, after={"notice_number": notice.number})
    publish(ctx, notice.org, NoticePublished(str(notice.id), notice.number))
    return notice


def _held(ctx: Context, notice_id: UUID, version: int) -> PrivacyNotice:
    notice = load(ctx, NOTICE_UPDATE.name, PrivacyNotice, notice_id)
    if notice.org_id != ctx.here.id:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    ctx.session.refresh(notice, with_for_update=True)
    if notice.published:
        raise Refused(lazy("This version is published. Write the next one."))
    if notice.version != version:
        raise Conflict(STALE)
    return notice


def _texts(notice: PrivacyNotice) -> dict[str, Any]:
    return {key: getattr(notice, key) for key in TEXTS}
