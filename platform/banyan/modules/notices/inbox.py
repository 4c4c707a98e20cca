"""A page of one's own inbox, for console and API."""

from __future__ import annotations

from collections.abc import Mapping

from banyan.kernel import tables
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import Page
from banyan.modules.notices import lists, rules
from banyan.modules.notices.services import reading, telling

_OWN = frozenset({"sort", "size", "after", "before"})
EXCERPT = 140


class _Row:
    """A row of the list, read as a notice."""

    def __init__(self, row: Mapping[str, object]) -> None:
        self.title, self.body, self.words = row["title"], row["body"], row["words"]


def page(ctx: Context, args: Mapping[str, str], *, size: int = 50) -> Page:
    """One page: titles in the reader's language, texts cut to their beginning; nothing of what was withdrawn.

    :raises Invalid: for parameters that this list does not have or cannot read.
    """
    unknown = set(args) - _OWN - {item.name for item in lists.INBOX.filters}
    if unknown:
        raise Invalid({name: [lazy("Unknown field.")] for name in sorted(unknown)})
    query = tables.parse(lists.INBOX, args, default_size=size)
    found = tables.page(ctx.session, lists.INBOX, query, lists.INBOX.columns, reading.mine(ctx))
    for row in found.rows:
        title, body = telling.said(_Row(row))
        text = " ".join(rules.plain(body).split()) if row["state"] == "published" else ""
        row["title"], row["body"] = title, text if len(text) <= EXCERPT else text[:EXCERPT] + "…"
        del row["words"]
    return found
