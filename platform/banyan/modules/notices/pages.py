"""Console pages of an organisation's notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import SHANGHAI
from banyan.kernel.context import Context
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import load, may
from banyan.modules.approvals.services import of_subject
from banyan.modules.approvals.views import request_panel
from banyan.modules.audit.history import history
from banyan.modules.notices import lists, permissions, rules, schemas, views
from banyan.modules.notices.emergency_pages import add_emergency_pages
from banyan.modules.notices.models import Notice
from banyan.modules.notices.own_pages import add_own_pages
from banyan.modules.notices.services import counting, publishing, reading, recipients, writing
from banyan.modules.notices.services.writing import Uploads
from banyan.modules.people import audience_forms
from banyan.modules.people.services import audience
from banyan.modules.tasks.downloads import attachment
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

pages = Blueprint("notices_pages", __name__, template_folder="templates")
add_own_pages(pages)
add_emergency_pages(pages)
READ, CREATE, PUBLISH = permissions.READ.name, permissions.CREATE.name, permissions.PUBLISH.name
FORM, NOTICE = "notices/notice_form.html", "notices/notice.html"
BASE = "/orgs/<code>/notices"


@pages.get(BASE, endpoint="notices")
@permission(READ)
def listing() -> ResponseReturnValue:
    """Notices of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.NOTICES,
        request.args,
        lists.seen(ctx),
        url=url_for("notices_pages.notices"),
        columns=may_see(lists.NOTICES, lambda name: may(ctx, name)),
        links={"title": lambda row: url_for("notices_pages.notice", notice_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.EXPORT.name) else None,
        empty=lazy("No notices yet: a notice reaches members and administrators in their inboxes."),
    )
    return render_template("notices/notices.html", view=view), view.status


@pages.get(f"{BASE}/new")
@permission(CREATE)
def new() -> ResponseReturnValue:
    """The form of a new notice."""
    return render_template(FORM, form=_form(current()), notice=None)


