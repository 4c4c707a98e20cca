"""The console page of an organisation's settings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current
from banyan.modules.audit.history import history
from banyan.modules.tenancy import permissions
from banyan.modules.tenancy.services import settings
from banyan.modules.tenancy.services.settings import SettingView
from banyan.modules.tenancy.setting_forms import VERSION, form_of, wanted
from banyan.web.pages import done, submit

READ, UPDATE = permissions.SETTING_READ.name, permissions.SETTING_UPDATE.name
PAGE = "tenancy/settings.html"


def add_setting_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/orgs/<code>/settings"
    pages.add_url_rule(base, "settings", show, methods=["GET"])
    pages.add_url_rule(base, "settings_lay_down", lay_down, methods=["POST"])
    pages.add_url_rule(f"{base}/lift", "setting_lift", lift, methods=["POST"])


@permission(READ)
def show() -> ResponseReturnValue:
    """All settings and where their values come from."""
    views = settings.listing(current())
    return render_template(PAGE, form=form_of(views), **_about(current(), views))


@permission(UPDATE)
def lay_down() -> ResponseReturnValue:
    """Lay down settings for this organisation and all below."""
    ctx = current()
    views = settings.listing(ctx)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        settings.lay_down(ctx, wanted(views, data), data[VERSION])
        return done(lazy("Saved."), "tenancy_pages.settings")

    return submit(form_of(views), use, PAGE, **_about(ctx, views))


@permission(UPDATE)
def lift() -> ResponseReturnValue:
    """Lift one value of the organisation's own; what is laid down above, or the default, holds again."""
    settings.lay_down(current(), {request.form.get("key", ""): None})
    return done(lazy("Lifted."), "tenancy_pages.settings")


def _about(ctx: Context, views: list[SettingView]) -> dict[str, Any]:
    groups: dict[str, list[SettingView]] = {}
    for view in views:
        groups.setdefault(str(view.module.label), []).append(view)
    done_before = history(ctx, "settings", str(ctx.here.id))
    return {"groups": groups, "shown": settings.shown, "history": done_before}
