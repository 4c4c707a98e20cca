"""Console pages for people who are not signed in: sign-in and registration."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import during_maintenance, public, signed_in
from banyan.kernel.errors import Invalid, TooManyTries
from banyan.modules.accounts.cookies import STEP_COOKIE, STEP_PATH, keep, signed_in_at, visitor
from banyan.modules.accounts.schemas import Code, Registration, SetUp, SignIn
from banyan.modules.accounts.services import identity, registration, sessions
from banyan.modules.accounts.services import sign_in as signing_in
from banyan.modules.accounts.services.entering import Entered
from banyan.modules.accounts.services.registration import Offer
from banyan.web.blueprint import safe_path
from banyan.web.forms import BoundForm
from banyan.web.pages import submit

REGISTER, SET_UP = "accounts/register.html", "accounts/set_up.html"


def add_public_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/sign-in", "sign_in", sign_in, methods=["GET"])
    pages.add_url_rule("/sign-in", "sign_in_try", try_sign_in, methods=["POST"])
    pages.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    pages.add_url_rule("/register", "register", register, methods=["GET"])
    pages.add_url_rule("/register", "register_code", enter_code, methods=["POST"])
    pages.add_url_rule("/register/account", "register_account", set_up, methods=["POST"])


@public
def sign_in() -> ResponseReturnValue:
    """The sign-in page; ``next`` is where it leads afterwards."""
    form = BoundForm(SignIn(), data={"next": safe_path(request.args.get("next"))})
    return render_template("accounts/sign_in.html", form=form)


@public
@during_maintenance
def try_sign_in() -> ResponseReturnValue:
    """Sign in."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        target = safe_path(data["next"])
        found = signing_in.sign_in(rt.current(), data["sign_in_name"], data["password"], visitor())
        if isinstance(found, Entered):
            return signed_in_at(found, target)
        response = make_response(redirect(url_for("accounts_pages.second_step", next=target), 303))
        keep(response, STEP_COOKIE, found.step, signing_in.STEP_LIFETIME, path=STEP_PATH)
        return response

    return submit(BoundForm(SignIn()), use, "accounts/sign_in.html")


@signed_in
@during_maintenance
def sign_out() -> ResponseReturnValue:
    """End this session."""
    sessions.sign_out(rt.current())
    response = make_response(redirect("/sign-in", 303))
    response.delete_cookie(identity.SESSION_COOKIE, path="/", httponly=True, samesite="Lax")
    return response


@public
def register() -> ResponseReturnValue:
    """The first step of registering: the code."""
    return render_template(REGISTER, form=BoundForm(Code()))


@public
def enter_code() -> ResponseReturnValue:
    """Show what a code gives, with the form of the account."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        offer = registration.look_up(rt.current(), data["code"], visitor())
        return render_template(SET_UP, form=_set_up_form(offer, data["code"]), offer=offer)

    return submit(BoundForm(Code()), use, REGISTER)


@public
def set_up() -> ResponseReturnValue:
    """Set up the account a code gives, and sign in."""
    typed = request.form.get("code", "")
    try:
        offer = registration.look_up(rt.current(), typed, visitor())
    except (Invalid, TooManyTries) as error:
        form = BoundForm(Code(), data={"code": typed})
        form.refuse(error)
        return render_template(REGISTER, form=form), 422

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        return signed_in_at(registration.redeem(rt.inside(offer.org), data.pop("code"), data, visitor()), "/")

    return submit(_set_up_form(offer, typed), use, SET_UP, offer=offer)


def _set_up_form(offer: Offer, code: str) -> BoundForm:
    schema = SetUp() if offer.sign_in_name else Registration()
    return BoundForm(schema.knowing([offer.org_name, offer.sign_in_name]), data={"code": code})
