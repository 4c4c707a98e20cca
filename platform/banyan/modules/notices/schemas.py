"""What forms and the API of notices hold."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.clock import SHANGHAI
from banyan.kernel.i18n import LazyText, lazy, message
from banyan.modules.notices import rules
from banyan.modules.operators.schemas import Effects
from banyan.modules.people.audience_forms import AudienceInput


def _moment(label: LazyText, help_: LazyText) -> Any:
    """An instant; without a zone it is one of mainland China, as the console sends it."""
    return ma.fields.AwareDateTime(
        load_default=None,
        allow_none=True,
        default_timezone=SHANGHAI,
        metadata={"label": label, "widget": "datetime-local", "help": help_},
    )


class NoticeDetails(Schema):
    """What a notice says, but for whom it is and its files."""

    title = Text(required=True, validate=validate.Length(1, 200), metadata={"label": lazy("Title"), "wide": True})
    body = Text(
        required=True,
        validate=validate.Length(1, 20_000),
        metadata={
            "label": lazy("Text of the notice"),
            "widget": "textarea",
            "help": lazy(
                "An empty line begins a paragraph. Lists begin with “- ”, **bold**, [words](https://…) for a link."
            ),
        },
    )
    kind = ma.fields.String(
        load_default="notice",
        validate=validate.OneOf(tuple(rules.KINDS)),
        metadata={"label": lazy("Kind"), "widget": "select", "choices": list(rules.KINDS.items())},
    )
    importance = ma.fields.String(
        load_default="ordinary",
        validate=validate.OneOf(tuple(rules.IMPORTANCE)),
        metadata={
            "label": lazy("Importance"),
            "widget": "select",
            "choices": list(rules.IMPORTANCE.items()),
            "help": lazy("Urgent ones go by every channel chosen, whatever people prefer."),
        },
    )
    confirm = ma.fields.Boolean(
        load_default=False, metadata={"label": lazy("Readers confirm that they have taken note")}
    )
    public = ma.fields.Boolean(
        load_default=False, metadata={"label": lazy("An announcement that everybody can read, without signing in")}
    )
    channels = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(tuple(rules.CHANNELS))),
        load_default=list,
        metadata={
            "label": lazy("Beside the inbox also by"),
            "widget": "checkboxes",
            "choices": list(rules.CHANNELS.items()),
        },
    )
    publish_at = _moment(lazy("To be published at"), lazy("Left empty, as soon as it is published by hand."))
    valid_until = _moment(lazy("Valid until"), lazy("Left empty, who joins within 30 days is told as well."))


class NoticeForm(NoticeDetails):
    """A notice in the console; its files as uploads."""

    audience = ma.fields.Nested(AudienceInput, required=True)
    administrators = ma.fields.Boolean(
        load_default=False, metadata={"label": lazy("Also the administrators of these organisations")}
    )
    file = ma.fields.Raw(
        load_default=None,
        metadata={"label": lazy("Add a file"), "widget": "file", "help": lazy("PDF, PNG, JPG or DOCX.")},
    )
    keep = ma.fields.List(
        ma.fields.UUID(), load_default=list, metadata={"widget": "checkboxes", "label": lazy("Files")}
    )


class NoticeFormUpdate(NoticeForm):
    """An edit in the console; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class NoticeWrite(NoticeDetails):
    """A notice through the API."""

    audiences = ma.fields.List(
        ma.fields.Nested(AudienceInput), load_default=list, validate=validate.Length(max=rules.MOST_AUDIENCES)
    )
    files = ma.fields.List(
        ma.fields.UUID(), load_default=list, metadata={"description": "Ids of files uploaded beforehand."}
    )
    keep = ma.fields.List(ma.fields.UUID(), load_default=list, metadata={"description": "Files of it that stay."})


class NoticeUpdate(NoticeWrite):
    """An edit; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True)


class NoticeVersion(Schema):
    """An act on what was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class NoticeWithdrawal(NoticeVersion):
    """Taking a notice back."""

    reason = Text(
        required=True,
        validate=validate.Length(1, 500),
        metadata={"label": lazy("Reason"), "help": lazy("Readers see it."), "wide": True},
    )


