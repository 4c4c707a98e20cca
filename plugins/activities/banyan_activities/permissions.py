"""Permissions of activities, the role of the council, and what built-in roles may do at first."""

from __future__ import annotations

from collections.abc import Mapping

from banyan.sdk import Binding, Message, Permission, Role, lazy

from .rules import KINDS

READ = Permission("activities.activity:read", lazy("See plans and activities"))
CREATE = Permission("activities.activity:create", lazy("Plan activities"))
UPDATE = Permission("activities.activity:update", lazy("Change, publish and cancel activities"))
ATTEND = Permission("activities.attendance:update", lazy("Take attendance and log incidents"))
EXPORT = Permission("activities.activity:export", lazy("Export activities and who takes part"))
REVIEW = Permission("activities.plan:review", lazy("Approve plans as head of the section"))
APPROVE = Permission("activities.plan:approve", lazy("Approve plans as secretary general or deputy"))
COUNCIL = Permission("activities.plan:council", lazy("Approve major plans for the council"))
FILE = Permission("activities.summary:file", lazy("File summaries of activities"))

PERMISSIONS = (READ, CREATE, UPDATE, ATTEND, EXPORT, REVIEW, APPROVE, COUNCIL, FILE)
ROLES = (Role("council", lazy("Council"), lazy("Decides for the council what is laid before it"), "member"),)
RUNNING = (READ, CREATE, UPDATE, ATTEND, EXPORT)
BINDINGS = (
    Binding("org_admin", "activities.*"),
    *(Binding("branch_secretary", one.name) for one in (*RUNNING, REVIEW, APPROVE, FILE)),
    *(Binding("section_head", one.name) for one in (*RUNNING, REVIEW)),
    *(Binding("secretary_general", one.name) for one in (*RUNNING, APPROVE, FILE)),
    *(Binding("council", one.name) for one in (READ, COUNCIL)),
    *(Binding("org_auditor", one.name) for one in (READ, EXPORT)),
)
ACTIONS: Mapping[str, Message] = {
    "activities.activity.create": lazy("Planned an activity"),
    "activities.activity.update": lazy("Changed an activity"),
    "activities.activity.ask": lazy("Asked for approval of a plan"),
    "activities.activity.approve": lazy("Approved a plan"),
    "activities.activity.return": lazy("Returned a plan"),
    "activities.activity.publish": lazy("Published an activity"),
    "activities.activity.cancel": lazy("Cancelled an activity"),
    "activities.activity.discard": lazy("Discarded a plan"),
    "activities.preparation.create": lazy("Added something to prepare"),
    "activities.preparation.update": lazy("Changed something to prepare"),
    "activities.preparation.delete": lazy("Removed something to prepare"),
    "activities.attendance.update": lazy("Took attendance"),
    "activities.incident.create": lazy("Logged an incident"),
    "activities.summary.hand_in": lazy("Handed in a summary"),
    "activities.summary.file": lazy("Filed a summary"),
    "activities.summary.return": lazy("Returned a summary"),
    "activities.photo.create": lazy("Added a picture"),
    "activities.photo.update": lazy("Changed a picture"),
    "activities.photo.delete": lazy("Removed a picture"),
    "activities.feed.create": lazy("Made a calendar address"),
    "activities.feed.delete": lazy("Revoked a calendar address"),
    "activities.sign_up.create": lazy("Signed up for an activity"),
    "activities.sign_up.withdraw": lazy("Withdrew from an activity"),
    "activities.sign_up.seat": lazy("Moved up from the waiting list"),
}
FIELDS: Mapping[str, Message] = {
    "activity_kind": lazy("Kind"),
    **{f"activity_kind={key}": label for key, label in KINDS.items()},
    "open_to_all": lazy("Public page"),
    "starts_at": lazy("Begins"),
    "ends_at": lazy("Ends"),
    "place": lazy("Where it takes place"),
    "capacity": lazy("Places"),
    "budget": lazy("Budget"),
    "expected": lazy("Expected heads"),
    "places": lazy("Places"),
    "kind=activities.sign_up": lazy("Activity"),
}
