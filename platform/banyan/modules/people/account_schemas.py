"""What the API says of accounts of members."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema
from banyan.modules.people.services.account_opening import MOST


class AccountOpening(Schema):
    """Members who are to have an account."""

    ids = ma.fields.List(
        ma.fields.UUID(),
        required=True,
        validate=validate.Length(1, MOST),
        metadata={"description": f"Ids of members, at most {MOST}."},
    )


class SlipDetail(Schema):
    """What is handed to a member, shown this once."""

    member_id = ma.fields.UUID()
    name = ma.fields.String()
    org_name = ma.fields.String()
    sign_in_name = ma.fields.String()
    code = ma.fields.String()
    expires_at = ma.fields.DateTime()
    reset = ma.fields.Boolean(metadata={"description": "For a new password; else for setting the account up."})
    redeem_at = ma.fields.String(metadata={"description": "Where its holder enters the code."})


class LeftOut(Schema):
    """A member who was left out."""

    name = ma.fields.String()
    reason = ma.fields.String()


class OpenedDetail(Schema):
    """What came of it."""

    slips = ma.fields.List(ma.fields.Nested(SlipDetail))
    left = ma.fields.List(ma.fields.Nested(LeftOut))


class MissingFigures(Schema):
    """Members without account of one organisation with all below; without code: of the one asked itself."""

    code = ma.fields.String()
    name = ma.fields.String()
    missing = ma.fields.Integer()
    soon = ma.fields.Integer(metadata={"description": "Due within five working days."})
    overdue = ma.fields.Integer()


class MissingFiguresList(Schema):
    """The organisation itself, then each directly below."""

    items = ma.fields.List(ma.fields.Nested(MissingFigures))
