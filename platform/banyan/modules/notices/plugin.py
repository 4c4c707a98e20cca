"""The hooks of the module ``notices``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint as PageBlueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.flows import Flow
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import Binding, ModuleManifest, NavItem, OrgRef, Permission, Role, SettingDef
from banyan.modules.notices import events, jobs, lists, models, permissions
from banyan.modules.notices.api import api
from banyan.modules.notices.own_api import own_api
from banyan.modules.notices.pages import pages
from banyan.modules.notices.services import hearing, persons, publishing, reading, using
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "notices",
        lazy("Notices"),
        lazy("Notices and announcements, inboxes, who has read what; alarms"),
        __version__,
        author=lazy("Banyan"),
        icon="speakerphone",
        holds=(lazy("Notices, whom each was for, and when they read and confirmed it"),),
        always_on=True,
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.Notice, models.NoticeRecipient, models.NoticeTally, models.NoticePreference)


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return (), permissions.BINDINGS


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api, own_api)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages,)


@hookimpl
def banyan_settings() -> Sequence[SettingDef]:
    return (publishing.APPROVAL,)


@hookimpl
def banyan_flows() -> Sequence[Flow]:
    return publishing.FLOWS


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return jobs.JOBS


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return lists.EXPORTS


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return events.TYPES


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return events.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return events.FIELDS


@hookimpl
def banyan_on_event(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    hearing.hear(ctx, name, event_id, payload)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return {"notices": persons.export(ctx, UUID(person_id))}


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return {"notice_recipient": persons.erase(ctx, UUID(person_id))}


@hookimpl
def banyan_persons_merged(ctx: Context, kept: str, gone: str) -> None:
    persons.merge(ctx, UUID(kept), UUID(gone))


@hookimpl
def banyan_org_merging(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    persons.merge_organisations(ctx, org, into)


@hookimpl
def banyan_filter_uses(ctx: Context, filter_id: str) -> Sequence[Text]:
    return using.of_filter(ctx, filter_id)


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    read, alarm = permissions.READ.name, permissions.EMERGENCY.name
    waiting = reading.unread(ctx)
    shown = [
        NavItem(lazy("My notices"), "notices_pages.inbox", "bell", "", 15, badge=waiting, tab=True),
        NavItem(lazy("Notices"), "notices_pages.notices", "speakerphone", "work", 40, read, also=("notice-readers",)),
        NavItem(lazy("Emergency"), "notices_pages.emergency", "alert-triangle", "work", 90, alarm),
    ]
    if ctx.actor.operator:
        label = lazy("Emergency for all")
        shown.append(NavItem(label, "notices_pages.emergency_everywhere", "alert-triangle", "system", 93))
    return shown
