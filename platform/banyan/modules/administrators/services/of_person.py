"""Applications about a person who holds, or held, an account (PPL-07)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from banyan.kernel.context import Context
from banyan.modules.accounts.services.of_person import accounts_of
from banyan.modules.administrators.models import AdministratorApplication

PERSONAL = ("person_in_charge", "phone", "administrator", "administrator_phone", "sign_in_name", "reason")


def _of(ctx: Context, person_id: UUID) -> Sequence[AdministratorApplication]:
    ids = [account.id for account in accounts_of(ctx, person_id)]
    mine = or_(AdministratorApplication.account_id.in_(ids), AdministratorApplication.created_by.in_(ids))
    return ctx.session.scalars(select(AdministratorApplication).where(mine)).all() if ids else []


def held(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """Applications that opened an account of the person, or that the person filled in."""
    rows = _of(ctx, person_id)
    return {row.number: {key: getattr(row, key) for key in (*PERSONAL, "state")} for row in rows}


def erase(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Take the person out of the applications: that there was one, and how it was decided, stays."""
    rows = _of(ctx, person_id)
    ids = [row.id for row in rows]
    ctx.session.execute(
        update(AdministratorApplication)
        .where(AdministratorApplication.id.in_(ids))
        .values(**dict.fromkeys(PERSONAL, ""), version=AdministratorApplication.version + 1)
        .execution_options(synchronize_session=False)
    )
    ctx.session.expire_all()
    return {"administrator_application": len(ids)}
