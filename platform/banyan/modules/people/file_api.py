"""The REST API of members' files: timeline, posts, entries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.files import DOCUMENT_TYPES, StoredFile, sniff
from banyan.kernel.i18n import translate
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may
from banyan.modules.people import file_lists, file_schemas, permissions, posts_lists, posts_schemas
from banyan.modules.people.file_models import FileEntry, Post
from banyan.modules.people.services import file_entries, papers, posts, timeline
from banyan.modules.tasks.downloads import BYTES, attachment
from banyan.modules.tenancy.schemas import FileDetail, FileUpload
from banyan.modules.tenancy.services import documents as uploads

api = Blueprint("people_file_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Files of members")
READ, UPDATE = permissions.MEMBER_READ.name, permissions.POST_UPDATE.name
REVEAL = permissions.SENSITIVE_REVEAL.name


@api.route("/members/<uuid:member_id>/timeline")
class Life(MethodView):
    """What is known of a member's life here."""

    @api.arguments(file_schemas.TimelineQuery, location="query")
    @api.response(200, file_schemas.TimelinePage)
    @permission(READ)
    def get(self, query: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Show the timeline of a member's file, the latest first"""
        return line(timeline.of_member(current(), member_id, kind=query["kind"], page=query["page"]))


def line(found: timeline.Timeline) -> dict[str, Any]:
    """A page of a timeline as `TimelinePage` shows it."""
    rows = [
        {"day": one.day, "kind": one.kind, "title": translate(one.title), "detail": translate(one.detail)}
        for one in found.entries
    ]
    kinds = {kind: translate(label) for kind, label in found.kinds.items()}
    return {"items": rows, "kinds": kinds, "page": found.page, "more": found.more}


@api.route("/member-documents")
class Documents(MethodView):
    """Documents on their way in."""

    @api.arguments(FileUpload, location="files")
    @api.response(201, FileDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any]) -> StoredFile:
        """Upload a document, to be named in a post or an entry"""
        held = runtime()
        sniffed = sniff(data["file"], "file", max_bytes=held.settings.upload_limit, allowed=DOCUMENT_TYPES)
        return uploads.upload(current(), held.store, sniffed)


@api.route("/posts")
class Posts(MethodView):
    """Posts held at the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(posts_lists.POSTS))
    @api.response(200, api_lists.page_schema(posts_lists.POSTS))
    @permission(READ)
    def get(self) -> Response:
        """List the posts held at the organisation and those below it"""
        ctx = current()
        seen = posts_lists.seen(ctx)
        return api_lists.respond(ctx.session, posts_lists.POSTS, seen, may=lambda name: may(ctx, name))

    @api.arguments(posts_schemas.PostCreate)
    @api.response(201, posts_schemas.PostDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any]) -> Post:
        """Note that a member holds a post"""
        return posts.open_post(current(), data)


@api.route("/posts/<uuid:post_id>")
class OnePost(MethodView):
    """One post."""

    @api.response(200, posts_schemas.PostDetail)
    @permission(READ)
    def get(self, post_id: UUID) -> Post:
        """Show a post"""
        return posts.find(current(), post_id)

    @api.arguments(posts_schemas.PostUpdate)
    @api.response(200, posts_schemas.PostDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], post_id: UUID) -> Post:
        """Correct a post's kind, the end of its term, or what it rests on"""
        return posts.update(current(), post_id, data)


@api.route("/posts/<uuid:post_id>/end")
class PostEnding(MethodView):
    """The end of a post."""

    @api.arguments(posts_schemas.PostEnd)
    @api.response(200, posts_schemas.PostDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], post_id: UUID) -> Post:
        """End a post; it stays in the history"""
        return posts.end(current(), post_id, data)


@api.route("/posts/<uuid:post_id>/document")
class PostDocument(MethodView):
    """What a post rests on."""

    @api.doc(responses={"200": BYTES})
    @permission(READ)
    def get(self, post_id: UUID) -> Response:
        """Fetch the document of a post, as an attachment"""
        ctx = current()
        found = posts.find(ctx, post_id)
        return attachment(papers.fetch(ctx, found, posts.subject(found)))


@api.route("/file-entries")
class Entries(MethodView):
    """Awards, measures and certificates of members of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(file_lists.FILE_ENTRIES))
    @api.response(200, api_lists.page_schema(file_lists.FILE_ENTRIES))
    @permission(READ)
    def get(self) -> Response:
        """List awards, disciplinary measures and certificates; measures only for those who keep files"""
        ctx = current()
        seen = file_lists.seen(ctx)
        return api_lists.respond(ctx.session, file_lists.FILE_ENTRIES, seen, may=lambda name: may(ctx, name))


@api.route("/members/<uuid:member_id>/entries")
class MemberEntries(MethodView):
    """Entries in a member's file."""

    @api.arguments(file_schemas.EntryCreate)
    @api.response(201, file_schemas.EntryDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], member_id: UUID) -> FileEntry:
        """Put an award, a disciplinary measure or a certificate into a member's file"""
        return file_entries.create(current(), member_id, data)


@api.route("/file-entries/<uuid:file_entry_id>")
class OneEntry(MethodView):
    """One entry."""

    @api.response(200, file_schemas.EntryDetail)
    @permission(READ)
    def get(self, file_entry_id: UUID) -> FileEntry:
        """Show an entry of a member's file"""
        return file_entries.find(current(), file_entry_id)


@api.route("/file-entries/<uuid:file_entry_id>/withdraw")
class Withdrawal(MethodView):
    """That an entry does not hold any more."""

    @api.arguments(file_schemas.EntryWithdraw)
    @api.response(200, file_schemas.EntryDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], file_entry_id: UUID) -> FileEntry:
        """Withdraw an entry; it stays in the file with the reason"""
        return file_entries.withdraw(current(), file_entry_id, data)


@api.route("/file-entries/<uuid:file_entry_id>/reveal")
class Reveal(MethodView):
    """What a measure was for."""

    @api.arguments(file_schemas.EntryReveal)
    @api.response(200, file_schemas.EntryRevealed, headers={"Cache-Control": {"schema": {"type": "string"}}})
    @permission(REVEAL)
    def post(self, data: dict[str, Any], file_entry_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Open what a measure was for; the reason is written down"""
        note = file_entries.reveal(current(), file_entry_id, data["reason"])
        return {"note": note}, 200, {"Cache-Control": "no-store"}


@api.route("/file-entries/<uuid:file_entry_id>/document")
class EntryDocument(MethodView):
    """The paper of an entry."""

    @api.doc(responses={"200": BYTES})
    @permission(READ)
    def get(self, file_entry_id: UUID) -> Response:
        """Fetch the paper of an entry, as an attachment"""
        ctx = current()
        found = file_entries.find(ctx, file_entry_id)
        return attachment(papers.fetch(ctx, found, file_entries.subject(found)))
