"""Members from a spreadsheet (ACC-01): checked by the rules of the form, written by the thousand.

Document numbers, phones and addresses are staged sealed; with the end of an import the file is deleted and only what
wrong rows hold is kept, sealed, until it has been corrected or 30 days are over.
"""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Handout, Importable
from banyan.kernel.imports.declared import Choices
from banyan.modules.people.permissions import MEMBER_CREATE
from banyan.modules.people.rules import records, written
from banyan.modules.people.services import account_codes, intake_checking, intake_fields, intake_writing

CHUNK = 2_000
_LONG = validate.Length(max=500)


class MemberRow(Schema):
    """A row of the file. What its values may be say the rules of records."""

    name = Text(
        required=True,
        validate=_LONG,
        metadata={
            "label": lazy("Full name"),
            "example": lazy("Wang Xiaoming"),
            "aliases": (lazy("Name"),),
            "brief": True,
        },
    )
    gender = Text(metadata={"label": lazy("Gender"), "kind": "choice", "aliases": (lazy("Sex"),)})
    ethnicity = Text(metadata={"label": lazy("Ethnicity"), "kind": "choice"})
    document_type = Text(
        metadata={
            "label": lazy("Type of document"),
            "kind": "choice",
            "help": lazy("Left empty, the number is taken for that of an identity card."),
            "aliases": (lazy("Document type"),),
        }
    )
    document_number = Text(
        required=True,
        validate=_LONG,
        metadata={
            "label": lazy("Document number"),
            "kind": "code",
            "example": "220104200505040019",
            "lengths": (15, 18),
            "help": lazy("The cell must be text: Excel keeps fifteen digits of a number."),
            "aliases": (lazy("Identity number"), lazy("ID number"), lazy("Number of the identity card")),
            "sensitive": "document",
            "brief": True,
        },
    )
    birth_date = ma.fields.Date(
        metadata={
            "label": lazy("Date of birth"),
            "example": "2005-05-04",
            "help": lazy("Left empty, it is taken from the identity number."),
            "aliases": (lazy("Birthday"),),
        }
    )
    joined_on = ma.fields.Date(
        metadata={"label": lazy("Joined on"), "example": "2020-05-04", "aliases": (lazy("Joining date"),)}
    )
    joining_place = Text(metadata={"label": lazy("Place of joining"), "aliases": (lazy("Joined at"),)})
    admitted_on = ma.fields.Date(
        metadata={
            "label": lazy("Admitted on"),
            "help": lazy("The day of admission into this registry; left empty, the day of the import."),
            "aliases": (lazy("Date of admission"),),
        }
    )
    phone = Text(
        metadata={
            "label": lazy("Phone"),
            "kind": "code",
            "example": "13900000000",
            "aliases": (lazy("Telephone"), lazy("Mobile phone")),
            "sensitive": "phone",
        }
    )
    email = Text(
        validate=_LONG,
        metadata={"label": lazy("E-mail"), "aliases": (lazy("E-mail address"),), "sensitive": "email"},
    )
    address = Text(
        metadata={
            "label": lazy("Postal address"),
            "aliases": (lazy("Home address"), lazy("Residence")),
            "sensitive": "address",
        }
    )
    workplace = Text(metadata={"label": lazy("Workplace or school"), "aliases": (lazy("Workplace"), lazy("School"))})
    occupation = Text(metadata={"label": lazy("Occupation")})
    education = Text(metadata={"label": lazy("Education"), "kind": "choice"})
    political_status = Text(metadata={"label": lazy("Political status"), "kind": "choice"})
    number = Text(metadata={"label": lazy("Member number"), "kind": "code"})
    branch = Text(
        validate=validate.Length(max=100),
        metadata={
            "label": lazy("Branch"),
            "help": lazy("Code or full name of an organisation here or below; left empty, this organisation."),
            "kind": "code",
            "aliases": (lazy("Code of the organisation"), lazy("Organisation"), lazy("Branch of the League")),
            "brief": True,
        },
    )


class MemberOptions(Schema):
    """What can be asked for beside the rows."""

    accounts = ma.fields.Boolean(
        load_default=False,
        metadata={
            "label": lazy("Create accounts for new members"),
            "help": lazy(
                "Each gets a sign-in name made of the organisation's code and a number. Afterwards you download the "
                "set-up codes once, and hand each to its member."
            ),
        },
    )


def choices(_ctx: Context) -> Choices:
    """What can be chosen in a record."""
    return {key: list(labels.items()) for key, labels in records.CHOICES.items()}


MEMBERS = Importable(
    name="members",
    title=lazy("Members"),
    permission=MEMBER_CREATE.name,
    schema=MemberRow,
    key=("document_number",),
    check=intake_checking.check,
    write=intake_writing.write,
    chunk=CHUNK,
    options=MemberOptions,
    choices=choices,
    other_words=written.WORDS,
    at=intake_fields.at,
    instructions=(
        lazy("A member of the same organisation whose document is known already is compared and changed."),
        lazy("Members of other organisations are not moved: have them transferred."),
    ),
    back="people_pages.members",
    handout=Handout(
        label=lazy("Set-up codes of members"),
        help=lazy(
            "A slip with a sign-in name and a code, good for 20 days, for each new member. Give it to nobody else."
        ),
        header=account_codes.HEADER,
        make=account_codes.hand_out,
    ),
)
IMPORTS = (MEMBERS,)
