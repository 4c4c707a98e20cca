"""What the forms and bodies of an organisation's life hold."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy, message
from banyan.modules.tenancy.schemas import CODE, PHONE


class Decision(Schema):
    """The decision that an act rests on."""

    decided_on = ma.fields.Date(required=True, metadata={"label": lazy("Decided on")})
    number = Text(load_default="", validate=validate.Length(max=60), metadata={"label": lazy("Number of the decision")})
    note = Text(
        load_default="", validate=validate.Length(max=500), metadata={"label": lazy("Note"), "widget": "textarea"}
    )
    document = ma.fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "Id of a file uploaded beforehand."}
    )


class Plan(Schema):
    """A confirmation names what was shown."""

    plan = ma.fields.String(
        required=True, metadata={"description": "Of the preview; if something changed since, the answer is 409."}
    )


class RenameAsked(Schema):
    """Another name."""

    name = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("New name"), "wide": True})
    short_name = Text(load_default="", validate=validate.Length(max=30), metadata={"label": lazy("Short name")})


class MoveAsked(Schema):
    """Another parent."""

    parent = Text(
        required=True,
        validate=CODE,
        metadata={
            "label": lazy("New parent organisation"),
            "widget": "search-select",
            "wide": True,
            "help": lazy("Its code; type a name or initials to search."),
        },
    )


class MergeAsked(Schema):
    """The organisation that remains."""

    into = Text(
        required=True,
        validate=CODE,
        metadata={
            "label": lazy("Organisation that remains"),
            "widget": "search-select",
            "wide": True,
            "help": lazy("Its code; type a name or initials to search."),
        },
    )


class SplitAsked(Schema):
    """A new organisation beside this one, of its level and type, and those below that go along."""

    name = Text(
        required=True,
        validate=validate.Length(2, 100),
        metadata={"label": lazy("Name of the new organisation"), "wide": True},
    )
    short_name = Text(load_default="", validate=validate.Length(max=30), metadata={"label": lazy("Short name")})
    code = Text(
        required=True,
        validate=CODE,
        metadata={"label": lazy("Code"), "help": lazy("Part of its address, for ever: a–z, 0–9 and -.")},
    )
    founded_on = ma.fields.Date(required=True, metadata={"label": lazy("Founded on")})
    person_in_charge = Text(
        required=True, validate=validate.Length(1, 50), metadata={"label": lazy("Person in charge")}
    )
    phone = Text(required=True, validate=PHONE, metadata={"label": lazy("Phone"), "autocomplete": "tel"})
    children = ma.fields.List(
        Text(validate=CODE),
        required=True,
        validate=validate.Length(1, 500, error=message("Choose the organisations that go along.")),
        metadata={"label": lazy("Organisations that go along"), "widget": "checkboxes"},
    )


class OrgRename(Decision, RenameAsked):
    """Renaming, with its decision."""


class OrgMove(Decision, MoveAsked):
    """Moving, with its decision."""


class OrgMerge(Decision, MergeAsked):
    """Merging, with its decision."""


class OrgSplit(Decision, SplitAsked):
    """Splitting, with its decision."""


def _upload(required: bool = False) -> ma.fields.Raw:
    return ma.fields.Raw(
        required=required,
        load_default=ma.missing if required else None,
        metadata={"label": lazy("Document of the decision"), "widget": "file", "help": lazy("PDF, PNG, JPG or DOCX.")},
    )


class _Uploaded(Schema):
    """In the console's forms the document is uploaded; the id of the kept one goes from page to page."""

    document = ma.fields.UUID(load_default=None, allow_none=True, metadata={"widget": "hidden"})
    upload = _upload()


class RenameForm(_Uploaded, OrgRename):
    """The console's form of another name."""


class MoveForm(_Uploaded, OrgMove):
    """The console's form of another parent."""


class MergeForm(_Uploaded, OrgMerge):
    """The console's form of merging."""


class SplitForm(_Uploaded, OrgSplit):
    """The console's form of splitting."""


class DecisionForm(_Uploaded, Decision):
    """The console's form of a decision to revoke, or to restore."""


class RenameConfirm(OrgRename, Plan):
    """A confirmed new name."""


class MoveConfirm(OrgMove, Plan):
    """A confirmed move."""


class MergeConfirm(OrgMerge, Plan):
    """A confirmed merger."""


class SplitConfirm(OrgSplit, Plan):
    """A confirmed split."""


class PreviewDifference(Schema):
    """A value before and after."""

    field = ma.fields.String()
    before = ma.fields.String()
    after = ma.fields.String()


class PreviewNumber(Schema):
    """How many of something go along."""

    what = ma.fields.String()
    label = ma.fields.String()
    n = ma.fields.Integer()


class PreviewModule(Schema):
    """Where a module goes on and off."""

    name = ma.fields.String()
    label = ma.fields.String()
    goes_on = ma.fields.Integer()
    goes_off = ma.fields.Integer()


class LifePreview(Schema):
    """What an act would touch."""

    kind = ma.fields.String()
    plan = ma.fields.String(metadata={"description": "To be named by the confirmation."})
    differences = ma.fields.List(ma.fields.Nested(PreviewDifference))
    numbers = ma.fields.List(ma.fields.Nested(PreviewNumber))
    modules = ma.fields.List(ma.fields.Nested(PreviewModule))
    losses = ma.fields.List(ma.fields.String(), metadata={"description": "What does not go along."})
    reasons = ma.fields.List(ma.fields.String(), metadata={"description": "Why it may not be; empty: it may."})


class RevocationDetail(Schema):
    """A decision to revoke."""

    id = ma.fields.UUID()
    act = ma.fields.String()
    decided_on = ma.fields.Date()
    number = ma.fields.String()
    note = ma.fields.String()
    document = ma.fields.UUID(allow_none=True)
    due_on = ma.fields.Date()
    provisional = ma.fields.Boolean(metadata={"description": "Holidays on the way are not published yet."})
    done_on = ma.fields.Date(allow_none=True)


class LifeStep(Schema):
    """A change in an organisation's life."""

    id = ma.fields.UUID()
    kind = ma.fields.String()
    label = ma.fields.String()
    at = ma.fields.DateTime()
    decided_on = ma.fields.Date(allow_none=True)
    number = ma.fields.String()
    note = ma.fields.String()
    document = ma.fields.UUID(allow_none=True)
    account = ma.fields.String()
    other = ma.fields.String()
    other_code = ma.fields.String()
    values = ma.fields.List(ma.fields.Nested(PreviewDifference))
