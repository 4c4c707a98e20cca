"""What is done by itself about campaigns and accounts of members."""

from __future__ import annotations

from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.people.services import campaign_watch

JOBS = (
    Job(
        "people.campaigns",
        lazy("Remind of campaigns"),
        periodic=campaign_watch.watch,
        cron="10 1 * * *",
        reason=campaign_watch.REASON,
    ),
    Job(
        "people.accounts_overdue",
        lazy("Remind of members without account"),
        periodic=campaign_watch.remind_of_accounts,
        cron="20 1 * * 1",
        reason=campaign_watch.REASON,
    ),
)
