"""What the API keeps for a while and then forgets, and the warning before a token ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select

from banyan.api.answers import KEPT, StoredAnswer
from banyan.api.rates import RequestCount
from banyan.kernel.context import Context
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.accounts.events import TokenEnding
from banyan.modules.accounts.models import ApiToken
from banyan.modules.accounts.rules import ENDS_SOON

WARNED_AT_ONCE = 1_000
log = structlog.get_logger(__name__)


def purge_api(ctx: Context) -> None:
    """Delete answers that are kept for a day, and counts of requests of an hour ago."""
    now = ctx.clock.now()
    gone = ((StoredAnswer, StoredAnswer.created_at < now - KEPT), (RequestCount, RequestCount.begins < _hour_ago(now)))
    for model, over in gone:
        done = ctx.session.execute(delete(model).where(over).execution_options(synchronize_session=False))
        log.info("purged", table=model.__tablename__, rows=getattr(done, "rowcount", 0))


def _hour_ago(now: datetime) -> int:
    return int((now - timedelta(hours=1)).timestamp())


def warn_of_ends(ctx: Context) -> None:
    """Tell once of every token whose end is near, at its organisation."""
    now = ctx.clock.now()
    ending = select(ApiToken).where(
        ApiToken.warned_at.is_(None),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > now,
        ApiToken.expires_at <= now + ENDS_SOON,
    )
    for token in ctx.session.scalars(ending.order_by(ApiToken.id).limit(WARNED_AT_ONCE)):
        token.warned_at = now
        ends = token.expires_at.isoformat() if token.expires_at else ""
        holder = str(token.account_id) if token.account_id else ""
        publish(ctx, token.org, TokenEnding(str(token.id), token.name, holder, ends))
    ctx.session.flush()


PURGE_API = Job(
    "accounts.purge_api",
    lazy("Delete kept answers and counts of the API"),
    periodic=purge_api,
    cron="23 * * * *",
    reason="kept answers and counts of requests of everybody",
)
TOKEN_WARNINGS = Job(
    "accounts.token_warnings",
    lazy("Tell of tokens that end soon"),
    periodic=warn_of_ends,
    cron="5 7 * * *",
    reason="tokens of every organisation",
)
