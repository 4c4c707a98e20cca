"""Console pages of members about themselves: home, record, changes (ACC-03). They hold no role; see `gate`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import signed_in
from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy, translate
from banyan.modules.accounts.services import confirmation
from banyan.modules.approvals.services.panel import file_of
from banyan.modules.approvals.views import request_panel
from banyan.modules.people import change_lists, own_home
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.field_forms import form_values, of_form, with_fields
from banyan.modules.people.models import Member
from banyan.modules.people.own_place import inside, request_inside
from banyan.modules.people.own_schemas import OwnContactForm, Withdrawal, ask_schema, correct_schema
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.rules import choices
from banyan.modules.people.rules.records import SEALED
from banyan.modules.people.services import (
    change_fields,
    change_proofs,
    change_values,
    changes,
    field_values,
    members,
    own,
    own_record,
    own_review,
    timeline,
)
from banyan.modules.people.services.changes import NOTHING, Wanted
from banyan.modules.tasks.downloads import attachment
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import present

pages = Blueprint("people_own_pages", __name__, template_folder="templates")
RECORD, CONTACT, ASK = "people/own/record.html", "people/own/contact.html", "people/own/ask.html"
REQUEST, CORRECT = "people/own/request.html", "people/own/correct.html"


@pages.get("/me")
@signed_in
def me() -> ResponseReturnValue:
    """One's own home: who one is, what waits, where one can go."""
    page = {"home": own_home.home(rt.current()), "account_ways": own_home.account_ways()}
    return render_template("people/own/home.html", statuses=choices.STATUSES, **page)


@pages.get("/me/records")
@signed_in
def first() -> ResponseReturnValue:
    """The way to one's own record; to the home where there is none."""
    found = own.records(rt.current())
    if not found:
        return redirect(url_for("people_own_pages.me"), 303)
    return redirect(url_for("people_own_pages.record", member_id=found[0].id), 303)


@pages.get("/me/records/<uuid:member_id>")
@signed_in
def record(member_id: UUID) -> ResponseReturnValue:
    """Everything that is held about oneself at one organisation, and who may see it."""
    others = own.records(rt.current())
    ctx, member = inside(member_id)
    return _record(own_record.view(ctx, member), others, _said(own_review.objections(ctx, member)))


@pages.post("/me/records/<uuid:member_id>/show")
@signed_in
def show(member_id: UUID) -> ResponseReturnValue:
    """One's own sensitive values in clear, after proving again who one is."""
    confirmation.require_recent(rt.current())
    others = own.records(rt.current())
    ctx, member = inside(member_id)
    return _record(own_record.show(ctx, member), others)


def _record(
    view: own_record.OwnRecord, others: Sequence[Member], objections: Sequence[tuple[str, str]] = ()
) -> ResponseReturnValue:
    page = render_template(
        RECORD,
        view=view,
        others=others,
        objections=objections,
        line=timeline.of_person(rt.current(), view.member.person_id, size=8),
        names=own_home.names(rt.current(), others),
        changes=choices.CHANGES,
        statuses=choices.STATUSES,
        reviews=choices.REVIEWS,
        review_tones=choices.REVIEW_TONES,
        states=rules.STATES,
        tones=rules.STATE_TONES,
    )
    response = make_response(page, 200)
    if view.clear:
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/me/records/<uuid:member_id>/contact")
@signed_in
def contact(member_id: UUID) -> ResponseReturnValue:
    """The form of what takes effect at once."""
    ctx, member = inside(member_id)
    form = _contact_form(ctx, member)
    return render_template(CONTACT, form=form, member=member, hidden=members.shown(member))


