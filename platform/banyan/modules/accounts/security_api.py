"""REST views about signing in: one's own sessions and sign-ins; of administrators who is online, the log, the check-up.

What changes one's own credentials (password, second factor, tokens) is done in the console alone: it asks again who one
is, and a token proves nothing of the kind.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission, signed_in
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.accounts import permissions
from banyan.modules.accounts.api import shown
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.schemas import AccountDetail
from banyan.modules.accounts.security_lists import FINDINGS, ONLINE, OWN_SIGN_INS, SIGN_INS
from banyan.modules.accounts.security_models import SignIn
from banyan.modules.accounts.security_schemas import (
    CheckupCounts,
    Done,
    FactorState,
    Ids,
    ResetDetail,
    ResetIssue,
    SessionList,
)
from banyan.modules.accounts.services import checkup, online, resets, second_factor, sessions, theft

api = Blueprint("security_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Sign-in of others")
own = Blueprint("my_security_api", __name__, url_prefix="/api/v1/me", description="One's own sign-in")
READ, UPDATE = permissions.ACCOUNT_READ.name, permissions.ACCOUNT_UPDATE.name
SIGN_IN_READ, SESSION_END = permissions.SIGN_IN_READ.name, permissions.SESSION_END.name


@api.route("/sessions")
class Online(MethodView):
    """Who is signed in."""

    @api.doc(parameters=api_lists.parameters(ONLINE))
    @api.response(200, api_lists.page_schema(ONLINE))
    @permission(permissions.SESSION_READ.name)
    def get(self) -> Response:
        """List the live sessions of accounts of the organisation and those below it"""
        ctx = current()
        return api_lists.respond(ctx.session, ONLINE, online.shown(ctx), may=lambda name: may(ctx, name))


@api.route("/sessions/end")
class OnlineEnd(MethodView):
    """Signing several out."""

    @api.arguments(Ids)
    @api.response(200, Done)
    @permission(SESSION_END)
    def post(self, data: dict[str, Any]) -> dict[str, int]:
        """End several sessions"""
        done, left = online.end_several(current(), data["ids"])
        return {"done": done, "left": left}


@api.route("/sessions/<uuid:session_id>/end")
class OneSessionEnd(MethodView):
    """Signing one out."""

    @api.response(204)
    @permission(SESSION_END)
    def post(self, session_id: UUID) -> None:
        """End a session"""
        online.end(current(), session_id)


@api.route("/sign-ins")
class SignIns(MethodView):
    """The log of sign-ins."""

    @api.doc(parameters=api_lists.parameters(SIGN_INS))
    @api.response(200, api_lists.page_schema(SIGN_INS))
    @permission(SIGN_IN_READ)
    def get(self) -> Response:
        """List the sign-ins to accounts of the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, SIGN_IN_READ, Account.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, SIGN_INS, seen, may=lambda name: may(ctx, name))


@api.route("/security-checkup")
class Checkup(MethodView):
    """What is wrong with which accounts."""

    @api.response(200, CheckupCounts)
    @permission(UPDATE)
    def get(self) -> dict[str, int]:
        """Count the findings about accounts of the organisation and those below it"""
        return checkup.counts(current())


@api.route("/security-checkup/accounts")
class Findings(MethodView):
    """The accounts behind a count."""

    @api.doc(parameters=api_lists.parameters(FINDINGS))
    @api.response(200, api_lists.page_schema(FINDINGS))
    @permission(UPDATE)
    def get(self) -> Response:
        """List the accounts that a finding is about"""
        ctx = current()
        seen = visible(ctx, READ, Account.org_path, within=ctx.here)
        return api_lists.respond(
            ctx.session, FINDINGS, seen, Account.status == "active", may=lambda name: may(ctx, name)
        )


@api.route("/security-checkup/<string:action>")
class CheckupAct(MethodView):
    """Doing something about it."""

    @api.arguments(Ids)
    @api.response(200, Done)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], action: str) -> dict[str, int]:
        """Suspend several accounts, sign them out, ask them for a new password, or remind them"""
        done, left = checkup.act(current(), action, data["ids"])
        return {"done": done, "left": left}


@api.route("/accounts/<uuid:account_id>/reset-code")
class ResetCodes(MethodView):
    """Helping somebody in again."""

    @api.arguments(ResetIssue)
    @api.response(201, ResetDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], account_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Issue a one-time code for a new password, also for a frozen account; it is shown this once"""
        drawn = resets.issue(current(), account_id, second_factor_too=data["second_factor"])
        address = runtime().settings.public_url + url_for("accounts_pages.reset_password")
        shown_once = {"code": drawn.code, "expires_at": drawn.expires_at, "redeem_at": address}
        return shown_once, 201, {"Cache-Control": "no-store"}


@api.route("/accounts/<uuid:account_id>/sign-out")
class AccountSignOut(MethodView):
    """Signing an account out."""

    @api.response(200, AccountDetail)
    @permission(UPDATE)
    def post(self, account_id: UUID) -> dict[str, Any]:
        """End all sessions of an account"""
        ctx = current()
        return shown(ctx, checkup.sign_out(ctx, account_id))


@own.route("/sessions")
class MySessions(MethodView):
    """Where one is signed in."""

    @own.response(200, SessionList)
    @signed_in
    def get(self) -> dict[str, Any]:
        """List one's own sessions"""
        return {"items": sessions.live(current())}


@own.route("/sessions/<uuid:session_id>/end")
class MySessionEnd(MethodView):
    """Signing oneself out elsewhere."""

    @own.response(204)
    @signed_in
    def post(self, session_id: UUID) -> None:
        """End one of one's own sessions"""
        sessions.end(current(), session_id)


@own.route("/sign-ins")
class MySignIns(MethodView):
    """One's own sign-ins."""

    @own.doc(parameters=api_lists.parameters(OWN_SIGN_INS))
    @own.response(200, api_lists.page_schema(OWN_SIGN_INS))
    @signed_in
    def get(self) -> Response:
        """List the sign-ins to one's own account"""
        ctx = current()
        return api_lists.respond(
            ctx.session, OWN_SIGN_INS, SignIn.account_id == ctx.actor.account_id, may=lambda _name: False
        )


@own.route("/second-factor")
class MyFactor(MethodView):
    """One's own second factor."""

    @own.response(200, FactorState)
    @signed_in
    def get(self) -> second_factor.State:
        """Say how one's own second factor stands"""
        return second_factor.state(current())


@own.route("/report-theft")
class MyTheft(MethodView):
    """Freezing one's own account."""

    @own.response(204)
    @signed_in
    def post(self) -> None:
        """Freeze one's own account; all sessions and tokens end, this one too"""
        theft.report_own(current())
