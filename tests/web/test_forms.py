"""A schema as a form: what was typed stays, and all reasons come at once."""

from __future__ import annotations

from datetime import date
from enum import Enum
from io import BytesIO
from typing import Any

import pytest
from flask import render_template_string
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from werkzeug.datastructures import FileStorage, MultiDict

from banyan.kernel.errors import Invalid, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.messages import readable
from banyan.web.forms import BoundForm

pytestmark = pytest.mark.usefixtures("in_english")
PAGE = '{% from "form.html" import console_form %}{{ console_form(form) }}'


class Reach(Enum):
    OWN = "self"
    ALL = "subtree"


class ContactSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(max=20), metadata={"label": "Contact"})
    phone = fields.String(validate=validate.Regexp(r"\d+$"), metadata={"label": "Phone", "widget": "tel"})


class OrgSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(min=2, max=60), metadata={"label": "Name"})
    level = fields.String(required=True, metadata={"label": "Level"})
    founded = fields.Date(allow_none=True, metadata={"label": "Founded", "help": "As in the document"})
    closed = fields.Date(allow_none=True, metadata={"label": "Closed"})
    places = fields.Integer(validate=validate.Range(min=0, max=99), metadata={"label": "Places"})
    open = fields.Boolean(metadata={"label": "Open"})
    reach = fields.Enum(Reach, by_value=True, metadata={"label": "Reach", "widget": "radio"})
    modules = fields.List(fields.String(validate=validate.Length(max=5)), metadata={"label": "Modules"})
    secret = fields.String(load_only=True, metadata={"label": "Password", "widget": "password"})
    document = fields.Raw(metadata={"label": "Document", "widget": "file"})
    contact = fields.Nested(ContactSchema, metadata={"label": "Person in charge"})
    id = fields.UUID(dump_only=True)

    @validates_schema(skip_on_field_errors=False)
    def _ends_after_it_begins(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("founded") and data.get("closed") and data["closed"] < data["founded"]:
            raise ValidationError([lazy("It cannot close before it was founded.")], "closed")


CHOICES = {
    "level": [("city", "City"), ("county", "County")],
    "modules": [("a", "A", "Work"), ("b", "B", "Work"), ("toolong", "C", "Rest")],
}


def bound(**given: Any) -> BoundForm:
    return BoundForm(OrgSchema(), choices=CHOICES, **given)


def sent(form: BoundForm, **typed: Any) -> MultiDict[str, str]:
    values = {"csrf_token": "t", "_shown": form.shown, **{k.replace("__", "."): v for k, v in typed.items()}}
    return MultiDict(values)


def errors(form: BoundForm) -> dict[str, list[str]]:
    return {field.name: field.errors for field in form if field.errors}


def test_what_is_right_is_loaded() -> None:
    form = bound()
    data = form.load(sent(form, name="Changchun", level="city", founded="2001-03-04", reach="subtree", open="true"))
    assert data == {
        "name": "Changchun",
        "level": "city",
        "founded": date(2001, 3, 4),
        "reach": Reach.ALL,
        "open": True,
        "modules": [],
    }
    assert not form.failed


def test_all_reasons_come_at_once_and_what_was_typed_stays() -> None:
    form = bound()
    typed = sent(
        form, name="C", level="moon", founded="2001-03-04", closed="2000-01-01", places="many", secret="s3cret"
    )
    assert form.load(typed) is None
    assert errors(form) == {
        "name": ["This must have between 2 and 60 characters."],
        "level": ["Choose one of the listed values."],
        "closed": ["It cannot close before it was founded."],
        "places": ["This is not a whole number."],
    }
    assert form["places"].value == "many"
    assert form["closed"].value == "2000-01-01"


def test_a_password_is_never_shown_again() -> None:
    form = bound(obj={"name": "X", "secret": "stored"})
    assert form["secret"].value == ""
    form.load(sent(form, name="C", secret="s3cret"))
    page = render_template_string(PAGE, form=form)
    assert "s3cret" not in page
    assert "stored" not in page


def test_an_empty_string_counts_as_missing_and_empties_what_may_be_empty() -> None:
    form = bound(obj={"name": "Changchun", "level": "city", "founded": date(2001, 3, 4)})
    assert form.load(sent(form, name="   ", level="city", founded="", places="")) is None
    assert errors(form) == {"name": ["Please fill this in."]}
    data = form.load(sent(form, name="Changchun", level="city", founded="", places=""))
    assert data is not None
    assert data["founded"] is None
    assert "places" not in data


def test_unknown_keys_are_errors() -> None:
    form = bound()
    assert form.load(sent(form, name="Changchun", level="city", admin="true", id="1")) is None
    assert sorted(problem.text for problem in form.problems) == [
        "The form has no field called “admin”.",
        "The form has no field called “id”.",
    ]


def test_an_unticked_box_counts_only_where_it_was_shown() -> None:
    form = bound(obj={"name": "X", "open": True, "modules": ["a"]})
    assert form["open"].checked
    assert form["modules"].typed == ["a"]
    shown = form.load(sent(form, name="Changchun", level="city"))
    assert shown is not None
    assert shown["open"] is False
    assert shown["modules"] == []
    hidden = form.load(MultiDict({"name": "Changchun", "level": "city"}))
    assert hidden is not None
    assert {"open", "modules"}.isdisjoint(hidden)


def test_errors_of_a_list_are_told_at_its_field() -> None:
    form = bound()
    typed = sent(form, name="Changchun", level="city")
    typed.setlist("modules", ["a", "toolong", "b"])
    assert form.load(typed) is None
    assert errors(form) == {"modules": ["This may have at most 5 characters."]}
    assert form["modules"].typed == ["a", "toolong", "b"]


def test_an_optional_group_left_empty_is_dropped() -> None:
    form = bound()
    data = form.load(sent(form, name="Changchun", level="city", contact__name="", contact__phone=""))
    assert data is not None
    assert "contact" not in data
    assert form.load(sent(form, name="Changchun", level="city", contact__phone="12")) is None
    assert errors(form) == {"contact.name": ["Please fill this in."]}
    assert [title for title, _members in form.groups()] == ["", "Person in charge"]
    data = form.load(sent(form, name="Changchun", level="city", contact__name="Wang"))
    assert data is not None
    assert data["contact"] == {"name": "Wang"}


def test_a_file_is_handed_on_and_an_empty_one_is_missing() -> None:
    form = bound()
    assert form.multipart
    upload = FileStorage(BytesIO(b"%PDF"), "a.pdf")
    data = form.load(sent(form, name="Changchun", level="city"), MultiDict({"document": upload}))
    assert data is not None
    assert data["document"] is upload
    none = form.load(sent(form, name="Changchun", level="city"), MultiDict({"document": FileStorage(BytesIO(), "")}))
    assert none is not None
    assert "document" not in none


def test_a_refusal_of_a_service_is_told_where_it_belongs() -> None:
    form = bound()
    form.load(sent(form, name="Changchun", level="city"))
    form.refuse(Invalid({"name": ["This name is taken."], "budget": ["Too high."]}, "The parent is closed."))
    assert [(p.field.name if p.field else None, p.text) for p in form.problems] == [
        (None, "The parent is closed."),
        (None, "budget: Too high."),
        ("name", "This name is taken."),
    ]
    empty = bound()
    empty.refuse(Refused())
    assert empty.failed


def test_a_form_that_was_loaded_again_forgets_its_errors() -> None:
    form = bound()
    assert form.load(sent(form, name="C")) is None
    assert form.load(sent(form, name="Changchun", level="city")) is not None
    assert not form.problems


def test_widgets_follow_the_schema() -> None:
    form = bound()
    assert {field.name: field.widget for field in form} == {
        "name": "text",
        "level": "select",
        "founded": "date",
        "closed": "date",
        "places": "number",
        "open": "checkbox",
        "reach": "radio",
        "modules": "checkboxes",
        "secret": "password",
        "document": "file",
        "contact.name": "text",
        "contact.phone": "tel",
    }
    assert form["name"].limits == {"maxlength": "60"}
    assert form["places"].limits == {"min": "0", "max": "99"}
    with pytest.raises(ValueError, match="unknown widget"):
        BoundForm(Schema.from_dict({"x": fields.String(metadata={"widget": "slider"})})())


def test_the_page_ties_errors_and_help_to_their_inputs() -> None:
    form = bound()
    form.load(sent(form, name="<b>", level="", founded="soon"))
    page = render_template_string(PAGE, form=form)
    assert 'name="csrf_token"' in page
    assert f'name="_shown" value="{form.shown}"' in page
    assert '<a href="#f-founded">Founded: This is not a date. Write it like 2026-01-31.</a>' in page
    assert 'aria-invalid="true" aria-describedby="f-founded-help f-founded-error"' in page
    assert 'value="&lt;b&gt;"' in page
    assert 'enctype="multipart/form-data"' in page
    assert "style=" not in page


def test_a_lazily_translated_error_is_escaped_on_the_page() -> None:
    form = bound()
    form.refuse(Refused(lazy("“%(name)s” is in the way.", name="<script>")))
    assert "<script>" not in render_template_string(PAGE, form=form)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Missing data for required field.", "Please fill this in."),
        ("Length must be between 2 and 60.", "This must have between 2 and 60 characters."),
        ("Longer than maximum length 5.", "This may have at most 5 characters."),
        (
            "Must be greater than or equal to 0 and less than or equal to 99.",
            "This must be between 0 and 99.",
        ),
        ("Must be greater than or equal to 3.", "This must be at least 3."),
        ("Must be one of: a, b.", "Choose one of the listed values."),
        ("Something of our own.", "Something of our own."),
        (lazy("At most %(n)s.", n=3), "At most 3."),
        ("", ""),
    ],
)
def test_default_messages_are_said_in_our_words(said: Any, read: str) -> None:
    assert readable(said) == read


@given(
    st.dictionaries(
        st.sampled_from([*bound().fields, "csrf_token", "_shown", "other"]),
        st.lists(st.text(max_size=12) | st.sampled_from(["true", "2026-01-31", "city", "7"]), max_size=3),
    )
)
def test_whatever_is_sent_ends_in_data_or_in_reasons(typed: dict[str, list[str]]) -> None:
    form = bound()
    data = form.load(MultiDict(typed))
    assert (data is None) == form.failed
    assert (data is None) == bool(form.problems)
    assert render_template_string(PAGE, form=form)
