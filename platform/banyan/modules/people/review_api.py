"""The REST API of the first review of records, and of putting two records of one person together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.i18n import translate
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may
from banyan.modules.people import file_schemas, permissions, uniting_schemas
from banyan.modules.people.file_models import RecordReview
from banyan.modules.people.models import Member
from banyan.modules.people.services import members, reviewing, uniting
from banyan.modules.people.services.uniting import Preview
from banyan.modules.people.uniting_lists import DUPLICATES, seen

api = Blueprint("people_review_api", __name__, url_prefix="/api/v1/orgs/<code>/members", description="Review, merge")
REVIEW, UPDATE, MERGE = (
    one.name for one in (permissions.MEMBER_REVIEW, permissions.MEMBER_UPDATE, permissions.PERSON_MERGE)
)


@api.route("/<uuid:member_id>/review")
class Review(MethodView):
    """The first review of a record."""

    @api.response(200, file_schemas.ReviewStanding)
    @permission(REVIEW)
    def get(self, member_id: UUID) -> dict[str, Any]:
        """Show a record as it is reviewed: sensitive values masked, with what a machine finds"""
        ctx = current()
        member = members.find(ctx, member_id, permissions.MEMBER_REVIEW)
        fields = [
            {
                "key": one.key,
                "label": translate(one.label),
                "value": one.value,
                "findings": [translate(text) for text in one.findings],
                "remark": one.remark,
            }
            for one in reviewing.fields(ctx, member)
        ]
        against = [translate(reason) for reason in reviewing.against(ctx, member)]
        return {"review": member.review, "version": member.version, "fields_": fields, "against": against}

    @api.arguments(file_schemas.RecordRemarks)
    @api.response(201, file_schemas.ReviewDone)
    @permission(REVIEW)
    def post(self, data: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Accept a record, or return it with the reasons, field by field; says which one to look at next"""
        ctx = current()
        found = reviewing.review(ctx, member_id, data)
        following = reviewing.next_after(ctx, members.find(ctx, member_id, permissions.MEMBER_REVIEW))
        return {**{key: getattr(found, key) for key in file_schemas.ReviewDetail().fields}, "next_id": following}


@api.route("/<uuid:member_id>/reviews")
class Reviews(MethodView):
    """All reviews of a record."""

    @api.response(200, file_schemas.ReviewDetail(many=True))
    @permission(permissions.MEMBER_READ.name)
    def get(self, member_id: UUID) -> list[RecordReview]:
        """List the reviews of a record, the latest first"""
        ctx = current()
        members.find(ctx, member_id)
        return [review for review, _name in reviewing.history(ctx, member_id)]


@api.route("/<uuid:member_id>/review/resubmit")
class Resubmission(MethodView):
    """Handing a returned record in again."""

    @api.arguments(file_schemas.RecordResubmit)
    @api.response(200, file_schemas.ReviewState)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], member_id: UUID) -> Member:
        """Hand a returned record in again as it is"""
        return reviewing.resubmit(current(), member_id, data)


@api.route("/review")
class ManyReviews(MethodView):
    """Records accepted together."""

    @api.arguments(file_schemas.RecordsAccept)
    @api.response(200, file_schemas.RecordAccepted(many=True))
    @permission(REVIEW)
    def post(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Accept records in which nothing is missing or wrong; the others are told with the reasons"""
        told = reviewing.accept_many(current(), data["ids"])
        return [
            {"id": one, "accepted": not reasons, "reasons": [translate(reason) for reason in reasons]}
            for one, reasons in told
        ]


@api.route("/duplicates")
class Duplicates(MethodView):
    """Pairs of records that are probably of one person."""

    @api.doc(parameters=api_lists.parameters(DUPLICATES))
    @api.response(200, api_lists.page_schema(DUPLICATES))
    @permission(MERGE)
    def get(self) -> Response:
        """List pairs of records that are probably of one person"""
        ctx = current()
        return api_lists.respond(ctx.session, DUPLICATES, seen(ctx), may=lambda name: may(ctx, name))


@api.route("/merge/preview")
class MergePreview(MethodView):
    """Putting two records together, before it is done."""

    @api.arguments(uniting_schemas.PersonsMerge)
    @api.response(200, uniting_schemas.PersonsMergePreview)
    @permission(MERGE, whole=uniting.TWO_LINES)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Show what putting two records of one person together would do, and every reason against it"""
        return _shown(uniting.preview(current(), data))


@api.route("/merge")
class Merge(MethodView):
    """Putting two records together."""

    @api.arguments(uniting_schemas.PersonsMergeConfirm)
    @api.response(200, uniting_schemas.PersonsMergeDone)
    @permission(MERGE, whole=uniting.TWO_LINES)
    def post(self, data: dict[str, Any]) -> Member:
        """Put two records of one person together, as was shown"""
        plan = data.pop("plan")
        return uniting.carry_out(current(), data, plan)


def _shown(found: Preview) -> dict[str, Any]:
    fields = [
        {
            "key": one.key,
            "label": translate(one.label),
            "kept": one.kept,
            "gone": one.gone,
            "differs": one.differs,
            "taken": one.key in found.taken,
        }
        for one in found.fields
    ]
    hanging = [
        {"what": one.key, "label": translate(one.label), "kept": one.kept, "gone": one.gone} for one in found.hanging
    ]
    return {
        "plan": found.plan,
        "absorbed": found.standing.absorbed,
        "places": list(found.places),
        "accounts": list(found.standing.accounts),
        "fields_": fields,
        "hanging": hanging,
        "reasons": [translate(reason) for reason in found.reasons],
    }
