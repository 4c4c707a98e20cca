"""Console pages of a member's file: the timeline, and awards, disciplinary measures and certificates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import load, may
from banyan.modules.audit.history import history
from banyan.modules.people import file_schemas, permissions
from banyan.modules.people.file_lists import FILE_ENTRIES, seen
from banyan.modules.people.file_models import FileEntry
from banyan.modules.people.models import Member
from banyan.modules.people.pages import about
from banyan.modules.people.posts_pages import upload_of
from banyan.modules.people.rules import entries as rules
from banyan.modules.people.services import file_entries, members, papers, timeline
from banyan.modules.tasks.downloads import attachment
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import present

READ, UPDATE, EXPORT = permissions.MEMBER_READ.name, permissions.POST_UPDATE.name, permissions.MEMBER_EXPORT.name
REVEAL = permissions.SENSITIVE_REVEAL.name
NEW, WITHDRAW, ENTRY = "people/entry_form.html", "people/entry_withdraw.html", "people/entry.html"


def add_file_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    member, entry = "/orgs/<code>/members/<uuid:member_id>", "/orgs/<code>/file-entries/<uuid:file_entry_id>"
    for url, endpoint, view, method in (
        (f"{member}/timeline", "timeline", life, "GET"),
        (f"{member}/timeline/print", "timeline_print", sheet, "GET"),
        (f"{member}/entries/new", "file_entry_new", new, "GET"),
        (f"{member}/entries/new", "file_entry_create", create, "POST"),
        ("/orgs/<code>/file-entries", "file_entries", listing, "GET"),
        (entry, "file_entry", one, "GET"),
        (f"{entry}/withdraw", "file_entry_withdrawing", withdrawing, "GET"),
        (f"{entry}/withdraw", "file_entry_withdraw", withdraw, "POST"),
        (f"{entry}/reveal", "file_entry_reveal", reveal, "POST"),
        (f"{entry}/document", "file_entry_document", document, "GET"),
    ):
        pages.add_url_rule(url, endpoint, view, methods=[method])


@permission(READ)
def life(member_id: UUID) -> ResponseReturnValue:
    """The timeline of a member's file."""
    ctx = current()
    found = members.find(ctx, member_id)
    return render_template("people/timeline.html", line=_line(ctx, found), **about(ctx, found, "timeline"))


def _line(ctx: Context, member: Member) -> timeline.Timeline:
    page = request.args.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 4 else 1
    return timeline.of_member(ctx, member.id, kind=request.args.get("kind", ""), page=number)


@permission(READ)
def sheet(member_id: UUID) -> ResponseReturnValue:
    """A member's file to be printed and sealed."""
    ctx = current()
    found = members.find(ctx, member_id)
    return render_template(
        "people/timeline_sheet.html",
        member=found,
        org=ctx.session.get_one(Org, found.org_id),
        hidden=members.shown(found),
        line=timeline.of_member(ctx, found.id, size=timeline.MOST),
        day=today(ctx.clock),
        back=url_for("people_file_pages.timeline", member_id=found.id),
    )


@permission(READ)
def listing() -> ResponseReturnValue:
    """Awards, disciplinary measures and certificates at this organisation and below."""
    ctx = current()
    view = present(
        ctx.session,
        FILE_ENTRIES,
        request.args,
        seen(ctx),
        url=url_for("people_file_pages.file_entries"),
        links={"title": lambda row: url_for("people_file_pages.file_entry", file_entry_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, EXPORT) else None,
        empty=lazy("Nothing yet. Entries are made in the files of members."),
    )
    return render_template("people/entries.html", view=view), view.status


@permission(READ)
def one(file_entry_id: UUID) -> ResponseReturnValue:
    """An entry of a member's file."""
    ctx = current()
    return render_template(ENTRY, form=_reason(), revealed=None, **_of(ctx, file_entries.find(ctx, file_entry_id)))


def _reason() -> BoundForm:
    return BoundForm(file_schemas.EntryReveal())


def _of(ctx: Context, entry: FileEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "member": ctx.session.get_one(Member, entry.member_id),
        "org": ctx.session.get_one(Org, entry.org_id),
        "state": rules.state(entry.until, entry.withdrawn_at is not None, today(ctx.clock)),
        "states": rules.STATES,
        "tones": rules.STATE_TONES,
        "kinds": rules.KINDS,
        "history": history(ctx, "file_entry", str(entry.id)),
        "changeable": entry.withdrawn_at is None and may(ctx, UPDATE, entry.org),
        "opens": entry.note_sealed is not None and may(ctx, REVEAL, entry.org),
    }


@permission(UPDATE)
def new(member_id: UUID) -> ResponseReturnValue:
    """The form of a new entry."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.POST_UPDATE)
    form = BoundForm(
        file_schemas.EntryForm(), data={"kind": request.args.get("kind", "award"), "day": today(ctx.clock)}
    )
    return render_template(NEW, form=form, member=found)


@permission(UPDATE)
def create(member_id: UUID) -> ResponseReturnValue:
    """Put an entry into a member's file."""
    ctx = current()
    found = members.find(ctx, member_id, permissions.POST_UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with upload_of(data) as upload:
            made = file_entries.create(ctx, member_id, data, upload)
        return done(lazy("Saved."), "people_file_pages.file_entry", file_entry_id=made.id)

    return submit(BoundForm(file_schemas.EntryForm()), use, NEW, member=found)


@permission(UPDATE)
def withdrawing(file_entry_id: UUID) -> ResponseReturnValue:
    """The form that withdraws an entry."""
    found = load(current(), UPDATE, FileEntry, file_entry_id)
    form = BoundForm(file_schemas.EntryWithdraw(), data={"version": found.version})
    return render_template(WITHDRAW, form=form, entry=found)


@permission(UPDATE)
def withdraw(file_entry_id: UUID) -> ResponseReturnValue:
    """Withdraw an entry."""
    ctx = current()
    found = load(ctx, UPDATE, FileEntry, file_entry_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        file_entries.withdraw(ctx, file_entry_id, data)
        return done(lazy("Saved."), "people_file_pages.file_entry", file_entry_id=file_entry_id)

    form = BoundForm(file_schemas.EntryWithdraw(), data={"version": found.version})
    return submit(form, use, WITHDRAW, entry=found)


@permission(REVEAL)
def reveal(file_entry_id: UUID) -> ResponseReturnValue:
    """Open what a measure was for; it is shown once, on the page that answers."""
    ctx = current()
    found = file_entries.find(ctx, file_entry_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        opened = file_entries.reveal(ctx, file_entry_id, data["reason"])
        shown = opened if opened is not None else lazy("cannot be read")
        answer = make_response(render_template(ENTRY, form=_reason(), revealed=shown, **_of(ctx, found)))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return submit(_reason(), use, ENTRY, revealed=None, **_of(ctx, found))


@permission(READ)
def document(file_entry_id: UUID) -> Response:
    """Fetch the paper of an entry."""
    ctx = current()
    found = file_entries.find(ctx, file_entry_id)
    return attachment(papers.fetch(ctx, found, file_entries.subject(found)))
