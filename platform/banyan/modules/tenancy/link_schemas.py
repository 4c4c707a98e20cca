"""What forms and API bodies of links between organisations hold."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.tenancy.links import LABELS, LINKS


class LinkDecided(Schema):
    """A decision about the link to the parent; ``version`` is the organisation's that was read."""

    link = Text(
        required=True,
        validate=validate.OneOf(LINKS),
        metadata={"label": lazy("Link to the parent"), "widget": "radio", "choices": list(LABELS.items())},
    )
    decided_on = ma.fields.Date(required=True, metadata={"label": lazy("Decided on")})
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class LinkDecide(LinkDecided):
    """The same through the API, with the id of an uploaded file."""

    document = ma.fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "Id of a file uploaded beforehand."}
    )


class LinkForm(LinkDecided):
    """The same in the console, with the decision as an upload."""

    document = ma.fields.Raw(
        load_default=None,
        metadata={"label": lazy("Document of the decision"), "widget": "file", "help": lazy("PDF, PNG, JPG or DOCX.")},
    )


class LinkChoice(Schema):
    """What a kind of link would do."""

    link = ma.fields.String()
    reasons = ma.fields.List(ma.fields.String(), metadata={"description": "Why it may not be; empty when it may."})
    ends = ma.fields.Boolean(metadata={"description": "Whether rights from above would end here."})
    begins = ma.fields.Boolean(metadata={"description": "Whether they would begin again."})
    modules_on = ma.fields.List(ma.fields.String())
    modules_off = ma.fields.List(ma.fields.String())


class LinkGrant(Schema):
    """A grant held above."""

    account = ma.fields.String()
    role_label = ma.fields.String()
    organisation = ma.fields.String()
    permissions = ma.fields.Integer(metadata={"description": "How many its role allows."})
    across = ma.fields.Integer(metadata={"description": "How many of them reach across a link of guidance."})


class LinkDecision(Schema):
    """A decision that was taken."""

    before = ma.fields.String()
    after = ma.fields.String()
    decided_on = ma.fields.Date()
    document = ma.fields.UUID(allow_none=True)
    changed_at = ma.fields.DateTime()


class LinkDetail(Schema):
    """The link of an organisation to its parent."""

    link = ma.fields.String()
    parent = ma.fields.String(metadata={"description": "Code of the parent."})
    version = ma.fields.Integer()
    choices = ma.fields.List(ma.fields.Nested(LinkChoice))
    grants_above = ma.fields.List(ma.fields.Nested(LinkGrant))
    other_grants_above = ma.fields.Integer(metadata={"description": "Of levels beyond the reader's reach."})
    decisions = ma.fields.List(ma.fields.Nested(LinkDecision))
