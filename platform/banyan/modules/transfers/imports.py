"""Transfers from a spreadsheet (TRF-03): one row for each member, each with a destination of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from marshmallow import fields, validate
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import DBAPIError

from banyan.api.schemas import Schema, Text
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.failures import explained
from banyan.kernel.errors import DomainError, Invalid
from banyan.kernel.errors import Text as Message
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable, ImportRow, Written
from banyan.kernel.imports.declared import Choices
from banyan.kernel.sealing import blind_indexes
from banyan.modules.access.decision import visible
from banyan.modules.people.models import Member, document_text
from banyan.modules.people.rules import documents, names
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers import rules
from banyan.modules.transfers.permissions import CREATE
from banyan.modules.transfers.services import applying, batches, places


class TransferRow(Schema):
    """A row of the file."""

    name = Text(
        required=True,
        validate=validate.Length(1, 50),
        metadata={
            "label": lazy("Full name"),
            "example": lazy("Wang Xiaoming"),
            "aliases": (lazy("Name"), lazy("Member")),
            "brief": True,
        },
    )
    document_number = Text(
        load_default="",
        validate=validate.Length(max=30),
        metadata={
            "label": lazy("Document number"),
            "help": lazy("Needed where two members have one name, or the member number."),
            "kind": "code",
            "sensitive": "document",
            "aliases": (lazy("Identity number"),),
        },
    )
    number = Text(
        load_default="",
        validate=validate.Length(max=30),
        metadata={"label": lazy("Member number"), "kind": "code"},
    )
    to = Text(
        required=True,
        validate=validate.Length(2, 100),
        metadata={
            "label": lazy("Code of the receiving organisation"),
            "kind": "code",
            "example": "league-222401-001",
            "aliases": (lazy("Receiving organisation"),),
            "brief": True,
        },
    )
    kind = Text(required=True, metadata={"label": lazy("Kind of transfer"), "kind": "choice", "example": lazy("Study")})
    effective_on = fields.Date(
        load_default=None, allow_none=True, metadata={"label": lazy("To move on"), "example": "2026-07-01"}
    )
    reason = Text(
        load_default="", validate=validate.Length(max=500), metadata={"label": lazy("Reason"), "kind": "text"}
    )

    class Meta(Schema.Meta):
        fields = ("name", "document_number", "number", "to", "kind", "effective_on", "reason")


def choices(_ctx: Context) -> Choices:
    """Kinds as the reader reads them."""
    return {"kind": list(rules.KINDS.items())}


def check(ctx: Context, rows: Sequence[ImportRow]) -> None:
    """Who is meant, whether they can be transferred, and whether there."""
    known: dict[str, Org | Message] = {}
    met: set[UUID] = set()
    for row in rows:
        row.memo = None
        member = _member(ctx, row)
        if member is not None and member.id in met:
            row.reject("name", lazy("This member stands in another row of the file."))
        to = _destination(ctx, row, known)
        if member is not None:
            met.add(member.id)
            for reason in applying.against_member(ctx, member, "branch"):
                row.reject("name", reason)
            row.memo = {"member": str(member.id)}
        if member is not None and to is not None:
            for reason in applying.against_way(ctx, applying.Way(ctx.session.get_one(Org, member.org_id), to)):
                row.reject("to", reason)
        for reason in rules.against_day(row.data.get("effective_on"), today(ctx.clock)):
            row.reject("effective_on", reason)


def write(ctx: Context, rows: Sequence[ImportRow]) -> Written:
    """Ask for all of them; the chunks of one import come into one batch."""
    day = today(ctx.clock)
    title = str(lazy("Transfers by file of %(day)s", day=day.isoformat()))
    batch = batches.take(ctx, ctx.here, f"import:{ctx.request_id}", title)
    asked = sum(_asked(ctx, row, batch.id) for row in rows)
    return Written({"transfers": asked})


def _asked(ctx: Context, row: ImportRow, batch: UUID) -> int:
    member = ctx.session.get_one(Member, UUID(row.memo["member"]))
    try:
        with ctx.session.begin_nested():
            applying.ask(ctx, member, row.data, "branch", batch=batch)
    except DBAPIError as error:
        known = explained(error)
        if isinstance(known, Invalid):
            return 0  # asked for by somebody else in this very moment
        raise
    except DomainError:
        return 0
    return 1


def _member(ctx: Context, row: ImportRow) -> Member | None:
    name = names.clean(row.data.get("name", ""))
    if not name:
        return None
    found = ctx.session.scalars(select(Member).where(*_meant(ctx, row, name)).limit(2)).all()
    if len(found) == 1:
        return found[0]
    if found:
        row.reject("name", lazy("Several members are called so. Give the document number or the member number."))
    else:
        row.reject("name", lazy("No member of this organisation or one below is called so."))
    return None


def _meant(ctx: Context, row: ImportRow, name: str) -> Iterator[ColumnElement[bool]]:
    yield visible(ctx, CREATE.name, Member.org_path, within=ctx.here)
    yield Member.name == name
    yield Member.status == "active"
    number: Any = row.data.get("document_number")
    if number:
        texts = [document_text(documents.normalised(kind, number), {"document_type": kind}) for kind in documents.TYPES]
        yield Member.document_index.in_([index for text in texts for index in blind_indexes("people.document", text)])
    if row.data.get("number"):
        yield Member.number == row.data["number"]


def _destination(ctx: Context, row: ImportRow, known: dict[str, Org | Message]) -> Org | None:
    text = row.data.get("to")
    if not text:
        return None
    if text not in known:
        try:
            known[text] = places.meant(ctx, ctx.here, text)
        except Invalid as error:
            known[text] = error.fields["to"][0]
    found = known[text]
    if isinstance(found, Org):
        return found
    row.reject("to", found)
    return None


TRANSFERS = Importable(
    name="transfers",
    title=lazy("Transfers"),
    permission=CREATE.name,
    schema=TransferRow,
    key=("name", "document_number"),
    check=check,
    write=write,
    choices=choices,
    instructions=(
        lazy("Members of this organisation and those below; each receiving branch answers for its own."),
        lazy("For another tree, give the code that the receiving organisation told you."),
    ),
    back="transfers_pages.outgoing",
)
IMPORTS = (TRANSFERS,)
