"""How a notice is named, and how it reads in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.kernel.i18n import LazyText, lazy, msgid
from banyan.modules.audit.services import Subject
from banyan.modules.notices.models import Notice


def subject(notice: Notice) -> Subject:
    """A notice as the audit log names it."""
    return Subject("notice", str(notice.id), said(notice)[0])


def said(notice: Any) -> tuple[str, str]:
    """Title and body of a notice, or of a row with its columns, in the reader's language."""
    words: Mapping[str, Any] | None = notice.words
    if not words:
        return notice.title, notice.body
    return _spoken(words["title"]), _spoken(words["body"])


def kept(text: object) -> dict[str, Any]:
    """A text as it is kept until somebody reads it."""
    values = {key: str(value) for key, value in text.values.items()} if isinstance(text, LazyText) else {}
    return {"text": msgid(text), "values": values, "translated": isinstance(text, LazyText)}


def _spoken(held: Mapping[str, Any]) -> str:
    words = str(held["text"])
    return str(lazy(words, **held["values"])) if held["translated"] else words
