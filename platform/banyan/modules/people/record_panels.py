"""The record's own tab, panels and actions on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.modules.audit.history import history
from banyan.modules.people import permissions
from banyan.modules.people.models import Member
from banyan.modules.people.panels import ACTIONS, PANELS, TABS, HeadAction, Panel, Tab
from banyan.modules.people.rules import choices, documents
from banyan.modules.people.services import members, periods

_UPDATE = permissions.MEMBER_UPDATE.name


def _record(_ctx: Context, member: Member) -> Mapping[str, Any]:
    return {
        "hidden": members.shown(member),
        "genders": choices.GENDERS,
        "ethnicities": choices.ETHNICITIES,
        "documents": documents.TYPES,
        "education": choices.EDUCATION,
        "political_status": choices.POLITICAL_STATUS,
        "reviews": choices.REVIEWS,
        "review_tones": choices.REVIEW_TONES,
    }


def _periods(ctx: Context, member: Member) -> Mapping[str, Any]:
    return {"periods": periods.periods(ctx, member.id), "changes": choices.CHANGES}


def _history(ctx: Context, member: Member) -> Mapping[str, Any]:
    return {"history": history(ctx, "member", str(member.id))}


def _is_active(_ctx: Context, member: Member) -> bool:
    return member.status == "active"


def _may_return(_ctx: Context, member: Member) -> bool:
    return member.status in ("left", "deceased") and member.erased_at is None


TABS.append(Tab("record", lazy("Member record"), "people_pages.member", 10))
PANELS.extend(
    (
        Panel("record", lazy("Basic details"), 10, None, "people/_panels/record.html", _record),
        Panel("periods", lazy("Memberships"), 20, None, "people/_panels/periods.html", _periods, side=True),
        Panel("history", lazy("History"), 90, None, "people/_panels/history.html", _history, side=True),
    )
)
ACTIONS.extend(
    (
        HeadAction("edit", lazy("Edit"), "people_pages.edit", "edit", 10, _UPDATE),
        HeadAction(
            "leave", lazy("Leaves"), "people_pages.leaving", "logout", 80, _UPDATE, "outline-danger", _is_active
        ),
        HeadAction("restore", lazy("Restore"), "people_pages.restoring", "refresh", 81, _UPDATE, when=_may_return),
    )
)
