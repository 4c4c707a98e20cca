"""What the API says of imports."""

from __future__ import annotations

import marshmallow as ma
from flask_smorest.fields import Upload
from marshmallow import validate

from banyan.api.schemas import PageSchema, Schema
from banyan.modules.imports.models import STATES


class ColumnDetail(Schema):
    """A column that can be filled in."""

    key = ma.fields.String()
    label = ma.fields.String()
    required = ma.fields.Boolean()
    kind = ma.fields.String(metadata={"description": "text, code, date, choice, number or boolean."})
    help = ma.fields.String()
    example = ma.fields.String()


class ImportableDetail(Schema):
    """Something that can be imported here."""

    name = ma.fields.String()
    title = ma.fields.String()
    whole = ma.fields.Boolean(metadata={"description": "All rows are written, or none."})
    most_rows = ma.fields.Integer()
    key = ma.fields.List(ma.fields.String(), metadata={"description": "Columns that say “the same thing”."})
    columns = ma.fields.List(ma.fields.Nested(ColumnDetail))


class ImportableList(Schema):
    """All of them; never more than fit on one page."""

    items = ma.fields.List(ma.fields.Nested(ImportableDetail))


class ImportUpload(Schema):
    """A file on its way in."""

    file = Upload(required=True)


class SheetDetail(Schema):
    """A sheet of the workbook."""

    name = ma.fields.String()
    hidden = ma.fields.Boolean()


class ReasonDetail(Schema):
    """Why a row cannot be taken."""

    column = ma.fields.String(metadata={"description": "Key of the column; empty for the row as a whole."})
    message = ma.fields.String()


class ImportDetail(Schema):
    """An import."""

    id = ma.fields.UUID()
    kind = ma.fields.String()
    state = ma.fields.String(validate=validate.OneOf(STATES))
    file_name = ma.fields.String()
    sheets = ma.fields.List(ma.fields.Nested(SheetDetail))
    sheet = ma.fields.Integer()
    heading_row = ma.fields.Integer()
    headings = ma.fields.List(ma.fields.String())
    mapping = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        metadata={"description": "Column → position in the file, proposed until it is sent to `match`."},
    )
    total = ma.fields.Integer()
    new = ma.fields.Integer()
    changed = ma.fields.Integer()
    same = ma.fields.Integer()
    wrong = ma.fields.Integer()
    written = ma.fields.Integer()
    failed = ma.fields.Integer(metadata={"description": "Rows that were wrong only when they were to be written."})
    message = ma.fields.String()
    done = ma.fields.Integer(metadata={"description": "Progress of what works on it."})
    created_at = ma.fields.DateTime()
    confirmed_at = ma.fields.DateTime(allow_none=True)
    finished_at = ma.fields.DateTime(allow_none=True)


class SheetChoice(Schema):
    """Another sheet, or another row with the headings."""

    sheet = ma.fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 10_000))
    heading_row = ma.fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 2_000_000))


class Matching(Schema):
    """Which column of the file is which."""

    mapping = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(max=60)),
        values=ma.fields.Integer(validate=validate.Range(0, 10_000)),
        required=True,
        metadata={"description": "Key of the column → position in the file, from 0. Others are ignored."},
    )
    options = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(max=60)),
        load_default=dict,
        metadata={"description": "What is asked for beside the rows, where the import offers something."},
    )


class RowDetail(Schema):
    """A row of the preview."""

    number = ma.fields.Integer(metadata={"description": "As people see it in the file."})
    kind = ma.fields.String(metadata={"description": "new, changed, same or wrong."})
    cells = ma.fields.List(ma.fields.String())
    data = ma.fields.Dict()
    before = ma.fields.Dict(allow_none=True, metadata={"description": "Values that the row changes, as they are now."})
    reasons = ma.fields.List(ma.fields.Nested(ReasonDetail))


class RowPage(PageSchema):
    """A page of the preview."""

    items = ma.fields.List(ma.fields.Nested(RowDetail))


class FailedQuery(Schema):
    """Which rows."""

    every = ma.fields.Boolean(load_default=False, metadata={"description": "All rows, not only the wrong ones."})
