"""What approvals do later."""

from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.approvals.services.deadlines import REASON, watch

JOBS = (
    Job(
        "approvals.deadlines", lazy("Remind of deadlines and escalate"), periodic=watch, cron="*/10 * * * *",
        reason=REASON,
    ),
)  # fmt: skip
