"""What API and console show of notices, and how they read whom one is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.files import StoredFile
from banyan.modules.notices.models import Notice
from banyan.modules.notices.permissions import PUBLISH
from banyan.modules.notices.services import counting, recipients, telling
from banyan.modules.notices.services.counting import Figures
from banyan.modules.notices.services.reading import Received
from banyan.modules.people.audience_forms import audience_of
from banyan.modules.people.services import audience
from banyan.modules.people.services.audience import Audience

ADMINISTRATOR = "org_admin"
# fmt: off
KEYS = (
    "id", "org_id", "origin", "kind", "importance", "title", "body", "confirm", "public", "channels", "files", "state",
    "publish_at", "published_at", "valid_until", "withdrawn_at", "reason", "replaces", "version",
)
# fmt: on


def audiences_of(ctx: Context, data: Sequence[Mapping[str, Any]]) -> list[Audience]:
    """Whom the API names. :raises Invalid: with every reason."""
    return [audience_of(ctx, one, prefix=f"audiences.{n}", permission=PUBLISH.name) for n, one in enumerate(data)]


def audiences_of_form(ctx: Context, data: Mapping[str, Any]) -> list[Audience]:
    """Whom the console's form names: one audience, and the administrators of the same organisations."""
    found = audience_of(ctx, data["audience"], permission=PUBLISH.name)
    also = Audience(found.org, found.reach, found.levels, None, ADMINISTRATOR)
    return [found, also] if data["administrators"] and not found.role else [found]


def previewed(ctx: Context, chosen: Sequence[Audience]) -> tuple[int, int]:
    """How many are meant together, and how many of them have an account."""
    return recipients.counted(ctx, [audience.to_json(one) for one in chosen])


def shown(ctx: Context, notice: Notice) -> dict[str, Any]:
    """A notice as `NoticeDetail` shows it."""
    below = [
        {"code": one.code, "name": one.name, "figures": figures(one.figures)} for one in counting.breakdown(ctx, notice)
    ]
    return {
        **{key: getattr(notice, key) for key in KEYS},
        "audience": recipients.described(ctx, notice.audiences),
        "figures": figures(counting.total(ctx, notice)),
        "below": below,
    }


def figures(found: Figures) -> dict[str, int]:
    """Figures as `FiguresDetail` shows them."""
    return {**asdict(found), "missing": found.missing}


def own(found: Received) -> dict[str, Any]:
    """A notice as `ReceivedDetail` shows it. What was withdrawn is not told any more."""
    notice = found.notice
    title, body = telling.said(notice)
    holds = notice.state == "published"
    keys = ("id", "kind", "importance", "link", "state", "reason", "confirm", "published_at", "valid_until")
    return {
        **{key: getattr(notice, key) for key in keys},
        "title": title,
        "body": body if holds else "",
        "files": notice.files if holds else [],
        "org_name": found.by,
        "read_at": found.read_at,
        "confirmed_at": found.confirmed_at,
        "newer": found.newer,
    }


def stored(held: Mapping[str, Any]) -> StoredFile:
    """A file of a notice, to be served; it is no row of this transaction."""
    keys = ("key", "name", "media_type", "extension", "size")
    values = {key: held[key] for key in keys}
    return StoredFile(id=UUID(held["id"]), created_at=datetime.fromisoformat(held["at"]), **values)
