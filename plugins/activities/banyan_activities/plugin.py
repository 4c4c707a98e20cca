"""The hooks of the plugin ``activities``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint

from banyan.sdk import (
    ApiBlueprint,
    Base,
    Binding,
    Context,
    Event,
    Exportable,
    Flow,
    Job,
    Message,
    Metric,
    ModuleManifest,
    NavItem,
    OrgRef,
    OwnTile,
    Permission,
    Role,
    SettingDef,
    SurveyHost,
    TimelineEntry,
    hookimpl,
    lazy,
)

from . import (
    api,
    attendance_views,
    calendar_views,
    events,
    feedback,
    figures_views,
    flows,
    hearing,
    jobs,
    lists,
    member_api,
    member_pages,
    models,
    pages,
    permissions,
    preparation_views,
    privacy,
    settings,
    sign_up_pages,
    stats,
    summary_views,
    timeline,
)
from .services import life, tiles

HERE = Path(__file__).parent


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "activities",
        lazy("Activities"),
        lazy("Plan, approve and publish activities; sign up, attend, sum up"),
        "0.1.0",
        author=lazy("Banyan"),
        prefix="activities_",
        icon="calendar-event",
        holds=(
            lazy("Plans of activities and what came of them"),
            lazy("Who signed up, what they answered, and whether they came"),
        ),
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.Activity, models.SignUp, models.Preparation, models.Incident, models.Photo, models.Feed)


@hookimpl
def banyan_migrations() -> Path:
    return HERE / "migrations"


@hookimpl
def banyan_catalogues() -> Path:
    return HERE / "locale"


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return permissions.ROLES, permissions.BINDINGS


@hookimpl
def banyan_settings() -> Sequence[SettingDef]:
    return settings.SETTINGS


@hookimpl
def banyan_flows() -> Sequence[Flow]:
    return flows.FLOWS


@hookimpl
def banyan_survey_hosts() -> Sequence[SurveyHost]:
    return feedback.HOSTS


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return jobs.JOBS


@hookimpl
def banyan_on_event(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    hearing.hear(ctx, name, event_id, payload)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return lists.EXPORTS


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return events.EVENTS


@hookimpl
def banyan_actions() -> Mapping[str, Message]:
    return permissions.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Message]:
    return permissions.FIELDS


@hookimpl
def banyan_metrics() -> Sequence[Metric]:
    return stats.METRICS


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (
        api.api,
        preparation_views.preparation_api,
        attendance_views.attendance_api,
        summary_views.summary_api,
        calendar_views.calendar_api,
        figures_views.figures_api,
        member_api.member_api,
    )


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (
        pages.pages,
        preparation_views.preparation_pages,
        sign_up_pages.sign_up_pages,
        attendance_views.attendance_pages,
        summary_views.summary_pages,
        calendar_views.calendar_pages,
        figures_views.figures_pages,
        member_pages.member_pages,
    )


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return (
        NavItem(lazy("Activities"), "activities_pages.activities", "calendar-event", permission=permissions.READ.name),
    )


@hookimpl
def banyan_me(ctx: Context, member_id: str) -> Sequence[OwnTile]:
    return tiles.own(ctx)


@hookimpl
def banyan_stats(ctx: Context, org: OrgRef, lo: str, hi: str) -> dict[str, dict[str, int]]:
    return stats.counted(ctx, lo, hi)


@hookimpl
def banyan_timeline(ctx: Context, person_id: str, most: int) -> Sequence[TimelineEntry]:
    return timeline.entries(ctx, person_id, most)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return privacy.export(ctx, person_id)


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return privacy.erase(ctx, person_id)


@hookimpl
def banyan_persons_merged(ctx: Context, kept: str, gone: str) -> None:
    privacy.merge(ctx, kept, gone)


@hookimpl
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Message]:
    return life.against_revocation(ctx, org)
