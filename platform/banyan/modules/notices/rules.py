"""What can be said of notices without a database: how they read, who still has to, what may follow on what."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

KINDS: Mapping[str, Text] = {"notice": lazy("Notice"), "announcement": lazy("Announcement")}
IMPORTANCE: Mapping[str, Text] = {
    "ordinary": lazy("Ordinary"),
    "important": lazy("Important"),
    "urgent": lazy("Urgent"),
}
IMPORTANCE_TONES: Mapping[str, str] = {"important": "warn", "urgent": "seal"}
STATES: Mapping[str, Text] = {
    "draft": lazy("Draft"),
    "waiting": lazy("Waiting for approval"),
    "scheduled": lazy("Scheduled"),
    "published": lazy("Published"),
    "withdrawn": lazy("Withdrawn by its sender"),
}
STATE_TONES: Mapping[str, str] = {"published": "ok", "waiting": "warn", "scheduled": "warn", "withdrawn": "seal"}
CHANNELS: Mapping[str, Text] = {"email": lazy("E-mail"), "sms": lazy("SMS"), "webhook": lazy("Webhook")}
MOST_FILES, MOST_AUDIENCES = 10, 10
# Who joins later gets what is still valid; what names no end counts as valid so long.
USUALLY_VALID = timedelta(days=30)
REMIND_AFTER = timedelta(hours=12)
# fmt: off
_TAGS = {
    "p", "br", "strong", "em", "s", "ul", "ol", "li", "a", "h3", "h4", "h5", "h6", "blockquote", "hr", "code", "pre",
    "table", "thead", "tbody", "tr", "th", "td",
}
# fmt: on
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


@lru_cache(maxsize=500)
def rendered(body: str) -> str:
    """Markdown as HTML that is safe to show: no images, no scripts, links that tell the other side nothing."""
    drawn = _MARKDOWN.render(body)
    # The page has its own first two levels of headings.
    for level in (4, 3, 2, 1):
        drawn = drawn.replace(f"<h{level}>", f"<h{level + 2}>").replace(f"</h{level}>", f"</h{level + 2}>")
    return nh3.clean(
        drawn,
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )


@lru_cache(maxsize=500)
def plain(body: str) -> str:
    """Markdown as text, for mail and SMS."""
    return html.unescape(nh3.clean(_MARKDOWN.render(body), tags=set())).strip()


def valid(published_at: datetime, valid_until: datetime | None, now: datetime) -> bool:
    """Whether who joins at ``now`` is still told."""
    return now < (valid_until or published_at + USUALLY_VALID)


def missing(reached: int, without: int, read: int, gone: int) -> int:
    """How many still have to read it: whom it can reach, without those who read it or left unread."""
    return max(0, reached - without - read - gone)
