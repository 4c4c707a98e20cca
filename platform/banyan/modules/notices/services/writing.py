"""Write a notice: draft, change, throw away, withdraw, correct (NOT-01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.events import publish as tell
from banyan.kernel.files import DOCUMENT_TYPES, FileStore, Sniffed, StoredFile, keep
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import ancestors
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import record
from banyan.modules.delivery.services import posting
from banyan.modules.notices import rules
from banyan.modules.notices.events import NoticeWithdrawn
from banyan.modules.notices.models import Notice, NoticeTally
from banyan.modules.notices.permissions import CREATE, PUBLISH, READ
from banyan.modules.notices.services import recipients
from banyan.modules.notices.services.telling import subject
from banyan.modules.people.services import audience
from banyan.modules.people.services.audience import Audience

STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")
NOTHING = lazy("There is nothing here, or it is not within your reach.")
PLAIN = ("title", "body", "kind", "importance", "confirm", "public", "publish_at", "valid_until")


@dataclass(frozen=True, slots=True)
class Uploads:
    """Files on their way in: checked, but not yet kept, with their store."""

    files: Sequence[Sniffed]
    store: FileStore


def find(ctx: Context, notice_id: UUID) -> Notice:
    """A notice that the actor may see at the organisation of the request: its own and those below, and what upper
    levels published to somebody there.

    :raises NotFound: as everywhere; drafts of upper levels never.
    """
    notice = ctx.session.scalar(select(Notice).where(Notice.id == notice_id))
    if notice is None or notice.origin == "system":
        raise NotFound(NOTHING)
    if notice.org_path.startswith(ctx.here.path):
        return load(ctx, READ.name, Notice, notice_id)
    require(ctx, READ.name, ctx.here)
    above = notice.published and notice.org_path in ancestors(ctx.here.path)
    told = select(NoticeTally.notice_id).where(NoticeTally.notice_id == notice_id).limit(1)
    if not above or ctx.session.scalar(told) is None:
        raise NotFound(NOTHING)
    return notice


def create(
    ctx: Context, data: Mapping[str, Any], audiences: Sequence[Audience], uploads: Uploads | None = None
) -> Notice:
    """Write a draft of the organisation of the request.

    :param data: of `NoticeWrite`. :raises Invalid: with every reason.
    """
    require(ctx, CREATE.name, ctx.here)
    notice = Notice(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        order_at=ctx.clock.now(),
        title="",
        body="",
    )
    _fill(ctx, notice, data, audiences)
    _attach(ctx, notice, data, uploads)
    ctx.session.add(notice)
    ctx.session.flush()
    record(ctx, "notices.notice.create", subject(notice), org=notice.org, after=told(ctx, notice))
    return notice


def update(
    ctx: Context,
    notice_id: UUID,
    data: Mapping[str, Any],
    audiences: Sequence[Audience],
    uploads: Uploads | None = None,
) -> Notice:
    """Change a draft; ``version`` is the one that was read. What is published is corrected by a new version instead."""
    notice = changeable(ctx, notice_id, CREATE.name, data["version"])
    if notice.state != "draft":
        raise Refused(lazy("Only a draft can be changed. Correct what has been published with a new version."))
    before = told(ctx, notice)
    _fill(ctx, notice, data, audiences)
    _attach(ctx, notice, data, uploads)
    ctx.session.flush()
    record(ctx, "notices.notice.update", subject(notice), org=notice.org, before=before, after=told(ctx, notice))
    return notice


def discard(ctx: Context, notice_id: UUID, version: int) -> None:
    """Throw a draft away."""
    notice = changeable(ctx, notice_id, CREATE.name, version)
    if notice.state != "draft":
        raise Refused(lazy("Only a draft can be thrown away."))
    record(ctx, "notices.notice.delete", subject(notice), org=notice.org, before={"title": notice.title})
    ctx.session.delete(notice)
    ctx.session.flush()


def withdraw(ctx: Context, notice_id: UUID, data: Mapping[str, Any]) -> Notice:
    """Take a notice back, or call off what is scheduled: readers see that it no longer holds, and why."""
    notice = changeable(ctx, notice_id, PUBLISH.name, data["version"])
    if notice.state == "scheduled":
        notice.state, before = "draft", "scheduled"
    elif notice.state == "published":
        before = "published"
        end(ctx, notice, data["reason"])
    else:
        raise Refused(lazy("It is not published."))
    ctx.session.flush()
    after = {"state": notice.state, "reason": data["reason"]}
    record(ctx, "notices.notice.withdraw", subject(notice), org=notice.org, before={"state": before}, after=after)
    return notice


def end(ctx: Context, notice: Notice, reason: str) -> None:
    """A published notice no longer holds; what has not gone out by e-mail or SMS yet does not."""
    notice.state, notice.reason = "withdrawn", reason
    notice.withdrawn_at, notice.withdrawn_by = ctx.clock.now(), ctx.actor.account_id
    posting.withdraw(ctx, "notice", str(notice.id))
    tell(ctx, notice.org, NoticeWithdrawn(str(notice.id)))


def correct(ctx: Context, notice_id: UUID, version: int) -> Notice:
    """A draft that replaces a published notice once it is published itself.

    :raises Refused: it is not published, or a correction has been begun.
    """
    notice = changeable(ctx, notice_id, CREATE.name, version)
    if notice.state != "published" or notice.origin != "written":
        raise Refused(lazy("It is not published."))
    if ctx.session.scalar(select(Notice.id).where(Notice.replaces == notice.id)) is not None:
        raise Refused(lazy("A new version of it has been begun already."))
    keys = ("kind", "importance", "title", "body", "confirm", "public", "channels", "audiences", "files", "valid_until")
    made = Notice(
        org_id=notice.org_id,
        org_path=notice.org_path,
        replaces=notice.id,
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        order_at=ctx.clock.now(),
        **{key: getattr(notice, key) for key in keys},
    )
    ctx.session.add(made)
    ctx.session.flush()
    record(ctx, "notices.notice.create", subject(made), org=made.org, after={"title": made.title, "replaced": True})
    return made


def changeable(ctx: Context, notice_id: UUID, permission: str, version: int) -> Notice:
    """A notice of the organisation of the request or one below, locked, after deciding at its own organisation."""
    notice = load(ctx, permission, Notice, notice_id)
    if notice.origin == "system":
        raise NotFound(NOTHING)
    ctx.session.refresh(notice, with_for_update=True)
    if notice.version != version:
        raise Conflict(STALE)
    return notice


def attachment_of(ctx: Context, notice: Notice, file_id: UUID) -> dict[str, Any]:
    """What is needed to serve a file of a notice that its reader may see. :raises NotFound: it has no such file."""
    found = next((one for one in notice.files if one["id"] == str(file_id)), None)
    if found is None:
        raise NotFound(NOTHING)
    return dict(found)


def _fill(ctx: Context, notice: Notice, data: Mapping[str, Any], audiences: Sequence[Audience]) -> None:
    problems: dict[str, list[Text]] = {}
    now = ctx.clock.now()
    if data["valid_until"] is not None and data["valid_until"] <= max(now, data["publish_at"] or now):
        problems["valid_until"] = [lazy("It would be over before anybody reads it.")]
    if data["publish_at"] is not None and data["publish_at"] <= now:
        problems["publish_at"] = [lazy("This lies in the past. Left empty, it is published at once.")]
    if data["public"] and data["kind"] != "announcement":
        problems["public"] = [lazy("Only an announcement can be public.")]
    if len(audiences) > rules.MOST_AUDIENCES:
        problems["audiences"] = [lazy("At most %(n)s.", n=rules.MOST_AUDIENCES)]
    if problems:
        raise Invalid(problems)
    for key in PLAIN:
        setattr(notice, key, data[key])
    notice.channels = [channel for channel in rules.CHANNELS if channel in data["channels"]]
    notice.audiences = [audience.to_json(one) for one in audiences]


def _attach(ctx: Context, notice: Notice, data: Mapping[str, Any], uploads: Uploads | None) -> None:
    """Files by id (API), or uploaded with the form; those named in ``keep`` stay."""
    files = [one for one in (notice.files or []) if UUID(one["id"]) in data.get("keep", [])]
    for sniffed in uploads.files if uploads else ():
        stored = keep(ctx, uploads.store, notice.org, sniffed) if uploads else None
        ctx.session.flush()
        files += [_file(stored)] if stored is not None else []
    known = {one["id"] for one in files}
    for identity in data.get("files") or ():
        stored = ctx.session.get(StoredFile, identity)
        own = stored is not None and stored.created_by is not None and stored.created_by == ctx.actor.account_id
        if stored is None or not own or stored.org_id != notice.org_id or stored.extension not in DOCUMENT_TYPES:
            raise Invalid({"files": [lazy("There is no such document of yours.")]})
        files += [_file(stored)] if str(stored.id) not in known else []
    if len(files) > rules.MOST_FILES:
        raise Invalid({"files": [lazy("At most %(n)s.", n=rules.MOST_FILES)]})
    notice.files = files


def _file(stored: StoredFile) -> dict[str, Any]:
    return {
        "id": str(stored.id),
        "key": stored.key,
        "name": stored.name,
        "media_type": stored.media_type,
        "extension": stored.extension,
        "size": stored.size,
        "at": stored.created_at.isoformat(),
    }


def told(ctx: Context, notice: Notice) -> dict[str, Any]:
    """What the audit log keeps of a notice."""
    keys = ("title", "kind", "importance", "confirm", "public", "publish_at", "valid_until")
    return {
        **{key: getattr(notice, key) for key in keys},
        "channels": ", ".join(notice.channels),
        "audience": "; ".join(recipients.described(ctx, notice.audiences)),
    }
