"""What is done later: exports of answers, and the end of surveys whose last day has passed."""

from __future__ import annotations

from sqlalchemy import select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.surveys.models import Survey
from banyan.modules.surveys.services import exporting, writing

BATCH = 200


def close_due(ctx: Context) -> None:
    """Close surveys whose last day has passed; one that somebody closes at this moment is left to them."""
    over = (
        select(Survey)
        .where(Survey.state == "open", Survey.closes_on < today(ctx.clock))
        .order_by(Survey.closes_on)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    for survey in ctx.session.scalars(over).all():
        writing.close_held(ctx, survey)


JOBS = (
    Job(exporting.KIND, exporting.TITLE, handler=exporting.run),
    Job(
        "surveys.close_due",
        lazy("Close surveys whose last day has passed"),
        periodic=close_due,
        cron="7 * * * *",
        reason="surveys of every organisation",
    ),
)