@pages.post(f"{BASE}/new")
@permission(CREATE)
def create() -> ResponseReturnValue:
    """Write a notice, as a draft."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with _uploads(data) as uploads:
            made = writing.create(ctx, _written(data), views.audiences_of_form(ctx, data), uploads)
        said = lazy("The draft has been saved. Look it over, then publish it.")
        return done(said, "notices_pages.notice", notice_id=made.id)

    return submit(_form(ctx), use, FORM, notice=None)


@pages.get(f"{BASE}/<uuid:notice_id>")
@permission(READ)
def notice(notice_id: UUID) -> ResponseReturnValue:
    """A notice as readers see it, for whom it is, and who has read it."""
    ctx = current()
    found = writing.find(ctx, notice_id)
    form = BoundForm(schemas.NoticeWithdrawal(), data={"version": found.version})
    return render_template(NOTICE, form=form, **_about(ctx, found))


@pages.get(f"{BASE}/<uuid:notice_id>/edit")
@permission(CREATE)
def edit(notice_id: UUID) -> ResponseReturnValue:
    """The form of a draft."""
    ctx = current()
    found = load(ctx, CREATE, Notice, notice_id)
    return render_template(FORM, form=_form(ctx, found), notice=found)


@pages.post(f"{BASE}/<uuid:notice_id>/edit")
@permission(CREATE)
def update(notice_id: UUID) -> ResponseReturnValue:
    """Change a draft."""
    ctx = current()
    found = load(ctx, CREATE, Notice, notice_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with _uploads(data) as uploads:
            writing.update(ctx, notice_id, _written(data), views.audiences_of_form(ctx, data), uploads)
        return done(lazy("Saved."), "notices_pages.notice", notice_id=notice_id)

    return submit(_form(ctx, found), use, FORM, notice=found)


@pages.post(f"{BASE}/<uuid:notice_id>/delete")
@permission(CREATE)
def discard(notice_id: UUID) -> ResponseReturnValue:
    """Throw a draft away."""
    writing.discard(current(), notice_id, _version())
    return done(lazy("The draft is gone."), "notices_pages.notices")


@pages.post(f"{BASE}/<uuid:notice_id>/publish")
@permission(PUBLISH)
def publish(notice_id: UUID) -> ResponseReturnValue:
    """Publish a draft."""
    found = publishing.publish(current(), notice_id, _version())
    said = {
        "published": lazy("Published: it is on its way into the inboxes."),
        "scheduled": lazy("It will be published at its time."),
        "waiting": lazy("It has been sent for approval."),
    }
    return done(said[found.state], "notices_pages.notice", notice_id=notice_id)


@pages.post(f"{BASE}/<uuid:notice_id>/withdraw")
@permission(PUBLISH)
def withdraw(notice_id: UUID) -> ResponseReturnValue:
    """Take a notice back."""
    ctx = current()
    found = load(ctx, PUBLISH, Notice, notice_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        writing.withdraw(ctx, notice_id, data)
        return done(lazy("It has been withdrawn."), "notices_pages.notice", notice_id=notice_id)

    form = BoundForm(schemas.NoticeWithdrawal(), data={"version": found.version})
    return submit(form, use, NOTICE, **_about(ctx, found))


@pages.post(f"{BASE}/<uuid:notice_id>/correct")
@permission(CREATE)
def correct(notice_id: UUID) -> ResponseReturnValue:
    """Begin a new version."""
    made = writing.correct(current(), notice_id, _version())
    said = lazy("A new version has been begun. Once it is published it replaces the earlier one.")
    return done(said, "notices_pages.edit", notice_id=made.id)


@pages.post(f"{BASE}/<uuid:notice_id>/remind")
@permission(PUBLISH)
def remind(notice_id: UUID) -> ResponseReturnValue:
    """Remind those who have not read it."""
    ctx = current()
    count = counting.remind(ctx, writing.find(ctx, notice_id).id)
    return done(lazy("Reminded: %(n)s readers.", n=count), "notices_pages.notice", notice_id=notice_id)


@pages.get(f"{BASE}/<uuid:notice_id>/files/<uuid:file_id>")
@permission(READ)
def file(notice_id: UUID, file_id: UUID) -> Response:
    """Fetch a file of a notice."""
    ctx = current()
    found = writing.find(ctx, notice_id)
    stored = views.stored(writing.attachment_of(ctx, found, file_id))
    reading.fetched(ctx, found, stored.name)
    return attachment(stored)


@pages.get("/orgs/<code>/notice-readers")
@permission(READ)
def readers() -> ResponseReturnValue:
    """Whom a notice is for, here and below, and who has read it."""
    ctx = current()
    view = present(
        ctx.session,
        lists.READERS,
        request.args,
        lists.readers(ctx),
        url=url_for("notices_pages.readers"),
        columns=may_see(lists.READERS, lambda name: may(ctx, name)),
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.EXPORT.name) else None,
        empty=lazy("No notice is for anybody here."),
    )
    return render_template("notices/readers.html", view=view), view.status


def _version() -> int:
    raw = request.form.get("version", "")
    return int(raw) if raw.isdecimal() and len(raw) < 10 else 0


@contextmanager
def _uploads(data: dict[str, Any]) -> Iterator[Uploads | None]:
    held = runtime()
    with received(data["file"], "file", max_bytes=held.settings.upload_limit, allowed=DOCUMENT_TYPES) as sniffed:
        yield Uploads([sniffed], held.store) if sniffed is not None else None


def _written(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "files": ()}


def _form(ctx: Context, found: Notice | None = None) -> BoundForm:
    choices: dict[str, Any] = dict(audience_forms.choices(ctx))
    schema = schemas.NoticeFormUpdate() if found is not None else schemas.NoticeForm()
    choices["keep"] = [(one["id"], one["name"]) for one in (found.files if found is not None else [])]
    return BoundForm(schema, data=_values(ctx, found), choices=choices, urls=audience_forms.urls())


def _values(ctx: Context, found: Notice | None) -> dict[str, Any]:
    if found is None:
        return {"audience.reach": "subtree"}
    keys = ("title", "body", "kind", "importance", "confirm", "public", "channels", "version")
    values = {key: getattr(found, key) for key in keys}
    for key in ("publish_at", "valid_until"):
        moment = getattr(found, key)
        values[key] = f"{moment.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}" if moment is not None else ""
    values["keep"] = [one["id"] for one in found.files]
    if found.audiences:
        first = audience_forms.typed(ctx, audience.from_json(ctx, found.audiences[0]))
        values |= {f"audience.{key}": value for key, value in first.items()}
    values["administrators"] = len(found.audiences) > 1
    return values


def _about(ctx: Context, found: Notice) -> dict[str, Any]:
    draft = found.state in ("draft", "waiting", "scheduled")
    request_of = of_subject(ctx, publishing.FLOW, str(found.id))
    own = found.org_path.startswith(ctx.here.path)
    return {
        "notice": found,
        "org": ctx.session.get_one(Org, found.org_id),
        "html": rules.rendered(found.body),
        "own": own,
        "may_write": own and may(ctx, CREATE, found.org),
        "may_publish": own and may(ctx, PUBLISH, found.org),
        "meant": recipients.described(ctx, found.audiences),
        "preview": _preview(ctx, found) if draft else None,
        "total": counting.total(ctx, found),
        "below": counting.breakdown(ctx, found) if not draft else [],
        "earlier": ctx.session.get(Notice, found.replaces) if found.replaces else None,
        "panel_of": request_panel(ctx, request_of.id) if request_of is not None and own else None,
        "history": history(ctx, "notice", str(found.id)) if own else (),
        "kinds": rules.KINDS,
        "importance": rules.IMPORTANCE,
        "importance_tones": rules.IMPORTANCE_TONES,
        "states": rules.STATES,
        "tones": rules.STATE_TONES,
        "channels": [rules.CHANNELS[one] for one in found.channels],
    }


def _preview(ctx: Context, found: Notice) -> tuple[int, int] | None:
    """How many a draft would reach, for who may publish it."""
    if not may(ctx, PUBLISH, found.org):
        return None
    return recipients.counted(ctx, found.audiences)