class FileOfNotice(Schema):
    """A file of a notice."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    size = ma.fields.Integer()
    media_type = ma.fields.String()


class FiguresDetail(Schema):
    """How a notice stands at the organisation asked and below."""

    reached = ma.fields.Integer()
    without = ma.fields.Integer(metadata={"description": "Of them, without an account."})
    read = ma.fields.Integer()
    confirmed = ma.fields.Integer()
    gone = ma.fields.Integer(metadata={"description": "Left before reading."})
    missing = ma.fields.Integer(metadata={"description": "Have an account and have not read it."})


class BelowDetail(Schema):
    """The same for an organisation directly below."""

    code = ma.fields.String()
    name = ma.fields.String()
    figures = ma.fields.Nested(FiguresDetail)


class NoticeDetail(Schema):
    """A notice as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    origin = ma.fields.String(metadata={"description": "written or emergency."})
    kind = ma.fields.String()
    importance = ma.fields.String()
    title = ma.fields.String()
    body = ma.fields.String(metadata={"description": "Markdown."})
    confirm = ma.fields.Boolean()
    public = ma.fields.Boolean()
    channels = ma.fields.List(ma.fields.String())
    audience = ma.fields.List(ma.fields.String(), metadata={"description": "For whom it is, in words."})
    files = ma.fields.List(ma.fields.Nested(FileOfNotice))
    state = ma.fields.String()
    publish_at = ma.fields.DateTime(allow_none=True)
    published_at = ma.fields.DateTime(allow_none=True)
    valid_until = ma.fields.DateTime(allow_none=True)
    withdrawn_at = ma.fields.DateTime(allow_none=True)
    reason = ma.fields.String()
    replaces = ma.fields.UUID(allow_none=True)
    figures = ma.fields.Nested(FiguresDetail)
    below = ma.fields.List(ma.fields.Nested(BelowDetail))
    version = ma.fields.Integer()


class NoticePreview(Schema):
    """Whom a notice would reach."""

    reached = ma.fields.Integer()
    with_account = ma.fields.Integer()
    without = ma.fields.Integer()
    html = ma.fields.String(metadata={"description": "The text as readers see it."})


class Reminded(Schema):
    """How many were reminded."""

    readers = ma.fields.Integer()


class ReceivedDetail(Schema):
    """A notice as its reader has it."""

    id = ma.fields.UUID()
    kind = ma.fields.String()
    importance = ma.fields.String()
    title = ma.fields.String()
    body = ma.fields.String(metadata={"description": "Markdown; empty once it was withdrawn."})
    link = ma.fields.String()
    org_name = ma.fields.String()
    files = ma.fields.List(ma.fields.Nested(FileOfNotice))
    state = ma.fields.String()
    reason = ma.fields.String()
    confirm = ma.fields.Boolean()
    published_at = ma.fields.DateTime()
    valid_until = ma.fields.DateTime(allow_none=True)
    read_at = ma.fields.DateTime(allow_none=True)
    confirmed_at = ma.fields.DateTime(allow_none=True)
    newer = ma.fields.UUID(allow_none=True, metadata={"description": "A version that replaced it."})


class UnreadCount(Schema):
    """How many notices wait to be read; 100 stands for more."""

    unread = ma.fields.Integer()


class PreferenceEdit(Schema):
    """Channels of ordinary notices."""

    email = ma.fields.Boolean(load_default=False, metadata={"label": lazy("By e-mail as well")})
    sms = ma.fields.Boolean(load_default=False, metadata={"label": lazy("By SMS as well")})


class EmergencyWrite(Schema):
    """An alarm."""

    title = Text(required=True, validate=validate.Length(1, 60), metadata={"label": lazy("Title"), "wide": True})
    effects = ma.fields.Nested(Effects, required=True, metadata={"label": lazy("What it means for people")})
    until = ma.fields.AwareDateTime(
        required=True,
        default_timezone=SHANGHAI,
        metadata={"label": lazy("Shown until"), "widget": "datetime-local"},
    )
    confirm = ma.fields.Boolean(
        load_default=True, metadata={"label": lazy("Readers confirm that they have taken note")}
    )
    sure = ma.fields.Boolean(
        required=True,
        validate=validate.Equal(True, error=message("Tick this to send it.")),
        metadata={"label": lazy("Yes: everybody is told now, by SMS as well")},
    )


class OperatorEmergency(EmergencyWrite):
    """An alarm by who runs the installation."""

    code = Text(
        load_default="",
        validate=validate.Length(max=32),
        metadata={
            "label": lazy("Code of the organisation"),
            "help": lazy("It and all below it. Left empty, the whole installation is told."),
        },
    )


class EmergencyDetail(Schema):
    """An alarm that was sounded."""

    id = ma.fields.UUID()
    begins_at = ma.fields.DateTime()
    ends_at = ma.fields.DateTime()
