"""Organisations from a spreadsheet (ORG-06): checked by the same rules as the form, written by the bulk form of its
services. Parents may be rows of the same file, in any order."""

from __future__ import annotations

from collections.abc import Sequence

from marshmallow import fields, validate

from banyan.api.schemas import Text
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable, ImportRow, Written
from banyan.kernel.imports.declared import Choices
from banyan.modules.tenancy.lists import level_choices, type_choices
from banyan.modules.tenancy.permissions import ORG_CREATE
from banyan.modules.tenancy.schemas import CODE, DIVISION, PHONE, OrgDetails, if_given
from banyan.modules.tenancy.services import bulk, comparing

_NAME = validate.Length(2, 100)


class OrgRow(OrgDetails):
    """A row of the file."""

    code = Text(
        required=True,
        validate=CODE,
        metadata={
            "label": lazy("Code"),
            "help": lazy("Part of its address, for ever: a–z, 0–9 and -."),
            "kind": "code",
            "example": "league-220104-001",
            "aliases": (lazy("Code of the organisation"), lazy("Organisation code")),
            "brief": True,
        },
    )
    name = Text(
        required=True,
        validate=_NAME,
        metadata={
            "label": lazy("Name"),
            "example": lazy("First branch of the League"),
            "aliases": (lazy("Name of the organisation"),),
            "brief": True,
        },
    )
    short_name = Text(
        load_default="",
        validate=validate.Length(max=30),
        metadata={"label": lazy("Short name"), "example": lazy("First branch")},
    )
    level = Text(required=True, metadata={"label": lazy("Level"), "kind": "choice"})
    type = Text(
        required=True,
        metadata={"label": lazy("Type"), "kind": "choice", "aliases": (lazy("Type of the organisation"),)},
    )
    parent = Text(
        required=True,
        validate=CODE,
        metadata={
            "label": lazy("Code of the parent"),
            "help": lazy("An organisation here or below, or another row of this file, in any order."),
            "kind": "code",
            "example": "league-220104",
            "aliases": (lazy("Parent organisation"),),
            "brief": True,
        },
    )
    founded_on = fields.Date(
        required=True,
        metadata={"label": lazy("Founded on"), "example": "2024-05-31", "aliases": (lazy("Founding date"),)},
    )
    person_in_charge = Text(
        required=True,
        validate=validate.Length(1, 50),
        metadata={"label": lazy("Person in charge"), "example": lazy("Wang Xiaoming")},
    )
    phone = Text(
        required=True,
        validate=PHONE,
        metadata={"label": lazy("Phone"), "kind": "code", "example": "0431-80000000", "aliases": (lazy("Telephone"),)},
    )
    division_code = Text(
        load_default="",
        validate=if_given(DIVISION),
        metadata={
            "label": lazy("Division code"),
            "help": lazy("Administrative division it stands on."),
            "kind": "code",
            "example": "220104001",
            "lengths": (2, 4, 6, 9, 12),
        },
    )

    class Meta(OrgDetails.Meta):
        fields = (
            "code",
            "name",
            "short_name",
            "level",
            "type",
            "parent",
            "founded_on",
            "person_in_charge",
            "phone",
            "division_code",
        )


def choices(ctx: Context) -> Choices:
    """Levels and types as the reader reads them."""
    return {"level": level_choices(ctx.session), "type": type_choices(ctx.session)}


def check(ctx: Context, rows: Sequence[ImportRow]) -> None:
    """What each row is; see `comparing`."""
    comparing.check(ctx, rows)


def write(ctx: Context, rows: Sequence[ImportRow]) -> Written:
    """All of them, in the transaction of ``ctx``."""
    created = bulk.create(ctx, [row.data for row in rows if row.kind == "new"])
    changed = bulk.update(ctx, {row.memo["id"]: row.data for row in rows if row.kind == "changed"})
    file = bulk.tell(ctx, created, changed)
    return Written({"list_of_changes": str(file.id)} if file is not None else {})


ORGANISATIONS = Importable(
    name="organisations",
    title=lazy("Organisation"),
    permission=ORG_CREATE.name,
    schema=OrgRow,
    key=("code",),
    check=check,
    write=write,
    whole=True,
    choices=choices,
    instructions=(
        lazy("An organisation whose code exists already is compared and changed; level, type and parent stay."),
    ),
    back="tenancy_pages.listing",
)
IMPORTS = (ORGANISATIONS,)
