"""What an organisation's forms and API bodies hold."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest.fields import Upload
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy, message
from banyan.modules.tenancy.links import LABELS, LINKS
from banyan.plugins.enablement import POLICIES

CODE = validate.Regexp(
    r"\A[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])\Z", error=message("2 to 32 of a–z, 0–9 and -, not at the ends.")
)
PHONE = validate.Regexp(r"\A\+?[0-9][0-9 ()-]{4,22}[0-9]\Z", error=message("This is not a phone number."))
DIVISION = validate.Regexp(r"\A[0-9]{2,12}\Z", error=message("2 to 12 digits."))


def if_given(validator: validate.Validator) -> Any:
    """``validator``, asked only where there is something."""

    def check(value: str) -> None:
        if value:
            validator(value)

    return check


class OrgPlacing(Schema):
    """Where a new organisation stands, for ever or until it is moved."""

    parent = Text(
        required=True,
        validate=CODE,
        metadata={
            "label": lazy("Parent organisation"),
            "widget": "search-select",
            "help": lazy("Its code; type a name or initials to search."),
        },
    )
    level = Text(required=True, metadata={"label": lazy("Level"), "widget": "select"})
    type = Text(required=True, metadata={"label": lazy("Type"), "widget": "select"})
    link = Text(
        load_default="leadership",
        validate=validate.OneOf(LINKS),
        metadata={
            "label": lazy("Link to the parent"),
            "widget": "select",
            "choices": list(LABELS.items()),
            "help": lazy(
                "Guidance ends the rights of the upper side here: open its administrator first, decide it then."
            ),
        },
    )
    code = Text(
        required=True,
        validate=CODE,
        metadata={"label": lazy("Code"), "help": lazy("Part of its address, for ever: a–z, 0–9 and -.")},
    )


class OrgDetails(Schema):
    """What can be edited (ORG-01, ORG-03)."""

    name = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("Name"), "wide": True})
    short_name = Text(load_default="", validate=validate.Length(max=30), metadata={"label": lazy("Short name")})
    founded_on = ma.fields.Date(required=True, metadata={"label": lazy("Founded on")})
    person_in_charge = Text(
        required=True, validate=validate.Length(1, 50), metadata={"label": lazy("Person in charge")}
    )
    phone = Text(required=True, validate=PHONE, metadata={"label": lazy("Phone"), "autocomplete": "tel"})
    division_code = Text(
        load_default="",
        validate=if_given(DIVISION),
        metadata={"label": lazy("Division code"), "help": lazy("Administrative division it stands on.")},
    )


class OrgApproval(Schema):
    """What the founding of an organisation rests on (ORG-03)."""

    approved_on = ma.fields.Date(
        required=True,
        metadata={"label": lazy("Approved on"), "help": lazy("To be entered within 30 working days of this day.")},
    )
    approval_number = Text(
        required=True, validate=validate.Length(1, 60), metadata={"label": lazy("Number of the approval")}
    )


class OrgCreate(OrgApproval, OrgDetails, OrgPlacing):
    """A new organisation; the API names the approval document by the id of an uploaded file."""

    approval_document = ma.fields.UUID(required=True, metadata={"description": "Id of a file uploaded beforehand."})


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
    link = ma.fields.String(metadata={"description": "To the parent: leadership, guidance or branch_office."})
    division_code = ma.fields.String()
    founded_on = ma.fields.Date(allow_none=True)
    person_in_charge = ma.fields.String()
    phone = ma.fields.String()
    status = ma.fields.String()
    approval_document = ma.fields.UUID(allow_none=True)
    approved_on = ma.fields.Date(allow_none=True)
    approval_number = ma.fields.String()
    entry_days = ma.fields.Integer(
        allow_none=True, metadata={"description": "Working days from the approval to the entry; late above 30."}
    )
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()
    version = ma.fields.Integer()


class OrgCreateForm(OrgApproval, OrgDetails, OrgPlacing):
    """The console's form of a new organisation, with the approval document as an upload."""

    document = ma.fields.Raw(
        required=True,
        metadata={"label": lazy("Approval document"), "widget": "file", "help": lazy("PDF, PNG, JPG or DOCX.")},
    )


class FileUpload(Schema):
    """A document on its way in."""

    file = Upload(required=True)


class FileDetail(Schema):
    """A document that was kept."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    media_type = ma.fields.String(metadata={"description": "What the bytes are, whatever the upload claimed."})
    size = ma.fields.Integer(metadata={"description": "Bytes."})
    sha256 = ma.fields.String()


class ModuleSwitch(Schema):
    """Switching a module."""

    on = ma.fields.Boolean(required=True)
    with_needed = ma.fields.Boolean(
        load_default=False, metadata={"description": "Switch on what it needs as well; all of it or nothing."}
    )


class ModuleLayDown(Schema):
    """What is laid down for this organisation and all below; null lifts it."""

    policy = ma.fields.String(required=True, allow_none=True, validate=validate.OneOf(POLICIES))


class ModulePolicyForm(Schema):
    """The console's form of the same; an empty choice lifts it."""

    policy = ma.fields.String(
        load_default="",
        validate=validate.OneOf(("", *POLICIES)),
        metadata={"label": lazy("For this organisation and all below"), "widget": "radio"},
    )


class ModuleDetail(Schema):
    """A module as it stands at an organisation."""

    name = ma.fields.String()
    label = ma.fields.String()
    description = ma.fields.String()
    version = ma.fields.String()
    always_on = ma.fields.Boolean()
    on = ma.fields.Boolean(metadata={"description": "What comes of switch, policy and dependencies."})
    switched_on = ma.fields.Boolean(metadata={"description": "The organisation's own switch."})
    off_for_all = ma.fields.Boolean(metadata={"description": "The operator has switched it off everywhere."})
    requires = ma.fields.List(ma.fields.String())
    policy = ma.fields.String(allow_none=True, metadata={"description": "In force: mandatory, allowed, forbidden."})
    laid_down_by = ma.fields.String(allow_none=True, metadata={"description": "Code of who laid it down."})
    own_policy = ma.fields.String(allow_none=True, metadata={"description": "Laid down by the organisation itself."})


class ModulePermission(Schema):
    """A permission that a module brings."""

    name = ma.fields.String()
    label = ma.fields.String()
    roles = ma.fields.List(ma.fields.String(), metadata={"description": "Built-in roles that have it."})


class ModuleAbout(ModuleDetail):
    """All there is to know about a module before switching it on."""

    author = ma.fields.String()
    holds = ma.fields.List(ma.fields.String(), metadata={"description": "What data it keeps."})
    permissions = ma.fields.List(ma.fields.Nested(ModulePermission))
    needs = ma.fields.List(ma.fields.String(), metadata={"description": "Modules that must be on as well."})
    missing = ma.fields.List(ma.fields.String(), metadata={"description": "Those of them that are off here."})
    needed_by = ma.fields.List(ma.fields.String(), metadata={"description": "Modules that are on here and need it."})
    off_reason = ma.fields.String(metadata={"description": "Why the operator switched it off everywhere."})


class ModuleEffect(Schema):
    """What laying down a policy would do."""

    policy = ma.fields.String(allow_none=True)
    goes_on = ma.fields.Integer(metadata={"description": "Organisations at which the module goes on."})
    goes_off = ma.fields.Integer(metadata={"description": "Organisations at which it goes off."})
