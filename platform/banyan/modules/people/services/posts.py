"""Open, correct and end the posts of members (PPL-06)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.people.file_events import PostEnded, PostOpened
from banyan.modules.people.file_models import Post
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ, POST_UPDATE
from banyan.modules.people.rules import posts as rules
from banyan.modules.people.services import members, papers
from banyan.modules.people.services.leaving import LEFT
from banyan.modules.people.services.moving import MOVED
from banyan.modules.people.services.papers import Upload
from banyan.modules.tenancy.models import Org
from banyan.plugins.settings import setting

STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")
EDITABLE = ("kind", "term_ends", "basis")
TITLES, SINGLE_TITLES = "people.post_titles", "people.single_titles"


def subject(post: Post) -> Subject:
    """A post as the audit log names it."""
    return Subject("post", str(post.id), f"{post.title} {post.holder}")


def snapshot(post: Post) -> dict[str, Any]:
    """What its history shows."""
    return {
        "post_title": post.title,
        "post_kind": post.kind,
        "post_began_on": post.began_on,
        "post_began_by": post.began_by,
        "term_ends": post.term_ends,
        "basis": post.basis,
    }


def find(ctx: Context, post_id: UUID) -> Post:
    """A post within reach; raises `NotFound` and `Forbidden` as everywhere."""
    return load(ctx, MEMBER_READ.name, Post, post_id)


def of_member(ctx: Context, member: Member) -> Sequence[Post]:
    """All posts of a member that the reader found, wherever they are or were held; open ones first."""
    held = select(Post).where(Post.member_id == member.id)
    return ctx.session.scalars(
        held.order_by(Post.ended_on.is_(None).desc(), Post.began_on.desc(), Post.id.desc())
    ).all()


def places(ctx: Context, member: Member) -> list[Org]:
    """Where the member can hold a post: their organisation and those above it, up to that of the request."""
    paths = [path for path in lineage(member.org_path) if path.startswith(ctx.here.path)]
    return list(ctx.session.scalars(select(Org).where(Org.path.in_(paths)).order_by(Org.path.desc())))


def titles(ctx: Context, org: OrgRef) -> tuple[str, ...]:
    """The titles that are offered at an organisation, those that one person holds at a time first."""
    listed = [rules.listed(str(setting(ctx, key, org))) for key in (SINGLE_TITLES, TITLES)]
    return tuple(dict.fromkeys(title for titles in listed for title in titles))


def open_post(ctx: Context, data: Mapping[str, Any], upload: Upload | None = None) -> Post:
    """Note that a member holds a post.

    :param data: of `PostCreate`. :raises Invalid: with every reason. :raises Refused: the member is active no more.
    """
    member = members.find(ctx, data["member"], POST_UPDATE)
    if member.status != "active":
        raise Refused(lazy("Only active members hold posts."))
    org = _place(ctx, member, data.get("org"))
    require(ctx, POST_UPDATE.name, org)
    _check(ctx, member, data)
    title = rules.clean(data["title"])
    post = Post(
        org_id=org.id,
        org_path=org.path,
        person_id=member.person_id,
        member_id=member.id,
        holder=member.name,
        title=title,
        single=title in rules.listed(str(setting(ctx, SINGLE_TITLES, org))),
        document=papers.kept(ctx, org, data, upload),
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **{key: data[key] for key in ("kind", "began_on", "began_by", "term_ends", "basis")},
    )
    ctx.session.add(post)
    ctx.session.flush()
    record(ctx, "people.post.create", subject(post), org=org, after=snapshot(post))
    publish(ctx, org, PostOpened(str(post.id), str(post.member_id), str(post.person_id)))
    return post


def update(ctx: Context, post_id: UUID, data: Mapping[str, Any]) -> Post:
    """Correct a post's kind, the end of its term, or what it rests on.

    :param data: of `PostUpdate`. :raises Conflict: it changed since ``data["version"]`` was read.
    :raises Refused: it has ended.
    """
    post = _held(ctx, post_id, data["version"])
    if data["term_ends"] is not None and data["term_ends"] < post.began_on:
        raise Invalid({"term_ends": [lazy("This lies before its first day.")]})
    before = snapshot(post)
    for key in EDITABLE:
        setattr(post, key, data[key])
    old, new = changes(before, snapshot(post))
    if new:
        ctx.session.flush()
        record(ctx, "people.post.update", subject(post), org=post.org, before=old, after=new)
    return post


def end(ctx: Context, post_id: UUID, data: Mapping[str, Any]) -> Post:
    """Note that a post has ended; it stays in the history.

    :param data: of `PostEnd`. :raises Conflict: it changed since ``data["version"]`` was read.
    :raises Refused: it has ended. :raises Invalid: a day before its first, or to come.
    """
    post = _held(ctx, post_id, data["version"])
    problems: dict[str, list[Text]] = {}
    if data["ended_on"] < post.began_on:
        problems["ended_on"] = [lazy("This lies before its first day.")]
    elif data["ended_on"] > today(ctx.clock):
        problems["ended_on"] = [lazy("This date lies in the future.")]
    if problems:
        raise Invalid(problems)
    close(ctx, [post], data["ended_on"], data["ended_by"], data["ended_reason"])
    return post


def close(ctx: Context, open_posts: Iterable[Post], day: date, how: str, reason: str = "") -> None:
    """End posts that the caller has decided about, each at ``day`` or, where that lies before it, at its first day."""
    for post in open_posts:
        post.ended_on, post.ended_by, post.ended_reason = max(day, post.began_on), how, reason
        ctx.session.flush()
        after = {"post_ended_on": post.ended_on, "post_ended_by": how, "reason": reason}
        record(ctx, "people.post.end", subject(post), org=post.org, after=after)
        publish(ctx, post.org, PostEnded(str(post.id), str(post.member_id), str(post.person_id), how))


def open_of(ctx: Context, member: Member) -> Sequence[Post]:
    """The posts that a member holds now, locked."""
    held = select(Post).where(Post.member_id == member.id, Post.ended_on.is_(None))
    return ctx.session.scalars(held.order_by(Post.id).with_for_update()).all()


def when_left(ctx: Context, member: Member, day: date) -> None:
    """Who is no member any more holds no posts: asked by `leave`, in its transaction."""
    close(ctx, open_of(ctx, member), day, "left")


def when_moved(ctx: Context, member: Member, day: date) -> None:
    """Posts of organisations that are not above the new one end: asked by `move`, in its transaction."""
    left = [post for post in open_of(ctx, member) if not rules.goes_along(post.org_path, member.org_path)]
    close(ctx, left, day, "transferred")


def held_at(ctx: Context, org: OrgRef) -> int:
    """How many posts are held at an organisation itself."""
    open_posts = select(func.count()).select_from(Post).where(Post.org_id == org.id, Post.ended_on.is_(None))
    return ctx.session.scalar(open_posts) or 0


def _held(ctx: Context, post_id: UUID, version: int) -> Post:
    post = load(ctx, POST_UPDATE.name, Post, post_id)
    ctx.session.refresh(post, with_for_update=True)
    if post.version != version:
        raise Conflict(STALE)
    if post.ended_on is not None:
        raise Refused(lazy("This post has ended already."))
    return post


def _place(ctx: Context, member: Member, org_id: UUID | None) -> OrgRef:
    if org_id is None or org_id == member.org_id:
        return member.org
    found = next((org for org in places(ctx, member) if org.id == org_id), None)
    if found is None:
        raise Invalid({"org": [lazy("Choose the member's organisation or one above it, within your reach.")]})
    return found.ref


def _check(ctx: Context, member: Member, data: Mapping[str, Any]) -> None:
    problems: dict[str, list[Text]] = {}
    if data["began_on"] > today(ctx.clock):
        problems["began_on"] = [lazy("This date lies in the future.")]
    if member.birth_date is not None and data["began_on"] <= member.birth_date:
        problems["began_on"] = [lazy("This lies before the date of birth.")]
    if data["term_ends"] is not None and data["term_ends"] < data["began_on"]:
        problems["term_ends"] = [lazy("This lies before its first day.")]
    if problems:
        raise Invalid(problems)


LEFT.append(when_left)
MOVED.append(when_moved)
