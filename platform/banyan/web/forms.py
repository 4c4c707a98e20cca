"""A marshmallow schema as a console form: one set of rules and messages for the API and for people.

    form = BoundForm(OrgSchema(), obj=org, choices={"level": levels})
    if request.method == "POST" and (data := form.load(request.form, request.files)) is not None:
        ...call the service; on a domain error: form.refuse(error)...
    return render_template("...", form=form), 422 if form.failed else 200

Field metadata: ``label``, ``widget``, ``help``, ``choices``, ``placeholder``, ``autocomplete``, ``group``, ``wide``.
A nested one may be ``kept``: loaded also where nothing was filled in, so that each of its fields says what it lacks.
Validators across fields need ``skip_on_field_errors=False``, or they stay silent while another field is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, missing
from marshmallow import fields as ma
from marshmallow.exceptions import SCHEMA
from werkzeug.datastructures import FileStorage, MultiDict

from banyan.kernel.errors import DomainError, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.messages import readable
from banyan.web.fields import BoundField, Choices, as_typed, choices_of, widget_of

SHOWN = "_shown"
IGNORED = frozenset({"csrf_token", SHOWN})
MAX_TYPED = 100_000


@dataclass(frozen=True)
class Problem:
    """A line of the error summary: the field it leads to (None: the form as a whole), and what is wrong."""

    field: BoundField | None
    text: str


class BoundForm:
    """A schema bound to what it shows: an object, defaults, or what somebody typed.

    :param obj: mapping or object with the values to edit.
    :param data: values by input name that go before those of ``obj``, for instance out of the URL.
    :param choices: options by input name: ``(value, label)`` or ``(value, label, heading)``.
    :param urls: where a search-select asks for options, by input name; it answers ``_options.html``.
    :param prefix: begins the ids, so that two forms can stand on one page.
    """

    def __init__(
        self,
        schema: Schema,
        obj: Any = None,
        data: Mapping[str, Any] | None = None,
        choices: Mapping[str, Choices] | None = None,
        *,
        urls: Mapping[str, str] | None = None,
        prefix: str = "f",
    ) -> None:
        self.schema = schema
        self.fields: dict[str, BoundField] = {}
        self.messages: list[Text] = []
        self._choices, self._urls, self._prefix = choices or {}, urls or {}, prefix
        for name, source in schema.load_fields.items():
            self._bind(name, source)
        self._fill(obj, data or {})

    def _bind(self, attribute: str, source: ma.Field[Any], outer: tuple[str, ...] = (), group: Text = "") -> None:
        key = (*outer, source.data_key or attribute)
        label = source.metadata.get("label", attribute)
        if isinstance(source, ma.Nested) and not source.many and not outer:
            for name, inner in source.schema.load_fields.items():
                self._bind(name, inner, key, label)
            return
        name = ".".join(key)
        choices = choices_of(source, self._choices.get(name))
        self.fields[name] = BoundField(
            name=name,
            id="-".join((self._prefix, *key)).replace("_", "-"),
            key=key,
            source=source,
            label=label,
            widget=widget_of(source, choices),
            group=source.metadata.get("group", group),
            required=source.required and (not outer or self._outer(key).required),
            choices=choices,
            url=self._urls.get(name, ""),
        )

    def _outer(self, key: tuple[str, ...]) -> ma.Field[Any]:
        return next(f for n, f in self.schema.load_fields.items() if (f.data_key or n) == key[0])

    def _fill(self, obj: Any, data: Mapping[str, Any]) -> None:
        held: Any = self.schema.dump(obj) if obj is not None else {}
        for field in self.fields.values():
            value = data.get(field.name, missing)
            if value is missing and obj is not None:
                value = _dig(held, field.key)
            elif value is missing:
                default = field.source.load_default
                value = missing if callable(default) else default
            field.typed = as_typed(value)

    @property
    def multipart(self) -> bool:
        """Whether it carries a file."""
        return any(field.widget == "file" for field in self.fields.values())

    @property
    def shown(self) -> str:
        """The names of all fields, for the hidden input that tells an unticked box from one that was not there."""
        return " ".join(self.fields)

    @property
    def failed(self) -> bool:
        """Whether something is wrong with what was typed; the page then answers 422."""
        return bool(self.messages) or any(field.messages for field in self.fields.values())

    @property
    def problems(self) -> list[Problem]:
        """All that is wrong, in the order of the form, in the reader's language."""
        whole = [Problem(None, text) for text in dict.fromkeys(map(readable, self.messages))]
        return whole + [Problem(field, text) for field in self.fields.values() for text in field.errors]

    def __getitem__(self, name: str) -> BoundField:
        return self.fields[name]

    def __iter__(self) -> Iterator[BoundField]:
        return iter(self.fields.values())

    def groups(self) -> list[tuple[str, list[BoundField]]]:
        """The visible fields under their group's label, in the order of the schema."""
        found: dict[str, list[BoundField]] = {}
        for field in self:
            if field.widget != "hidden":
                found.setdefault(str(field.group), []).append(field)
        return list(found.items())

    def hidden(self) -> list[BoundField]:
        """The fields nobody sees."""
        return [field for field in self if field.widget == "hidden"]

    def load(
        self, form: MultiDict[str, str], files: MultiDict[str, FileStorage] | None = None
    ) -> dict[str, Any] | None:
        """Take what was sent.

        :return: the loaded data, or None when something is wrong: every field then keeps what was typed and its errors.
        """
        sent = files or MultiDict()
        self.messages = [
            lazy("The form has no field called “%(name)s”.", name=name[:60])
            for name in {*form, *sent}
            if name not in self.fields and name not in IGNORED
        ]
        shown = set(form.get(SHOWN, "").split())
        for field in self:
            field.messages = []
            field.typed = form.getlist(field.name)
            if sum(map(len, field.typed)) > MAX_TYPED:
                field.messages, field.typed = [lazy("This is too long.")], []
        try:
            loaded: dict[str, Any] = self.schema.load(self._payload(sent, shown), unknown=RAISE)
        except ValidationError as error:
            self._note(error.messages)
            loaded = {}
        self._check_choices()
        return None if self.failed else loaded

    def refuse(self, error: DomainError) -> None:
        """Put the reasons of a service's refusal beside the fields they speak of, the others above the form."""
        self.messages.extend(error.reasons)
        self._note(error.fields)
        if not self.failed:
            self.messages.append(str(error))

    def _payload(self, files: MultiDict[str, FileStorage], shown: set[str]) -> dict[str, Any]:
        payload: dict[str, Any] = {}
        for field in self:
            value = _sent(field, files, field.name in shown)
            if value is not missing:
                _put(payload, field.key, value)
        for name, source in self.schema.load_fields.items():
            key = source.data_key or name
            if source.metadata.get("kept"):
                payload.setdefault(key, {})
            elif isinstance(source, ma.Nested) and not source.many and not any(_filled(payload.get(key))):
                payload.pop(key, None)
                if source.allow_none and shown:
                    payload[key] = None
        return payload

    def _note(self, errors: Any) -> None:
        for key, message in _flat(errors):
            name = _nearest(key, self.fields)
            if name is not None:
                self.fields[name].messages.append(message)
            else:
                self.messages.append(message if not key or key[0] == SCHEMA else _named(key, message))

    def _check_choices(self) -> None:
        for field in self:
            if field.messages or not field.choices or field.widget not in ("select", "radio", "checkboxes"):
                continue
            known = {choice.value for choice in field.choices}
            if any(value and value not in known for value in field.typed):
                field.messages.append(lazy("Choose one of the listed values."))


