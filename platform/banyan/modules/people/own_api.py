"""REST views of members about themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import signed_in
from banyan.kernel.context import Context
from banyan.kernel.files import DOCUMENT_TYPES, StoredFile, sniff
from banyan.modules.approvals.services.panel import file_of
from banyan.modules.people import own_schemas as schemas
from banyan.modules.people.change_api import of, request_detail
from banyan.modules.people.file_api import line
from banyan.modules.people.file_schemas import TimelinePage, TimelineQuery
from banyan.modules.people.models import Member
from banyan.modules.people.own_place import inside, request_inside
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.services import change_proofs, change_reading, changes, own, own_record, own_review, timeline
from banyan.modules.people.services.changes import Wanted
from banyan.modules.tasks.downloads import BYTES, attachment
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.schemas import FileDetail, FileUpload

api = Blueprint("people_own_api", __name__, url_prefix="/api/v1/me", description="One's own record")


def record_detail(ctx: Context, member: Member) -> dict[str, Any]:
    """One's own record as `OwnRecordDetail` shows it."""
    view = own_record.view(ctx, member)
    keys = ("id", "org_id", "began_on", "began_by", "ended_on", "ended_by", "reason", "ended_reason")
    return {
        **_line(member, view.org),
        "objections": [{"item": item, "reason": reason} for item, reason in own_review.objections(ctx, member).items()],
        "facts": view.facts,
        "periods": [{**{key: getattr(one, key) for key in keys}, "org_name": name} for one, name in view.periods],
        "readers": view.readers,
        "revealers": view.revealers,
        "changes": [of(one) for one in view.changes],
        "version": member.version,
    }


def _line(member: Member, org: Org) -> dict[str, Any]:
    keys = ("id", "org_id", "name", "status", "review")
    return {**{key: getattr(member, key) for key in keys}, "org_code": org.code, "org_name": org.name}


@api.route("/records")
class Records(MethodView):
    """One's own records."""

    @api.response(200, schemas.OwnRecords)
    @signed_in
    def get(self) -> dict[str, Any]:
        """List one's own records, of all organisations one is a member of"""
        ctx = rt.current()
        found = own.records(ctx)
        return {"items": [_line(member, ctx.session.get_one(Org, member.org_id)) for member in found]}


@api.route("/records/<uuid:member_id>")
class Record(MethodView):
    """One's own record."""

    @api.response(200, schemas.OwnRecordDetail)
    @signed_in
    def get(self, member_id: UUID) -> dict[str, Any]:
        """Show everything that is held about oneself, sensitive values masked, and who may see it"""
        return record_detail(*inside(member_id))

    @api.arguments(schemas.OwnContact)
    @api.response(200, schemas.OwnRecordDetail)
    @signed_in
    def patch(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Change contact and interests: they take effect at once, and the branch checks them"""
        ctx, _member = inside(member_id)
        version, own_fields = data.pop("version"), data.pop("own_fields")
        return record_detail(ctx, changes.change_own(ctx, member_id, {**data, "fields": own_fields}, version))


@api.route("/records/<uuid:member_id>/timeline")
class Life(MethodView):
    """One's own life."""

    @api.arguments(TimelineQuery, location="query")
    @api.response(200, TimelinePage)
    @signed_in
    def get(self, query: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Show one's own life as the organisations know it, the latest day first"""
        ctx, member = inside(member_id)
        return line(timeline.of_person(ctx, member.person_id, kind=query["kind"], page=query["page"]))


@api.route("/records/<uuid:member_id>/corrections")
class Corrections(MethodView):
    """Returned records."""

    @api.arguments(schemas.OwnCorrection)
    @api.response(200, schemas.OwnRecordDetail)
    @signed_in
    def post(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Correct a record that the branch returned, and hand it in again"""
        ctx, _member = inside(member_id)
        return record_detail(ctx, own_review.correct(ctx, member_id, data["values"], data["version"]))


@api.route("/records/<uuid:member_id>/proofs")
class Proofs(MethodView):
    """Proofs."""

    @api.arguments(FileUpload, location="files")
    @api.response(201, FileDetail)
    @signed_in
    def post(self, data: dict[str, Any], member_id: UUID) -> StoredFile:
        """Upload a proof for a request that is made next"""
        ctx, member = inside(member_id)
        held = rt.runtime()
        checked = sniff(data["file"], "file", max_bytes=held.settings.upload_limit, allowed=DOCUMENT_TYPES)
        return change_proofs.keep_proof(ctx, member, held.store, checked)


@api.route("/records/<uuid:member_id>/changes")
class Changes(MethodView):
    """Asking for changes."""

    @api.arguments(schemas.ChangesAsk)
    @api.response(201, schemas.ChangeRequestDetail)
    @signed_in
    def post(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Ask the branch to change key fields; nothing changes before it has answered"""
        ctx, member = inside(member_id)
        wanted = [
            Wanted(
                one["item"],
                {field: one["values"].get(field) for field in rules.fields_of(one["item"])},
                one["reason"],
                change_proofs.own_proof(ctx, member, one["proof"]) if one["proof"] else None,
            )
            for one in data["items"]
        ]
        made = changes.ask(ctx, member_id, wanted)
        return request_detail(ctx, change_reading.asked(ctx, made.id))


@api.route("/changes/<uuid:request_id>")
class OneRequest(MethodView):
    """A request of one's own."""

    @api.response(200, schemas.ChangeRequestDetail)
    @signed_in
    def get(self, request_id: UUID) -> dict[str, Any]:
        """Show a request of one's own, with the answer to each item"""
        ctx = request_inside(request_id)
        return request_detail(ctx, change_reading.asked(ctx, request_id))


@api.route("/changes/<uuid:request_id>/withdraw")
class Withdrawal(MethodView):
    """Taking back."""

    @api.arguments(schemas.Withdrawal)
    @api.response(200, schemas.ChangeRequestDetail)
    @signed_in
    def post(self, data: dict[str, Any], request_id: UUID) -> dict[str, Any]:
        """Take a request of one's own back before it is answered"""
        ctx = request_inside(request_id)
        changes.withdraw(ctx, request_id, **data)
        return request_detail(ctx, change_reading.asked(ctx, request_id))


@api.route("/changes/<uuid:request_id>/files/<uuid:file_id>")
class File(MethodView):
    """A proof."""

    @api.doc(responses={"200": BYTES})
    @signed_in
    def get(self, request_id: UUID, file_id: UUID) -> Response:
        """Fetch a proof of one's own"""
        return attachment(file_of(request_inside(request_id), request_id, file_id))
