"""What plans and sign-ups are made of, for forms and API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, post_load, validate

from banyan.sdk import SHANGHAI, AudienceInput, Schema, SurveyQuestionBody, Text, lazy, message

from . import rules
from .rules import KINDS, MOST_CAPACITY, MOST_COMPANIONS

TIMES = ("starts_at", "ends_at", "sign_up_until", "withdraw_until")
LOCAL = "%Y-%m-%dT%H:%M"
_MOST_FEN = 100_000_000_00


class Yuan(ma.fields.Field[int]):
    """An amount that people type in yuan, with two decimals at most, and that is kept in fen."""

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{value / 100:.2f}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            fen = Decimal(str(value).replace(",", "").strip()) * 100
        except InvalidOperation as error:
            raise ValidationError(message("Not a valid number.")) from error
        if not fen.is_finite() or fen != fen.to_integral_value() or not 0 <= fen <= _MOST_FEN:
            raise ValidationError(message("Write an amount in yuan, with two decimals at most."))
        return int(fen)


def _zone(value: str) -> None:
    if rules.zone_of(value) is None:
        raise ValidationError(message("There is no such time zone."))


class PlanDetails(Schema):
    """A plan, but for its budget and its questions."""

    title = Text(required=True, validate=validate.Length(2, 100), metadata={"label": lazy("Theme"), "wide": True})
    kind = Text(
        required=True, validate=validate.OneOf(tuple(KINDS)),
        metadata={"label": lazy("Kind"), "widget": "select", "choices": list(KINDS.items())},
    )  # fmt: skip
    place = Text(required=True, validate=validate.Length(2, 200), metadata={"label": lazy("Where it takes place")})
    starts_at = ma.fields.DateTime(required=True, metadata={"label": lazy("Begins")})
    ends_at = ma.fields.DateTime(required=True, metadata={"label": lazy("Ends")})
    content = Text(
        load_default="", validate=validate.Length(max=10_000),
        metadata={"label": lazy("Content"), "widget": "textarea", "multiline": True, "wide": True},
    )  # fmt: skip
    expected = ma.fields.Integer(
        load_default=0, validate=validate.Range(0, MOST_CAPACITY), metadata={"label": lazy("Expected heads")}
    )
    contact = Text(
        load_default="", validate=validate.Length(max=100),
        metadata={"label": lazy("Contact"), "help": lazy("Whom people may ask, shown with the activity.")},
    )  # fmt: skip
    capacity = ma.fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(1, MOST_CAPACITY),
        metadata={
            "label": lazy("Places"), "group": lazy("Signing up"),
            "help": lazy("Left empty, as many as come. Who comes later waits in line and moves up by itself."),
        },
    )  # fmt: skip
    companions = ma.fields.Integer(
        load_default=0, validate=validate.Range(0, MOST_COMPANIONS),
        metadata={"label": lazy("Companions each may bring"), "group": lazy("Signing up")},
    )  # fmt: skip
    sign_up_until = ma.fields.DateTime(
        load_default=None, allow_none=True,
        metadata={
            "label": lazy("Sign up until"), "group": lazy("Signing up"), "help": lazy("Left empty, until it begins.")
        },
    )  # fmt: skip
    withdraw_until = ma.fields.DateTime(
        load_default=None, allow_none=True,
        metadata={
            "label": lazy("Withdraw until"), "group": lazy("Signing up"), "help": lazy("Left empty, until it begins.")
        },
    )  # fmt: skip
    open_to_all = ma.fields.Boolean(
        load_default=False,
        metadata={
            "label": lazy("Public page"), "group": lazy("Where and for whom"),
            "help": lazy("Everybody can read about it; signing up stays with those it is for."),
        },
    )  # fmt: skip
    latitude = ma.fields.Float(
        load_default=None, allow_none=True, validate=validate.Range(-90, 90),
        metadata={
            "label": lazy("Latitude"), "group": lazy("Where and for whom"),
            "help": lazy("In degrees, for the map and for attendance by location."),
        },
    )  # fmt: skip
    longitude = ma.fields.Float(
        load_default=None, allow_none=True, validate=validate.Range(-180, 180),
        metadata={"label": lazy("Longitude"), "group": lazy("Where and for whom")},
    )  # fmt: skip
    radius = ma.fields.Integer(
        load_default=300, validate=validate.Range(50, 10_000),
        metadata={"label": lazy("Radius in metres that counts as there"), "group": lazy("Where and for whom")},
    )  # fmt: skip
    zone = Text(
        load_default="Asia/Shanghai", validate=_zone,
        metadata={
            "label": lazy("Time zone"), "group": lazy("Where and for whom"),
            "help": lazy("The times above are meant in it, for instance Asia/Shanghai."),
        },
    )  # fmt: skip

    @post_load
    def _in_its_zone(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Times without an offset are those on the clocks where it takes place, summer time included."""
        zone = rules.zone_of(data["zone"])
        for name in TIMES:
            at = data.get(name)
            if isinstance(at, datetime) and at.tzinfo is None:
                data[name] = at.replace(tzinfo=zone)
        return data


class PlanInput(PlanDetails):
    """A plan through the API."""

    budget = ma.fields.Integer(
        load_default=0, validate=validate.Range(0, _MOST_FEN), metadata={"description": "In fen."}
    )
    questions = ma.fields.List(
        ma.fields.Nested(SurveyQuestionBody), load_default=list, validate=validate.Length(max=20)
    )
    audience = ma.fields.Nested(AudienceInput, load_default=lambda: AudienceInput().load({}))


class PlanUpdate(PlanInput):
    """A change through the API; ``version`` is the one that was read. Whom it is for cannot change once published."""

    version = ma.fields.Integer(required=True)


