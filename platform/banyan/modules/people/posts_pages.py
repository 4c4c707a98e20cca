"""Console pages of posts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import load, may
from banyan.modules.audit.history import history
from banyan.modules.people import permissions, posts_schemas
from banyan.modules.people.file_models import Post
from banyan.modules.people.models import Member
from banyan.modules.people.posts_lists import POSTS, seen
from banyan.modules.people.rules import posts as rules
from banyan.modules.people.services import members, papers, posts
from banyan.modules.people.services.papers import Upload
from banyan.modules.tasks.downloads import attachment
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import present

READ, UPDATE, EXPORT = permissions.MEMBER_READ.name, permissions.POST_UPDATE.name, permissions.MEMBER_EXPORT.name
NEW, POST = "people/post_form.html", "people/post.html"


def add_posts_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base, one = "/orgs/<code>/posts", "/orgs/<code>/posts/<uuid:post_id>"
    pages.add_url_rule(base, "posts", listing, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "post_new", new, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "post_create", create, methods=["POST"])
    pages.add_url_rule(one, "post", post, methods=["GET"])
    pages.add_url_rule(f"{one}/edit", "post_edit", edit, methods=["GET"])
    pages.add_url_rule(f"{one}/edit", "post_update", update, methods=["POST"])
    pages.add_url_rule(f"{one}/end", "post_ending", ending, methods=["GET"])
    pages.add_url_rule(f"{one}/end", "post_end", end, methods=["POST"])
    pages.add_url_rule(f"{one}/document", "post_document", document, methods=["GET"])


@permission(READ)
def listing() -> ResponseReturnValue:
    """Posts held at this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        POSTS,
        request.args,
        seen(ctx),
        url=url_for("people_file_pages.posts"),
        links={"holder": lambda row: url_for("people_file_pages.post", post_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, EXPORT) else None,
        empty=lazy("No posts yet. They are noted in the files of members."),
    )
    return render_template("people/posts.html", view=view), view.status


@permission(READ)
def post(post_id: UUID) -> ResponseReturnValue:
    """A post and its history."""
    return render_template(POST, **_about(current(), posts.find(current(), post_id)))


def _about(ctx: Context, found: Post) -> dict[str, Any]:
    member = ctx.session.get(Member, found.member_id)
    readable = member is not None and member.org_path.startswith(ctx.here.path) and may(ctx, READ, member.org)
    return {
        "post": found,
        "org": ctx.session.get_one(Org, found.org_id),
        "member": member if readable else None,
        "state": rules.state(found.term_ends, found.ended_on, today(ctx.clock)),
        "states": rules.STATES,
        "tones": rules.STATE_TONES,
        "kinds": rules.KINDS,
        "beginnings": rules.BEGINNINGS,
        "endings": rules.ENDINGS,
        "history": history(ctx, "post", str(found.id)),
        "changeable": found.ended_on is None and may(ctx, UPDATE, found.org),
    }


@permission(UPDATE)
def new() -> ResponseReturnValue:
    """The form of a new post of a member."""
    ctx = current()
    member = _member(ctx, request.args.get("member", ""))
    return render_template(NEW, form=_form(ctx, member), member=member)


@permission(UPDATE)
def create() -> ResponseReturnValue:
    """Note that a member holds a post."""
    ctx = current()
    member = _member(ctx, request.form.get("member", ""))

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with upload_of(data) as upload:
            made = posts.open_post(ctx, data, upload)
        return done(lazy("The post has been noted."), "people_file_pages.post", post_id=made.id)

    return submit(_form(ctx, member), use, NEW, member=member)


def _member(ctx: Context, identity: str) -> Member:
    """The member whose file it is; an address without one is none."""
    try:
        return members.find(ctx, UUID(identity), permissions.POST_UPDATE)
    except ValueError:
        abort(404)


def _form(ctx: Context, member: Member) -> BoundForm:
    choices = {
        "org": [(str(org.id), org.name) for org in posts.places(ctx, member)],
        "title": [(title, title) for title in posts.titles(ctx, member.org)],
    }
    given = {"member": str(member.id), "org": str(member.org_id), "began_on": today(ctx.clock)}
    return BoundForm(posts_schemas.PostForm(), data=given, choices=choices)


@permission(UPDATE)
def edit(post_id: UUID) -> ResponseReturnValue:
    """The form of a post."""
    found = load(current(), UPDATE, Post, post_id)
    return render_template("people/post_edit.html", form=_edited(found), post=found)


def _edited(found: Post) -> BoundForm:
    return BoundForm(posts_schemas.PostUpdate(), obj=found)


@permission(UPDATE)
def update(post_id: UUID) -> ResponseReturnValue:
    """Correct a post."""
    ctx = current()
    found = load(ctx, UPDATE, Post, post_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        posts.update(ctx, post_id, data)
        return done(lazy("Saved."), "people_file_pages.post", post_id=post_id)

    return submit(_edited(found), use, "people/post_edit.html", post=found)


@permission(UPDATE)
def ending(post_id: UUID) -> ResponseReturnValue:
    """The form of a post's end."""
    ctx = current()
    found = load(ctx, UPDATE, Post, post_id)
    form = BoundForm(posts_schemas.PostEnd(), data={"version": found.version, "ended_on": today(ctx.clock)})
    return render_template("people/post_end.html", form=form, post=found)


@permission(UPDATE)
def end(post_id: UUID) -> ResponseReturnValue:
    """End a post."""
    ctx = current()
    found = load(ctx, UPDATE, Post, post_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        posts.end(ctx, post_id, data)
        return done(lazy("Saved."), "people_file_pages.post", post_id=post_id)

    form = BoundForm(posts_schemas.PostEnd(), data={"version": found.version})
    return submit(form, use, "people/post_end.html", post=found)


@permission(READ)
def document(post_id: UUID) -> Response:
    """Fetch what a post rests on."""
    ctx = current()
    found = posts.find(ctx, post_id)
    return attachment(papers.fetch(ctx, found, posts.subject(found)))


@contextmanager
def upload_of(data: dict[str, Any]) -> Iterator[Upload | None]:
    """The document that came with a form, taken out of its data."""
    held, upload = runtime(), data.pop("document", None)
    limit = held.settings.upload_limit
    with received(upload, "document", max_bytes=limit, allowed=DOCUMENT_TYPES) as sniffed:
        yield Upload(sniffed, held.store) if sniffed is not None else None
