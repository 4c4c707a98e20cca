"""What the console's pages and those for people without an account share: the forms and the sealed scan."""

from __future__ import annotations

from typing import Any

from banyan.kernel.context import Context
from banyan.kernel.files import received
from banyan.kernel.runtime import runtime
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.administrators.schemas import Application, ApplicationEdit
from banyan.modules.administrators.services import applications, standing
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm


def form_of(ctx: Context, data: dict[str, Any] | None = None, schema: Application | None = None) -> BoundForm:
    """The form of a new application; what the organisation's profile knows is filled in."""
    org = ctx.session.get_one(Org, ctx.here.id)
    known = {"person_in_charge": org.person_in_charge, "phone": org.phone, **(data or {})}
    choices = {"replaces": standing.replaceable(ctx, ctx.here)}
    return BoundForm(schema or Application(), data=known, choices=choices)


def edit_form(ctx: Context, application: AdministratorApplication) -> BoundForm:
    """The form of a correction."""
    choices = {"replaces": standing.replaceable(ctx, application.org)}
    return BoundForm(ApplicationEdit(), obj=application, choices=choices)


def keep_scan(ctx: Context, application: AdministratorApplication, upload: Any) -> None:
    """Take an uploaded sealed form."""
    held = runtime()
    with received(upload, "scan", max_bytes=held.settings.upload_limit, allowed=applications.SCANS) as found:
        if found is not None:
            applications.attach(ctx, application, held.store, found)
