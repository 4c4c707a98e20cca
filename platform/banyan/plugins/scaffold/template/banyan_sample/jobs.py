"""What is done by rule: old notes are thrown away at night."""

from __future__ import annotations

from banyan.sdk import (
    Context,
    Job,
    OrgRef,
    count,
    lazy,
    module_on,
    # <settings>
    setting,
    # </settings>
)
from sqlalchemy import select

from . import rules
from .models import Note
from .services import NOTES
# <settings>
from .settings import KEPT_DAYS
# </settings>

KEPT = 365
ORGANISATIONS, BATCH = 1_000, 500


def throw_away_old(ctx: Context) -> None:
    """Throw away what is older than each organisation keeps it, at most `BATCH` notes of an organisation a night."""
    with_notes = select(Note.org_id, Note.org_path).distinct().order_by(Note.org_path).limit(ORGANISATIONS)
    for identity, path in ctx.session.execute(with_notes).all():
        org = OrgRef(identity, path)
        # The job runs for all; where the module is off, what it holds stays as it is.
        if module_on(ctx, "sample", org):
            _of(ctx, org)


def _of(ctx: Context, org: OrgRef) -> None:
    kept = KEPT
    # <settings>
    kept = int(setting(ctx, KEPT_DAYS, org))
    # </settings>
    over = rules.old_before(ctx.clock.now(), kept)
    old = ctx.session.scalars(
        select(Note).where(Note.org_path == org.path, Note.written_at < over).order_by(Note.written_at).limit(BATCH)
    ).all()
    for note in old:
        ctx.session.delete(note)
    if old:
        count(ctx.session, org, NOTES, -len(old))
    ctx.session.flush()


JOBS = (
    Job(
        "sample.throw_away_old",
        lazy("Throw away old notes"),
        periodic=throw_away_old,
        cron="15 3 * * *",
        reason="old notes of every organisation",
    ),
)
