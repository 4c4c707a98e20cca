"""The hooks of the plugin ``sample``."""

from __future__ import annotations

from collections.abc import (
    # <search>
    Iterable,
    # </search>
    Mapping,
    Sequence,
)
from pathlib import Path
from typing import Any

from banyan.sdk import (
    # <api>
    ApiBlueprint,
    # </api>
    Base,
    Binding,
    # <card>
    Card,
    # </card>
    Context,
    # <events>
    Event,
    # </events>
    Exportable,
    # <health>
    Health,
    # </health>
    # <jobs>
    Job,
    # </jobs>
    Message,
    # <stats>
    Metric,
    # </stats>
    ModuleManifest,
    # <pages>
    NavItem,
    # </pages>
    # <stats>
    OrgRef,
    # </stats>
    Permission,
    Role,
    # <offers>
    Service,
    # </offers>
    # <settings>
    SettingDef,
    # </settings>
    # <timeline>
    TimelineEntry,
    # </timeline>
    hookimpl,
    lazy,
)
from flask import Blueprint

from . import (
    # <api>
    api,
    # </api>
    # <card>
    card,
    # </card>
    # <events>
    events,
    # </events>
    # <health>
    health,
    # </health>
    # <events>
    hearing,
    # </events>
    # <jobs>
    jobs,
    # </jobs>
    lists,
    models,
    # <offers>
    offers,
    # </offers>
    # <pages>
    pages,
    # </pages>
    permissions,
    # <privacy>
    privacy,
    # </privacy>
    # <search>
    search,
    # </search>
    # <settings>
    settings,
    # </settings>
    # <stats>
    stats,
    # </stats>
    # <timeline>
    timeline,
    # </timeline>
)

HERE = Path(__file__).parent


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "sample",
        lazy("Sample"),
        lazy("Short notes of an organisation, which go when they are old"),
        "0.1.0",
        author="Author",
        prefix="sample_",
        icon="notes",
        holds=(lazy("What people noted, when, and whom it is about"),),
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.Note,)


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
    return (), permissions.BINDINGS


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return lists.EXPORTS


@hookimpl
def banyan_actions() -> Mapping[str, Message]:
    return permissions.ACTIONS


# <api>
@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api.api,)


# </api>
@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (
        # <pages>
        pages.pages,
        # </pages>
        # <card>
        card.card_pages,
        # </card>
    )


# <pages>
@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return (NavItem(lazy("Sample"), "sample_pages.notes", "notes", permission=permissions.READ.name),)


# </pages>
# <card>
@hookimpl
def banyan_dashboard_cards(ctx: Context) -> Sequence[Card]:
    return (Card("sample", lazy("Newest notes"), "sample_card.card", permission=permissions.READ.name),)


# </card>
# <search>
@hookimpl
def banyan_search(ctx: Context, text: str, most: int) -> Iterable[tuple[str, str]]:
    return search.find(ctx, text, most)


# </search>
# <offers>
@hookimpl
def banyan_services() -> Sequence[Service]:
    return offers.SERVICES


# </offers>
# <health>
@hookimpl
def banyan_health(ctx: Context) -> Health:
    return health.health(ctx)


# </health>
# <settings>
@hookimpl
def banyan_settings() -> Sequence[SettingDef]:
    return settings.SETTINGS


# </settings>
# <jobs>
@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return jobs.JOBS


# </jobs>
# <events>
@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return (events.NoteWritten,)


@hookimpl
def banyan_on_event(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    hearing.hear(ctx, name, event_id, payload)


# </events>
# <stats>
@hookimpl
def banyan_metrics() -> Sequence[Metric]:
    return stats.METRICS


@hookimpl
def banyan_stats(ctx: Context, org: OrgRef, lo: str, hi: str) -> dict[str, dict[str, int]]:
    return stats.counted(ctx, lo, hi)


# </stats>
# <privacy>
@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return privacy.export(ctx, person_id)


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return privacy.erase(ctx, person_id)


@hookimpl
def banyan_persons_merged(ctx: Context, kept: str, gone: str) -> None:
    privacy.merge(ctx, kept, gone)


# </privacy>
# <timeline>
@hookimpl
def banyan_timeline(ctx: Context, person_id: str, most: int) -> Sequence[TimelineEntry]:
    return timeline.entries(ctx, person_id, most)


@hookimpl
def banyan_fields() -> Mapping[str, Message]:
    return timeline.FIELDS


# </timeline>
