"""The REST API of accounts. Tokens are made in the console only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission, signed_in
from banyan.kernel.context import Context
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.accounts import lists, permissions
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.schemas import (
    AccountDetail,
    AccountEdit,
    CodeDetail,
    CodeIssue,
    HeldRoles,
    IssuedDetail,
    MeDetail,
    ProfileEdit,
)
from banyan.modules.accounts.services import accounts, codes, profile
from banyan.modules.accounts.services.subjects import me
from banyan.modules.tenancy.models import Org

api = Blueprint("accounts_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Accounts")
own = Blueprint("me_api", __name__, url_prefix="/api/v1/me", description="One's own account")
READ, CREATE = permissions.ACCOUNT_READ.name, permissions.ACCOUNT_CREATE.name
UPDATE = permissions.ACCOUNT_UPDATE.name


def shown(ctx: Context, account: Account) -> dict[str, Any]:
    """An account as `MeDetail` shows it; `AccountDetail` leaves out what is one's own."""
    home = ctx.session.get_one(Org, account.org_id)
    keys = [key for key in MeDetail().fields if key != "home"]
    return {**{key: getattr(account, key) for key in keys}, "home": {"code": home.code, "name": home.name}}


@api.route("/accounts")
class Accounts(MethodView):
    """Accounts of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.ACCOUNTS))
    @api.response(200, api_lists.page_schema(lists.ACCOUNTS))
    @permission(READ)
    def get(self) -> Response:
        """List the accounts of the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, READ, Account.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.ACCOUNTS, seen, may=lambda name: may(ctx, name))


@api.route("/accounts/<uuid:account_id>")
class OneAccount(MethodView):
    """An account of the organisation or of one below."""

    @api.response(200, AccountDetail)
    @permission(READ)
    def get(self, account_id: UUID) -> dict[str, Any]:
        """Show an account"""
        ctx = current()
        return shown(ctx, accounts.find(ctx, account_id))

    @api.arguments(AccountEdit(partial=True))
    @api.response(200, AccountDetail)
    @permission(UPDATE)
    def patch(self, data: dict[str, Any], account_id: UUID) -> dict[str, Any]:
        """Edit an account, never one's own nor that of somebody who holds a role beyond one's reach"""
        ctx = current()
        return shown(ctx, accounts.edit(ctx, account_id, data))


@api.route("/accounts/<uuid:account_id>/suspend")
class Suspension(MethodView):
    """Keeping an account out."""

    @api.response(200, AccountDetail)
    @permission(UPDATE)
    def post(self, account_id: UUID) -> dict[str, Any]:
        """Suspend an account; its sessions end at once"""
        ctx = current()
        return shown(ctx, accounts.suspend(ctx, account_id))


@api.route("/accounts/<uuid:account_id>/restore")
class Restoration(MethodView):
    """Letting an account in again."""

    @api.response(200, AccountDetail)
    @permission(UPDATE)
    def post(self, account_id: UUID) -> dict[str, Any]:
        """Restore a suspended account"""
        ctx = current()
        return shown(ctx, accounts.restore(ctx, account_id))


@api.route("/registration-codes")
class Codes(MethodView):
    """Registration codes of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.CODES))
    @api.response(200, api_lists.page_schema(lists.CODES))
    @permission(READ)
    def get(self) -> Response:
        """List registration codes, without the codes themselves"""
        ctx = current()
        seen = visible(ctx, READ, RegistrationCode.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.CODES, seen, may=lambda name: may(ctx, name))

    @api.arguments(CodeIssue)
    @api.response(201, IssuedDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Issue a registration code for an account at the organisation; the code is shown this once"""
        issued = codes.issue(current(), **data)
        row = issued.row
        shown_once = {
            "id": row.id,
            "code": issued.code,
            "role": row.role,
            "reach": row.reach,
            "note": row.note,
            "expires_at": row.expires_at,
            "register_at": runtime().settings.public_url + url_for("accounts_pages.register"),
        }
        return shown_once, 201, {"Cache-Control": "no-store"}


@api.route("/registration-codes/<uuid:code_id>/withdraw")
class CodeWithdrawal(MethodView):
    """Taking a code back."""

    @api.response(200, CodeDetail)
    @permission(CREATE)
    def post(self, code_id: UUID) -> RegistrationCode:
        """Withdraw a registration code that has not been used"""
        return codes.withdraw(current(), code_id)


@own.route("")
class Me(MethodView):
    """One's own account."""

    @own.response(200, MeDetail)
    @signed_in
    def get(self) -> dict[str, Any]:
        """Show one's own account"""
        ctx = current()
        return shown(ctx, me(ctx))

    @own.arguments(ProfileEdit(partial=True))
    @own.response(200, MeDetail)
    @signed_in
    def patch(self, data: dict[str, Any]) -> dict[str, Any]:
        """Edit one's own name, phone and language"""
        ctx = current()
        return shown(ctx, profile.edit(ctx, data))


@own.route("/grants")
class MyGrants(MethodView):
    """What one may do where."""

    @own.response(200, HeldRoles)
    @signed_in
    def get(self) -> dict[str, Any]:
        """List the roles one holds now"""
        return {"items": profile.own_roles(current())}
