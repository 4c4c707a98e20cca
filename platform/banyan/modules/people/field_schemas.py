"""What forms and API bodies of fields, saved filters and work on many members hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy, message
from banyan.modules.people.rules import fields as rules

OPTION = "option_"
_LANGUAGES = {"zh_Hant": lazy("Name in traditional characters"), "en": lazy("Name in English")}


def _key(value: str) -> None:
    if value and not rules.KEY.fullmatch(value):
        raise ValidationError(message("Up to 32 of a–z, 0–9 and _, beginning with a letter."))


def _label(**more: Any) -> dict[str, Any]:
    return {"validate": validate.Length(1, 30), "metadata": more}


_KEY = {
    "label": lazy("Key of the field"),
    "help": lazy("Its name for programs and in addresses, for ever. Left empty, it is made of the name."),
}


class FieldRules(Schema):
    """What is asked of a field's values, in forms and in the API."""

    pattern = Text(
        load_default="",
        metadata={
            "label": lazy("Pattern"),
            "help": lazy(
                "Of a number or code: 9 is a digit, A a capital letter, a any letter, * a letter or digit, | means or;"
                " anything else stands for itself."
            ),
        },
    )
    help = Text(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"label": lazy("Help"), "help": lazy("A sentence under the field."), "wide": True},
    )
    filled_by = ma.fields.String(
        load_default="branch",
        validate=validate.OneOf(list(rules.FILLED_BY)),
        metadata={"label": lazy("Filled in by"), "choices": list(rules.FILLED_BY.items())},
    )
    position = ma.fields.Integer(
        load_default=0,
        validate=validate.Range(0, 999),
        metadata={"label": lazy("Place in the form"), "help": lazy("Smaller numbers come first.")},
    )
    required = ma.fields.Boolean(load_default=False, metadata={"label": lazy("Has to be filled in")})
    is_unique = ma.fields.Boolean(
        load_default=False,
        metadata={
            "label": lazy("No two members have the same"),
            "help": lazy("Within the organisation that adds the field and all below it."),
        },
    )
    sensitive = ma.fields.Boolean(
        load_default=False,
        metadata={
            "label": lazy("Sensitive"),
            "help": lazy("Kept sealed and shown masked; read in clear only with the right and a reason."),
        },
    )
    searchable = ma.fields.Boolean(
        load_default=False,
        metadata={
            "label": lazy("Can be looked up"),
            "help": lazy("Of a sensitive field: whole values can be searched for by those who may read them in clear."),
        },
    )


class FieldName(Schema):
    """The name of a field."""

    label = Text(required=True, **_label(label=lazy("Name of the field")))


class FieldKind(Schema):
    """What cannot be changed any more."""

    key = Text(load_default="", validate=_key, metadata=_KEY)
    kind = ma.fields.String(
        required=True,
        validate=validate.OneOf(list(rules.KINDS)),
        metadata={"label": lazy("Kind of field"), "choices": list(rules.KINDS.items())},
    )


class OptionInput(Schema):
    """An option of a choice; without ``value`` it is a new one."""

    value = ma.fields.String(load_default="", validate=validate.Length(max=20))
    label = Text(required=True, validate=validate.Length(1, 60))


_LABELS = ma.fields.Dict(
    keys=ma.fields.String(validate=validate.OneOf(list(_LANGUAGES))),
    values=Text(validate=validate.Length(1, 30)),
    load_default=dict,
    metadata={"description": "Label by language, where it has others."},
)


class FieldUpdate(FieldName, FieldRules):
    """A definition as it shall be."""

    labels = _LABELS
    choices = ma.fields.List(ma.fields.Nested(OptionInput), load_default=list, validate=validate.Length(max=100))
    version = ma.fields.Integer(required=True)


class FieldCreate(FieldName, FieldKind, FieldRules):
    """A new definition."""

    labels = _LABELS
    choices = ma.fields.List(ma.fields.Nested(OptionInput), load_default=list, validate=validate.Length(max=100))


class FieldVersion(Schema):
    """The version of a definition that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class OptionDetail(Schema):
    """An option as the API shows it."""

    value = ma.fields.String()
    label = ma.fields.String()


class FieldDetail(Schema):
    """A definition as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    key = ma.fields.String()
    label = ma.fields.String()
    labels = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    kind = ma.fields.String(metadata={"description": ", ".join(rules.KINDS)})
    choices = ma.fields.List(ma.fields.Nested(OptionDetail))
    pattern = ma.fields.String()
    help = ma.fields.String()
    required = ma.fields.Boolean()
    is_unique = ma.fields.Boolean()
    sensitive = ma.fields.Boolean()
    searchable = ma.fields.Boolean()
    filled_by = ma.fields.String()
    position = ma.fields.Integer()
    archived_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()


