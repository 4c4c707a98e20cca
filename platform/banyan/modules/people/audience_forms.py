"""An audience as people choose it: a nested schema for forms and API bodies, the same everywhere.

A form that addresses somebody has a field ``audience = ma.fields.Nested(AudienceInput, …)``, draws it with
``audience_fields`` of ``people/_audience.html``, takes its options from `choices` and its look-ups from `urls`, and
makes an `Audience` of what was loaded with `audience_of`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma
from flask import url_for
from marshmallow import validate
from sqlalchemy import select

from banyan.api.schemas import Schema, Text
from banyan.kernel.context import Context
from banyan.kernel.errors import Forbidden, Invalid, NotFound, Refused
from banyan.kernel.errors import Text as Message
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.services.matrix import usable_roles
from banyan.modules.people.permissions import MEMBER_READ
from banyan.modules.people.services import audience as audiences
from banyan.modules.people.services import filters
from banyan.modules.people.services.audience import Audience
from banyan.modules.tenancy.lists import level_choices
from banyan.modules.tenancy.models import Org

REACHES: Mapping[str, Message] = {
    "subtree": lazy("It and all below it"),
    "self": lazy("It alone"),
}


class AudienceInput(Schema):
    """Who is meant."""

    org = Text(
        load_default="",
        validate=validate.Length(max=32),
        metadata={
            "label": lazy("Organisation"),
            "help": lazy("Left empty, the organisation you are at."),
            "placeholder": lazy("Name, pinyin or code"),
            "widget": "search-select",
        },
    )
    reach = ma.fields.String(
        load_default="subtree",
        validate=validate.OneOf(list(REACHES)),
        metadata={"label": lazy("How far"), "choices": list(REACHES.items())},
    )
    levels = ma.fields.List(
        ma.fields.String(validate=validate.Length(max=60)),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={"label": lazy("Only of these levels"), "widget": "checkboxes"},
    )
    role = ma.fields.String(
        load_default="",
        validate=validate.Length(max=60),
        metadata={
            "label": lazy("Holders of a role"),
            "help": lazy("Instead of members."),
            "widget": "select",
            "placeholder": lazy("Members"),
        },
    )
    filter_id = ma.fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Only whom a saved filter finds"), "widget": "select", "placeholder": lazy("All")},
    )


def choices(ctx: Context, prefix: str = "audience") -> dict[str, Sequence[tuple[str, Message]]]:
    """The options of a form's fields, by the names of its inputs."""
    kept = [(str(one.row.id), one.row.name) for one in filters.offered(ctx) if not one.gone]
    roles = [(one.key, one.label) for one in usable_roles(ctx, ctx.here)]
    return {
        f"{prefix}.levels": level_choices(ctx.session),
        f"{prefix}.filter_id": kept,
        f"{prefix}.role": roles,
    }


def urls(prefix: str = "audience") -> dict[str, str]:
    """Where the inputs of a form look things up, by their names."""
    return {f"{prefix}.org": url_for("people_pages.audience_organisations")}


def audience_of(
    ctx: Context, data: Mapping[str, Any], *, prefix: str = "audience", permission: str = MEMBER_READ.name
) -> Audience:
    """Who is meant by what `AudienceInput` loaded.

    :param prefix: under which name the form has it. :param permission: what the sender needs wherever they are.
    :raises Invalid: with every reason; among them that the sender does not reach them all.
    """
    problems: dict[str, list[Message]] = {}
    place = _place(ctx, data["org"])
    if place is None:
        problems[f"{prefix}.org"] = [lazy("There is no such organisation within your reach.")]
    if set(data["levels"]) - {key for key, _label in level_choices(ctx.session)}:
        problems[f"{prefix}.levels"] = [lazy("Choose from the listed values only.")]
    if data["role"] and data["role"] not in {one.key for one in usable_roles(ctx, ctx.here)}:
        problems[f"{prefix}.role"] = [lazy("Choose one of the listed values.")]
    if data["role"] and data["filter_id"]:
        problems[f"{prefix}.filter_id"] = [lazy("A filter finds members, not holders of a role.")]
    if place is not None and not problems:
        found = Audience(place, data["reach"], tuple(data["levels"]), data["filter_id"], data["role"])
        problems = _against(ctx, found, prefix, permission)
        if not problems:
            return found
    raise Invalid(problems)


def _against(ctx: Context, found: Audience, prefix: str, permission: str) -> dict[str, list[Message]]:
    try:
        audiences.admit(ctx, found, permission)
    except NotFound:
        key = "filter_id" if found.filter_id is not None else "org"
        return {f"{prefix}.{key}": [lazy("There is nothing here, or it is not within your reach.")]}
    except (Forbidden, Refused) as error:
        return {f"{prefix}.{'filter_id' if found.filter_id else 'reach'}": list(error.reasons)}
    return {}


def _place(ctx: Context, code: str) -> OrgRef | None:
    if not code:
        return ctx.here
    row = ctx.session.execute(
        select(Org.id, Org.path).where(Org.code == code.lower(), Org.status == "active")
    ).one_or_none()
    if row is None or not row.path.startswith(ctx.here.path):
        return None
    return OrgRef(row.id, row.path)


def typed(ctx: Context, audience: Audience) -> dict[str, Any]:
    """An audience as `AudienceInput` has it, to be shown in a form or by the API."""
    code = ctx.session.scalar(select(Org.code).where(Org.id == audience.org.id))
    return {
        "org": "" if audience.org.id == ctx.here.id else code or "",
        "reach": audience.reach,
        "levels": list(audience.levels),
        "role": audience.role,
        "filter_id": audience.filter_id,
    }


class AudiencePreview(Schema):
    """A question: how many would be meant."""

    audience = ma.fields.Nested(AudienceInput, required=True, metadata={"label": lazy("Who is meant"), "kept": True})


class AudienceReached(Schema):
    """How many are meant."""

    all = ma.fields.Integer()
    with_account = ma.fields.Integer(metadata={"description": "Whom a notice reaches inside the platform."})
    without = ma.fields.Integer()
    described = ma.fields.String()
