"""The rooms of a member's file put together: posts, entries, timeline, review, and putting records together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.people import (
    file_api,
    file_events,
    file_labels,
    file_lists,
    file_models,
    file_panels,
    file_privacy,
    file_settings,
    posts_lists,
    review_api,
)
from banyan.modules.people.file_pages import add_file_pages
from banyan.modules.people.posts_pages import add_posts_pages
from banyan.modules.people.review_pages import add_review_pages
from banyan.modules.people.services import posts
from banyan.modules.people.uniting_pages import add_uniting_pages

MODELS: Sequence[type[Base]] = (
    file_models.Post,
    file_models.FileEntry,
    file_models.RecordReview,
    file_models.PersonMerge,
)
APIS = (file_api.api, review_api.api)
TYPES, ACTIONS = file_events.TYPES, file_events.ACTIONS
SETTINGS = file_settings.SETTINGS
EXPORTS = (*posts_lists.EXPORTS, *file_lists.EXPORTS)
FIELDS: Mapping[str, Text] = {
    **file_events.FIELDS,
    **{f"kind={kind}": label for kind, label in file_labels.TIMELINE_KINDS.items()},
}
ROOMS = (file_panels, file_privacy)
pages = Blueprint("people_file_pages", __name__, template_folder="templates")
add_posts_pages(pages)
add_file_pages(pages)
add_review_pages(pages)
add_uniting_pages(pages)


def against_revocation(ctx: Context, org: OrgRef) -> Sequence[Text]:
    """Posts that are held at an organisation stand in the way of its end."""
    number = posts.held_at(ctx, org)
    return (lazy("%(n)s posts are held there. End them first.", n=number),) if number else ()
