"""Work on many members, in the console and through the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Blueprint as PageBlueprint
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from marshmallow import ValidationError, validate
from werkzeug.datastructures import MultiDict

from banyan.api.schemas import Schema, Text
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.people import permissions
from banyan.modules.people.field_api import field_api
from banyan.modules.people.field_lists import members_table
from banyan.modules.people.services import bulk
from banyan.modules.people.services.bulk import BulkAct, Outcome
from banyan.web.forms import BoundForm
from banyan.web.pages import submit
from banyan.web.tables import Action

READ = permissions.MEMBER_READ.name
FORM, OUTCOME = "people/bulk.html", "people/bulk_outcome.html"


def add_bulk_pages(pages: PageBlueprint) -> None:
    """Add the pages to the module's blueprint."""
    pages.add_url_rule("/orgs/<code>/members/bulk/<string:action>", "bulk", act, methods=["POST"])


def actions(ctx: Context) -> list[Action]:
    """The buttons above the list; they carry its filters along."""
    asked: MultiDict[str, str] = MultiDict((key, value) for key, value in request.args.items(multi=True) if value)
    for name in ("after", "before", "size", "cols", "code"):
        asked.poplist(name)
    kept: dict[str, Any] = asked.to_dict(flat=False)
    return [Action(one.label, _address(one, kept), one.icon, one.kind) for one in bulk.offered(ctx)]


def _address(one: BulkAct, kept: dict[str, Any]) -> str:
    if one.endpoint:
        return url_for(one.endpoint, **kept)
    return url_for("people_pages.bulk", **{**kept, "action": one.key})


@permission(READ)
def act(action: str) -> ResponseReturnValue:
    """What is asked before something is done with many members; then do it, and tell of every row."""
    ctx = current()
    doing = bulk.find(ctx, action)
    schema = doing.form(ctx)
    filters = _filters(ctx)
    form = _form(schema, request.form.getlist("ids"))
    number = bulk.count(ctx, filters)
    about: dict[str, Any] = {"act": doing, "filters": filters, "number": number}
    if "scope" not in request.form:
        return render_template(FORM, form=form, **about)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        scope, ids = data.pop("scope"), data.pop("ids")
        values = schema().dump(data) if schema is not None else {}
        if scope == "all":
            return _to_task(bulk.run_all(ctx, action, filters, values).id)
        outcome = bulk.run(ctx, action, _ids(ids), values)
        if outcome.task is not None:
            return _to_task(outcome.task.id)
        return render_template(OUTCOME, outcome=outcome, act=doing, filters=filters)

    return submit(form, use, FORM, **about)


def _to_task(task_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("tasks_pages.task", task_id=task_id), 303)


def _filters(ctx: Context) -> dict[str, str]:
    names = {item.name for item in members_table(ctx).filters}
    return {name: request.args[name] for name in request.args if name in names and request.args[name].strip()}


def _form(schema: type[Schema] | None, ids: list[str]) -> BoundForm:
    asked: dict[str, Any] = {
        "ids": Text(load_default="", validate=validate.Length(max=20_000), metadata={"widget": "hidden"}),
        "scope": ma.fields.String(
            required=True,
            validate=validate.OneOf(["selected", "all"]),
            metadata={
                "label": lazy("With whom"),
                "widget": "radio",
                "choices": [("selected", lazy("The selected members")), ("all", lazy("All that the filter finds"))],
            },
        ),
    }
    fields = {**asked, **(schema._declared_fields if schema is not None else {})}
    data = {"ids": ",".join(ids), "scope": "selected"}
    return BoundForm(Schema.from_dict(fields, name="Bulk")(), data=data)


def _ids(text: str) -> list[UUID]:
    try:
        return [UUID(one) for one in text.split(",") if one]
    except ValueError:
        raise Invalid({"ids": [lazy("This is not a valid identifier.")]}) from None


class BulkStart(Schema):
    """Work on many members: on ``ids``, or on all that ``filters`` find."""

    ids = ma.fields.List(ma.fields.UUID(), load_default=None, allow_none=True, validate=validate.Length(1, bulk.MOST))
    filters = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(max=60)),
        values=ma.fields.String(validate=validate.Length(max=200)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=60),
    )
    values = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(max=60)),
        values=ma.fields.Raw(allow_none=True),
        load_default=dict,
    )


class BulkFailed(Schema):
    """A member that stayed as it is."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    reasons = ma.fields.List(ma.fields.String())


class BulkOutcome(Schema):
    """What came of it."""

    done = ma.fields.Integer()
    failed = ma.fields.List(ma.fields.Nested(BulkFailed))
    task_id = ma.fields.UUID(allow_none=True, metadata={"description": "The long task that does it, where one does."})


@field_api.route("/bulk/<string:action>")
class Bulk(MethodView):
    """Work on many members."""

    @field_api.arguments(BulkStart)
    @field_api.response(200, BulkOutcome)
    @permission(READ)
    def post(self, data: dict[str, Any], action: str) -> dict[str, Any]:
        """Do something with many members: told row by row, or by a long task for all that filters find"""
        ctx = current()
        values = _values(bulk.find(ctx, action), ctx, data["values"])
        if (data["ids"] is None) == (data["filters"] is None):
            raise Invalid({"ids": [lazy("Name either the members or filters.")]})
        if data["ids"] is None:
            return _shown(Outcome(0, task=bulk.run_all(ctx, action, data["filters"], values)))
        return _shown(bulk.run(ctx, action, data["ids"], values))


def _values(doing: BulkAct, ctx: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    schema = doing.form(ctx)
    if schema is None:
        if given:
            raise Invalid({"values": [lazy("Nothing is asked for here.")]})
        return {}
    try:
        return dict(schema().dump(schema().load(given)))
    except ValidationError as error:
        said = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        raise Invalid({f"values.{key}": _flat(found) for key, found in said.items()}) from None


def _flat(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [text for inner in found.values() for text in _flat(inner)]
    return list(found)


def _shown(outcome: Outcome) -> dict[str, Any]:
    failed = [
        {"id": identity, "name": name, "reasons": [str(reason) for reason in reasons]}
        for identity, name, reasons in outcome.failed
    ]
    return {"done": outcome.done, "failed": failed, "task_id": outcome.task.id if outcome.task else None}