class FieldsDetail(Schema):
    """All definitions that hold at an organisation; never more than fit on one page."""

    items = ma.fields.List(ma.fields.Nested(FieldDetail))


class FieldEffects(Schema):
    """The data below a definition."""

    filled = ma.fields.Integer(metadata={"description": "Records that hold a value."})
    lacking = ma.fields.Integer(metadata={"description": "Active members that hold none."})
    options = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


def form_schema(choices: Sequence[tuple[str, str]] | None) -> type[Schema]:
    """The console's form of a definition: each language and each option is an input of its own.

    :param choices: the options there are; None: the definition is a new one.
    """
    new = choices is None
    names = lazy("Names for other languages and for programs")
    options = {f"{OPTION}{value}": _option(label) for value, label in choices or ()}
    options["new_options"] = Text(
        load_default="",
        validate=validate.Length(max=5_000),
        metadata={
            "label": lazy("Options") if new else lazy("More options"),
            "help": lazy("Of a choice: one in each line."),
            "widget": "textarea",
        },
    )
    more: dict[str, Any] = {
        f"label_{code}": Text(
            load_default="", validate=validate.Length(max=30), metadata={"label": label, "group": names}
        )
        for code, label in _LANGUAGES.items()
    }
    kind: dict[str, Any] = {}
    if new:
        kind["kind"] = FieldKind._declared_fields["kind"]
        more["key"] = Text(load_default="", validate=_key, metadata={**_KEY, "group": names})
    else:
        more["version"] = ma.fields.Integer(required=True, metadata={"widget": "hidden"})
    fields = {**FieldName._declared_fields, **kind, **options, **FieldRules._declared_fields, **more}
    return Schema.from_dict(fields, name="FieldForm")  # type: ignore[return-value]


def _option(label: str) -> Text:
    return Text(
        load_default="",
        validate=validate.Length(max=60),
        metadata={
            "label": lazy("Option “%(label)s”", label=label),
            "help": lazy("Renaming it renames it in every record. Emptied, it is taken away."),
        },
    )


def of_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a form of `form_schema` held, as `FieldCreate` and `FieldUpdate` have it."""
    found = {key: value for key, value in data.items() if not key.startswith((OPTION, "label_", "new_options"))}
    found["labels"] = {code: data[f"label_{code}"] for code in _LANGUAGES if data.get(f"label_{code}")}
    kept = [
        {"value": name.removeprefix(OPTION), "label": label}
        for name, label in data.items()
        if name.startswith(OPTION) and label
    ]
    new = [{"value": "", "label": line.strip()} for line in data.get("new_options", "").splitlines() if line.strip()]
    found["choices"] = [*kept, *new]
    return found


def as_form(row: Any) -> dict[str, Any]:
    """A definition as a form of `form_schema` shows it."""
    keys = (*FieldRules._declared_fields, *FieldName._declared_fields, "version")
    return {
        **{key: getattr(row, key) for key in keys},
        **{f"label_{code}": text for code, text in row.labels.items()},
        **{f"{OPTION}{one['value']}": one["label"] for one in row.choices},
    }


class FilterDetails(Schema):
    """A saved filter."""

    name = Text(required=True, validate=validate.Length(1, 30), metadata={"label": lazy("Name of the filter")})
    shared = ma.fields.Boolean(
        load_default=False,
        metadata={"label": lazy("Share it"), "help": lazy("With everybody here and below who may see members.")},
    )


class FilterRename(FilterDetails):
    """The name of a saved filter, in the console."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


_ASKED = ma.fields.Dict(
    keys=ma.fields.String(validate=validate.Length(max=60)),
    values=ma.fields.String(validate=validate.Length(max=200)),
    required=True,
    validate=validate.Length(max=60),
    metadata={"description": "Value by the name of the filter, as in the address of the list."},
)


class FilterSave(FilterDetails):
    """A filter to be kept."""

    filters = _ASKED
    columns = ma.fields.List(
        ma.fields.String(validate=validate.Length(max=60)), load_default=list, validate=validate.Length(max=120)
    )
    sort = ma.fields.String(load_default="", validate=validate.Length(max=60))


class FilterUpdate(FilterSave):
    """A filter as it shall be."""

    version = ma.fields.Integer(required=True)


class FilterDetail(FilterSave):
    """A saved filter as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    own = ma.fields.Boolean(metadata={"description": "Kept by whoever asks."})
    gone = ma.fields.List(ma.fields.String(), metadata={"description": "Filters that the list does not have any more."})
    version = ma.fields.Integer()


class FiltersDetail(Schema):
    """All filters that can be used here."""

    items = ma.fields.List(ma.fields.Nested(FilterDetail))
