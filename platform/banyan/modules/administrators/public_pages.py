"""Pages for the person of a lower organisation who has no account yet: fill in, print, send, follow (ORG-02).

An invitation code opens the form once; a receipt code opens the application. Which one is open is kept in the signed
form cookie for a few hours; a receipt that was replaced meanwhile opens nothing any more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import public
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound, Refused, TooManyTries
from banyan.kernel.i18n import lazy, translate
from banyan.modules.accounts.cookies import visitor
from banyan.modules.administrators.events import STATES
from banyan.modules.administrators.forms import edit_form, form_of, keep_scan
from banyan.modules.administrators.lists import TONES
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.administrators.schemas import InvitedApplication, KeyCode, ScanForm
from banyan.modules.administrators.services import applications, following, keys, standing
from banyan.modules.administrators.services.keys import Door
from banyan.modules.tasks.downloads import attachment
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

DOOR, FORM, STATE = "administrators/door.html", "administrators/apply.html", "administrators/state.html"
KEPT, KEPT_FOR = "administrator_receipt", timedelta(hours=4)
FOLLOW = "administrators_pages.follow"


def add_public_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    for rule, endpoint, view, method in (
        ("/apply", "door", door, "GET"),
        ("/apply", "enter", enter, "POST"),
        ("/apply/new", "apply", apply, "POST"),
        ("/apply/application", "follow", follow, "GET"),
        ("/apply/application/edit", "correct", correct, "GET"),
        ("/apply/application/edit", "corrected", corrected, "POST"),
        ("/apply/application/print", "sheet", sheet, "GET"),
        ("/apply/application/scan", "own_scan", own_scan, "GET"),
        ("/apply/application/scan", "upload", upload, "POST"),
        ("/apply/application/send", "hand_in", hand_in, "POST"),
        ("/apply/application/withdraw", "take_back", take_back, "POST"),
        ("/apply/application/code", "set_up_code", set_up_code, "POST"),
        ("/apply/leave", "leave", leave, "POST"),
    ):
        pages.add_url_rule(rule, endpoint, view, methods=[method])


@public
def door() -> ResponseReturnValue:
    """Where an invitation or a receipt code is entered."""
    return render_template(DOOR, form=BoundForm(KeyCode()))


@public
def enter() -> ResponseReturnValue:
    """An invitation leads to the form, a receipt to the application."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        found = keys.look_up(rt.current(), data["code"], visitor())
        if found.kind == "receipt":
            _keep(found.key_id)
            return redirect(url_for(FOLLOW), 303)
        ctx = _inside(found)
        form = form_of(ctx, {"code": data["code"]}, InvitedApplication())
        return render_template(FORM, form=form, reasons=standing.against(ctx, found.org), **_around(ctx))

    return submit(BoundForm(KeyCode()), use, DOOR)


@public
def apply() -> ResponseReturnValue:
    """Fill in the application of an invitation; the receipt code is shown this once."""
    typed = request.form.get("code", "")
    try:
        found = keys.look_up(rt.current(), typed, visitor())
        if found.kind != "invitation":
            raise keys.not_valid()
    except (Invalid, TooManyTries) as error:
        form = BoundForm(KeyCode(), data={"code": typed})
        form.refuse(error)
        return render_template(DOOR, form=form), 422
    ctx = _inside(found)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        application, receipt = applications.create_invited(ctx, data.pop("code"), data)
        ctx.session.flush()
        kept = keys.receipt_of(ctx, application)
        _keep(kept.id)
        address = rt.runtime().settings.public_url + url_for("administrators_pages.door")
        return render_template("administrators/applied.html", application=application, receipt=receipt, address=address)

    return submit(form_of(ctx, {}, InvitedApplication()), use, FORM, reasons=[], **_around(ctx))


@public
def follow() -> ResponseReturnValue:
    """Where the application stands, and what comes next."""
    opened = _opened()
    return _state(*opened) if opened else _to_door()


@public
def correct() -> ResponseReturnValue:
    """The form of a correction."""
    opened = _opened()
    if opened is None:
        return _to_door()
    ctx, application = opened
    return render_template("administrators/correct.html", form=edit_form(ctx, application), application=application)


