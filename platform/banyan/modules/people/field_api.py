"""The REST API of an organisation's own fields and of saved filters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.runtime import current
from banyan.modules.people import field_schemas as schemas
from banyan.modules.people import permissions
from banyan.modules.people.field_models import MemberField, MemberFilter
from banyan.modules.people.services import field_changes, field_definitions, field_reading, filters

field_api = Blueprint(
    "people_fields_api", __name__, url_prefix="/api/v1/orgs/<code>/members", description="Own fields, saved filters"
)
READ, UPDATE = permissions.MEMBER_READ.name, permissions.FIELD_UPDATE.name
FILTER = permissions.FILTER_CREATE.name


@field_api.route("/fields")
class Fields(MethodView):
    """Fields of members' records that hold here."""

    @field_api.response(200, schemas.FieldsDetail)
    @permission(READ)
    def get(self) -> dict[str, Any]:
        """List the fields that hold here, those put away too: laid down above first"""
        ctx = current()
        return {"items": field_reading.laid_down(ctx, ctx.here)}

    @field_api.arguments(schemas.FieldCreate)
    @field_api.response(201, schemas.FieldDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any]) -> MemberField:
        """Add a field to the records of the members here and below"""
        return field_definitions.create(current(), data)


@field_api.route("/fields/<uuid:field_id>")
class Field(MethodView):
    """One field."""

    @field_api.response(200, schemas.FieldDetail)
    @permission(READ)
    def get(self, field_id: UUID) -> MemberField:
        """Show a field"""
        return field_definitions.find(current(), field_id)

    @field_api.arguments(schemas.FieldUpdate)
    @field_api.response(200, schemas.FieldDetail)
    @permission(UPDATE)
    def put(self, data: dict[str, Any], field_id: UUID) -> MemberField:
        """Change a field; options keep their values, new ones come without"""
        return field_definitions.update(current(), field_id, data)


@field_api.route("/fields/<uuid:field_id>/effects")
class Effects(MethodView):
    """What lies below a field."""

    @field_api.response(200, schemas.FieldEffects)
    @permission(READ)
    def get(self, field_id: UUID) -> field_changes.Effects:
        """Count the records that hold a value and those that do not, before a field is changed"""
        ctx = current()
        return field_changes.effects(ctx, field_reading.value_of(field_definitions.find(ctx, field_id)))


@field_api.route("/fields/<uuid:field_id>/archive")
class Archive(MethodView):
    """Putting away."""

    @field_api.arguments(schemas.FieldVersion)
    @field_api.response(200, schemas.FieldDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], field_id: UUID) -> MemberField:
        """Put a field away; what records hold in it stays"""
        return field_definitions.archive(current(), field_id, data["version"])


@field_api.route("/fields/<uuid:field_id>/restore")
class Restore(MethodView):
    """Bringing back."""

    @field_api.arguments(schemas.FieldVersion)
    @field_api.response(200, schemas.FieldDetail)
    @permission(UPDATE)
    def post(self, data: dict[str, Any], field_id: UUID) -> MemberField:
        """Bring back a field that was put away"""
        return field_definitions.restore(current(), field_id, data["version"])


def shown(ctx: Context, row: MemberFilter) -> dict[str, Any]:
    """A saved filter as `FilterDetail` shows it."""
    view = filters.view(ctx, row)
    keys = ("id", "org_id", "name", "shared", "filters", "columns", "sort", "version")
    return {**{key: getattr(row, key) for key in keys}, "own": view.own, "gone": list(view.gone)}


@field_api.route("/filters")
class Filters(MethodView):
    """Saved filters."""

    @field_api.response(200, schemas.FiltersDetail)
    @permission(READ)
    def get(self) -> dict[str, Any]:
        """List the saved filters that can be used here: shared ones of this line, and one's own"""
        ctx = current()
        return {"items": [shown(ctx, one.row) for one in filters.offered(ctx)]}

    @field_api.arguments(schemas.FilterSave)
    @field_api.response(201, schemas.FilterDetail)
    @permission(FILTER)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Keep a filter, with columns and order"""
        ctx = current()
        return shown(ctx, filters.save(ctx, data))


@field_api.route("/filters/<uuid:filter_id>")
class Filter(MethodView):
    """One saved filter."""

    @field_api.response(200, schemas.FilterDetail)
    @permission(READ)
    def get(self, filter_id: UUID) -> dict[str, Any]:
        """Show a saved filter"""
        ctx = current()
        return shown(ctx, filters.find(ctx, filter_id))

    @field_api.arguments(schemas.FilterUpdate)
    @field_api.response(200, schemas.FilterDetail)
    @permission(FILTER)
    def put(self, data: dict[str, Any], filter_id: UUID) -> dict[str, Any]:
        """Change a saved filter"""
        ctx = current()
        return shown(ctx, filters.update(ctx, filter_id, data))

    @field_api.response(204)
    @permission(FILTER)
    def delete(self, filter_id: UUID) -> None:
        """Delete a saved filter; refused while a notice or a campaign uses it"""
        ctx = current()
        filters.delete(ctx, filter_id)
