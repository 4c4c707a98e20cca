"""Console pages of one's own inbox, and announcements that everybody can read. For the phone first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import public, signed_in
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.notices import rules, schemas, views
from banyan.modules.notices.inbox import page
from banyan.modules.notices.services import announcing, reading, telling, writing
from banyan.modules.tasks.downloads import attachment
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

A_PAGE = 20
PREFERENCES = "notices/preferences.html"


def add_own_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    one = "/me/notices/<uuid:notice_id>"
    pages.add_url_rule("/me/notices", "inbox", inbox, methods=["GET"])
    pages.add_url_rule("/me/notices/read-all", "inbox_read_all", read_all, methods=["POST"])
    pages.add_url_rule("/me/notices/preferences", "preferences", preferences, methods=["GET"])
    pages.add_url_rule("/me/notices/preferences", "preferences_update", prefer, methods=["POST"])
    pages.add_url_rule(one, "received", received, methods=["GET"])
    pages.add_url_rule(f"{one}/confirm", "received_confirm", confirm, methods=["POST"])
    pages.add_url_rule(f"{one}/files/<uuid:file_id>", "received_file", received_file, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/announcements", "announcements", announcements, methods=["GET"])
    pages.add_url_rule("/orgs/<code>/announcements/<uuid:notice_id>", "announcement", announcement, methods=["GET"])


@signed_in
def inbox() -> str:
    """What one was told, newest first."""
    ctx = current()
    asked = {key: value for key, value in request.args.items() if key in ("unread", "confirm", "after", "before")}
    found = page(ctx, asked, size=A_PAGE)
    kept = {key: asked[key] for key in ("unread", "confirm") if key in asked}
    return render_template("notices/inbox.html", found=found, kept=kept, unread=reading.unread(ctx), **_words())


@signed_in
def read_all() -> ResponseReturnValue:
    """Mark everything as read."""
    count = reading.read_all(current())
    return done(lazy("Marked as read: %(n)s.", n=count), "notices_pages.inbox")


@signed_in
def received(notice_id: UUID) -> str:
    """Read a notice: that it was read is noted."""
    found = reading.read(current(), notice_id)
    title, body = telling.said(found.notice)
    shown = rules.rendered(body) if found.notice.state == "published" else ""
    return render_template(
        "notices/received.html", found=found, notice=found.notice, title=title, html=shown, **_words()
    )


@signed_in
def confirm(notice_id: UUID) -> ResponseReturnValue:
    """Say that one has taken note."""
    reading.confirm(current(), notice_id)
    return done(lazy("Thank you: you have confirmed it."), "notices_pages.received", notice_id=notice_id)


@signed_in
def received_file(notice_id: UUID, file_id: UUID) -> Response:
    """Fetch a file of a notice."""
    ctx = current()
    return attachment(views.stored(writing.attachment_of(ctx, reading.holding(ctx, notice_id), file_id)))


@signed_in
def preferences() -> str:
    """By which channels one hears of ordinary notices."""
    return render_template(PREFERENCES, form=BoundForm(schemas.PreferenceEdit(), obj=reading.preference(current())))


@signed_in
def prefer() -> ResponseReturnValue:
    """Choose them."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        reading.prefer(current(), data)
        return done(lazy("Saved."), "notices_pages.inbox")

    return submit(BoundForm(schemas.PreferenceEdit()), use, PREFERENCES)


@public
def announcements() -> str:
    """What an organisation announces to everybody."""
    return render_template("notices/announcements.html", found=announcing.listing(current()), **_words())


@public
def announcement(notice_id: UUID) -> str:
    """One announcement."""
    found = announcing.one(current(), notice_id)
    if found is None:
        abort(404)
    return render_template("notices/announcement.html", notice=found, html=rules.rendered(found.body), **_words())


def _words() -> dict[str, Any]:
    return {"kinds": rules.KINDS, "importance": rules.IMPORTANCE, "importance_tones": rules.IMPORTANCE_TONES}
