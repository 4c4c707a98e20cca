"""What the module holds about a person, how it forgets them, and what becomes of it when two are one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from banyan.sdk import Context

from .models import Activity, SignUp

GONE = "—"


def export(ctx: Context, person_id: str) -> dict[str, Any]:
    """Everything about a person, by heading."""
    statement = (
        select(SignUp, Activity.title, Activity.starts_at)
        .join(Activity, Activity.id == SignUp.activity_id)
        .where(SignUp.person_id == UUID(person_id))
        .order_by(SignUp.signed_up_at)
    )
    return {
        "activities": [
            {
                "activity": title,
                "starts_at": starts_at.isoformat(),
                "state": one.state,
                "places": one.places,
                "answers": one.answers,
                "signed_up_at": one.signed_up_at.isoformat(),
                "attended": one.attended,
                "minutes": one.minutes,
            }
            for one, title, starts_at in ctx.session.execute(statement)
        ]
    }


def erase(ctx: Context, person_id: str) -> dict[str, int]:
    """Take the person out; that somebody took part stays, as places and figures were made of it."""
    found = ctx.session.scalars(
        update(SignUp)
        .where(SignUp.person_id == UUID(person_id))
        .values(person_id=None, account_id=None, name=GONE, answers={})
        .returning(SignUp.id)
        .execution_options(synchronize_session=False)
    ).all()
    return {"activities_sign_up": len(found)}


def merge(ctx: Context, kept: str, gone: str) -> None:
    """What the person who is gone signed up for, the one who is kept did."""
    ctx.session.execute(
        update(SignUp)
        .where(SignUp.person_id == UUID(gone))
        .values(person_id=UUID(kept))
        .execution_options(synchronize_session=False)
    )