class PlanForm(PlanDetails):
    """A plan in the console: the budget in yuan, a question on each line."""

    budget = Yuan(load_default=0, metadata={"label": lazy("Budget in yuan")})
    asked = ma.fields.List(
        Text(validate=validate.Length(1, 300)), load_default=list, validate=validate.Length(max=20),
        metadata={
            "label": lazy("Questions at sign-up"), "group": lazy("Signing up"), "widget": "textarea", "wide": True,
            "help": lazy(
                "One on each line. Answers to choose from follow a colon, separated by a slash: Size: S / M / L."
                " A star at the end says that it must be answered."
            ),
        },
    )  # fmt: skip
    audience = ma.fields.Nested(AudienceInput, load_default=lambda: AudienceInput().load({}))


class PlanFormUpdate(PlanForm):
    """A change in the console."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class Version(Schema):
    """The version that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class CancelInput(Version):
    """Why an activity is called off."""

    reason = Text(
        required=True, validate=validate.Length(2, 500),
        metadata={"label": lazy("Reason"), "widget": "textarea", "help": lazy("Those who signed up are told.")},
    )  # fmt: skip


class CopyInput(Schema):
    """When the next one begins."""

    starts_at = ma.fields.AwareDateTime(default_timezone=SHANGHAI, required=True, metadata={"label": lazy("Begins")})


class SignUpInput(Schema):
    """A sign-up: with how many companions, and what was asked."""

    companions = ma.fields.Integer(
        load_default=0, validate=validate.Range(0, MOST_COMPANIONS), metadata={"label": lazy("Companions")}
    )
    answers = ma.fields.Dict(keys=Text(), values=ma.fields.Raw(allow_none=True), load_default=dict)


class PutDownInput(SignUpInput):
    """A sign-up by the organiser."""

    member = ma.fields.UUID(required=True, metadata={"label": lazy("Member")})


class PlaceInput(Schema):
    """Where a phone is, with its owner's consent; it is rounded, compared and forgotten."""

    latitude = ma.fields.Float(required=True, validate=validate.Range(-90, 90), metadata={"label": lazy("Latitude")})
    longitude = ma.fields.Float(
        required=True, validate=validate.Range(-180, 180), metadata={"label": lazy("Longitude")}
    )
    consent = ma.fields.Boolean(
        load_default=False,
        metadata={"label": lazy("My location may be looked at once for this. It is rounded and not kept.")},
    )


class CodeInput(Schema):
    """The code that the organiser's screen shows."""

    code = Text(required=True, validate=validate.Length(max=60))


class SignUpOut(Schema):
    """A sign-up as the API shows it."""

    id = ma.fields.UUID()
    activity_id = ma.fields.UUID()
    name = ma.fields.String()
    state = ma.fields.String(metadata={"description": "going, waiting or withdrawn."})
    places = ma.fields.Integer()
    answers = ma.fields.Dict()
    signed_up_at = ma.fields.DateTime()
    attended = ma.fields.String()
    minutes = ma.fields.Integer(allow_none=True)


class SurveyOut(Schema):
    """A questionnaire that has begun."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    state = ma.fields.String()
    version = ma.fields.Integer()


class ActivityOut(Schema):
    """An activity as the API shows it to those who run it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    series_id = ma.fields.UUID(allow_none=True)
    title = ma.fields.String()
    kind = ma.fields.String()
    content = ma.fields.String()
    place = ma.fields.String()
    latitude = ma.fields.Float(allow_none=True)
    longitude = ma.fields.Float(allow_none=True)
    radius = ma.fields.Integer()
    starts_at = ma.fields.DateTime()
    ends_at = ma.fields.DateTime()
    zone = ma.fields.String()
    capacity = ma.fields.Integer(allow_none=True)
    taken = ma.fields.Integer()
    waiting = ma.fields.Integer()
    companions = ma.fields.Integer()
    budget = ma.fields.Integer(metadata={"description": "In fen."})
    expected = ma.fields.Integer()
    contact = ma.fields.String()
    audience = ma.fields.Dict()
    open_to_all = ma.fields.Boolean()
    sign_up_until = ma.fields.DateTime(allow_none=True)
    withdraw_until = ma.fields.DateTime(allow_none=True)
    questions = ma.fields.List(ma.fields.Dict())
    state = ma.fields.String(metadata={"description": "draft, asked, approved, published or cancelled."})
    reason = ma.fields.String()
    summary_state = ma.fields.String(metadata={"description": "missing, handed_in or filed."})
    version = ma.fields.Integer()


class OwnActivity(Schema):
    """An activity as the API shows it to a member it is for."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    kind = ma.fields.String()
    content = ma.fields.String()
    place = ma.fields.String()
    starts_at = ma.fields.DateTime()
    ends_at = ma.fields.DateTime()
    zone = ma.fields.String()
    capacity = ma.fields.Integer(allow_none=True)
    taken = ma.fields.Integer()
    waiting = ma.fields.Integer()
    companions = ma.fields.Integer()
    contact = ma.fields.String()
    sign_up_until = ma.fields.DateTime(allow_none=True)
    withdraw_until = ma.fields.DateTime(allow_none=True)
    questions = ma.fields.List(ma.fields.Dict())
    state = ma.fields.String()
    reason = ma.fields.String()
    open = ma.fields.Boolean(metadata={"description": "One can sign up now."})
    sign_up = ma.fields.Nested(SignUpOut, allow_none=True)


def in_its_zone(held: Mapping[str, Any]) -> dict[str, str]:
    """Times as a form shows them: what the clocks say where it takes place."""
    zone = rules.zone_of(held["zone"])
    return {name: f"{held[name].astimezone(zone):{LOCAL}}" for name in TIMES if held.get(name) is not None}
