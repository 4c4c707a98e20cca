"""The hooks of the module ``approvals``."""

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
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import Binding, ModuleManifest, NavItem, OrgRef, Permission, Role
from banyan.modules.approvals import events, labels, lists, models, permissions
from banyan.modules.approvals.api import api
from banyan.modules.approvals.jobs import JOBS
from banyan.modules.approvals.pages import pages
from banyan.modules.approvals.services import life, of_person, seats
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    what = lazy("Requests, decisions, deadlines and the inbox")
    return ModuleManifest(
        "approvals",
        lazy("Approvals"),
        what,
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("Requests with their files, who decided them, when, and with what opinion"),),
        always_on=True,
        icon="inbox",
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (
        models.ApprovalRequest,
        models.ApprovalParty,
        models.ApprovalDesk,
        models.ApprovalEntry,
        models.ApprovalFile,
        models.ApprovalDelegation,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return (), permissions.BINDINGS


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return JOBS


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return lists.EXPORTS


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return events.EVENTS


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return labels.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return labels.FIELDS


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    waiting = seats.count_waiting(ctx)
    permission = permissions.INBOX_READ.name
    return (
        NavItem(
            lazy("To do"),
            "approvals_pages.inbox",
            "inbox",
            "",
            10,
            permission,
            badge=waiting,
            tab=True,
            also=("approvals",),
        ),
    )


@hookimpl
def banyan_org_merging(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    life.merge(ctx, org, into)


@hookimpl
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Text]:
    return life.in_the_way(ctx, org)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return of_person.held(ctx, UUID(person_id))


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return of_person.erase(ctx, UUID(person_id))
