"""Where requests about personal data are shown, for the approval engine."""

from __future__ import annotations

from uuid import UUID

from flask import url_for

from banyan.kernel.context import Context
from banyan.modules.access.decision import may
from banyan.modules.privacy.models import DataRequest
from banyan.modules.privacy.permissions import REQUEST_READ
from banyan.modules.tenancy.models import Org


def request_page(ctx: Context, subject_id: str) -> str | None:
    """The page of a request for those who may read it at its organisation."""
    found = ctx.session.get(DataRequest, UUID(subject_id))
    if found is None or not may(ctx, REQUEST_READ.name, found.org):
        return None
    code = ctx.session.get_one(Org, found.org_id).code
    return url_for("privacy_pages.request", code=code, data_request_id=found.id)
