"""The REST API of members about their own data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import signed_in
from banyan.modules.privacy import schemas
from banyan.modules.privacy.api import detail
from banyan.modules.privacy.notice_models import Consent
from banyan.modules.privacy.own_pages import inside
from banyan.modules.privacy.services import consents, looks, requests
from banyan.modules.tasks.downloads import BYTES, attachment

api = Blueprint("privacy_own_api", __name__, url_prefix="/api/v1/me/privacy", description="One's own data")


@api.route("/looks")
class Looks(MethodView):
    """Who looked at one's sensitive data."""

    @api.response(200, schemas.LookDetail(many=True))
    @signed_in
    def get(self) -> Any:
        """List who looked at one's own sensitive data, and why"""
        ctx, member = inside()
        return looks.about(ctx, member.person_id)


@api.route("/requests")
class Requests(MethodView):
    """What one asked for."""

    @api.response(200, schemas.DataRequestDetail(many=True))
    @signed_in
    def get(self) -> list[dict[str, Any]]:
        """List what was asked for about one's own data"""
        ctx, member = inside()
        return [detail(one) for one in requests.mine(ctx, member.person_id)]


@api.route("/copy")
class Copy(MethodView):
    """A copy of everything held about oneself."""

    @api.response(201, schemas.DataRequestDetail)
    @signed_in
    def post(self) -> dict[str, Any]:
        """Ask for a copy of everything held about oneself"""
        ctx, member = inside()
        return detail(requests.ask_copy(ctx, member))


@api.route("/copies/<uuid:data_request_id>")
class CopyFile(MethodView):
    """The copy that was made."""

    @api.doc(responses={"200": BYTES})
    @signed_in
    def get(self, data_request_id: UUID) -> Response:
        """Fetch a copy of everything held about oneself, as an attachment"""
        ctx, _member = inside()
        found = requests.my_copy(ctx, data_request_id)
        return attachment(found, found.name)


@api.route("/erasure")
class Erasure(MethodView):
    """One's own erasure."""

    @api.arguments(schemas.ErasureAsk)
    @api.response(201, schemas.DataRequestDetail)
    @signed_in
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask to be erased; the organisation decides within 15 working days"""
        ctx, member = inside()
        return detail(requests.ask_erasure(ctx, member, data["reason"]))


@api.route("/consents")
class Consents(MethodView):
    """What one took note of and agreed to."""

    @api.response(200, schemas.PrivacyConsentDetail(many=True))
    @signed_in
    def get(self) -> Any:
        """List what one took note of and agreed to"""
        ctx, member = inside()
        return consents.of_member(ctx, member.id)

    @api.arguments(schemas.PrivacyConsentGive)
    @api.response(201, schemas.PrivacyConsentDetail)
    @signed_in
    def post(self, data: dict[str, Any]) -> Consent:
        """Take note of the privacy notice, or agree to the processing of sensitive data"""
        ctx, member = inside()
        return consents.give(ctx, member, data["kind"])


@api.route("/consents/withdraw")
class Withdrawal(MethodView):
    """The end of a consent."""

    @api.response(200, schemas.PrivacyConsentDetail)
    @signed_in
    def post(self) -> Consent:
        """Withdraw the consent to the processing of sensitive data"""
        ctx, member = inside()
        return consents.withdraw(ctx, member)
