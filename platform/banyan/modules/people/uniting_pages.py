"""Console pages on which two records of one person are put together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, leave
from banyan.modules.people import permissions, uniting_schemas
from banyan.modules.people.rules import choices
from banyan.modules.people.services import comparing, uniting
from banyan.modules.people.services.comparing import COMPARED
from banyan.modules.people.uniting_lists import DUPLICATES, seen
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done
from banyan.web.tables import present

MERGE = permissions.PERSON_MERGE.name


def add_uniting_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/orgs/<code>/members/merge"
    pages.add_url_rule("/orgs/<code>/members/duplicates", "duplicates", listing, methods=["GET"])
    pages.add_url_rule(base, "merge", compare, methods=["GET"])
    pages.add_url_rule(base, "merge_preview", preview, methods=["POST"])
    pages.add_url_rule(f"{base}/confirm", "merge_confirm", confirm, methods=["POST"])


@permission(MERGE)
def listing() -> ResponseReturnValue:
    """Records that are probably of one person."""
    ctx = current()
    view = present(
        ctx.session,
        DUPLICATES,
        request.args,
        seen(ctx),
        url=url_for("people_file_pages.duplicates"),
        links={"name": lambda row: url_for("people_file_pages.merge", kept=row["first"], gone=row["second"])},
        empty=lazy("No two records here look like one person."),
    )
    return render_template("people/duplicates.html", view=view), view.status


@permission(MERGE)
def compare() -> ResponseReturnValue:
    """Two records side by side."""
    ctx = current()
    return _form(ctx, _pair(request.args), {}, ())


def _pair(args: Any) -> tuple[UUID, UUID]:
    try:
        return UUID(args.get("kept", "")), UUID(args.get("gone", ""))
    except ValueError:
        abort(404)


def _form(ctx: Context, pair: tuple[UUID, UUID], typed: dict[str, Any], problems: tuple[Text, ...]) -> Response:
    kept, gone = comparing.pair(ctx, *pair)
    fields = comparing.compared(kept, gone)
    take = typed.get("take") if typed.get("take") is not None else [one.key for one in fields if one.filled]
    html = render_template(
        "people/merge.html",
        kept=kept,
        gone=gone,
        fields=fields,
        take=take,
        typed=typed,
        standing=uniting.standing(ctx, kept, gone),
        orgs={one.id: ctx.session.get_one(Org, one.org_id) for one in (kept, gone)},
        statuses=choices.STATUSES,
        tones=choices.STATUS_TONES,
        problems=problems,
    )
    return make_response(html, 422 if problems else 200)


@permission(MERGE, whole=uniting.TWO_LINES)
def preview() -> ResponseReturnValue:
    """What putting them together would do."""
    ctx = current()
    pair = _pair(request.form)
    typed = _typed()
    form = BoundForm(uniting_schemas.PersonsMerge())
    data = form.load(_flat(typed))
    if data is None:
        messages = [message for field in form for message in field.messages]
        return _form(ctx, pair, typed, (*form.messages, *messages))
    data["take"] = typed["take"]
    return make_response(_shown(ctx, data))


def _typed() -> dict[str, Any]:
    """The radio buttons of the fields, as the names of those that come from the other record."""
    form = request.form
    given = {name: form.get(name, "") for name in ("kept", "gone", "account", "keep_both", "reason")}
    return {**given, "take": [key for key in COMPARED if form.get(f"from.{key}") == "gone"]}


def _flat(typed: dict[str, Any]) -> MultiDict[str, str]:
    return MultiDict([(key, one) for key, value in typed.items() for one in _values(value)])


def _values(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value] if value else []


def _shown(ctx: Context, data: dict[str, Any], refused: tuple[Text, ...] = ()) -> str:
    found = uniting.preview(ctx, data)
    left = [reason for reason in refused if str(reason) not in {str(one) for one in found.reasons}]
    html: str = render_template(
        "people/merge_preview.html", preview=found, data=data, refused=left, statuses=choices.STATUSES
    )
    return html


@permission(MERGE, whole=uniting.TWO_LINES)
def confirm() -> ResponseReturnValue:
    """Put them together, as was shown."""
    ctx = current()
    form = BoundForm(uniting_schemas.PersonsMergeConfirm())
    data = form.load(request.form)
    if data is None:
        raise Invalid({field.name: field.messages for field in form if field.messages}, *form.messages)
    plan = data.pop("plan")
    data["take"] = data.get("take") or []
    try:
        kept = uniting.carry_out(ctx, data, plan)
        ctx.session.flush()
    except (Refused, Conflict) as error:
        leave(commit=False)
        return make_response(_shown(ctx, data, error.reasons), 409)
    return done(lazy("The records have been put together."), "people_pages.member", member_id=kept.id)
