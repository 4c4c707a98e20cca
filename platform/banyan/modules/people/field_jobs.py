"""What this room does later."""

from __future__ import annotations

import structlog

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.people.services import bulk
from banyan.modules.people.services.field_changes import seal_left_behind

log = structlog.get_logger(__name__)


def tidy(ctx: Context) -> None:
    """Seal what became sensitive after its member had gone elsewhere."""
    log.info("sealed", table="member_field_value", rows=seal_left_behind(ctx))


FIELD_JOBS = (
    *bulk.JOBS,
    Job(
        "people.seal_values",
        lazy("Seal values of fields that became sensitive"),
        periodic=tidy,
        cron="41 3 * * *",
        reason="values of members who moved away before a field became sensitive",
    ),
)
