"""What is done by rule: reminders of preparations that are due."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from banyan.sdk import Context, Job, lazy, module_on, notify, today

from .models import Activity, Preparation

DAYS_BEFORE, BATCH = 2, 500


def remind(ctx: Context) -> None:
    """Remind owners of what is due within `DAYS_BEFORE` days or overdue, once."""
    soon = today(ctx.clock) + timedelta(days=DAYS_BEFORE)
    statement = (
        select(Preparation, Activity)
        .join(Activity, Activity.id == Preparation.activity_id)
        .where(
            Preparation.done_at.is_(None),
            Preparation.due_on <= soon,
            Preparation.reminded_at.is_(None),
            Preparation.owner_id.is_not(None),
            Activity.state != "cancelled",
        )
        .order_by(Preparation.due_on, Preparation.id)
        .limit(BATCH)
        .with_for_update(of=Preparation, skip_locked=True)
    )
    for one, activity in ctx.session.execute(statement).all():
        one.reminded_at = ctx.clock.now()
        if one.owner_id is None or not module_on(ctx, "activities", activity.org):
            continue
        title = lazy("Due on %(day)s: %(what)s", day=one.due_on.isoformat(), what=one.title)
        body = lazy("For the activity “%(title)s”.", title=activity.title)
        notify(ctx, to=[one.owner_id], org=activity.org, title=title, body=body, once=f"{one.id}:{one.due_on}")
    ctx.session.flush()


JOBS = (
    Job(
        "activities.remind",
        lazy("Remind of preparations for activities"),
        periodic=remind,
        cron="20 0 * * *",
        reason="preparations of every organisation",
    ),
)
