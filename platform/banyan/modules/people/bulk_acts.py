"""What this room offers to do with many members: put values into their own fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import language, lazy
from banyan.modules.people import permissions
from banyan.modules.people.field_inputs import input_of
from banyan.modules.people.models import Member
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services import members
from banyan.modules.people.services.bulk import BulkAct, each, register
from banyan.modules.people.services.field_reading import fields_of


def common(ctx: Context) -> list[Field]:
    """The fields that many members can have one value of: none that is unique, and none that is sensitive."""
    return [one for one in fields_of(ctx, ctx.here) if not (one.unique or one.sensitive)]


def form(ctx: Context) -> type[Schema] | None:
    """The fields of the organisation of the request; what is left empty stays as it is in every record."""
    found = common(ctx)
    if not found:
        return None
    inputs: dict[str, Any] = {one.key: input_of(one, required=False, group=lazy("Own fields")) for one in found}
    optional = [(one.key, one.said(language())) for one in found if not one.required]
    inputs["_emptied"] = ma.fields.List(
        ma.fields.String(validate=validate.OneOf([key for key, _label in optional])),
        load_default=list,
        metadata={
            "label": lazy("Empty these"),
            "choices": optional,
            "widget": "checkboxes",
            "group": lazy("Own fields"),
        },
    )
    return Schema.from_dict(inputs, name="MembersFieldsSet")  # type: ignore[return-value]


def _set(ctx: Context, member: Member, values: Mapping[str, Any]) -> None:
    emptied = values.get("_emptied") or []
    wanted = {key: value for key, value in values.items() if key != "_emptied" and value not in (None, "", [])}
    data = {**wanted, **dict.fromkeys(emptied)}
    if not data:
        raise Invalid({}, lazy("Nothing has been filled in."))
    members.edit(ctx, member.id, {"fields": data}, None)


register(
    BulkAct(
        "fields",
        lazy("Fill in own fields"),
        "forms",
        permissions.MEMBER_UPDATE.name,
        form=form,
        do=each(_set),
        order=10,
    )
)
