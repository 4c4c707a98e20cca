"""What a member's page is made of: tabs, panels and actions, added by the rooms of this module as they need them.

Each room appends its own when it is imported by `plugin.py`; modules above add theirs through the hooks
``banyan_member_panels`` and ``banyan_member_actions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import url_for

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.runtime import enabled
from banyan.modules.access.decision import may
from banyan.modules.people.models import Member
from banyan.plugins import manager

Data = Callable[[Context, Member], Mapping[str, Any] | None]


def _nothing(_ctx: Context, _member: Member) -> Mapping[str, Any]:
    return {}


def _always(_ctx: Context, _member: Member) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel on the record page.

    :ivar permission: decided at the member's own organisation; None for everybody who reads the record.
    :ivar template: a partial below ``people/_panels/`` or of one's own; it finds ``member`` and ``data``.
    :ivar data: what the partial shows; None leaves the panel out. :ivar side: in the narrow column beside the record.
    """

    key: str
    title: Text
    order: int
    permission: str | None
    template: str
    data: Data = _nothing
    side: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of a member's file: an endpoint that takes ``member_id``."""

    key: str
    title: Text
    endpoint: str
    order: int
    permission: str | None = None


@dataclass(frozen=True, slots=True)
class HeadAction:
    """A link in the head of a member's page: to an endpoint that takes ``member_id``.

    :ivar when: whether it makes sense for this member.
    """

    key: str
    label: Text
    endpoint: str
    icon: str
    order: int
    permission: str | None
    kind: Literal["primary", "outline-secondary", "outline-danger"] = "outline-secondary"
    when: Callable[[Context, Member], bool] = field(default=_always)


PANELS: list[Panel] = []
TABS: list[Tab] = []
ACTIONS: list[HeadAction] = []


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel with what it shows; of a module above, ``url`` is where htmx fetches it."""

    key: str
    title: Text
    template: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    side: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A tab or an action as the page draws it."""

    key: str
    label: Text
    url: str
    icon: str = ""
    kind: str = "outline-secondary"


def panels_of(ctx: Context, member: Member) -> list[ShownPanel]:
    """The panels of a member's record page that the reader may see, in order."""
    found = []
    for panel in sorted(PANELS, key=lambda one: (one.order, one.key)):
        if panel.permission is not None and not may(ctx, panel.permission, member.org):
            continue
        data = panel.data(ctx, member)
        if data is not None:
            found.append(ShownPanel(panel.key, panel.title, panel.template, data, panel.side))
    return [*found, *_from_above(ctx, member)]


def _from_above(ctx: Context, member: Member) -> list[ShownPanel]:
    answers = manager.current().ask("banyan_member_panels", enabled(), ctx=ctx, member_id=str(member.id))
    cards = sorted((card for _name, found in answers for card in found), key=lambda card: card.order)
    return [
        ShownPanel(card.key, card.title, url=url_for(card.endpoint, member_id=member.id), side=card.width <= 4)
        for card in cards
        if card.permission is None or may(ctx, card.permission, member.org)
    ]


def tabs_of(ctx: Context, member: Member) -> list[Link]:
    """The pages of a member's file that the reader may open, in order."""
    return [
        Link(tab.key, tab.title, url_for(tab.endpoint, member_id=member.id))
        for tab in sorted(TABS, key=lambda one: (one.order, one.key))
        if tab.permission is None or may(ctx, tab.permission, member.org)
    ]


def actions_of(ctx: Context, member: Member) -> list[Link]:
    """What the reader may do with a member, in order."""
    found = [
        Link(one.key, one.label, url_for(one.endpoint, member_id=member.id), one.icon, one.kind)
        for one in sorted(ACTIONS, key=lambda one: (one.order, one.key))
        if (one.permission is None or may(ctx, one.permission, member.org)) and one.when(ctx, member)
    ]
    answers = manager.current().ask("banyan_member_actions", enabled(), ctx=ctx, member_id=str(member.id))
    items = sorted((item for _name, answer in answers for item in answer), key=lambda item: item.order)
    return [
        *found,
        *(
            Link(item.endpoint, item.label, url_for(item.endpoint, member_id=member.id), item.icon)
            for item in items
            if item.permission is None or may(ctx, item.permission, member.org)
        ),
    ]
