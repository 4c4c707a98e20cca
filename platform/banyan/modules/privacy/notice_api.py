"""The REST API of notices, guardians, registers and breaches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.runtime import current, runtime
from banyan.modules.access.decision import may, visible
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import members
from banyan.modules.privacy import lists, permissions, schemas
from banyan.modules.privacy.notice_models import Guardian, PrivacyNotice
from banyan.modules.privacy.register_models import Breach, RegisterEntry
from banyan.modules.privacy.services import guardians, notices, registers
from banyan.modules.tasks.downloads import BYTES, attachment

api = Blueprint("privacy_notice_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Data protection")
READ, UPDATE = permissions.NOTICE_READ.name, permissions.NOTICE_UPDATE.name
REGISTER, KEEP = permissions.REGISTER_READ.name, permissions.REGISTER_UPDATE.name


@api.route("/privacy/notices")
class Notices(MethodView):
    """Versions of the organisation's notice."""

    @api.response(200, schemas.PrivacyNoticeList)
    @permission(READ)
    def get(self) -> dict[str, Any]:
        """List the versions of the organisation's privacy notice, newest first"""
        return {"items": notices.versions(current())}

    @api.arguments(schemas.PrivacyNoticeWrite)
    @api.response(201, schemas.PrivacyNoticeDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any]) -> PrivacyNotice:
        """Write the next version of the organisation's privacy notice"""
        return notices.write(current(), data)


@api.route("/privacy/notices/<uuid:privacy_notice_id>")
class Notice(MethodView):
    """One version."""

    @api.response(200, schemas.PrivacyNoticeDetail)
    @permission(READ)
    def get(self, privacy_notice_id: UUID) -> PrivacyNotice:
        """Show a version of a privacy notice"""
        return notices.find(current(), privacy_notice_id)

    @api.arguments(schemas.PrivacyNoticeEdit)
    @api.response(200, schemas.PrivacyNoticeDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], privacy_notice_id: UUID) -> PrivacyNotice:
        """Edit a version that is not published yet"""
        return notices.edit(current(), privacy_notice_id, data)


@api.route("/privacy/notices/<uuid:privacy_notice_id>/publish")
class Publication(MethodView):
    """The publication of a version."""

    @api.arguments(schemas.PrivacyNoticeVersion)
    @api.response(200, schemas.PrivacyNoticeDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], privacy_notice_id: UUID) -> PrivacyNotice:
        """Publish a version: it holds from now on, here and below"""
        return notices.announce(current(), privacy_notice_id, data["version"])


@api.route("/privacy/children")
class Children(MethodView):
    """Members under fourteen without a guardian's consent."""

    @api.doc(parameters=api_lists.parameters(lists.CHILDREN))
    @api.response(200, api_lists.page_schema(lists.CHILDREN))
    @permission(READ)
    def get(self) -> Response:
        """List members under fourteen without a guardian's consent"""
        ctx = current()
        seen = visible(ctx, READ, Member.org_path, within=ctx.here)
        missing = guardians.missing(today(ctx.clock))
        return api_lists.respond(ctx.session, lists.CHILDREN, seen, missing, may=lambda name: may(ctx, name))


