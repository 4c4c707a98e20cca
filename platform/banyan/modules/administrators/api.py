"""The REST API of applications for administrator accounts. Decisions are made through the API of approvals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.files import sniff
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.administrators import lists, permissions
from banyan.modules.administrators.models import AdministratorApplication, AdministratorKey
from banyan.modules.administrators.schemas import (
    Application,
    ApplicationDetail,
    ApplicationEdit,
    ApplicationMade,
    InvitationDetail,
    InvitationMade,
    Invite,
    ReceiptDetail,
    Scan,
)
from banyan.modules.administrators.services import applications, keys, opening, standing
from banyan.modules.tasks.downloads import BYTES, attachment

api = Blueprint(
    "administrators_api",
    __name__,
    url_prefix="/api/v1/orgs/<code>/administrator-applications",
    description="Applications for administrator accounts",
)
READ, CREATE = permissions.READ.name, permissions.CREATE.name
ONCE = {"Cache-Control": "no-store"}


def shown(ctx: Context, application: AdministratorApplication, **more: Any) -> dict[str, Any]:
    """An application as `ApplicationDetail` shows it."""
    names = [name for name in ApplicationDetail().fields if name != "organisation"]
    held = {name: getattr(application, name) for name in names}
    return {**held, "organisation": standing.org_of(ctx, application.org).code, **more}


def _door() -> str:
    return runtime().settings.public_url + url_for("administrators_pages.door")


@api.route("")
class Applications(MethodView):
    """Applications of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.APPLICATIONS))
    @api.response(200, api_lists.page_schema(lists.APPLICATIONS))
    @permission(READ)
    def get(self) -> Response:
        """List applications for administrator accounts"""
        ctx = current()
        seen = visible(ctx, READ, AdministratorApplication.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.APPLICATIONS, seen, may=lambda name: may(ctx, name))

    @api.arguments(Application)
    @api.response(201, ApplicationMade)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Fill in an application of this organisation; the receipt code is shown this once"""
        ctx = current()
        application, receipt = applications.create(ctx, data)
        return shown(ctx, application, receipt=receipt), 201, ONCE


@api.route("/<uuid:application_id>")
class OneApplication(MethodView):
    """An application of the organisation or of one below."""

    @api.response(200, ApplicationDetail)
    @permission(READ)
    def get(self, application_id: UUID) -> dict[str, Any]:
        """Show an application"""
        ctx = current()
        return shown(ctx, applications.find(ctx, application_id))

    @api.arguments(ApplicationEdit(partial=list(Application().fields)))
    @api.response(200, ApplicationDetail)
    @permission(CREATE)
    def patch(self, data: dict[str, Any], application_id: UUID) -> dict[str, Any]:
        """Correct an application that was not sent yet or has been returned"""
        ctx = current()
        application = applications.own(ctx, application_id)
        applications.edit(ctx, application, data)
        return shown(ctx, application)


@api.route("/<uuid:application_id>/scan")
class SealedForm(MethodView):
    """The sealed form."""

    @api.doc(responses={"200": BYTES})
    @permission(READ)
    def get(self, application_id: UUID) -> Response:
        """Fetch the sealed form, as an attachment"""
        ctx = current()
        return attachment(applications.scan_of(ctx, applications.find(ctx, application_id)))

    @api.arguments(Scan, location="files")
    @api.response(200, ApplicationDetail)
    @permission(CREATE)
    def post(self, data: dict[str, Any], application_id: UUID) -> dict[str, Any]:
        """Add the sealed form: PDF, PNG or JPG"""
        ctx, held = current(), runtime()
        application = applications.own(ctx, application_id)
        found = sniff(data["file"], "file", max_bytes=held.settings.upload_limit, allowed=applications.SCANS)
        applications.attach(ctx, application, held.store, found)
        return shown(ctx, application)


@api.route("/<uuid:application_id>/send")
class Sending(MethodView):
    """Sending an application."""

    @api.response(200, ApplicationDetail)
    @permission(CREATE)
    def post(self, application_id: UUID) -> dict[str, Any]:
        """Send an application to the organisation directly above, for the first time or again"""
        ctx = current()
        application = applications.own(ctx, application_id)
        applications.send(ctx, application)
        return shown(ctx, application)


@api.route("/<uuid:application_id>/withdraw")
class Withdrawal(MethodView):
    """Taking an application back."""

    @api.response(200, ApplicationDetail)
    @permission(CREATE)
    def post(self, application_id: UUID) -> dict[str, Any]:
        """Withdraw an application that has not been decided"""
        ctx = current()
        application = applications.own(ctx, application_id)
        applications.withdraw(ctx, application)
        return shown(ctx, application)


@api.route("/<uuid:application_id>/receipt")
class Receipt(MethodView):
    """A receipt code in the place of a lost one."""

    @api.response(201, ReceiptDetail)
    @permission(CREATE)
    def post(self, application_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Give out a new receipt code; only the organisation above may"""
        ctx = current()
        code = applications.new_receipt(ctx, applications.own(ctx, application_id))
        return {"receipt": code, "follow_at": _door()}, 201, ONCE


@api.route("/<uuid:application_id>/renew")
class Renewal(MethodView):
    """A set-up code that has expired."""

    @api.response(200, ApplicationDetail)
    @permission(CREATE)
    def post(self, application_id: UUID) -> dict[str, Any]:
        """Make the set-up code valid for another 20 days; only the organisation above may"""
        ctx = current()
        application = applications.own(ctx, application_id)
        opening.renew(ctx, application)
        return shown(ctx, application)


@api.route("/invitations")
class Invitations(MethodView):
    """Invitations for the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(lists.INVITATIONS))
    @api.response(200, api_lists.page_schema(lists.INVITATIONS))
    @permission(READ)
    def get(self) -> Response:
        """List invitations to apply, without the codes"""
        ctx = current()
        seen = visible(ctx, READ, AdministratorKey.org_path, within=ctx.here)
        only = AdministratorKey.kind == "invitation"
        return api_lists.respond(ctx.session, lists.INVITATIONS, seen, only, may=lambda name: may(ctx, name))

    @api.arguments(Invite)
    @api.response(201, InvitationMade)
    @permission(CREATE)
    def post(self, data: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Invite a person of this organisation to fill in its application; the code is shown this once"""
        made = keys.invite(current(), **data)
        row = made.row
        once = {"id": row.id, "code": made.code, "note": row.note, "expires_at": row.expires_at, "apply_at": _door()}
        return once, 201, ONCE


@api.route("/invitations/<uuid:key_id>/withdraw")
class InvitationWithdrawal(MethodView):
    """Taking an invitation back."""

    @api.response(200, InvitationDetail)
    @permission(CREATE)
    def post(self, key_id: UUID) -> AdministratorKey:
        """Withdraw an invitation that has not been used"""
        return keys.withdraw(current(), key_id)
