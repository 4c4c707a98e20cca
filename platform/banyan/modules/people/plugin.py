"""The hooks of the module ``people``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint as PageBlueprint
from flask import url_for
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.flows import Flow
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable
from banyan.kernel.jobs import Job
from banyan.kernel.values import (
    Binding,
    Card,
    Metric,
    ModuleManifest,
    NavItem,
    OrgRef,
    OwnTile,
    Permission,
    Role,
    SettingDef,
    TimelineEntry,
)
from banyan.modules.people import (
    bulk_acts,
    events,
    exports,
    field_events,
    field_models,
    field_panels,
    field_privacy,
    file_rooms,
    intake,
    models,
    own_room,
    permissions,
    privacy,
    record_panels,
    settings,
    stats,
)
from banyan.modules.people.api import api
from banyan.modules.people.field_api import field_api
from banyan.modules.people.field_jobs import FIELD_JOBS
from banyan.modules.people.pages import pages
from banyan.modules.people.services import field_places, filters, life, merging, search
from banyan.plugins import hookimpl

ROOMS = (record_panels, field_panels, field_privacy, bulk_acts, *file_rooms.ROOMS)


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "people",
        lazy("Members"),
        lazy("The registry of members: records, memberships, search"),
        __version__,
        author=lazy("Banyan"),
        icon="users",
        holds=(lazy("Members: name, document, contact, school and work, memberships; what is sensitive is encrypted"),),
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
    own = (field_models.MemberField, field_models.MemberFieldValue, field_models.MemberFilter)
    registry = (models.Person, models.Member, models.Membership, models.MemberToken)
    return (*registry, *own, *intake.MODELS, *own_room.MODELS, *file_rooms.MODELS)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api, field_api, *intake.API, *own_room.APIS, *file_rooms.APIS)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages, *intake.PAGES, *own_room.PAGES, file_rooms.pages)


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    own = (*intake.EVENTS, *own_room.TYPES, *file_rooms.TYPES)
    return (*events.TYPES, *field_events.FIELD_TYPES, *own)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    own = {**intake.ACTIONS, **own_room.ACTIONS, **file_rooms.ACTIONS}
    return {**events.ACTIONS, **field_events.FIELD_ACTIONS, **own}


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    own = {**intake.FIELDS, **own_room.FIELDS, **file_rooms.FIELDS}
    return {**events.FIELDS, **field_events.FIELD_FIELDS, **own}


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return (*FIELD_JOBS, *intake.JOBS)


@hookimpl
def banyan_settings() -> Sequence[SettingDef]:
    return (*settings.SETTINGS, *intake.SETTINGS, *file_rooms.SETTINGS)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return (*exports.EXPORTS, *intake.EXPORTS, *own_room.EXPORTS, *file_rooms.EXPORTS)


@hookimpl
def banyan_imports() -> Sequence[Importable]:
    return intake.IMPORTS


@hookimpl
def banyan_on_event(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    intake.heard(ctx, name, payload)


@hookimpl
def banyan_metrics() -> Sequence[Metric]:
    return stats.METRICS


@hookimpl
def banyan_stats(ctx: Context, lo: str, hi: str) -> dict[str, dict[str, int]]:
    return stats.counted(ctx, lo, hi)


@hookimpl
def banyan_search(ctx: Context, text: str, most: int) -> Iterable[tuple[str, str]]:
    for member, org in search.hits(ctx, text, most):
        yield f"{member.name} · {org}", url_for("people_pages.member", member_id=member.id)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return privacy.export(ctx, UUID(person_id))


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return privacy.erase(ctx, UUID(person_id))


@hookimpl
def banyan_timeline(ctx: Context, person_id: str, most: int) -> Iterable[TimelineEntry]:
    return life.told(ctx, UUID(person_id), most)


@hookimpl
def banyan_org_merging(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    merging.merge(ctx, org, into)
    field_places.merging(ctx, org, into)


@hookimpl
def banyan_filter_uses(ctx: Context, filter_id: str) -> Sequence[Text]:
    return [said for one in filters.USES for said in one(ctx, UUID(filter_id))]


@hookimpl
def banyan_org_moved(ctx: Context, org: OrgRef) -> None:
    field_places.moved(ctx, org)


@hookimpl
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Text]:
    return (*merging.against_revocation(ctx, org), *file_rooms.against_revocation(ctx, org))


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    members = NavItem(lazy("Members"), "people_pages.members", "users", "work", 10, permissions.MEMBER_READ.name)
    also = ("member-accounts", "leaving-for-age", "posts", "file-entries")
    return (replace(members, also=also), *intake.NAVIGATION, *own_room.entries(ctx))


@hookimpl
def banyan_flows() -> Sequence[Flow]:
    return own_room.FLOWS


@hookimpl
def banyan_dashboard_cards(ctx: Context) -> Sequence[Card]:
    return (*intake.cards(ctx), *own_room.cards(ctx))


@hookimpl
def banyan_me(ctx: Context, member_id: str) -> Sequence[OwnTile]:
    return own_room.tiles(ctx, member_id)