@pages.post("/me/records/<uuid:member_id>/contact")
@signed_in
def change_contact(member_id: UUID) -> ResponseReturnValue:
    """Change what takes effect at once."""
    ctx, member = inside(member_id)
    hidden, fields = members.shown(member), change_fields.own(ctx, member.org_path)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        whole = of_form(fields, data, editing=True)
        emptied = {field: "" for field in whole.pop("clear") if field not in whole}
        changes.change_own(ctx, member_id, {**whole, **emptied}, whole.pop("version"))
        said = lazy("Saved. It holds at once; your branch checks it within five working days.")
        return done(said, "people_own_pages.record", member_id=member_id)

    return submit(_contact_form(ctx, member), use, CONTACT, member=member, hidden=hidden)


def _contact_form(ctx: Context, member: Member) -> BoundForm:
    """Begins with what the record holds; what is sensitive stays empty, and is kept where it stays so."""
    fields = change_fields.own(ctx, member.org_path)
    held = field_values.stored(ctx, [member.id]).get(member.id, {}) if fields else {}
    begins: dict[str, Any] = {"interests": member.interests, "version": member.version}
    begins |= {f"fields.{key}": value for key, value in form_values(fields, held).items()}
    return BoundForm(with_fields(OwnContactForm, fields, editing=True), data=begins)


@pages.get("/me/records/<uuid:member_id>/ask")
@signed_in
def ask(member_id: UUID) -> ResponseReturnValue:
    """The form in which changes are asked for; first the choice of what is to be changed."""
    ctx, member = inside(member_id)
    items = _items()
    if not items:
        facts = [fact for fact in own_record.view(ctx, member).facts if fact.way == "ask"]
        return render_template("people/own/choose.html", member=member, facts=facts)
    return render_template(ASK, form=_ask_form(ctx, member, items), member=member, items=items)


@pages.post("/me/records/<uuid:member_id>/ask")
@signed_in
def send(member_id: UUID) -> ResponseReturnValue:
    """Ask for changes."""
    ctx, member = inside(member_id)
    items = _items()
    if not items:
        raise NotFound(NOTHING)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        with _proofs(data, items) as proofs:
            store = rt.runtime().store
            wanted = [
                Wanted(
                    item,
                    {field: data[field] for field in rules.fields_of(item)},
                    data[f"{item}_reason"],
                    change_proofs.keep_proof(ctx, member, store, proofs[item]) if item in proofs else None,
                )
                for item in items
            ]
            made = changes.ask(ctx, member_id, wanted)
        return done(lazy("Your request has been handed in."), "people_own_pages.request", request_id=made.id)

    return submit(BoundForm(ask_schema(items, _now(ctx, member, items))), use, ASK, member=member, items=items)


def _items() -> list[str]:
    """What the address names that can be asked for, in the order of the record."""
    named = set(request.args.getlist("item"))
    return [item for item in rules.ASKED if item in named]


def _ask_form(ctx: Context, member: Member, items: Sequence[str]) -> BoundForm:
    """Begins with what the record says; what is sensitive is typed anew."""
    held = {
        field: getattr(member, field) for item in items for field in rules.fields_of(item) if field != "document_number"
    }
    return BoundForm(ask_schema(items, _now(ctx, member, items)), data=held)


def _now(ctx: Context, member: Member, items: Sequence[str]) -> dict[str, str]:
    path = member.org_path
    return {item: change_values.readable(ctx, path, item, change_values.current(ctx, member, item)) for item in items}


@contextmanager
def _proofs(data: dict[str, Any], items: Sequence[str]) -> Iterator[dict[str, Any]]:
    limit, found = rt.runtime().settings.upload_limit, dict[str, Any]()
    with ExitStack() as stack:
        for item in items:
            key = f"{item}_proof"
            upload = stack.enter_context(received(data.get(key), key, max_bytes=limit, allowed=DOCUMENT_TYPES))
            if upload is not None:
                found[item] = upload
        yield found


@pages.get("/me/records/<uuid:member_id>/timeline")
@signed_in
def life(member_id: UUID) -> ResponseReturnValue:
    """One's own life as the organisations know it, in one line of days."""
    ctx, member = inside(member_id)
    page = request.args.get("page", 1, type=int)
    line = timeline.of_person(ctx, member.person_id, page=page)
    return render_template("people/own/timeline.html", line=line, member=member)


