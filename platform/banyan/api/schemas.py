"""Base of all schemas: what is not known is an error, and text is clean."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import marshmallow as ma
from marshmallow import ValidationError

from banyan.kernel.i18n import message

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Schema(ma.Schema):
    """A schema of Banyan; unknown fields are errors."""

    class Meta:
        unknown = ma.RAISE
        ordered = True


class Text(ma.fields.String):
    """Text that people typed: trimmed, NFC, without control characters or marks that turn the direction of writing.

    Rare characters and emoji pass; an empty string counts as missing when the field is required.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **kwargs).strip())
        if _CONTROL.search(text):
            raise ValidationError(message("Control characters are not allowed."))
        if _DIRECTION.search(text):
            raise ValidationError(message("Marks that turn the direction of writing are not allowed."))
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(message("This text holds a broken character.")) from error
        if self.required and not text:
            raise ValidationError(message("Missing data for required field."))
        return text


class PageSchema(Schema):
    """Envelope of every list."""

    next = ma.fields.String(allow_none=True, metadata={"description": "Cursor for `after`, null on the last page."})
    previous = ma.fields.String(allow_none=True, metadata={"description": "Cursor for `before`."})
