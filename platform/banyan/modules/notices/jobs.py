"""What this module does later: publish at the time, spread, and catch up with accounts."""

from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.notices.services import hearing, publishing, spreading

JOBS = (
    Job(spreading.KIND, lazy("Send a notice"), handler=spreading.run),
    Job(
        "notices.due",
        lazy("Publish scheduled notices"),
        periodic=publishing.due,
        cron="* * * * *",
        reason="scheduled notices of every organisation",
    ),
    Job(
        "notices.catch_up",
        lazy("Put notices into new inboxes"),
        periodic=hearing.catch_up,
        cron="*/10 * * * *",
        reason="members of every organisation who were given an account",
    ),
)
