"""Numbers for every level: counted as notes come and go, and counted anew from the table to rebuild them."""

from __future__ import annotations

from banyan.sdk import Context, Metric, lazy
from sqlalchemy import func, select

from .models import Note
from .services import NOTES

METRICS = (Metric(NOTES, lazy("Notes")),)


def counted(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    """Notes by path of organisation, within ``[lo, hi)``."""
    rows = ctx.session.execute(
        select(Note.org_path, func.count()).where(Note.org_path >= lo, Note.org_path < hi).group_by(Note.org_path)
    )
    return {NOTES: {row[0]: row[1] for row in rows}}
