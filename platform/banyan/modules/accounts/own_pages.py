"""Console pages of one's own account: profile, password, sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import signed_in
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.rules import browser_name
from banyan.modules.accounts.schemas import PasswordChange, ProfileEdit
from banyan.modules.accounts.services import identity, profile, sessions
from banyan.modules.accounts.services.subjects import about
from banyan.modules.accounts.services.subjects import me as own_account
from banyan.modules.tenancy.models import Org
from banyan.web.blueprint import language_chosen
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

ME, PASSWORD = "accounts/me.html", "accounts/password.html"


def add_own_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/me/account", "me", me, methods=["GET"])
    pages.add_url_rule("/me/account", "me_update", update, methods=["POST"])
    pages.add_url_rule("/me/password", "password", password, methods=["GET"])
    pages.add_url_rule("/me/password", "password_update", change_password, methods=["POST"])
    pages.add_url_rule("/me/sessions", "sessions", list_sessions, methods=["GET"])
    pages.add_url_rule("/me/sessions/<uuid:session_id>/end", "session_end", end_session, methods=["POST"])
    pages.add_url_rule("/me/sessions/end-others", "sessions_end_others", end_others, methods=["POST"])


@signed_in
def me() -> ResponseReturnValue:
    """One's own account and the roles it holds."""
    return render_template(ME, form=BoundForm(ProfileEdit(), obj=own_account(rt.current())), **_about())


@signed_in
def update() -> ResponseReturnValue:
    """Edit one's own name, phone and language."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        profile.edit(rt.current(), data)
        return done(lazy("Saved."), "accounts_pages.me")

    return submit(BoundForm(ProfileEdit()), use, ME, **_about())


def _about() -> dict[str, Any]:
    ctx = rt.current()
    account = own_account(ctx)
    return {
        "account": account,
        "home": ctx.session.get_one(Org, account.org_id),
        "roles": profile.own_roles(ctx),
    }


@signed_in
def password() -> ResponseReturnValue:
    """The form of a new password."""
    return render_template(PASSWORD, form=BoundForm(PasswordChange()), **_password_due())


@signed_in
def change_password() -> ResponseReturnValue:
    """Change one's own password."""

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        ended = profile.change_password(rt.current(), data["old_password"], data["password"])
        message = lazy("The password has been changed. Other sessions that ended: %(n)s.", n=ended)
        return done(message, "accounts_pages.me")

    ctx = rt.current()
    schema = PasswordChange().knowing(about(ctx, own_account(ctx)))
    return submit(BoundForm(schema), use, PASSWORD, **_password_due())


def _password_due() -> dict[str, Any]:
    """Why a new password has to be set before anything else, if it has."""
    return {"asked": own_account(rt.current()).password_due}


@signed_in
def list_sessions() -> ResponseReturnValue:
    """Where one is signed in."""
    ctx = rt.current()
    return render_template(
        "accounts/sessions.html",
        sessions=sessions.live(ctx),
        present=ctx.actor.credential_id,
        browser_name=browser_name,
    )


@signed_in
def end_session(session_id: UUID) -> ResponseReturnValue:
    """End one of one's own sessions."""
    sessions.end(rt.current(), session_id)
    return done(lazy("The session has ended."), "accounts_pages.sessions")


@signed_in
def end_others() -> ResponseReturnValue:
    """End all of one's own sessions but this one."""
    ended = sessions.end_others(rt.current())
    return done(lazy("Sessions that ended: %(n)s.", n=ended), "accounts_pages.sessions")


@language_chosen.connect
def keep_language(_sender: object, lang: str) -> None:
    """Keep the language chosen in the menu with the account, if somebody is signed in. The menu's view is public."""
    cookie = request.cookies.get(identity.SESSION_COOKIE)
    if not cookie:
        return
    ctx, runtime = rt.current(), rt.runtime()
    connection = ctx.session.connection()
    found = identity.by_session(connection, cookie, ctx.clock.now(), runtime.settings.session_idle)
    if found is not None:
        profile.choose_language(ctx.session, found.account_id, lang)
