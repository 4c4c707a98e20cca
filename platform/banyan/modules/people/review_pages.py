"""Console pages of the first review of records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, leave
from banyan.modules.people import file_schemas, permissions
from banyan.modules.people.models import Member
from banyan.modules.people.pages import about
from banyan.modules.people.rules.review import REVIEWED
from banyan.modules.people.services import members, reviewing
from banyan.modules.people.services.comparing import label
from banyan.web.forms import BoundForm
from banyan.web.pages import done

READ, REVIEW, UPDATE = (
    one.name for one in (permissions.MEMBER_READ, permissions.MEMBER_REVIEW, permissions.MEMBER_UPDATE)
)


def add_review_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/orgs/<code>/members/<uuid:member_id>/review"
    pages.add_url_rule(base, "review", looking, methods=["GET"])
    pages.add_url_rule(base, "review_decide", decide, methods=["POST"])
    pages.add_url_rule(f"{base}/resubmit", "review_resubmit", resubmit, methods=["POST"])


@permission(REVIEW)
def looking(member_id: UUID) -> ResponseReturnValue:
    """A record to be looked over, field by field."""
    ctx = current()
    return _page(ctx, members.find(ctx, member_id, permissions.MEMBER_REVIEW))


def _page(
    ctx: Context, member: Member, typed: dict[str, Any] | None = None, problems: tuple[Text, ...] = ()
) -> Response:
    html = render_template(
        "people/review.html",
        fields=reviewing.fields(ctx, member),
        reviews=reviewing.history(ctx, member.id),
        label=label,
        against=reviewing.against(ctx, member),
        typed=typed,
        problems=problems,
        **about(ctx, member, "review"),
    )
    return make_response(html, 422 if problems else 200)


@permission(REVIEW)
def decide(member_id: UUID) -> ResponseReturnValue:
    """Accept a record, or return it with the reasons."""
    ctx = current()
    member = members.find(ctx, member_id, permissions.MEMBER_REVIEW)
    data, problems = _read()
    if not problems:
        try:
            found = reviewing.review(ctx, member_id, data)
        except (Conflict, Refused, Invalid) as error:
            leave(commit=False)
            problems = error.reasons or tuple(one for named in error.fields.values() for one in named)
            member = members.find(ctx, member_id, permissions.MEMBER_REVIEW)
        else:
            said = lazy("Accepted.") if found.outcome == "accepted" else lazy("Returned with the reasons.")
            return _on(ctx, member, said)
    return _page(ctx, member, data, problems)


def _on(ctx: Context, member: Member, said: Text) -> ResponseReturnValue:
    """To the next record that waits, else back to the list."""
    following = reviewing.next_after(ctx, member)
    if following is not None:
        return done(said, "people_file_pages.review", member_id=following)
    return done(said, "people_pages.member", member_id=member.id)


def _read() -> tuple[dict[str, Any], tuple[Text, ...]]:
    """What the form holds: each field is in order, or a reason says why not."""
    form = request.form
    problems: list[Text] = []
    remarks: dict[str, str] = {}
    ticked = [key for key in REVIEWED if form.get(f"ok.{key}") == "true"]
    for key in REVIEWED:
        reason = form.get(f"reason.{key}", "").strip()
        if reason and key in ticked:
            problems.append(lazy("%(field)s: tick it or give a reason, not both.", field=label(key)))
        elif not reason and key not in ticked:
            problems.append(lazy("%(field)s: say what is not in order.", field=label(key)))
        elif len(reason) > 200 or any(ord(one) < 32 for one in reason):
            problems.append(lazy("%(field)s: 200 characters at most, on one line.", field=label(key)))
        if reason:
            remarks[key] = reason
    note = form.get("note", "").strip()
    if len(note) > 500 or "\x00" in note:
        problems.append(lazy("The note may have 500 characters at most."))
    version = form.get("version", "")
    if not version.isdecimal() or len(version) > 18:
        problems.append(lazy("The form is incomplete. Load the page again."))
        version = "0"
    return {"remarks": remarks, "ticked": ticked, "note": note, "version": int(version)}, tuple(problems)


@permission(UPDATE)
def resubmit(member_id: UUID) -> ResponseReturnValue:
    """Hand a returned record in again."""
    ctx = current()
    form = BoundForm(file_schemas.RecordResubmit())
    data = form.load(request.form)
    if data is None:
        raise Invalid({field.name: field.messages for field in form if field.messages}, *form.messages)
    reviewing.resubmit(ctx, member_id, data)
    return done(lazy("Handed in again."), "people_pages.member", member_id=member_id)
