"""What marshmallow says by default, in the reader's language.

marshmallow fills the numbers in while it validates, so the finished sentence is not a msgid any more. Here each of its
templates is matched backwards and its numbers go into a sentence of ours. Anything else goes through gettext as it is.
"""

from __future__ import annotations

import re
from typing import Any

from banyan.kernel.i18n import lazy, translate

_TEMPLATES: tuple[tuple[str, Any], ...] = (
    ("Missing data for required field.", lazy("Please fill this in.")),
    ("Field may not be null.", lazy("Please fill this in.")),
    ("Unknown field.", lazy("This field is not known.")),
    ("Invalid type.", lazy("This value cannot be taken.")),
    ("Invalid input type.", lazy("This value cannot be taken.")),
    ("Invalid value.", lazy("This value cannot be taken.")),
    ("Invalid input.", lazy("This value cannot be taken.")),
    ("Not a valid string.", lazy("This is not a text.")),
    ("Not a valid utf-8 string.", lazy("This is not a text.")),
    ("Not a valid list.", lazy("This is not a list.")),
    ("Not a valid number.", lazy("This is not a number.")),
    ("Not a valid integer.", lazy("This is not a whole number.")),
    ("Number too large.", lazy("This number is too large.")),
    ("Special numeric values (nan or infinity) are not permitted.", lazy("This is not a number.")),
    ("Not a valid boolean.", lazy("Choose yes or no.")),
    ("Not a valid UUID.", lazy("This is not a valid identifier.")),
    ("Not a valid date.", lazy("This is not a date. Write it like 2026-01-31.")),
    ("Not a valid datetime.", lazy("This is not a date and time. Write it like 2026-01-31 08:00.")),
    ("Not a valid time.", lazy("This is not a time. Write it like 08:00.")),
    ("Not a valid email address.", lazy("This is not an e-mail address.")),
    ("Not a valid URL.", lazy("This is not a web address.")),
    ("String does not match expected pattern.", lazy("This is not written in the expected way.")),
    ("Must be one of: {choices}.", lazy("Choose one of the listed values.")),
    ("One or more of the choices you made was not in: {choices}.", lazy("Choose from the listed values only.")),
    ("Must be equal to {other}.", lazy("This must be %(other)s.")),
    ("Shorter than minimum length {min}.", lazy("This must have at least %(min)s characters.")),
    ("Longer than maximum length {max}.", lazy("This may have at most %(max)s characters.")),
    ("Length must be between {min} and {max}.", lazy("This must have between %(min)s and %(max)s characters.")),
    ("Length must be {equal}.", lazy("This must have exactly %(equal)s characters.")),
    ("Must be greater than or equal to {min}.", lazy("This must be at least %(min)s.")),
    ("Must be greater than {min}.", lazy("This must be more than %(min)s.")),
    ("Must be less than or equal to {max}.", lazy("This may be at most %(max)s.")),
    ("Must be less than {max}.", lazy("This must be less than %(max)s.")),
    (
        "Must be greater than or equal to {min} and less than or equal to {max}.",
        lazy("This must be between %(min)s and %(max)s."),
    ),
)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(f"(?P<{part}>.*)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    return re.compile(text, re.DOTALL)


_EXACT = {template: ours for template, ours in _TEMPLATES if "{" not in template}
# The longer template first: a range with two ends also begins like one with a single end.
_FILLED = [
    (_pattern(template), ours) for template, ours in sorted(_TEMPLATES, key=lambda t: -len(t[0])) if "{" in template
]


def readable(message: Any) -> str:
    """A message as its reader reads it.

    :param message: a literal (ours or marshmallow's), or a lazily translated string.
    """
    if not isinstance(message, str):
        return str(message)
    if message in _EXACT:
        return str(_EXACT[message])
    for pattern, ours in _FILLED:
        found = pattern.fullmatch(message)
        if found:
            return str(ours) % found.groupdict()
    return translate(message)
