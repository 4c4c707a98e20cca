"""Figures of a subtree over the API."""

from __future__ import annotations

import marshmallow as ma
from flask.views import MethodView

from banyan.api.blueprint import Blueprint
from banyan.api.schemas import Schema
from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.stats.dashboard import Dashboard, dashboard
from banyan.modules.stats.permissions import FIGURE_READ

api = Blueprint("stats_api", __name__, url_prefix="/api/v1/orgs/<code>", description="Figures")


class ChildFigures(Schema):
    """An organisation directly below."""

    code = ma.fields.String()
    name = ma.fields.String()
    level = ma.fields.String()
    organisations = ma.fields.Integer(metadata={"description": "Organisations in its subtree, itself included."})
    accounts = ma.fields.Integer()


class FiguresSchema(Schema):
    """Figures of the subtree."""

    organisations = ma.fields.Integer(metadata={"description": "Organisations below."})
    accounts = ma.fields.Integer(metadata={"description": "Active accounts here and below."})
    opened_this_month = ma.fields.Integer()
    children = ma.fields.List(ma.fields.Nested(ChildFigures))


@api.route("/figures")
class Figures(MethodView):
    """Figures."""

    @api.response(200, FiguresSchema)
    @permission(FIGURE_READ.name)
    def get(self) -> Dashboard:
        """Figures of the subtree, with those of each organisation directly below"""
        return dashboard(current())
