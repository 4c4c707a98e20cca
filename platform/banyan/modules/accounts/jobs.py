"""What is deleted by rule, once a day. The audit log keeps what was done."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import delete, or_

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.modules.accounts.models import AccountSession, ApiToken, RegistrationCode, Throttle
from banyan.modules.accounts.security_models import KnownAddress, KnownDevice, ResetCode, SecondFactor, SignIn
from banyan.modules.accounts.services.devices import KEPT, NEAR

SESSIONS_KEPT = timedelta(days=30)
TOKENS_KEPT = timedelta(days=180)
CODES_KEPT = timedelta(days=180)
FAILURES_KEPT = timedelta(days=1)
RESETS_KEPT = timedelta(days=180)
SIGN_INS_KEPT = timedelta(days=366)
HALF_SET_UP_KEPT = timedelta(days=1)
log = structlog.get_logger(__name__)


def purge(ctx: Context) -> None:
    """Delete sessions, tokens, codes, sign-ins and counted failures that ended long ago."""
    now = ctx.clock.now()
    sessions, tokens, codes = now - SESSIONS_KEPT, now - TOKENS_KEPT, now - CODES_KEPT
    failures = now - FAILURES_KEPT
    rules = (
        (AccountSession, or_(AccountSession.ended_at < sessions, AccountSession.expires_at < sessions)),
        (ApiToken, or_(ApiToken.revoked_at < tokens, ApiToken.expires_at < tokens)),
        (RegistrationCode, RegistrationCode.expires_at < codes),
        (Throttle, (Throttle.since < failures) & or_(Throttle.locked_until.is_(None), Throttle.locked_until < now)),
        (ResetCode, ResetCode.expires_at < now - RESETS_KEPT),
        (SignIn, SignIn.at < now - SIGN_INS_KEPT),
        (KnownDevice, KnownDevice.seen_at < now - KEPT),
        (KnownAddress, KnownAddress.seen_at < now - NEAR),
        (SecondFactor, SecondFactor.confirmed_at.is_(None) & (SecondFactor.created_at < now - HALF_SET_UP_KEPT)),
    )
    for model, over in rules:
        done = ctx.session.execute(delete(model).where(over).execution_options(synchronize_session=False))
        log.info("purged", table=model.__tablename__, rows=getattr(done, "rowcount", 0))


PURGE = Job(
    "accounts.purge",
    lazy("Delete ended sessions, codes and tokens"),
    periodic=purge,
    cron="17 3 * * *",
    reason="ended sessions, codes and tokens of every organisation",
)
