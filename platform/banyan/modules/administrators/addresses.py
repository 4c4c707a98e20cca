"""Where the approval engine's panel leads to."""

from __future__ import annotations

from uuid import UUID

from flask import url_for

from banyan.kernel.context import Context
from banyan.modules.access.decision import may
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.administrators.permissions import CREATE, READ
from banyan.modules.tenancy.models import Org


def page(ctx: Context, subject_id: str) -> str | None:
    """The application's own page, for whoever may see it there."""
    return _address(ctx, subject_id, READ.name, "administrators_pages.show")


def correct(ctx: Context, subject_id: str) -> str | None:
    """The form in which a returned application is corrected."""
    return _address(ctx, subject_id, CREATE.name, "administrators_pages.edit")


def _address(ctx: Context, subject_id: str, permission: str, endpoint: str) -> str | None:
    application = ctx.session.get(AdministratorApplication, UUID(subject_id))
    if application is None or not may(ctx, permission, application.org):
        return None
    return url_for(endpoint, code=ctx.session.get_one(Org, application.org_id).code, application_id=subject_id)
