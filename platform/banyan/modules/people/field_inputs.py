"""Fields that an organisation adds itself as fields of a schema: one set of rules for forms, API and imports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import language, message
from banyan.modules.people.rules import fields as rules
from banyan.modules.people.rules.fields import Field

_PHONE = validate.Regexp(r"\A\+?[0-9][0-9 ()-]{3,26}[0-9]\Z", error=message("This is not a phone number."))
YES_NO = (("true", message("Yes")), ("false", message("No")))
_MARK = {"date": "date", "integer": "number", "boolean": "boolean", "choice": "choice", "phone": "code", "code": "code"}


def schema_of(fields: Sequence[Field], *, group: Any = "") -> type[Schema]:
    """The schema of what is filled in of ``fields``; nothing given is kept as it is, null empties a field."""
    found: dict[str, Any] = {one.key: input_of(one, group=group) for one in fields}
    return Schema.from_dict(found, name="MemberFields")  # type: ignore[return-value]


def input_of(field: Field, *, required: bool | None = None, group: Any = "") -> ma.fields.Field[Any]:
    """A field of a schema. :param required: by default as it is defined."""
    must = field.required if required is None else required
    metadata = {"label": field.said(language()), "help": field.help, "kind": _MARK.get(field.kind, "text")}
    held: dict[str, Any] = {"required": must, "metadata": metadata}
    if group:
        metadata["group"] = group
    if not must:
        held |= {"load_default": None, "allow_none": True}
    return _BY_KIND[field.kind](field, held)


def clean(field: Field, raw: Any) -> tuple[str, ...]:
    """What is kept of a value, whatever it came as; nothing for an empty one.

    :raises ValidationError: with all that is wrong with it.
    """
    if raw is None or (isinstance(raw, (str, list, tuple)) and not raw):
        return ()
    if isinstance(raw, date):
        raw = raw.isoformat()
    loaded = input_of(field, required=False).deserialize(list(raw) if isinstance(raw, tuple) else raw)
    if loaded is None or loaded == "":
        return ()
    if not field.several:
        return (rules.to_text(field.kind, loaded),)
    order = [value for value, _label in field.choices]
    return tuple(sorted(set(loaded), key=order.index))


def _text(field: Field, held: dict[str, Any]) -> ma.fields.Field[Any]:
    held["metadata"] |= {"wide": field.kind == "long_text"}
    if field.kind == "long_text":
        held["metadata"]["widget"] = "textarea"
    return Text(validate=validate.Length(max=rules.LONGEST[field.kind]), **held)


def _phone(field: Field, held: dict[str, Any]) -> ma.fields.Field[Any]:
    held["metadata"] |= {"widget": "tel"}
    return Text(validate=_if_given(_PHONE), **held)


def _code(field: Field, held: dict[str, Any]) -> ma.fields.Field[Any]:
    held["metadata"] |= {"placeholder": field.pattern.replace("|", " | ")}
    return Text(validate=[validate.Length(max=rules.LONGEST["code"]), _if_given(_of_pattern(field.pattern))], **held)


def _integer(_field: Field, held: dict[str, Any]) -> ma.fields.Field[Any]:
    return ma.fields.Integer(validate=validate.Range(-rules.BIGGEST, rules.BIGGEST), **held)


def _date(_field: Field, held: dict[str, Any]) -> ma.fields.Field[Any]:
    return ma.fields.Date(validate=validate.Range(rules.FIRST_DAY, rules.LAST_DAY), **held)


def _boolean(_field: Field, held: dict[str, Any]) -> ma.fields.Field[Any]:
    held["metadata"] |= {"widget": "select", "choices": YES_NO}
    return ma.fields.Boolean(**held)


def _choice(field: Field, held: dict[str, Any]) -> ma.fields.Field[Any]:
    values, labels = [value for value, _l in field.choices], [label for _v, label in field.choices]
    return ma.fields.String(validate=validate.OneOf(values, labels), **held)


def _choices(field: Field, held: dict[str, Any]) -> ma.fields.Field[Any]:
    one = ma.fields.String(validate=validate.OneOf([value for value, _label in field.choices]))
    held["metadata"] |= {"choices": field.choices, "widget": "checkboxes"}
    if not held["required"]:
        held["load_default"] = None
    else:
        held["validate"] = validate.Length(min=1)
    return ma.fields.List(one, **held)


def _if_given(validator: validate.Validator) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value:
            validator(value)

    return check


def _of_pattern(pattern: str) -> validate.Validator:
    return validate.Regexp(rf"\A(?:{rules.expression(pattern)})\Z" if pattern else r"(?s).*")


_BY_KIND: Mapping[str, Callable[[Field, dict[str, Any]], ma.fields.Field[Any]]] = {
    "text": _text,
    "long_text": _text,
    "integer": _integer,
    "date": _date,
    "boolean": _boolean,
    "choice": _choice,
    "choices": _choices,
    "phone": _phone,
    "code": _code,
}

__all__ = ["ValidationError", "clean", "input_of", "schema_of"]
