"""What forms and API bodies of campaigns and of limits of age hold."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import campaigns

IDS = ma.fields.List(
    ma.fields.UUID(), required=True, validate=validate.Length(1, 500), metadata={"description": "At most 500."}
)


class _Campaign(Schema):
    title = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("Title"), "wide": True})
    due_on = ma.fields.Date(required=True, metadata={"label": lazy("To be done by")})
    asked = ma.fields.List(
        Text(validate=validate.OneOf(tuple(campaigns.ASKED))),
        load_default=lambda: list(campaigns.USUAL),
        validate=validate.Length(min=1),
        metadata={
            "label": lazy("What is to be confirmed"),
            "widget": "checkboxes",
            "choices": list(campaigns.ASKED.items()),
        },
    )
    note = Text(
        load_default="",
        validate=validate.Length(max=2_000),
        metadata={"label": lazy("What branches do"), "widget": "textarea", "multiline": True, "wide": True},
    )


class CampaignCreate(_Campaign):
    """A new campaign."""

    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(campaigns.KINDS)),
        metadata={"label": lazy("Kind"), "widget": "select", "choices": list(campaigns.KINDS.items())},
    )

    class Meta:
        fields = ("kind", "title", "due_on", "asked", "note")


class CampaignEdit(_Campaign):
    """An edit; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class CampaignClose(Schema):
    """The end of a campaign."""

    note = Text(
        load_default="",
        validate=validate.Length(max=2_000),
        metadata={"label": lazy("What came of it"), "widget": "textarea", "multiline": True, "wide": True},
    )
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class AnswerGiven(Schema):
    """What is said of a member; ``version`` is that of the answer that was read, 0 where there was none."""

    answer = Text(
        required=True,
        validate=validate.OneOf(tuple(campaigns.ANSWERS)),
        metadata={"label": lazy("Answer"), "widget": "select", "choices": list(campaigns.ANSWERS.items())},
    )
    reason = Text(
        load_default="",
        validate=validate.Length(max=500),
        metadata={
            "label": lazy("Reason"),
            "widget": "textarea",
            "multiline": True,
            "help": lazy("Needed where something is doubtful or the member is not found here."),
        },
    )
    version = ma.fields.Integer(load_default=0, metadata={"widget": "hidden"})


class SeveralMembers(Schema):
    """Members."""

    ids = IDS


class SeveralDone(Schema):
    """With how many of several it was done; the others were out of reach, or done already."""

    done = ma.fields.Integer()
    left = ma.fields.Integer()


class AnswerDetail(Schema):
    """What was said of a member."""

    member_id = ma.fields.UUID()
    answer = ma.fields.String()
    reason = ma.fields.String()
    answered_at = ma.fields.DateTime()
    version = ma.fields.Integer()


class ProgressDetail(Schema):
    """How far an organisation is with all below; without code: the whole, then the organisation itself."""

    code = ma.fields.String()
    name = ma.fields.String()
    itself = ma.fields.Boolean(metadata={"description": "The organisation alone, without those below."})
    total = ma.fields.Integer()
    done = ma.fields.Integer()
    left = ma.fields.Integer()
    answers = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class CampaignDetail(Schema):
    """A campaign."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    kind = ma.fields.String()
    title = ma.fields.String()
    note = ma.fields.String()
    asked = ma.fields.List(ma.fields.String())
    opened_on = ma.fields.Date()
    due_on = ma.fields.Date()
    state = ma.fields.String()
    closing_note = ma.fields.String()
    closed_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()


class ProgressList(Schema):
    """Level by level."""

    items = ma.fields.List(ma.fields.Nested(ProgressDetail))


class AgeLeaving(Schema):
    """Members who leave for age."""

    ids = IDS
    ended_on = ma.fields.Date(required=True, metadata={"label": lazy("Last day")})
    reason = Text(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"label": lazy("Reason"), "widget": "textarea", "multiline": True},
    )


class AgeLeavingForm(Schema):
    """The same as a form: the ids in one hidden field."""

    ids = Text(required=True, validate=validate.Length(max=20_000), metadata={"widget": "hidden"})
    ended_on = ma.fields.Date(required=True, metadata={"label": lazy("Last day")})
    reason = Text(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"label": lazy("Reason"), "widget": "textarea", "multiline": True},
    )


class LeftOutList(Schema):
    """With how many it was done, and who was left out, and why."""

    done = ma.fields.Integer()
    left = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String()))


class AgeExceptionCreate(Schema):
    """An exception to the limit of age."""

    reason = Text(
        required=True,
        validate=validate.Length(2, 500),
        metadata={"label": lazy("Reason"), "widget": "textarea", "multiline": True},
    )
    until = ma.fields.Date(required=True, metadata={"label": lazy("Until")})


class AgeExceptionDetail(Schema):
    """An exception to the limit of age."""

    id = ma.fields.UUID()
    member_id = ma.fields.UUID()
    reason = ma.fields.String()
    until = ma.fields.Date()
