"""One field of a console form: which widget shows a marshmallow field, and what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from marshmallow import fields as ma
from marshmallow import missing, validate

from banyan.kernel.errors import Text
from banyan.kernel.messages import readable

# fmt: off
WIDGETS = frozenset({
    "text", "email", "tel", "url", "number", "date", "datetime-local", "textarea", "password", "file", "hidden",
    "select", "search-select", "radio", "checkbox", "checkboxes",
})
# fmt: on
_BY_TYPE: tuple[tuple[type[ma.Field[Any]], str], ...] = (
    (ma.Boolean, "checkbox"),
    (ma.DateTime, "datetime-local"),
    (ma.Date, "date"),
    (ma.Number, "number"),
    (ma.Email, "email"),
    (ma.Url, "url"),
)
_ALWAYS_WIDE = frozenset({"textarea", "checkboxes", "radio", "file"})


class Choice(NamedTuple):
    """An option of a select, radio or checkbox group; ``group`` is the heading it stands under."""

    value: str
    label: Text
    group: Text = ""


Choices = Sequence[Sequence[Any]]


@dataclass
class BoundField:
    """A field as the form macros draw it.

    :ivar name: of the input; fields of a nested schema are called ``outer.inner``.
    :ivar key: where it stands in the schema, one or two names deep.
    :ivar typed: what is in it, as strings; a checkbox that is ticked holds ``["true"]``.
    :ivar messages: errors as they were raised; `errors` is what is read.
    """

    name: str
    id: str
    key: tuple[str, ...]
    source: ma.Field[Any]
    label: Text
    widget: str
    group: Text = ""
    required: bool = False
    choices: list[Choice] = field(default_factory=list)
    url: str = ""
    typed: list[str] = field(default_factory=list)
    messages: list[Text] = field(default_factory=list)

    @property
    def help(self) -> Text:
        return self._said("help")

    @property
    def placeholder(self) -> Text:
        return self._said("placeholder")

    @property
    def autocomplete(self) -> Text:
        return self._said("autocomplete")

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width of the form."""
        return bool(self.source.metadata.get("wide", self.widget in _ALWAYS_WIDE))

    @property
    def several(self) -> bool:
        """Whether it holds a list."""
        return isinstance(self.source, ma.List)

    @property
    def value(self) -> str:
        """What the input shows. A password is never shown again."""
        if self.widget in ("password", "file") or not self.typed:
            return ""
        return "\n".join(self.typed) if self.several else self.typed[0]

    @property
    def checked(self) -> bool:
        """Whether a single checkbox is ticked."""
        return bool(self.typed) and self.typed[0] in ma.Boolean.truthy

    @property
    def errors(self) -> list[str]:
        """All reasons, each once, in the reader's language."""
        return list(dict.fromkeys(readable(message) for message in self.messages))

    @property
    def limits(self) -> dict[str, str]:
        """The attributes with which a browser can help: lengths and bounds out of the schema's validators."""
        found: dict[str, str] = {}
        for rule in self.source.validators:
            if isinstance(rule, validate.Length) and self.widget in _TYPED_IN:
                longest = rule.equal or rule.max
                if longest:
                    found["maxlength"] = str(longest)
            elif isinstance(rule, validate.Range) and self.widget in ("number", "date"):
                found |= {k: str(v) for k, v in (("min", rule.min), ("max", rule.max)) if v is not None}
        if isinstance(self.source, ma.Decimal | ma.Float):
            found["step"] = "any"
        return found

    @property
    def described_by(self) -> str:
        """Ids of the help and error texts, for ``aria-describedby``."""
        said = (("help", bool(str(self.help))), ("error", bool(self.messages)))
        return " ".join(f"{self.id}-{part}" for part, there in said if there)

    def groups(self) -> list[tuple[str, list[Choice]]]:
        """The choices under their headings, in the order given."""
        found: dict[str, list[Choice]] = {}
        for choice in self.choices:
            found.setdefault(str(choice.group), []).append(choice)
        return list(found.items())

    def _said(self, key: str) -> Text:
        said: Text = self.source.metadata.get(key, "")
        return said


_TYPED_IN = frozenset({"text", "email", "tel", "url", "textarea", "password", "search-select"})


def widget_of(source: ma.Field[Any], choices: Sequence[Choice]) -> str:
    """The widget the schema asks for, else the one its type suggests.

    :raises ValueError: for a widget that does not exist.
    """
    asked = source.metadata.get("widget")
    if asked:
        if asked not in WIDGETS:
            raise ValueError(f"field {source.name!r} asks for the unknown widget {asked!r}")
        return str(asked)
    if isinstance(source, ma.List):
        return "checkboxes" if choices else "textarea"
    if choices:
        return "select"
    return next((widget for kind, widget in _BY_TYPE if isinstance(source, kind)), "text")


def choices_of(source: ma.Field[Any], given: Choices | None) -> list[Choice]:
    """The choices given by the view, else those of the field's metadata, enum or `OneOf`."""
    listed = given if given is not None else source.metadata.get("choices", source.metadata.get("options"))
    if listed is not None:
        return [Choice(_text(option[0]), *option[1:]) for option in listed]
    inner = source.inner if isinstance(source, ma.List) else source
    if isinstance(inner, ma.Enum):
        return [Choice(_text(m.value if inner.by_value else m.name), str(m.value)) for m in inner.enum]
    for rule in inner.validators:
        if isinstance(rule, validate.OneOf):
            labels = list(rule.labels) or list(rule.choices)
            return [Choice(_text(v), str(label)) for v, label in zip(rule.choices, labels, strict=False)]
    return []


def as_typed(value: Any) -> list[str]:
    """A value as the strings a browser would send for it."""
    if value is None or value is missing:
        return []
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return [_text(item) for item in value]
    return [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.value if isinstance(value, Enum) else value)
