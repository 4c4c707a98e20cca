"""What forms and API bodies about tokens hold."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy, message

REACHES = (("subtree", lazy("These organisations and those below")), ("self", lazy("These organisations alone")))
_NAME = {"label": lazy("Name"), "help": lazy("What it is for, for instance the program that uses it.")}
_PERMISSION = validate.Length(1, 120)


def _organisations(help_text: object) -> ma.fields.List[Any]:
    return ma.fields.List(
        Text(validate=validate.Length(max=40)),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={
            "label": lazy("Limited to organisations"),
            "help": help_text,
            "widget": "search-select",
            "wide": True,
        },
    )


def _reach() -> ma.fields.String:
    return ma.fields.String(
        load_default="subtree",
        validate=validate.OneOf([key for key, _label in REACHES]),
        metadata={"label": lazy("Reach"), "choices": REACHES, "widget": "select"},
    )


class TokenMake(Schema):
    """A personal token to be made."""

    name = Text(required=True, validate=validate.Length(1, 60), metadata=_NAME)
    last_day = ma.fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Good until"), "help": lazy("Empty: until you revoke it.")},
    )
    organisations = _organisations(lazy("Search by name. Empty: wherever you may do something."))
    reach = _reach()
    permissions = ma.fields.List(
        ma.fields.String(validate=_PERMISSION),
        load_default=list,
        validate=validate.Length(max=500),
        metadata={
            "label": lazy("Permissions"),
            "help": lazy("None ticked: whatever you may do. A token never may more than you may at that moment."),
        },
    )


class ServiceTokenMake(Schema):
    """A service token to be made."""

    name = Text(required=True, validate=validate.Length(1, 60), metadata=_NAME)
    last_day = ma.fields.Date(
        required=True, metadata={"label": lazy("Good until"), "help": lazy("At most 366 days from today.")}
    )
    organisations = _organisations(lazy("Search by name. Empty: this organisation."))
    reach = _reach()
    permissions = ma.fields.List(
        ma.fields.String(validate=_PERMISSION),
        required=True,
        validate=validate.Length(1, 500, error=message("Choose at least one permission.")),
        metadata={"label": lazy("Permissions"), "help": lazy("Only those that you hold yourself, with that reach.")},
    )


class TokenDetail(Schema):
    """A token, without its secret."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    kind = ma.fields.String(metadata={"description": "`personal` or `service`."})
    hint = ma.fields.String(metadata={"description": "Its last four characters."})
    organisation = ma.fields.String(metadata={"description": "Code of the organisation it belongs to."})
    permissions = ma.fields.List(
        ma.fields.String(), allow_none=True, metadata={"description": "Null: whatever its account may do."}
    )
    organisations = ma.fields.List(
        ma.fields.String(), allow_none=True, metadata={"description": "Codes. Null: wherever its account may."}
    )
    reach = ma.fields.String(allow_none=True, metadata={"description": "`self` or `subtree`, of the organisations."})
    made_by = ma.fields.String(allow_none=True, metadata={"description": "Sign-in name."})
    created_at = ma.fields.DateTime()
    expires_at = ma.fields.DateTime(allow_none=True)
    used_at = ma.fields.DateTime(allow_none=True)
    used_from = ma.fields.String(allow_none=True, metadata={"description": "Address of the last use."})
    revoked_at = ma.fields.DateTime(allow_none=True)


class OwnTokens(Schema):
    """One's own tokens; never more than fit on one page."""

    items = ma.fields.List(ma.fields.Nested(TokenDetail))
