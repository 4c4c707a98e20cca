"""The hooks of the module ``transfers``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from banyan.modules.transfers import (
    bulk,
    events,
    exports,
    flow,
    hearing,
    imports,
    jobs,
    labels,
    models,
    permissions,
    privacy,
    settings,
    stats,
    tiles,
    timeline,
)
from banyan.modules.transfers.api import api
from banyan.modules.transfers.own_api import own
from banyan.modules.transfers.pages import pages
from banyan.modules.transfers.services import life
from banyan.plugins import hookimpl

ROOMS = (bulk,)


@hookimpl
def banyan_manifest() -> ModuleManifest:
    said = lazy("Members go from one organisation to another; each side answers for itself")
    return ModuleManifest(
        "transfers",
        lazy("Transfers"),
        said,
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("Who asked to go from where to where, why, and what the branches answered"),),
        always_on=True,
        icon="transfer",
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (
        models.TransferBatch,
        models.Transfer,
        models.TransferParty,
        models.TransferNote,
        models.TransferMessage,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return (), permissions.BINDINGS


@hookimpl
def banyan_settings() -> Sequence[SettingDef]:
    return settings.SETTINGS


@hookimpl
def banyan_flows() -> Sequence[Flow]:
    return flow.FLOWS


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return jobs.JOBS


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api, own)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages,)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return exports.EXPORTS


@hookimpl
def banyan_imports() -> Sequence[Importable]:
    return imports.IMPORTS


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return events.EVENTS


@hookimpl
def banyan_metrics() -> Sequence[Metric]:
    return stats.METRICS


@hookimpl
def banyan_stats(ctx: Context, org: OrgRef, lo: str, hi: str) -> dict[str, dict[str, int]]:
    return stats.counted(ctx, lo, hi)


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return labels.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return {**labels.FIELDS, **timeline.LABELS}


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    label = lazy("Transfers")
    items = [NavItem(label, "transfers_pages.listing", "transfer", "work", 20, permissions.READ.name)]
    if not ctx.actor.grants:  # whoever works here as well finds it on their own page
        items.append(NavItem(lazy("My transfers"), "transfers_pages.mine", "transfer", "own", 30))
    return items


@hookimpl
def banyan_member_panels(ctx: Context, member_id: str) -> Sequence[Card]:
    return (Card("transfers", lazy("Transfers"), "transfers_pages.of_member", 4, 60, permissions.READ.name),)


@hookimpl
def banyan_member_actions(ctx: Context, member_id: str) -> Sequence[NavItem]:
    label, permission = lazy("Transfer"), permissions.CREATE.name
    return (NavItem(label, "transfers_pages.new", "transfer", order=50, permission=permission),)


@hookimpl
def banyan_me(ctx: Context, member_id: str) -> Sequence[OwnTile]:
    return tiles.own(ctx, UUID(member_id))


@hookimpl
def banyan_timeline(ctx: Context, person_id: str, most: int) -> Iterable[TimelineEntry]:
    return timeline.entries(ctx, UUID(person_id), most)


@hookimpl
def banyan_on_event(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    hearing.on_event(ctx, name, payload)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return privacy.export(ctx, person_id)


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return privacy.erase(ctx, person_id)


@hookimpl
def banyan_person_erasable(ctx: Context, person_id: str) -> Sequence[Text]:
    return privacy.against(ctx, person_id)


@hookimpl
def banyan_person_kept(ctx: Context, person_id: str) -> Sequence[Text]:
    return privacy.kept(ctx, person_id)


@hookimpl
def banyan_persons_merged(ctx: Context, kept: str, gone: str) -> None:
    life.together(ctx, UUID(kept), UUID(gone))


@hookimpl
def banyan_org_merging(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    life.merge(ctx, org, into)


@hookimpl
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Text]:
    return life.in_the_way(ctx, org)
