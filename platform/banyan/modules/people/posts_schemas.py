"""What forms and API bodies of posts hold."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import posts as rules

FILE_HELP = lazy("PDF, PNG, JPG or DOCX.")
BY_ID = {"description": "Id of a file uploaded beforehand."}


class PostTerm(Schema):
    """What can be corrected of a post."""

    kind = Text(
        required=True,
        validate=validate.OneOf(tuple(rules.KINDS)),
        metadata={"label": lazy("Kind of post"), "widget": "select", "choices": list(rules.KINDS.items())},
    )
    term_ends = ma.fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("End of the term"), "help": lazy("The last day; empty: there is no term.")},
    )
    basis = Text(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"label": lazy("Number of the document"), "help": lazy("What the post rests on.")},
    )


class PostDetails(PostTerm):
    """A post, but for its document."""

    member = ma.fields.UUID(required=True, metadata={"widget": "hidden", "description": "Id of the member's record."})
    org = ma.fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={
            "label": lazy("Held at"),
            "widget": "select",
            "description": "The member's organisation or one above it; by default the member's.",
        },
    )
    title = Text(
        required=True,
        validate=validate.Length(1, 50),
        metadata={"label": lazy("Post"), "widget": "search-select", "help": lazy("As the organisation calls it.")},
    )
    began_on = ma.fields.Date(required=True, metadata={"label": lazy("Since")})
    began_by = Text(
        required=True,
        validate=validate.OneOf(tuple(rules.BEGINNINGS)),
        metadata={"label": lazy("How it began"), "widget": "select", "choices": list(rules.BEGINNINGS.items())},
    )


class PostCreate(PostDetails):
    """A new post through the API."""

    document = ma.fields.UUID(load_default=None, allow_none=True, metadata=BY_ID)


class PostForm(PostDetails):
    """A new post in the console, with its paper as an upload."""

    document = ma.fields.Raw(
        load_default=None, metadata={"label": lazy("Document"), "widget": "file", "help": FILE_HELP}
    )


class PostUpdate(PostTerm):
    """A correction; ``version`` is the one that was read."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class PostEnd(Schema):
    """The end of a post."""

    ended_on = ma.fields.Date(required=True, metadata={"label": lazy("Last day")})
    ended_by = Text(
        required=True,
        validate=validate.OneOf(rules.CHOSEN_ENDINGS),
        metadata={
            "label": lazy("How it ended"),
            "widget": "select",
            "choices": [(key, rules.ENDINGS[key]) for key in rules.CHOSEN_ENDINGS],
        },
    )
    ended_reason = Text(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"label": lazy("Reason"), "widget": "textarea", "multiline": True},
    )
    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class PostDetail(Schema):
    """A post as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    member_id = ma.fields.UUID()
    holder = ma.fields.String()
    title = ma.fields.String()
    kind = ma.fields.String(metadata={"description": "head, deputy, committee, delegate or staff."})
    single = ma.fields.Boolean(metadata={"description": "At most one person holds it at a time."})
    began_on = ma.fields.Date()
    began_by = ma.fields.String(metadata={"description": "elected, appointed or other."})
    term_ends = ma.fields.Date(allow_none=True)
    basis = ma.fields.String()
    document = ma.fields.UUID(allow_none=True)
    ended_on = ma.fields.Date(allow_none=True)
    ended_by = ma.fields.String(allow_none=True)
    ended_reason = ma.fields.String()
    version = ma.fields.Integer()
