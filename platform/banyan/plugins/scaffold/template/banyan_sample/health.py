"""How the module is, for the operator."""

from __future__ import annotations

from banyan.sdk import Context, Health, _
from sqlalchemy import text

# More than the nightly job can see to.
TOO_MANY = 5_000_000
ABOUT = text("SELECT coalesce(sum(n_live_tup), 0)::bigint FROM pg_stat_user_tables WHERE relname = 'sample_note'")


def health(ctx: Context) -> Health:
    """How many notes there are, as the database estimates it: an operator sees no organisation's rows."""
    return judged(ctx.session.execute(ABOUT).scalar_one())


def judged(notes: int) -> Health:
    """What a number of notes says about the module."""
    too_many = notes > TOO_MANY
    detail = _("More notes than can be kept in order.") if too_many else ""
    return Health(ok=not too_many, detail=detail, figures={"notes": notes})
