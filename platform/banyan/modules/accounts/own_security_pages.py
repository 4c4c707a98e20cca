"""Console pages about the safety of one's own account: second factor, browsers, sign-ins, report of theft."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import during_maintenance, signed_in
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.rules import browser_name
from banyan.modules.accounts.security_lists import OWN_SIGN_INS
from banyan.modules.accounts.security_models import SignIn
from banyan.modules.accounts.security_schemas import Confirmation, FactorCode
from banyan.modules.accounts.services import devices, identity, proof, second_factor, theft
from banyan.web.blueprint import safe_path
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit
from banyan.web.tables import present

SET_UP, CONFIRM = "accounts/second_factor.html", "accounts/confirm.html"


def add_own_security_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/me/security", "security", security, methods=["GET"])
    pages.add_url_rule("/me/sign-ins", "sign_ins", sign_ins, methods=["GET"])
    pages.add_url_rule("/me/confirm", "confirm", confirm, methods=["GET"])
    pages.add_url_rule("/me/confirm", "confirm_try", try_confirm, methods=["POST"])
    pages.add_url_rule("/me/second-factor", "second_factor_begin", begin, methods=["POST"])
    pages.add_url_rule("/me/second-factor/set-up", "second_factor_set_up", set_up, methods=["GET"])
    pages.add_url_rule("/me/second-factor/set-up", "second_factor_confirm", confirm_factor, methods=["POST"])
    pages.add_url_rule("/me/second-factor/codes", "recovery_codes_draw", draw_codes, methods=["POST"])
    pages.add_url_rule("/me/second-factor/remove", "second_factor_remove", remove, methods=["POST"])
    pages.add_url_rule("/me/devices/<uuid:device_id>/acknowledge", "device_acknowledge", acknowledge, methods=["POST"])
    pages.add_url_rule("/me/report-theft", "theft_own", report_theft, methods=["POST"])


@signed_in
def security() -> ResponseReturnValue:
    """Second factor, new browsers, and the button that freezes the account."""
    ctx = rt.current()
    return render_template(
        "accounts/security.html",
        factor=second_factor.state(ctx),
        devices=devices.untold(ctx),
        browser_name=browser_name,
    )


@signed_in
def sign_ins() -> ResponseReturnValue:
    """Who got in to one's own account from where, and who was kept out."""
    ctx = rt.current()
    view = present(
        ctx.session,
        OWN_SIGN_INS,
        request.args,
        SignIn.account_id == ctx.actor.account_id,
        url=url_for("accounts_pages.sign_ins"),
        empty=lazy("No sign-ins yet."),
    )
    return render_template("accounts/own_sign_ins.html", view=view), view.status


@signed_in
def confirm() -> ResponseReturnValue:
    """The form in which one proves again who one is; ``next`` is where it leads afterwards."""
    form = BoundForm(Confirmation(), data={"next": safe_path(request.args.get("next"))})
    return render_template(CONFIRM, form=form)


@signed_in
@during_maintenance
def try_confirm() -> ResponseReturnValue:
    """Prove again who one is."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        proof.confirm(rt.current(), data["password"], data["code"])
        flash(str(lazy("Confirmed. You can go on now.")), "ok")
        return make_response(redirect(safe_path(data["next"]), 303))

    return submit(BoundForm(Confirmation()), use, CONFIRM)


@signed_in
def begin() -> ResponseReturnValue:
    """Begin to set up the second factor."""
    second_factor.begin(rt.current())
    return make_response(redirect(url_for("accounts_pages.second_factor_set_up"), 303))


@signed_in
def set_up() -> ResponseReturnValue:
    """What the app has to scan, and the form of its first code."""
    found = second_factor.pending(rt.current())
    if found is None:
        return make_response(redirect(url_for("accounts_pages.security"), 303))
    return render_template(SET_UP, form=BoundForm(FactorCode()), factor=found)


@signed_in
def confirm_factor() -> ResponseReturnValue:
    """Switch the second factor on, and show the recovery codes this once."""
    ctx = rt.current()
    found = second_factor.pending(ctx)
    if found is None:
        return make_response(redirect(url_for("accounts_pages.security"), 303))

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        return render_template("accounts/recovery_codes.html", codes=second_factor.confirm(ctx, data["code"]))

    return submit(BoundForm(FactorCode()), use, SET_UP, factor=found)


@signed_in
def draw_codes() -> ResponseReturnValue:
    """New recovery codes, shown this once."""
    return render_template("accounts/recovery_codes.html", codes=second_factor.draw_codes(rt.current()))


@signed_in
def remove() -> ResponseReturnValue:
    """Switch the second factor off."""
    second_factor.remove(rt.current())
    return done(lazy("The second factor has been removed."), "accounts_pages.security")


@signed_in
def acknowledge(device_id: UUID) -> ResponseReturnValue:
    """ "That was me." """
    devices.acknowledge(rt.current(), device_id)
    return done(lazy("Thank you. You will not be told of this browser again."), "accounts_pages.security")


@signed_in
def report_theft() -> ResponseReturnValue:
    """Freeze one's own account."""
    theft.report_own(rt.current())
    response = make_response(redirect(url_for("accounts_pages.theft_reported"), 303))
    response.delete_cookie(identity.SESSION_COOKIE, path="/", httponly=True, samesite="Lax")
    return response
