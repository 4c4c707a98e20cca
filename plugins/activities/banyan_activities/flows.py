"""How plans are approved (ACT-03): section head, then secretary general or deputy, then the council for major ones."""

from __future__ import annotations

from uuid import UUID

from flask import url_for

from banyan.sdk import Context, Flow, Step, lazy

from .permissions import APPROVE, COUNCIL, READ, REVIEW
from .services import approval

_SECTION = Step("section", lazy("Section head"), "planner", REVIEW.name, working_days=3)
_SECRETARY = Step("secretary", lazy("Secretary general or deputy"), "planner", APPROVE.name, working_days=3)
_COUNCIL = Step("council", lazy("Council"), "planner", COUNCIL.name, working_days=10)


def _page(_ctx: Context, activity_id: str) -> str | None:
    return url_for("activities_pages.activity", activity_id=UUID(activity_id))


def _correct(_ctx: Context, activity_id: str) -> str | None:
    return url_for("activities_pages.edit", activity_id=UUID(activity_id))


FLOWS = (
    Flow(
        approval.PLAN,
        lazy("Plan of an activity"),
        asks="planner",
        steps=(_SECTION, _SECRETARY),
        heard=approval.heard,
        reader=READ.name,
        page=_page,
        correct=_correct,
    ),
    Flow(
        approval.MAJOR,
        lazy("Plan of a major activity"),
        asks="planner",
        steps=(_SECTION, _SECRETARY, _COUNCIL),
        heard=approval.heard,
        reader=READ.name,
        page=_page,
        correct=_correct,
    ),
)
