"""Console pages for people who are not signed in: second step, report of theft, one-time codes, strength meter."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import during_maintenance, public
from banyan.kernel.i18n import lazy
from banyan.modules.accounts import strength
from banyan.modules.accounts.cookies import STEP_COOKIE, STEP_PATH, signed_in_at, visitor
from banyan.modules.accounts.security_schemas import Reset, SecondStep, TheftReport
from banyan.modules.accounts.services import resets, theft
from banyan.modules.accounts.services import sign_in as signing_in
from banyan.web.blueprint import safe_path
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

SECOND, THEFT, RESET = "accounts/second_step.html", "accounts/report_theft.html", "accounts/reset.html"
LONGEST_TYPED = 500


def add_public_security_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/sign-in/code", "second_step", second_step, methods=["GET"])
    pages.add_url_rule("/sign-in/code", "second_step_try", try_second_step, methods=["POST"])
    pages.add_url_rule("/report-theft", "report_theft", report, methods=["GET"])
    pages.add_url_rule("/report-theft", "report_theft_try", try_report, methods=["POST"])
    pages.add_url_rule("/report-theft/done", "theft_reported", reported, methods=["GET"])
    pages.add_url_rule("/reset-password", "reset_password", reset, methods=["GET"])
    pages.add_url_rule("/reset-password", "reset_password_try", try_reset, methods=["POST"])
    pages.add_url_rule("/password-strength", "password_strength", password_strength, methods=["POST"])


@public
def second_step() -> ResponseReturnValue:
    """The form of the code that follows the password."""
    if STEP_COOKIE not in request.cookies:
        return make_response(redirect(url_for("accounts_pages.sign_in"), 303))
    form = BoundForm(SecondStep(), data={"next": safe_path(request.args.get("next"))})
    return render_template(SECOND, form=form)


@public
@during_maintenance
def try_second_step() -> ResponseReturnValue:
    """Sign in with the code."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        step = request.cookies.get(STEP_COOKIE, "")
        entered = signing_in.second_step(rt.current(), step, data["code"], visitor(), trust=data["trust"])
        response = signed_in_at(entered, safe_path(data["next"]))
        response.delete_cookie(STEP_COOKIE, path=STEP_PATH, httponly=True, samesite="Lax")
        return response

    return submit(BoundForm(SecondStep()), use, SECOND)


@public
def report() -> ResponseReturnValue:
    """The form that freezes an account from outside."""
    return render_template(THEFT, form=BoundForm(TheftReport()))


@public
@during_maintenance
def try_report() -> ResponseReturnValue:
    """Freeze an account from outside."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        account = theft.proved(rt.current(), data["sign_in_name"], data["proof"], visitor())
        theft.report(rt.inside(account.org), account, visitor())
        return make_response(redirect(url_for("accounts_pages.theft_reported"), 303))

    return submit(BoundForm(TheftReport()), use, THEFT)


@public
def reported() -> ResponseReturnValue:
    """What happens after a report."""
    return render_template("accounts/theft_reported.html")


@public
def reset() -> ResponseReturnValue:
    """The form of a new password with a one-time code."""
    return render_template(RESET, form=BoundForm(Reset()))


@public
def try_reset() -> ResponseReturnValue:
    """Set a new password with a one-time code."""
    form = BoundForm(Reset())

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        home = resets.look_up(rt.current(), data["sign_in_name"], data["code"], visitor())
        resets.redeem(rt.inside(home), data, visitor())
        return done(lazy("The new password is set. Sign in with it now."), "accounts_pages.sign_in")

    return submit(form, use, RESET)


@public
def password_strength() -> ResponseReturnValue:
    """The meter below a new password, judged by the very rules that will be applied."""
    typed = request.form.get("password", "")[:LONGEST_TYPED]
    about = [request.form.get(key, "")[:100] for key in ("sign_in_name", "display_name", "phone")]
    reasons = strength.problems(typed, about) if typed else []
    score = min(strength.score(typed, about), 2 if reasons else 4)
    return render_template(
        "accounts/_strength.html", score=score, label=strength.LEVELS[score], reasons=reasons, typed=typed
    )
