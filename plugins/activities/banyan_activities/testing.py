"""Rows that the rules of the house plant in the tables of activities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from banyan.sdk import Base, OrgRef, new_id, today
from banyan.testing import World

from .models import Activity, Feed, Incident, Photo, Preparation, SignUp


def rows(world: World, org: OrgRef, marker: str, person: UUID | None) -> Iterator[Base]:
    """A published activity with everything that can hang on one."""
    place: dict[str, Any] = {"org_id": org.id, "org_path": org.path}
    now, somebody = world.clock.now(), person or new_id()
    activity = Activity(
        id=new_id(),
        title=marker,
        kind="study",
        place=marker,
        content=marker,
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        audience={"org_id": str(org.id)},
        published=True,
        state="published",
        secret=marker.encode(),
        created_at=now,
        published_at=now,
        **place,
    )
    yield activity
    yield SignUp(
        activity_id=activity.id,
        member_id=new_id(),
        member_org_id=org.id,
        person_id=somebody,
        name=marker,
        state="going",
        answers={"q1": marker},
        signed_up_at=now,
        changed_at=now,
        **place,
    )
    yield Preparation(activity_id=activity.id, kind="venue", title=marker, due_on=today(world.clock), **place)
    yield Incident(activity_id=activity.id, happened_at=now, what=marker, recorded_at=now, **place)
    yield Photo(activity_id=activity.id, file_id=new_id(), thumbnail_id=new_id(), position=1, caption=marker, **place)
    yield Feed(account_id=new_id(), token_hash=new_id().bytes, made_at=now, **place)
