"""What forms and API bodies of members hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import choices, documents, names, records

_PERSON, _DOCUMENT = lazy("Person"), lazy("Identity document")
_CONTACT, _LIFE, _MEMBERSHIP = lazy("Contact"), lazy("School and work"), lazy("Membership")


def _choice(labels: Mapping[str, Any], label: Any, group: Any, **more: Any) -> Text:
    return Text(
        load_default="",
        validate=validate.OneOf(("", *labels)),
        metadata={"label": label, "group": group, "choices": list(labels.items()), "widget": "select", **more},
    )


def _text(label: Any, group: Any, most: int, **more: Any) -> Text:
    return Text(load_default="", validate=validate.Length(max=most), metadata={"label": label, "group": group, **more})


def _date(label: Any, group: Any, **more: Any) -> ma.fields.Date:
    return ma.fields.Date(load_default=None, allow_none=True, metadata={"label": label, "group": group, **more})


class MemberRecord(Schema):
    """What a record holds beside what is sensitive."""

    name = Text(
        required=True,
        validate=validate.Length(max=4 * names.LONGEST),
        metadata={
            "label": lazy("Full name"),
            "group": _PERSON,
            "help": lazy("As in the document, with the dot · in names."),
        },
    )
    gender = _choice(choices.GENDERS, lazy("Gender"), _PERSON, help=lazy("Left empty, the identity number says it."))
    birth_date = _date(lazy("Date of birth"), _PERSON, help=lazy("Left empty, the identity number says it."))
    ethnicity = _choice(choices.ETHNICITIES, lazy("Ethnicity"), _PERSON)
    document_type = _choice(documents.TYPES, lazy("Type of document"), _DOCUMENT)
    workplace = _text(lazy("School or workplace"), _LIFE, records.LONGEST["workplace"])
    occupation = _text(lazy("Occupation"), _LIFE, records.LONGEST["occupation"])
    education = _choice(choices.EDUCATION, lazy("Education"), _LIFE)
    political_status = _choice(choices.POLITICAL_STATUS, lazy("Political status"), _LIFE)
    interests = _text(lazy("Interests"), _LIFE, records.LONGEST["interests"], wide=True)
    joined_on = _date(lazy("Joined on"), _MEMBERSHIP, help=lazy("The day of joining for the first time, anywhere."))
    joining_place = _text(lazy("Place of joining"), _MEMBERSHIP, records.LONGEST["joining_place"])
    number = _text(lazy("Member number"), _MEMBERSHIP, records.LONGEST["number"])


def _sensitive(label: Any, group: Any, most: int, **more: Any) -> Text:
    return Text(validate=validate.Length(max=most), metadata={"label": label, "group": group, **more})


class MemberCreate(MemberRecord):
    """A new member."""

    document_number = _sensitive(
        lazy("Document number"), _DOCUMENT, 40, help=lazy("18 digits of an identity card, the last may be an X.")
    )
    phone = _sensitive(lazy("Phone"), _CONTACT, 30, autocomplete="off")
    email = _sensitive(lazy("E-mail"), _CONTACT, 254, autocomplete="off")
    address = _sensitive(lazy("Postal address"), _CONTACT, records.LONGEST["address"], wide=True)
    admitted_on = _date(lazy("Admitted on"), _MEMBERSHIP, help=lazy("Left empty, today."))


class MemberUpdate(MemberRecord):
    """An edit; ``version`` is the one that was read. Sensitive values that are missing stay as they are."""

    document_number = _sensitive(lazy("Document number"), _DOCUMENT, 40)
    phone = _sensitive(lazy("Phone"), _CONTACT, 30, autocomplete="off")
    email = _sensitive(lazy("E-mail"), _CONTACT, 254, autocomplete="off")
    address = _sensitive(lazy("Postal address"), _CONTACT, records.LONGEST["address"], wide=True)
    clear = ma.fields.List(
        Text(validate=validate.OneOf(records.SEALED)),
        load_default=list,
        metadata={
            "label": lazy("Empty these"),
            "group": _CONTACT,
            "widget": "checkboxes",
            "choices": [
                ("document_number", lazy("Document number")),
                ("phone", lazy("Phone")),
                ("email", lazy("E-mail")),
                ("address", lazy("Postal address")),
            ],
        },
    )
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


_OWN_FIELDS = ma.fields.Dict(
    keys=ma.fields.String(validate=validate.Length(max=60)),
    values=ma.fields.Raw(allow_none=True),
    load_default=dict,
    validate=validate.Length(max=100),
    metadata={"description": "Own fields by key; null empties one, those that are missing stay."},
)


class MemberCreateInput(MemberCreate):
    """A new member through the API."""

    fields = _OWN_FIELDS  # type: ignore[assignment]  # taken out of the class when it is made


class MemberUpdateInput(MemberUpdate):
    """An edit through the API."""

    fields = _OWN_FIELDS  # type: ignore[assignment]  # taken out of the class when it is made


class MemberLeave(Schema):
    """The end of a membership."""

    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(choices.LEAVINGS)),
        metadata={"label": lazy("How"), "widget": "select", "choices": list(choices.LEAVINGS.items())},
    )
    ended_on = ma.fields.Date(required=True, metadata={"label": lazy("Last day")})
    reason = Text(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"label": lazy("Reason"), "widget": "textarea", "multiline": True},
    )
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class MemberRestore(Schema):
    """The return of somebody who left."""

    restored_on = ma.fields.Date(required=True, metadata={"label": lazy("Member again from")})
    reason = Text(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"label": lazy("Reason"), "widget": "textarea", "multiline": True},
    )
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class PeriodDetail(Schema):
    """A period of membership as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    org_name = ma.fields.String()
    began_on = ma.fields.Date()
    began_by = ma.fields.String()
    ended_on = ma.fields.Date(allow_none=True)
    ended_by = ma.fields.String(allow_none=True)
    reason = ma.fields.String()
    ended_reason = ma.fields.String()


class MemberDetail(Schema):
    """A member as the API shows it; sensitive values are masked."""

    id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    name = ma.fields.String()
    gender = ma.fields.String()
    ethnicity = ma.fields.String(metadata={"description": "Two digits of GB/T 3304."})
    birth_date = ma.fields.Date(allow_none=True)
    document_type = ma.fields.String()
    document_number = ma.fields.String(metadata={"description": "Masked."})
    phone = ma.fields.String(metadata={"description": "Masked."})
    email = ma.fields.String(metadata={"description": "Masked."})
    address = ma.fields.String(metadata={"description": "Masked."})
    workplace = ma.fields.String()
    occupation = ma.fields.String()
    education = ma.fields.String()
    political_status = ma.fields.String()
    interests = ma.fields.String()
    joined_on = ma.fields.Date(allow_none=True)
    joining_place = ma.fields.String()
    number = ma.fields.String()
    admitted_on = ma.fields.Date()
    kind = ma.fields.String()
    status = ma.fields.String(metadata={"description": "active, left, deceased or merged."})
    review = ma.fields.String(metadata={"description": "pending, returned or accepted."})
    account = ma.fields.Boolean(metadata={"description": "Whether the member has an account."})
    fields = ma.fields.Dict(  # type: ignore[assignment]  # as above
        keys=ma.fields.String(),
        values=ma.fields.Raw(allow_none=True),
        metadata={"description": "Own fields by key, sensitive ones masked."},
    )
    periods = ma.fields.List(ma.fields.Nested(PeriodDetail))
    version = ma.fields.Integer()
