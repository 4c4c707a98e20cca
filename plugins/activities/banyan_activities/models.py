"""Activities and who takes part. All behind both walls.

An activity is `Published`: once it is, the organisations below may read it; whom exactly it is for, its audience says.
Places are counted in the activity's own row (`taken`), which every sign-up holds for a moment: that is what keeps the
capacity, however many come in the same instant.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.sdk import Base, Identified, Owned, Published, Scoped, Versioned, c_text

from .rules import ATTENDED, KINDS, PREPARATIONS, STATES, SUMMARIES


def _one_of(column: str, values: Any) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Activity(Identified, Versioned, Published, Base):
    """An activity.

    :ivar series_id: shared by those that were planned together. :ivar zone: the time zone that it is told in.
    :ivar latitude: and ``longitude``, in degrees (WGS 84), where the place is marked on a map.
    :ivar capacity: places; None for as many as come. :ivar taken: places given. :ivar waiting: asked for in vain.
    :ivar companions: how many each may bring. :ivar budget: in fen. :ivar expected: heads, for the rule of major ones.
    :ivar audience: whom it is for, as `audience_json` keeps it. :ivar open_to_all: has a public page.
    :ivar sign_up_until: and ``withdraw_until``: the last instants. :ivar questions: asked at sign-up.
    :ivar moved_at: when time or place changed after publication: since then everybody may withdraw.
    :ivar secret: what the codes of attendance are signed with. :ivar radius: metres around the place that count.
    :ivar summary_state: ``missing`` until somebody has summed it up, ``handed_in``, ``filed``.
    """

    __tablename__ = "activities_activity"
    __table_args__ = (
        CheckConstraint(_one_of("state", STATES), name="state"),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint(_one_of("summary_state", SUMMARIES), name="summary"),
        CheckConstraint("ends_at > starts_at", name="time"),
        CheckConstraint("capacity IS NULL OR taken <= capacity", name="capacity"),
        CheckConstraint("taken >= 0 AND waiting >= 0", name="places"),
        Index("ix_activities_activity_starts_at_id", "starts_at", "id"),
        Index("ix_activities_activity_path_starts_at", "org_path", "starts_at", "id"),
        Index("ix_activities_activity_series_id", "series_id", postgresql_where=text("series_id IS NOT NULL")),
        Index(
            "ix_activities_activity_open_summary",
            "ends_at",
            "id",
            postgresql_where=text("state = 'published' AND summary_state = 'missing'"),
        ),
    )

    series_id: Mapped[UUID | None]
    title: Mapped[str]
    kind: Mapped[str] = c_text()
    content: Mapped[str] = mapped_column(default="", server_default="")
    place: Mapped[str]
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    radius: Mapped[int] = mapped_column(default=300, server_default="300")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    zone: Mapped[str] = c_text(default="Asia/Shanghai", server_default="Asia/Shanghai")
    capacity: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0, server_default="0")
    waiting: Mapped[int] = mapped_column(default=0, server_default="0")
    companions: Mapped[int] = mapped_column(default=0, server_default="0")
    budget: Mapped[int] = mapped_column(default=0, server_default="0")
    expected: Mapped[int] = mapped_column(default=0, server_default="0")
    contact: Mapped[str] = mapped_column(default="", server_default="")
    audience: Mapped[dict[str, Any]]
    open_to_all: Mapped[bool] = mapped_column(default=False)
    sign_up_until: Mapped[datetime | None]
    withdraw_until: Mapped[datetime | None]
    questions: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    state: Mapped[str] = c_text(default="draft", server_default="draft")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    moved_at: Mapped[datetime | None]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    summary: Mapped[str] = mapped_column(default="", server_default="")
    summary_state: Mapped[str] = c_text(default="missing", server_default="missing")
    summed_up_by: Mapped[UUID | None]
    summed_up_at: Mapped[datetime | None]
    organiser_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class SignUp(Identified, Owned, Base):
    """That somebody takes part, or waits for a place. It stands with the organisation of the activity.

    :ivar member_id: the record it was made with, wherever that record goes later. :ivar name: as it was then.
    :ivar state: ``going``, ``waiting`` or ``withdrawn``. :ivar position: the order in which they came.
    :ivar places: with companions. :ivar attended: how it was seen that they came; empty until then.
    :ivar minutes: counted for them; None until they came.
    """

    __tablename__ = "activities_sign_up"
    __table_args__ = (
        CheckConstraint("state IN ('going', 'waiting', 'withdrawn')", name="state"),
        CheckConstraint(_one_of("attended", ("", *ATTENDED)), name="attended"),
        CheckConstraint("places >= 1", name="places"),
        Index("ix_activities_sign_up_activity_id_member_id", "activity_id", "member_id", unique=True),
        Index("ix_activities_sign_up_line", "activity_id", "state", "position"),
        Index("ix_activities_sign_up_person_id", "person_id"),
        Index("ix_activities_sign_up_account_id", "account_id"),
    )

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities_activity.id"))
    member_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    name: Mapped[str]
    member_org_id: Mapped[UUID]
    state: Mapped[str] = c_text()
    position: Mapped[int] = mapped_column(Identity(always=True))
    places: Mapped[int] = mapped_column(default=1)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    signed_up_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    attended: Mapped[str] = c_text(default="", server_default="")
    attended_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    minutes: Mapped[int | None]


class Preparation(Identified, Versioned, Scoped, Base):
    """Something to be done before an activity (ACT-04).

    :ivar kind: of `rules.PREPARATIONS`. :ivar owner_id: the account that sees to it. :ivar done_at: None while open.
    """

    __tablename__ = "activities_preparation"
    __table_args__ = (
        CheckConstraint(_one_of("kind", PREPARATIONS), name="kind"),
        Index("ix_activities_preparation_activity_id", "activity_id"),
        Index("ix_activities_preparation_owner_id", "owner_id"),
        Index("ix_activities_preparation_due", "due_on", "id", postgresql_where=text("done_at IS NULL")),
    )

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities_activity.id", ondelete="CASCADE"))
    kind: Mapped[str] = c_text()
    title: Mapped[str]
    owner_id: Mapped[UUID | None]
    due_on: Mapped[date]
    note: Mapped[str] = mapped_column(default="", server_default="")
    done_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]


class Incident(Identified, Scoped, Base):
    """Something that happened during an activity, for the record (ACT-05). Never changed."""

    __tablename__ = "activities_incident"
    __table_args__ = (Index("ix_activities_incident_activity_id", "activity_id"),)

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities_activity.id"))
    happened_at: Mapped[datetime]
    what: Mapped[str]
    measures: Mapped[str] = mapped_column(default="", server_default="")
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]


class Photo(Identified, Scoped, Base):
    """A picture in an activity's summary, without what the camera wrote into it (ACT-06)."""

    __tablename__ = "activities_photo"
    __table_args__ = (Index("ix_activities_photo_activity_id", "activity_id", "position"),)

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities_activity.id"))
    file_id: Mapped[UUID]
    thumbnail_id: Mapped[UUID]
    position: Mapped[int]
    caption: Mapped[str] = mapped_column(default="", server_default="")
    added_by: Mapped[UUID | None]


class Feed(Identified, Scoped, Base):
    """The secret address of a person's calendar (ACT-01); its hash alone is kept. It belongs to the account's home."""

    __tablename__ = "activities_feed"
    __table_args__ = (Index("ix_activities_feed_account_id", "account_id", unique=True),)

    account_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
