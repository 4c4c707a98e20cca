"""Proving again who one is, with the password and the second factor."""

from __future__ import annotations

from sqlalchemy import update

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.models import AccountSession
from banyan.modules.accounts.services import confirmation, passwords, second_factor
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.subjects import me, subject
from banyan.modules.audit.services import record


def confirm(ctx: Context, password: str, code: str) -> None:
    """Prove with the password, and with a code where there is a second factor, that it is the holder.

    :raises Invalid: with every reason. :raises TooManyTries: it was wrong too often in this session.
    """
    account = me(ctx)
    confirmation.count_try(ctx)
    problems: dict[str, list[Text]] = {}
    if not passwords.verified(account.password_hash, password):
        problems["password"] = [lazy("This is not your present password.")]
    elif second_factor.enabled(ctx, account) and not second_factor.take(ctx, account, code):
        problems["code"] = [lazy("This code is not right, or it was used before.")]
    if problems:
        with apart(ctx) as own:
            record(own, "accounts.session.confirm", subject(account), org=account.org, outcome="failed")
        raise Invalid(problems)
    confirmation.forget_tries(ctx)
    ctx.session.execute(
        update(AccountSession)
        .where(AccountSession.id == ctx.actor.credential_id)
        .values(verified_at=ctx.clock.now())
        .execution_options(synchronize_session=False)
    )
    record(ctx, "accounts.session.confirm", subject(account), org=account.org)
