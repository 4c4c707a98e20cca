"""One's own account: what it is called, its language, its password, the roles it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.i18n import LANGUAGES, lazy
from banyan.modules.access import policy
from banyan.modules.access.decision import visible
from banyan.modules.access.models import RoleGrant
from banyan.modules.access.permissions import GRANT_READ
from banyan.modules.access.services import names
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import confirmation, devices, duties, new_passwords, passwords, sessions
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.subjects import me, snapshot, subject
from banyan.modules.audit.services import changes, record
from banyan.modules.tenancy.models import Org

EDITABLE = ("display_name", "phone", "language")


@dataclass(frozen=True, slots=True)
class Held:
    """A role that an account holds, as people read it.

    :ivar role: key; ``label`` is what it is called. :ivar reach: ``self`` or ``subtree``.
    """

    id: UUID
    role: str
    label: str
    org_code: str
    org_name: str
    reach: str
    not_before: datetime
    not_after: datetime | None


def edit(ctx: Context, data: Mapping[str, Any]) -> Account:
    """Edit one's own display name, phone and language.

    :param data: of `ProfileEdit`; what it does not name stays.
    """
    account = me(ctx)
    before = snapshot(account)
    for key in EDITABLE:
        setattr(account, key, data.get(key, getattr(account, key)))
    old, new = changes(before, snapshot(account))
    if new:
        ctx.session.flush()
        record(ctx, "accounts.account.update", subject(account), org=account.org, before=old, after=new)
    return account


def choose_language(session: Session, account_id: UUID, language: str) -> None:
    """Keep the language chosen in the menu: a matter of taste, not written to the audit log."""
    if language in LANGUAGES:
        session.execute(
            update(Account)
            .where(Account.id == account_id)
            .values(language=language)
            .execution_options(synchronize_session=False)
        )


def change_password(ctx: Context, old: str, new: str) -> int:
    """Change one's own password; all other sessions end.

    :return: how many ended. :raises Invalid: the old one is wrong, or with every reason against the new one.
    :raises TooManyTries: the old one was wrong too often.
    """
    account = me(ctx)
    confirmation.count_try(ctx)
    problems: dict[str, list[Text]] = {}
    if not passwords.verified(account.password_hash, old):
        problems["old_password"] = [lazy("This is not your present password.")]
        with apart(ctx) as own:
            record(own, "accounts.password.update", subject(account), org=account.org, outcome="failed")
    else:
        confirmation.forget_tries(ctx)
    against = new_passwords.problems(ctx, account, new)
    if against:
        problems["password"] = against
    if problems:
        raise Invalid(problems)
    new_passwords.set_password(ctx, account, new)
    devices.forget_trust(ctx, account.id)
    duties.renew(ctx, account)
    return sessions.end_all(ctx, account.id, but=ctx.actor.credential_id if ctx.actor.via == "session" else None)


def own_roles(ctx: Context) -> list[Held]:
    """The roles the actor holds now, in the order of the tree."""
    return _held(ctx, RoleGrant.id.in_([grant.id for grant in ctx.actor.grants]))


def roles_of(ctx: Context, account_id: UUID) -> list[Held]:
    """The roles an account holds now or later, as far as the actor may see who holds which role."""
    now = ctx.clock.now()
    return _held(
        ctx,
        RoleGrant.account_id == account_id,
        RoleGrant.ended_at.is_(None),
        RoleGrant.not_after.is_(None) | (RoleGrant.not_after > now),
        visible(ctx, GRANT_READ.name, RoleGrant.org_path),
    )


def _held(ctx: Context, *which: ColumnElement[bool]) -> list[Held]:
    rows = ctx.session.execute(
        select(RoleGrant, Org.code, Org.name)
        .join(Org, Org.id == RoleGrant.org_id)
        .where(*which)
        .order_by(RoleGrant.org_path, RoleGrant.granted_at, RoleGrant.id)
    ).all()
    labels = names.labels(policy.store(), ctx.session, [grant.role for grant, _code, _name in rows])
    return [
        Held(
            grant.id,
            grant.role,
            labels.get(grant.role, grant.role),
            code,
            name,
            grant.reach,
            grant.not_before,
            grant.not_after,
        )
        for grant, code, name in rows
    ]
