"""The hooks of the module ``administrators``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.flows import Flow
from banyan.kernel.i18n import lazy
from banyan.kernel.values import Binding, ModuleManifest, NavItem, OrgRef, Permission, Role
from banyan.modules.administrators import addresses, api, events, exports, flow, models, permissions
from banyan.modules.administrators.pages import pages
from banyan.modules.administrators.services import of_person, opening, standing
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    label, description = lazy("Administrator applications"), lazy("The level below asks, the one above opens accounts")
    return ModuleManifest(
        "administrators",
        label,
        description,
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("Applications: who is to hold an account, and their phone"),),
        always_on=True,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return (), permissions.BINDINGS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.AdministratorApplication, models.AdministratorKey)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api.api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return exports.EXPORTS


@hookimpl
def banyan_flows() -> Sequence[Flow]:
    title = lazy("Application for an administrator account")
    return (
        Flow(
            flow.NAME,
            title,
            flow.APPLICANT,
            (flow.STEP,),
            opening.heard,
            reader=permissions.READ.name,
            page=addresses.page,
            correct=addresses.correct,
        ),
    )


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return (events.ApplicationChanged,)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return events.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return events.FIELDS


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    label = lazy("Administrator applications")
    return (NavItem(label, "administrators_pages.listing", "user-plus", "organisation", 35, permissions.READ.name),)


@hookimpl
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Text]:
    found = standing.pending(ctx, org)
    if found is None:
        return ()
    return (lazy("Application %(number)s of this organisation is not decided yet.", number=found.number),)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return of_person.held(ctx, UUID(person_id))


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return of_person.erase(ctx, UUID(person_id))
