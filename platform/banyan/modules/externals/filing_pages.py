"""Console pages of filings and replies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import load, may, visible
from banyan.modules.audit.history import history
from banyan.modules.externals import lists, permissions, schemas
from banyan.modules.externals.models import ExternalFiling
from banyan.modules.externals.rules import KINDS, OUTCOMES, STATE_TONES, STATES
from banyan.modules.externals.services import bodies, documents, filings
from banyan.modules.externals.services.documents import Upload
from banyan.modules.externals.services.filings import FilingView
from banyan.modules.tasks.downloads import attachment
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import may_see, present

READ, CREATE, DECIDE = permissions.FILING_READ.name, permissions.FILING_CREATE.name, permissions.FILING_DECIDE.name
FORM, FILING = "externals/filing_form.html", "externals/filing.html"


def add_filing_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/orgs/<code>/filings"
    pages.add_url_rule(base, "filings", listing, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "filing_new", new, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "filing_create", create, methods=["POST"])
    pages.add_url_rule(f"{base}/<uuid:filing_id>", "filing", filing, methods=["GET"])
    pages.add_url_rule(f"{base}/<uuid:filing_id>/reply", "reply", reply, methods=["POST"])
    pages.add_url_rule(f"{base}/<uuid:filing_id>/documents/<uuid:file_id>", "document", document, methods=["GET"])


@permission(READ)
def listing() -> ResponseReturnValue:
    """Filings of this organisation and those below."""
    ctx = current()
    view = present(
        ctx.session,
        lists.FILINGS,
        request.args,
        visible(ctx, READ, ExternalFiling.org_path, within=ctx.here),
        url=url_for("externals_pages.filings"),
        columns=may_see(lists.FILINGS, lambda name: may(ctx, name)),
        links={"subject": lambda row: url_for("externals_pages.filing", filing_id=row["id"])},
        export_url=url_for("tasks_pages.export") if may(ctx, permissions.FILING_EXPORT.name) else None,
        empty=lazy("Nothing has been filed yet."),
    )
    return render_template("externals/filings.html", view=view), view.status


@permission(READ)
def filing(filing_id: UUID) -> ResponseReturnValue:
    """A filing: where it stands, its reply, its papers and its history."""
    ctx = current()
    found = filings.view(ctx, filing_id)
    form = BoundForm(schemas.ReplyForm(), data={"received_on": today(ctx.clock)})
    return render_template(FILING, form=form, **_about(ctx, found))


def _about(ctx: Context, found: FilingView) -> dict[str, Any]:
    return {
        "view": found,
        "history": history(ctx, "external_filing", str(found.filing.id)),
        "replying": found.filing.outcome == "waiting" and may(ctx, DECIDE, found.filing.org),
        "own": found.filing.org_id == ctx.here.id,
        "kinds": KINDS,
        "states": STATES,
        "tones": STATE_TONES,
        "outcomes": OUTCOMES,
    }


@permission(CREATE)
def new() -> ResponseReturnValue:
    """The form of a filing, of one that corrects another where that is named."""
    ctx = current()
    return render_template(FORM, form=_form(ctx, _asked(ctx)), bodies=bodies.current(ctx))


@permission(CREATE)
def create() -> ResponseReturnValue:
    """Record a filing."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with _upload(data) as upload:
            made = filings.create(ctx, data, upload)
        return done(lazy("The filing has been recorded."), "externals_pages.filing", filing_id=made.id)

    return submit(_form(ctx, {}), use, FORM, bodies=bodies.current(ctx))


@permission(DECIDE)
def reply(filing_id: UUID) -> ResponseReturnValue:
    """Record the reply to a filing."""
    ctx = current()
    load(ctx, DECIDE, ExternalFiling, filing_id)
    found = filings.view(ctx, filing_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with _upload(data) as upload:
            filings.reply(ctx, filing_id, data, upload)
        return done(lazy("The reply has been recorded."), "externals_pages.filing", filing_id=filing_id)

    return submit(BoundForm(schemas.ReplyForm()), use, FILING, **_about(ctx, found))


@permission(READ)
def document(filing_id: UUID, file_id: UUID) -> Response:
    """Fetch a document of a filing or of its reply."""
    return attachment(documents.download(current(), filing_id, file_id))


@contextmanager
def _upload(data: dict[str, Any]) -> Iterator[Upload | None]:
    held, upload = runtime(), data.pop("document", None)
    limit = held.settings.upload_limit
    with received(upload, "document", max_bytes=limit, allowed=DOCUMENT_TYPES) as sniffed:
        yield Upload(sniffed, held.store) if sniffed is not None else None


def _asked(ctx: Context) -> dict[str, Any]:
    """What the form begins with: the body or the returned filing that the address names."""
    values: dict[str, Any] = {"sent_on": today(ctx.clock), "body": request.args.get("body", "")}
    try:
        earlier = filings.find(ctx, UUID(request.args["corrects"])) if "corrects" in request.args else None
    except ValueError:
        earlier = None
    if earlier is not None:
        values |= {"body": str(earlier.body_id), "subject": earlier.subject, "corrects": str(earlier.id)}
        values["due_days"] = earlier.due_days
    return values


def _form(ctx: Context, values: dict[str, Any]) -> BoundForm:
    choices = {"body": schemas.body_choices(bodies.current(ctx))}
    return BoundForm(schemas.FilingForm(), data=values, choices=choices)
