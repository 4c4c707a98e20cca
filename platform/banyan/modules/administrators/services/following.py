"""Where an application stands, for whoever holds its receipt code; and the code that sets the account up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from banyan.kernel import workdays
from banyan.kernel.clock import SHANGHAI
from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Refused
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.services import codes
from banyan.modules.administrators import flow
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.administrators.services import standing
from banyan.modules.administrators.services.keys import Door
from banyan.modules.tenancy.models import Org

Setup = Literal["none", "waiting", "expired", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """An application as the applicant and the level above read it.

    :ivar replaces: name of the account whose roles end; empty for none. :ivar due_on: until when it is decided.
    :ivar setup: whether the account that approval opened waits for its password. :ivar code_until: and until when.
    """

    application: AdministratorApplication
    org_name: str
    upper_name: str
    replaces: str
    due_on: date | None
    setup: Setup
    code_until: datetime | None


def progress(ctx: Context, application: AdministratorApplication) -> Progress:
    """Where ``application`` stands."""
    upper = standing.upper_of(ctx, application.org)
    setup, until = _setup(ctx, application)
    return Progress(
        application,
        ctx.session.get_one(Org, application.org_id).name,
        upper.name if upper else "",
        standing.name_of(ctx, application.replaces),
        _due(application),
        setup,
        until,
    )


def behind(ctx: Context, door: Door) -> AdministratorApplication:
    """The application a receipt leads to.

    :param ctx: inside the organisation of the receipt.
    """
    found = ctx.session.get(AdministratorApplication, door.application_id) if door.application_id else None
    if found is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return found


def set_up_code(ctx: Context, application: AdministratorApplication) -> str:
    """The code with which the holder sets the account up, for the applicant alone; each showing makes a fresh one.

    :raises Refused: nothing has been approved, or the code was used or has expired.
    """
    row = ctx.session.get(RegistrationCode, application.code_id) if application.code_id else None
    if row is None:
        raise Refused(lazy("No account has been opened yet."))
    return codes.renew(ctx, row)


def _due(application: AdministratorApplication) -> date | None:
    if application.state != "sent" or application.sent_at is None:
        return None
    return workdays.after(application.sent_at.astimezone(SHANGHAI).date(), flow.WORKING_DAYS).day


def _setup(ctx: Context, application: AdministratorApplication) -> tuple[Setup, datetime | None]:
    if application.account_id is None or application.code_id is None:
        return "none", None
    if ctx.session.get_one(Account, application.account_id).password_hash is not None:
        return "done", None
    row = ctx.session.get_one(RegistrationCode, application.code_id)
    gone = row.withdrawn_at is not None or row.expires_at <= ctx.clock.now()
    return ("expired", row.expires_at) if gone else ("waiting", row.expires_at)
