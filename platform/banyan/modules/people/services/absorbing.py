"""One record goes into another one of the same person: what hung on it hangs on that one from now on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.modules.people.file_models import Post
from banyan.modules.people.models import Member, MemberToken
from banyan.modules.people.services import periods, posts
from banyan.modules.people.services.moving import FOLLOWING


def take_in(ctx: Context, kept: Member, gone: Member, reason: str) -> None:
    """Let ``gone`` go into ``kept``: its membership ends, it is found no more, and what hung on it goes over.

    Its memberships stay what they were, of a record that remains as history.
    """
    if gone.status == "active":
        began = periods.current_period(ctx, gone).began_on
        periods.end_period(ctx, gone, max(today(ctx.clock), began), "merged", reason=reason)
    gone.status, gone.updated_at = "merged", ctx.clock.now()
    ctx.session.flush()
    ctx.session.execute(delete(MemberToken).where(MemberToken.member_id == gone.id))
    _posts(ctx, kept, gone)
    for model in FOLLOWING:
        _rows(ctx, model, kept, gone)


def _posts(ctx: Context, kept: Member, gone: Member) -> None:
    """What both hold is one post; the second entry of it ends as what it was."""
    ours = {(post.org_id, post.title) for post in posts.open_of(ctx, kept)}
    twice = [post for post in posts.open_of(ctx, gone) if (post.org_id, post.title) in ours]
    posts.close(ctx, twice, today(ctx.clock), "merged")
    for post in ctx.session.scalars(select(Post).where(Post.member_id == gone.id)):
        post.member_id = kept.id
    ctx.session.flush()


def _rows(ctx: Context, model: type[Any], kept: Member, gone: Member) -> None:
    """Rows go over one by one; of what a record has only once, that of the record that remains holds."""
    table = model.__table__
    (key,) = table.primary_key.columns
    for identity in ctx.session.scalars(select(key).where(table.c.member_id == gone.id)).all():
        moved = update(table).where(key == identity)
        try:
            with ctx.session.begin_nested():
                ctx.session.execute(moved.values(member_id=kept.id, org_id=kept.org_id, org_path=kept.org_path))
        except IntegrityError:
            continue
