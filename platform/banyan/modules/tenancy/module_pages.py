"""Console pages of an organisation's modules."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Refused
from banyan.kernel.i18n import _, lazy, translate
from banyan.kernel.runtime import current, leave
from banyan.modules.tenancy import permissions
from banyan.modules.tenancy.schemas import ModulePolicyForm
from banyan.modules.tenancy.services import catalogue, module_switching, modules
from banyan.modules.tenancy.services.modules import POLICY_LABELS, ModuleView
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

READ, UPDATE, DECIDE = (
    permissions.MODULE_READ.name,
    permissions.MODULE_UPDATE.name,
    permissions.MODULE_DECIDE.name,
)
LISTING, MODULE, POLICY = "tenancy/modules.html", "tenancy/module.html", "tenancy/module_policy.html"


def add_module_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base = "/orgs/<code>/modules"
    pages.add_url_rule(base, "modules", listing, methods=["GET"])
    pages.add_url_rule(f"{base}/<name>", "module", about, methods=["GET"])
    pages.add_url_rule(f"{base}/<name>/on", "module_on", switch_on, methods=["POST"])
    pages.add_url_rule(f"{base}/<name>/off", "module_off", switch_off, methods=["POST"])
    pages.add_url_rule(f"{base}/<name>/policy", "module_policy", policy, methods=["GET"])
    pages.add_url_rule(f"{base}/<name>/policy", "module_lay_down", lay_down, methods=["POST"])


@permission(READ)
def listing() -> ResponseReturnValue:
    """All modules and how they stand here."""
    return _listing(current(), [])


def _listing(ctx: Context, reasons: list[str]) -> ResponseReturnValue:
    html = render_template(LISTING, modules=modules.listing(ctx), labels=POLICY_LABELS, reasons=reasons)
    return html, 409 if reasons else 200


@permission(READ)
def about(name: str) -> ResponseReturnValue:
    """What there is to know about a module before switching it on."""
    return _about_page(current(), name, [])


def _about_page(ctx: Context, name: str, reasons: list[str]) -> ResponseReturnValue:
    html = render_template(MODULE, about=catalogue.about(ctx, name), labels=POLICY_LABELS, reasons=reasons)
    return html, 409 if reasons else 200


@permission(UPDATE)
def switch_on(name: str) -> ResponseReturnValue:
    """Switch a module on."""
    return _switch(name, on=True)


@permission(UPDATE)
def switch_off(name: str) -> ResponseReturnValue:
    """Switch a module off."""
    return _switch(name, on=False)


def _switch(name: str, *, on: bool) -> ResponseReturnValue:
    ctx = current()
    try:
        view = module_switching.switch(ctx, name, on=on, with_needed=request.form.get("with_needed") == "true")
    except Refused as error:
        leave(commit=False)
        reasons = [translate(reason) for reason in error.reasons]
        return _about_page(ctx, name, reasons) if on else _listing(ctx, reasons)
    label = view.manifest.label
    said = lazy("%(name)s is on.", name=label) if on else lazy("%(name)s is off.", name=label)
    return done(said, "tenancy_pages.modules")


@permission(DECIDE)
def policy(name: str) -> ResponseReturnValue:
    """What could be laid down, and what each choice would do."""
    view = modules.view(current(), name)
    return render_template(POLICY, form=_form(view), **_about(current(), view))


@permission(DECIDE)
def lay_down(name: str) -> ResponseReturnValue:
    """Lay down a module for this organisation and all below."""
    ctx = current()
    view = modules.view(ctx, name)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        modules.lay_down(ctx, name, data["policy"] or None)
        return done(lazy("Saved."), "tenancy_pages.modules")

    return submit(_form(view), use, POLICY, **_about(ctx, view))


def _form(view: ModuleView) -> BoundForm:
    choices = [*((key, label) for key, label in POLICY_LABELS.items()), ("", lazy("Not laid down here"))]
    return BoundForm(ModulePolicyForm(), data={"policy": view.own or ""}, choices={"policy": choices})


def _about(ctx: Context, view: ModuleView) -> dict[str, Any]:
    effects = [
        (POLICY_LABELS[choice] if choice else _("Not laid down here"), turned.on, turned.off)
        for choice, turned in modules.preview(ctx, view.name).items()
    ]
    return {"module": view, "effects": effects, "labels": POLICY_LABELS, "here": ctx.here}