@api.route("/members/<uuid:member_id>/guardian")
class GuardianOf(MethodView):
    """The guardian of a member."""

    @api.arguments(schemas.GuardianWrite)
    @api.response(201, schemas.GuardianDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Record a guardian's consent; the paper is added in the console"""
        ctx = current()
        return _guardian(ctx, guardians.enter(ctx, member_id, data, None, runtime().store))


@api.route("/members/<uuid:member_id>/guardian/withdraw")
class GuardianWithdrawal(MethodView):
    """The end of a guardian's consent."""

    @api.response(204)
    @permission(UPDATE)
    def post(self, member_id: UUID) -> None:
        """Record that a guardian's consent was withdrawn"""
        guardians.withdraw(current(), member_id)


def _guardian(_ctx: Context, found: Guardian) -> dict[str, Any]:
    keys = ("id", "name", "relation", "consented_on", "withdrawn_at")
    return {**{key: getattr(found, key) for key in keys}, "phone": guardians.phone(found)}


@api.route("/members/<uuid:member_id>/guardians")
class Guardians(MethodView):
    """Guardians on record."""

    @api.response(200, schemas.GuardianDetail(many=True))
    @permission(READ)
    def get(self, member_id: UUID) -> list[dict[str, Any]]:
        """List the guardians on record of a member, phones masked"""
        ctx = current()
        found = members.find(ctx, member_id, MEMBER_READ)
        return [_guardian(ctx, one) for one in guardians.of_member(ctx, found.id)]


@api.route("/privacy/register")
class Register(MethodView):
    """Processors and assessments."""

    @api.doc(parameters=api_lists.parameters(lists.REGISTER))
    @api.response(200, api_lists.page_schema(lists.REGISTER))
    @permission(REGISTER)
    def get(self) -> Response:
        """List processors and impact assessments of the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, REGISTER, RegisterEntry.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.REGISTER, seen, may=lambda name: may(ctx, name))

    @api.arguments(schemas.RegisterEntryCreate)
    @api.response(201, schemas.RegisterEntryDetail)
    @permission(KEEP)
    def post(self, data: dict[str, Any]) -> RegisterEntry:
        """Enter a processor or an impact assessment"""
        return registers.enter(current(), data, None, runtime().store)


@api.route("/privacy/register/<uuid:register_id>")
class OneEntry(MethodView):
    """One entry."""

    @api.response(200, schemas.RegisterEntryDetail)
    @permission(REGISTER)
    def get(self, register_id: UUID) -> RegisterEntry:
        """Show an entry of the register"""
        return registers.entry(current(), register_id)

    @api.arguments(schemas.RegisterEntryUpdate)
    @api.response(200, schemas.RegisterEntryDetail)
    @permission(KEEP)
    def put(self, data: dict[str, Any], register_id: UUID) -> RegisterEntry:
        """Edit an entry of the register"""
        return registers.edit(current(), register_id, data)

    @api.response(204)
    @permission(KEEP)
    def delete(self, register_id: UUID) -> None:
        """Delete an entry that has been kept long enough"""
        ctx = current()
        registers.remove(ctx, register_id, registers.entry(ctx, register_id, KEEP).version)


@api.route("/privacy/register/<uuid:register_id>/document")
class EntryDocument(MethodView):
    """The document of an entry."""

    @api.doc(responses={"200": BYTES})
    @permission(REGISTER)
    def get(self, register_id: UUID) -> Response:
        """Fetch the document of an entry, as an attachment"""
        return attachment(registers.document(current(), register_id))


@api.route("/privacy/breaches")
class Breaches(MethodView):
    """Data breaches."""

    @api.doc(parameters=api_lists.parameters(lists.BREACHES))
    @api.response(200, api_lists.page_schema(lists.BREACHES))
    @permission(REGISTER)
    def get(self) -> Response:
        """List data breaches of the organisation and those below it"""
        ctx = current()
        seen = visible(ctx, REGISTER, Breach.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, lists.BREACHES, seen, may=lambda name: may(ctx, name))

    @api.arguments(schemas.BreachCreate)
    @api.response(201, schemas.BreachDetail)
    @permission(KEEP)
    def post(self, data: dict[str, Any]) -> Breach:
        """Enter a data breach"""
        return registers.report(current(), data)


@api.route("/privacy/breaches/<uuid:breach_id>")
class OneBreach(MethodView):
    """One breach."""

    @api.response(200, schemas.BreachDetail)
    @permission(REGISTER)
    def get(self, breach_id: UUID) -> Breach:
        """Show a data breach"""
        return registers.breach(current(), breach_id)

    @api.arguments(schemas.BreachFollow)
    @api.response(200, schemas.BreachDetail)
    @permission(KEEP)
    def put(self, data: dict[str, Any], breach_id: UUID) -> Breach:
        """Note what was done about a data breach"""
        return registers.follow(current(), breach_id, data)