@pages.get("/me/records/<uuid:member_id>/correct")
@signed_in
def correct(member_id: UUID) -> ResponseReturnValue:
    """The form in which a record that the branch returned is corrected."""
    ctx, member = inside(member_id)
    found = own_review.objections(ctx, member)
    if not found:
        return redirect(url_for("people_own_pages.record", member_id=member_id), 303)
    return render_template(CORRECT, form=_correction(member, found), member=member, objections=_said(found))


@pages.post("/me/records/<uuid:member_id>/correct")
@signed_in
def hand_in(member_id: UUID) -> ResponseReturnValue:
    """Correct a returned record and hand it in again."""
    ctx, member = inside(member_id)
    found = own_review.objections(ctx, member)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        version = data.pop("version")
        typed = {field: value for field, value in data.items() if value or field not in SEALED}
        own_review.correct(ctx, member_id, typed, version)
        return done(lazy("Your record has been handed in again."), "people_own_pages.record", member_id=member_id)

    return submit(_correction(member, found), use, CORRECT, member=member, objections=_said(found))


def _correction(member: Member, found: Mapping[str, str]) -> BoundForm:
    """Begins with what the record says; what is sensitive is typed anew, or stays."""
    fields = [field for item in found for field in rules.fields_of(item)]
    held = {field: getattr(member, field) for field in fields if field not in SEALED}
    return BoundForm(correct_schema(list(found)), data={**held, "version": member.version})


def _said(found: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(translate(rules.LABELS[item]), reason) for item, reason in found.items()]


@pages.get("/me/changes")
@signed_in
def listing() -> ResponseReturnValue:
    """What one changed and asked for, and where it stands."""
    ctx = rt.current()
    ids = [member.id for member in own.records(ctx)]
    view = present(
        ctx.session,
        change_lists.OWN_CHANGES,
        request.args,
        MemberChange.member_id.in_(ids),
        url=url_for("people_own_pages.listing"),
        links={"item": _to_request},
        empty=lazy("You have not changed or asked for anything yet."),
        count=False,
    )
    return render_template("people/own/changes.html", view=view, ids=ids), view.status


def _to_request(row: Any) -> str | None:
    return url_for("people_own_pages.request", request_id=row["request_id"]) if row["request_id"] else None


@pages.get("/me/changes/<uuid:request_id>", endpoint="request")
@signed_in
def one(request_id: UUID) -> ResponseReturnValue:
    """A request of one's own: what was asked for, and the answer to each item."""
    ctx = request_inside(request_id)
    view = request_panel(ctx, request_id)
    form = BoundForm(Withdrawal(), data={"version": view.panel.version}, prefix="back") if view.panel.own else None
    return render_template(REQUEST, form=form, **_request(ctx, request_id, view))


@pages.post("/me/changes/<uuid:request_id>/withdraw")
@signed_in
def withdraw(request_id: UUID) -> ResponseReturnValue:
    """Take a request of one's own back."""
    ctx = request_inside(request_id)
    view = request_panel(ctx, request_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        changes.withdraw(ctx, request_id, **data)
        return done(lazy("The request has been withdrawn."), "people_own_pages.request", request_id=request_id)

    return submit(BoundForm(Withdrawal(), prefix="back"), use, REQUEST, **_request(ctx, request_id, view))


@pages.get("/me/changes/<uuid:request_id>/files/<uuid:file_id>")
@signed_in
def file(request_id: UUID, file_id: UUID) -> Response:
    """Fetch a proof of one's own."""
    ctx = request_inside(request_id)
    found = file_of(ctx, request_id, file_id)
    return attachment(found, found.name)


def _request(ctx: Context, request_id: UUID, view: Any) -> dict[str, Any]:
    changed = [change_values.told(ctx, row) for row in changes.of_request(ctx, request_id)]
    about = {"states": rules.STATES, "tones": rules.STATE_TONES, "own_files": "people_own_pages.file"}
    return {"view": view, "changed": changed, **about}