def _sent(field: BoundField, files: MultiDict[str, FileStorage], shown: bool) -> Any:
    if field.widget == "file":
        upload = files.get(field.name)
        return upload if upload and upload.filename else missing
    if field.several:
        return _items(field, shown)
    if isinstance(field.source, ma.Boolean) and field.widget == "checkbox":
        return field.checked if field.typed or shown else missing
    text = field.typed[0] if field.typed else ""
    if text.strip() or (text and field.widget == "password"):
        return text.replace("\r\n", "\n")
    return None if field.source.allow_none and field.typed else missing


def _items(field: BoundField, shown: bool) -> Any:
    given = field.typed
    if field.widget == "textarea":
        given = [line.strip() for text in field.typed for line in text.splitlines()]
    items = [item for item in given if item]
    return items if items or shown else missing


def _filled(value: Any) -> Iterator[bool]:
    for inner in (value or {}).values():
        yield inner not in (None, False, [])


def _put(payload: dict[str, Any], key: tuple[str, ...], value: Any) -> None:
    for outer in key[:-1]:
        payload = payload.setdefault(outer, {})
    payload[key[-1]] = value


def _dig(held: Any, key: tuple[str, ...]) -> Any:
    for name in key:
        held = held.get(name, missing) if isinstance(held, Mapping) else missing
    return held


def _flat(errors: Any, key: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Text]]:
    """Every message with the names that lead to it; places in a list are left out of the names."""
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            yield from _flat(inner, key if isinstance(name, int) else (*key, str(name)))
    elif isinstance(errors, list | tuple):
        for inner in errors:
            yield from _flat(inner, key)
    else:
        yield key, errors


def _nearest(key: tuple[str, ...], known: Mapping[str, BoundField]) -> str | None:
    for end in range(len(key), 0, -1):
        name = ".".join(key[:end])
        if name in known:
            return name
    return None


def _named(key: tuple[str, ...], message: Text) -> Text:
    name = ".".join(part for part in key if part != SCHEMA)
    named: Text = lazy("%(field)s: %(message)s", field=name, message=readable(message))
    return named
