"""What an organisation's forms and API bodies hold."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text

CODE = validate.Regexp(r"\A[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])\Z", error="2 to 32 of a–z, 0–9 and -, not at the ends.")
PHONE = validate.Regexp(r"\A\+?[0-9][0-9 ()-]{4,22}[0-9]\Z", error="This is not a phone number.")
DIVISION = validate.Regexp(r"\A[0-9]{2,12}\Z", error="2 to 12 digits.")


def _if_given(validator: validate.Validator) -> Any:
    def check(value: str) -> None:
        if value:
            validator(value)

    return check


class OrgDetails(Schema):
    """What can be edited (ORG-01, ORG-03)."""

    name = Text(required=True, validate=validate.Length(2, 100), metadata={"label": "Name", "wide": True})
    short_name = Text(load_default="", validate=validate.Length(max=30), metadata={"label": "Short name"})
    founded_on = ma.fields.Date(required=True, metadata={"label": "Founded on"})
    person_in_charge = Text(required=True, validate=validate.Length(1, 50), metadata={"label": "Person in charge"})
    phone = Text(required=True, validate=PHONE, metadata={"label": "Phone", "autocomplete": "tel"})
    division_code = Text(
        load_default="",
        validate=_if_given(DIVISION),
        metadata={"label": "Division code", "help": "Administrative division it stands on."},
    )


class OrgCreate(OrgDetails):
    """A new organisation; the API names the approval document by the id of a stored file, the console uploads it."""

    parent = Text(
        required=True,
        validate=CODE,
        metadata={"label": "Parent organisation", "widget": "search-select"},
    )
    level = Text(required=True, metadata={"label": "Level", "widget": "select"})
    type = Text(required=True, metadata={"label": "Type", "widget": "select"})
    code = Text(
        required=True,
        validate=CODE,
        metadata={"label": "Code", "help": "Part of its address, for ever: a–z, 0–9 and -."},
    )


class OrgUpdate(OrgDetails):
    """An edit; ``version`` is the one that was read, so that two editors do not overwrite each other."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class OrgDetail(Schema):
    """An organisation as the API shows it."""

    id = ma.fields.UUID()
    code = ma.fields.String()
    name = ma.fields.String()
    short_name = ma.fields.String()
    level = ma.fields.String()
    type = ma.fields.String()
    parent = ma.fields.String(allow_none=True, metadata={"description": "Code of the parent, null for a root."})
    division_code = ma.fields.String()
    founded_on = ma.fields.Date(allow_none=True)
    person_in_charge = ma.fields.String()
    phone = ma.fields.String()
    status = ma.fields.String()
    approval_document = ma.fields.UUID(allow_none=True)
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()
    version = ma.fields.Integer()


class OrgCreateForm(OrgCreate):
    """The console's form of a new organisation, with the approval document as an upload."""

    document = ma.fields.Raw(
        load_default=None,
        metadata={"label": "Approval document", "widget": "file", "help": "PDF, PNG, JPG or DOCX."},
    )