@public
def corrected() -> ResponseReturnValue:
    """Correct the application."""
    opened = _opened()
    if opened is None:
        return _to_door()
    ctx, application = opened

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        applications.edit(ctx, application, data)
        return done(lazy("Saved."), FOLLOW)

    return submit(edit_form(ctx, application), use, "administrators/correct.html", application=application)


@public
def sheet() -> ResponseReturnValue:
    """The form to be printed and sealed."""
    opened = _opened()
    if opened is None:
        return _to_door()
    return render_template("administrators/sheet.html", p=following.progress(*opened), back=url_for(FOLLOW))


@public
def own_scan() -> ResponseReturnValue:
    """Fetch the sealed form that was uploaded."""
    opened = _opened()
    return attachment(applications.scan_of(*opened)) if opened else _to_door()


@public
def upload() -> ResponseReturnValue:
    """Add the sealed form."""
    opened = _opened()
    if opened is None:
        return _to_door()
    ctx, application = opened

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        keep_scan(ctx, application, data["scan"])
        return done(lazy("The sealed form is there."), FOLLOW)

    return submit(BoundForm(ScanForm()), use, STATE, **_about(ctx, application))


@public
def hand_in() -> ResponseReturnValue:
    """Send it to the organisation above."""
    return _act(applications.send, lazy("The application has been sent."))


@public
def take_back() -> ResponseReturnValue:
    """Withdraw it."""
    return _act(applications.withdraw, lazy("The application has been withdrawn."))


@public
def set_up_code() -> ResponseReturnValue:
    """Show the code with which the account is set up."""
    opened = _opened()
    if opened is None:
        return _to_door()
    ctx, application = opened
    try:
        code = following.set_up_code(ctx, application)
    except Refused as error:
        return _refused(opened, error)
    return render_template(STATE, form=BoundForm(ScanForm()), code=code, **_about(ctx, application))


@public
def leave() -> ResponseReturnValue:
    """Close the application on this device."""
    session.pop(KEPT, None)
    return _to_door()


def _act(service: Any, said: Any) -> ResponseReturnValue:
    opened = _opened()
    if opened is None:
        return _to_door()
    try:
        service(*opened)
    except Refused as error:
        return _refused(opened, error)
    return done(said, FOLLOW)


def _refused(opened: tuple[Context, AdministratorApplication], error: Refused) -> ResponseReturnValue:
    rt.leave(commit=False)
    opened[0].session.expire_all()
    return _state(*opened, reasons=[translate(reason) for reason in error.reasons])


def _state(
    ctx: Context, application: AdministratorApplication, reasons: list[str] | None = None
) -> ResponseReturnValue:
    html = render_template(STATE, form=BoundForm(ScanForm()), reasons=reasons or [], **_about(ctx, application))
    return html, 409 if reasons else 200


def _about(ctx: Context, application: AdministratorApplication) -> dict[str, Any]:
    return {"p": following.progress(ctx, application), "states": STATES, "tones": TONES}


def _around(ctx: Context) -> dict[str, Any]:
    upper = standing.upper_of(ctx, ctx.here)
    return {"org": standing.org_of(ctx, ctx.here), "upper": upper}


def _inside(found: Door) -> Context:
    """The request goes on inside the organisation of a code, with the visitor's address for the audit log."""
    state = rt.state()
    ctx = rt.inside(found.org)
    ctx = replace(ctx, actor=replace(ctx.actor, address=visitor().address))
    if state is not None:
        state.ctx = ctx
    return ctx


def _keep(key_id: UUID) -> None:
    until = rt.runtime().clock.now() + KEPT_FOR
    session[KEPT] = [str(key_id), until.isoformat()]


def _opened() -> tuple[Context, AdministratorApplication] | None:
    """The application whose receipt was entered in this browser a while ago."""
    kept = session.get(KEPT)
    if not isinstance(kept, list) or datetime.fromisoformat(kept[1]) <= rt.runtime().clock.now():
        return None
    found = keys.reopen(rt.current(), UUID(kept[0]))
    if found is None:
        return None
    ctx = _inside(found)
    try:
        return ctx, following.behind(ctx, found)
    except NotFound:
        return None


def _to_door() -> Response:
    answer: Response = redirect(url_for("administrators_pages.door"), 303)  # type: ignore[assignment]
    return answer
