"""The rooms of members' own pages and changes, put together for `plugin.py`."""

from __future__ import annotations

from banyan.modules.people import (
    change_api,
    change_events,
    change_flow,
    change_lists,
    change_models,
    change_pages,
    change_panels,
    change_privacy,
    own_api,
    own_pages,
    own_tiles,
)
from banyan.modules.people.services import change_endings

MODELS = (change_models.MemberChange,)
APIS = (change_api.api, own_api.api)
PAGES = (change_pages.pages, own_pages.pages)
TYPES, ACTIONS, FIELDS = change_events.TYPES, change_events.ACTIONS, change_events.FIELDS
EXPORTS, FLOWS = change_lists.EXPORTS, change_flow.FLOWS
ROOMS = (change_panels, change_privacy, change_endings)
entries, cards, tiles = own_tiles.entries, own_tiles.cards, own_tiles.tiles
